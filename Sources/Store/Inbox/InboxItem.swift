import SyncCore
import Wire

/// What the people at a node should be told of one of their own edits.
public struct InboxItem: Sendable, Equatable {
  public enum Sort: String, Sendable {
    /// Another value is shown.
    case lost
    /// The catalog does not allow the value, so it is shown nowhere.
    case invalid
    /// The node may not make such an edit, so it was not taken.
    case refused
  }

  public enum Standing: String, Sendable {
    /// The values stand beside each other until somebody decides.
    case open
    /// Somebody gave another value, having seen this one.
    case decided
    /// The value is shown after all, or was corrected: nothing is left to do.
    case settled
  }

  public var sort: Sort
  /// When this node learned of it, in milliseconds since 1970, by the clock of this machine.
  public var toldAt: Int64
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// The field as `birlik conflicts` names it; empty for an edit that was refused.
  public var field: String
  /// What was typed here and when; nil for an edit that was refused.
  public var typed: AttributedValue?
  /// What is shown now, who gave it, and when; nil where nothing is.
  public var shown: AttributedValue?
  public var standing: Standing
  /// Why it is not allowed or was not taken; empty for one that lost.
  public var reason: String
  /// Of an edit that was refused what was to be done (`insert`, `edit`, `delete`) and the record as typed, as JSON.
  public var refused: (operation: RefusedView.Operation, record: String)?
  /// Whether a refused edit is a sealed one, which the row here still shows.
  public var isUnsendable = false
  /// Of an edit that was refused and put before headquarters: what it decided, if anything, and why.
  public var proposal: (id: String, decision: Proposal.Decision?, reason: String)?
  /// Of an edit that waits for a correction its number, the column that is wrong, and a value that may stand there: what
  /// is shown now, or a guess.
  public var correction: (number: Int64, column: String, suggestion: String)?
  /// False until it was listed.
  public var isSeen: Bool
  /// The whole set as it would be with this element added or taken away, as JSON; nil where it is no element.
  public var wholeSet: (field: String, json: String)?
  /// Of a record that was deleted although it was edited here what it held last; empty otherwise.
  public var lastValues: [(field: String, value: Value)] = []

  /// The owner of the record.
  public var federation = ""
  /// Whether two owners use the key, so that a command has to say whose record it means.
  public var collides = false
  /// Of a record that another owner's hides a key that is free.
  public var newKey: String?
  /// Whether no edit can bring the value back, as where it is set once.
  public var isFixed = false

  public static func == (a: Self, b: Self) -> Bool {
    a.sort == b.sort && a.toldAt == b.toldAt && a.kind == b.kind && a.key == b.key && a.field == b.field
      && a.typed == b.typed && a.shown == b.shown && a.standing == b.standing && a.reason == b.reason
      && a.isSeen == b.isSeen && a.proposal?.id == b.proposal?.id && a.proposal?.decision == b.proposal?.decision
      && a.refused?.record == b.refused?.record && a.correction?.number == b.correction?.number
      && a.wholeSet?.json == b.wholeSet?.json
  }

  /// True for what has to be told.
  public var isNew: Bool { !isSeen && standing != .settled }
}
