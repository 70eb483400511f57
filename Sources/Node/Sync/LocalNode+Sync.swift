import Store
import Transport
import Wire

extension LocalNode {
  /// Exchanges with headquarters until both sides hold the same.
  ///
  /// What each side sends is computed from the frontier that the other shows in this very exchange, and every batch is
  /// absorbed in one transaction. So a sync can be cut off at any place by either side, and the next one goes on there.
  public func sync(progress: @Sendable (SyncProgress) -> Void = { _ in }) async throws -> SyncReport {
    // A sync that was cut off may already have brought the keys of headquarters' server.
    var session = try await offload {
      _ = try store.followServerKeys()
      return try SyncSession(self)
    }
    do {
      var report = try await session.run(progress)
      // What came may name the key under which headquarters' server answers from now on.
      report.notices += try await offload {
        _ = try store.followServerKeys()
        return try store.fileWarnings() + [try store.reportNotice()].compactMap(\.self)
      }
      return report
    } catch  where Task.isCancelled {
      // Whoever stops the daemon stops the sync, which did not fail.
      throw CancellationError()
    } catch {
      let error = Self.explained(error, self)
      let words = Self.words(error)
      let line = session.client.line.remembered
      // The sync's own error matters more than one in recording it.
      try? await offload {
        try store.setLineSize(line)
        try store.setLastSync(SyncMark(at: SystemClock.now(), outcome: "failed", error: words), heldUpstream: nil)
      }
      throw error
    }
  }
}

extension LocalNode {
  /// Adds a hint that headquarters cannot give: this database is from before its key was renewed.
  fileprivate static func explained(_ error: any Error, _ node: LocalNode) -> any Error {
    guard var refusal = error as? NodeError, refusal.code == .denied,
      (try? node.keyFile.holdsSuccessor(of: node.store.identity.key)) == true
    else { return error }
    refusal.hint = "this database is from before its key was renewed: `birlik rotate-key` goes on with it"
    return refusal
  }

  /// An error as `birlik status` shows it: a plain sentence without the words of libraries.
  fileprivate static func words(_ error: any Error) -> String {
    switch error {
    case let error as TransportError: "\(error.message) \(error.hint)"
    case let error as NodeError: "\(error.operation): \(error.detail)"
    case let error as StoreError: "\(error.operation): \(error.detail)"
    case let error as WireError: "\(error.operation): \(error.detail)"
    default: String(describing: error)
    }
  }
}
