import SyncCore

/// Gives this node a new identity for sealing, because it was restored or copied.
struct FreshOrigin {
  /// Who showed that.
  enum Witness {
    case peer
    case stateFile

    /// In words for the administrator.
    var notice: String {
      switch self {
      case .peer:
        "This database was restored from a backup or copied: headquarters holds edits of this node that it had lost. "
          + "They were taken back, nothing was overwritten, and the node goes on under a new identity."
      case .stateFile:
        "This database was restored from a backup: the state file beside it is of a later day. The node goes on under a "
          + "new identity, and what it had sent since then comes back when it syncs."
      }
    }
  }

  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Seals under a new identity from now on.
  func adopt(because witness: Witness) throws {
    try transaction.renewNonce()
    try transaction.meta.set(.origins, .integer((try transaction.meta.integer(.origins) ?? 0) &+ 1))
    try transaction.meta.addNotice(witness.notice)
    // A sync that finds it reports it in its own words.
    if witness == .peer { try transaction.meta.set(.reportedNotice, .text(try transaction.meta.text(.notice) ?? "")) }
  }
}
