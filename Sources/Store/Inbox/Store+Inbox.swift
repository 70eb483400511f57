import SyncCore

extension Store {
  /// Edits of this node that lost, were not allowed or could not be taken, the latest first.
  ///
  /// - Parameter includingSeen: false for those alone that are new.
  public func inbox(includingSeen: Bool = false) throws -> [InboxItem] {
    try read { try InboxReader($0).items(includingSeen: includingSeen) }
  }

  /// How many items are new.
  public func newInboxCount() throws -> Int {
    // Nothing new is the common case, for which three counts are enough.
    let unseen = try read { transaction in
      let inbox = transaction.inbox
      return try inbox.unseenCount() + inbox.openProposalCount()
        + inbox.refusedCount(after: transaction.meta.integer(.seenRefused) ?? 0)
    }
    return unseen == 0 ? 0 : try inbox().count
  }

  /// Marks everything listed so far as seen. It stays readable.
  public func markInboxSeen(now: Int64 = SystemClock.now()) throws {
    guard try newInboxCount() > 0 else { return }
    try write { transaction in
      try transaction.inbox.markAllSeen(at: now)
      try transaction.meta.set(.seenRefused, .integer(try transaction.inbox.lastRefused()))
      guard try transaction.inbox.openProposalCount() > 0 else { return }
      for proposal in try ProposalReader(transaction).all() {
        guard let decision = proposal.decision else { continue }
        try transaction.inbox.markDecisionSeen(RecordKey(proposal.id), decision)
      }
    }
  }

  /// Edits that this node may not seal, the latest first.
  public func refusedEdits() throws -> [RefusedView] { try read { try $0.inbox.refusedEdits() } }
}
