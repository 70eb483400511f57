/// One rule of the in-memory store broken on purpose, to show that the checks see it.
public enum Canary: String, Sendable, CaseIterable {
  /// A foreign change leaves the heads that it had seen.
  case keepsSeenHeads
  /// The frontier moves past a change that was not absorbed.
  case skipsChange
  /// Foreign changes are absorbed while edits are captured and not sealed.
  case sealsAfterRows
  /// What to send is computed from what the peer showed in an earlier sync.
  case trustsMemory
  /// A sync ends in sync although adopting a catalog has sealed edits that were not sent.
  case forgetsAdoption
  /// A node that joins a snapshot keeps every head of its own.
  case joinKeepsAll
  /// A restored node drops all that it has captured.
  case forgetsCaptured
  /// A home channel is sent to every node.
  case opensHome
  /// Foreign changes do not change totals.
  case keepsTotals
}
