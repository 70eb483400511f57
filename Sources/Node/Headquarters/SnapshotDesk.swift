import Store
import Synchronization

/// Lets one snapshot be made at a time.
final class SnapshotDesk: Sendable {
  private let isBusy = Mutex(false)

  /// Runs `body` unless another call is running its own.
  ///
  /// - Throws: `StoreError` with code `busy` if one is.
  func enter<Value>(_ body: () throws -> Value) throws -> Value {
    let isFree = isBusy.withLock { busy in
      defer { busy = true }
      return !busy
    }
    guard isFree else {
      throw StoreError(.busy, "making a snapshot", "another one is being made", hint: "try again in a moment")
    }
    defer { isBusy.withLock { $0 = false } }
    return try body()
  }
}
