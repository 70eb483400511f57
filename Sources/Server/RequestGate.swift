import Synchronization

/// Limits how many requests are processed at once, in all and for each client.
final class RequestGate<Client: Hashable & Sendable>: Sendable {
  private struct Inside {
    var count = 0
    var byClient: [Client: Int] = [:]
  }

  private let limit: Int
  private let limitPerClient: Int
  private let inside = Mutex(Inside())

  init(limit: Int, perClient limitPerClient: Int) {
    self.limit = limit
    self.limitPerClient = limitPerClient
  }

  /// Runs `work` when the limits allow it; otherwise returns nil at once.
  ///
  /// - Parameter client: nil for one that counts only in all.
  func enter<Result>(_ client: Client?, _ work: () async throws -> Result) async rethrows -> Result? {
    let isRoom = inside.withLock { inside in
      let held = client.flatMap { inside.byClient[$0] } ?? 0
      guard inside.count < limit, held < limitPerClient else { return false }
      inside.count += 1
      if let client { inside.byClient[client] = held + 1 }
      return true
    }
    guard isRoom else { return nil }
    defer { leave(client) }
    return try await work()
  }

  private func leave(_ client: Client?) {
    inside.withLock { inside in
      inside.count -= 1
      guard let client, let held = inside.byClient[client] else { return }
      inside.byClient[client] = held > 1 ? held - 1 : nil
    }
  }
}
