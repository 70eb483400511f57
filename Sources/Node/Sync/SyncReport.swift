import Limits
import Store
import SyncCore

/// How far a sync has come.
public struct SyncProgress: Sendable {
  public var sentChanges: Int
  public var receivedChanges: Int
  /// Changes that headquarters lacked when last seen, those of the batch on its way included.
  public var toSend: Int64
}

/// What a sync did.
public struct SyncReport: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// Both sides hold the same of every channel that this node may read.
    case even
    /// One side refused something that the other has.
    case partial
  }

  public struct Amount: Sendable, Equatable {
    public var changes = 0
    public var bytes = 0
  }

  /// How many records a sync deleted.
  public struct Deleted: Sendable, Equatable {
    public var sent = 0
    public var received = 0
  }

  public var outcome = Outcome.partial
  public var rounds = 0
  public var sent = Amount()
  public var received = Amount()
  /// Records that this node deleted for all, and records that others deleted, which are gone here.
  public var deleted = Deleted()
  /// Records with edits that wait until a person here confirms them.
  public var held = 0
  public var conflictsOpened = 0
  /// Segments that one side refused, and why, in words.
  public var refusals: [String] = []
  /// Notices for the administrator.
  public var notices: [String] = []
  /// What headquarters lacks and this node cannot give back, in words.
  public var cannotGive: [String] = []
  /// The snapshot from which this node began in this sync; nil when there was none.
  public var snapshot: SnapshotReport?
}

// MARK: What a session adds

extension SyncReport {
  /// Adds refusals, each once however often its segment is sent.
  mutating func addRefusals(_ refusals: [String]) {
    for words in refusals where self.refusals.count < WireLimits.refusalsPerReport && !self.refusals.contains(words) {
      self.refusals.append(words)
    }
  }

  /// Adds a notice of edits that may not be sealed.
  mutating func add(_ seal: SealReport) {
    let count = seal.refused
    guard count > 0 else { return }
    let edits = count == 1 ? "1 edit was" : "\(count) edits were"
    notices.append("\(edits) not accepted; `birlik inbox` says why and what to do")
  }

  /// Adds a notice of changes that may not be sent any more, or that may be sent again.
  mutating func addUnsendable(_ change: Store.UnsendableChange) {
    func changes(_ count: Int64) -> String { count == 1 ? "1 change" : "\(count) changes" }
    if change.kept > 0 {
      notices.append(
        "\(changes(change.kept)) typed here cannot be sent any more, because headquarters' catalog took the right to "
          + "write records that all members read; they are proposed to headquarters, and `birlik inbox` lists them")
    }
    if change.released > 0 {
      notices.append("\(changes(change.released)) that could not be sent before may be sent again")
    }
  }

  /// Lists what headquarters lacks and this node cannot give back.
  mutating func setCannotGive(_ unkept: [Store.Unkept]) {
    cannotGive = unkept.map { part in
      let changes = part.first == part.last ? "change \(part.first)" : "changes \(part.first) to \(part.last)"
      return "\(changes) of \(part.node) in \(part.channel)"
    }
  }
}
