import Synchronization

/// A value that one thread at a time uses.
final class Guarded<Value>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: sending Value) { mutex = Mutex(value) }

  func use(_ body: (borrowing Value) -> Void) { mutex.withLock { body($0) } }
}
