import Synchronization

/// Counts what is being processed and lets no more in than allowed.
final class RequestGate: Sendable {
  private let limit: Int
  private let inside = Mutex(0)

  init(limit: Int) { self.limit = limit }

  /// Runs `work` when there is room; nil at once when there is not.
  func enter<Result>(_ work: () async throws -> Result) async rethrows -> Result? {
    let isRoom = inside.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    guard isRoom else { return nil }
    defer { inside.withLock { $0 -= 1 } }
    return try await work()
  }
}
