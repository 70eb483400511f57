import SyncCore

/// Finds edits that could not be used and about which something is left to do: those that wait for a correction, for a
/// decision of headquarters or for the right to be sent, and those that nobody has read about yet.
struct OpenRefusals {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The latest first.
  func all() throws -> [RefusedView] {
    let seen = try transaction.meta.integer(.seenRefused) ?? 0
    let all = try transaction.inbox.refused(includingSeen: true, seen: seen)
    guard !all.isEmpty else { return [] }
    let corrections = try transaction.inbox.correctionStates()
    let isUndecided = all.contains { $0.proposal != nil && !$0.isDecisionSeen }
    let proposals = isUndecided ? try ProposalReader(transaction).all() : []
    let decided = Set(proposals.filter { $0.decision != nil }.map { RecordKey($0.id) })
    return all.reversed().filter { refused in
      if let wasSent = refused.wasSent { return !wasSent }
      if let correction = corrections[refused.number] { return correction == .open }
      if let proposal = refused.proposal { return !refused.isDecisionSeen && !decided.contains(proposal) }
      return refused.number > seen
    }.map(\.edit)
  }
}

extension Store {
  /// Edits that could not be used and about which something is left to do, the latest first.
  public func openRefusals() throws -> [RefusedView] { try read { try OpenRefusals($0).all() } }
}
