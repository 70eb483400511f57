import Synchronization

/// Counts what is being processed, in all and for each asker, and lets no more in than allowed.
final class RequestGate<Asker: Hashable & Sendable>: Sendable {
  private struct Inside {
    var count = 0
    var byAsker: [Asker: Int] = [:]
  }

  private let limit: Int
  private let limitPerAsker: Int
  private let inside = Mutex(Inside())

  init(limit: Int, perAsker limitPerAsker: Int) {
    self.limit = limit
    self.limitPerAsker = limitPerAsker
  }

  /// Runs `work` when there is room; nil at once when there is not.
  ///
  /// - Parameter asker: nil for one that is not told apart from others and counts only in all.
  func enter<Result>(_ asker: Asker?, _ work: () async throws -> Result) async rethrows -> Result? {
    let isRoom = inside.withLock { inside in
      let held = asker.flatMap { inside.byAsker[$0] } ?? 0
      guard inside.count < limit, held < limitPerAsker else { return false }
      inside.count += 1
      if let asker { inside.byAsker[asker] = held + 1 }
      return true
    }
    guard isRoom else { return nil }
    defer { leave(asker) }
    return try await work()
  }

  private func leave(_ asker: Asker?) {
    inside.withLock { inside in
      inside.count -= 1
      guard let asker, let held = inside.byAsker[asker] else { return }
      inside.byAsker[asker] = held > 1 ? held - 1 : nil
    }
  }
}
