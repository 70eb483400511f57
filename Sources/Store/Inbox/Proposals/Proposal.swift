import Limits
import SyncCore
import Wire

/// An edit that somebody typed into a record of another owner, put before headquarters.
public struct Proposal: Sendable, Equatable {
  public enum Decision: String, Sendable {
    case accepted, declined
  }

  /// 32 hexadecimal digits that stand for all that is proposed: what is changed after it was listed has another id.
  public var id: String
  /// The kind's name and the key as people write it.
  public var kind: String
  public var key: String
  /// The channel of the record.
  public var channel: String
  public var operation: RefusedView.Operation
  /// What was typed, by field; NULL for one that was emptied.
  public var values: [(field: String, value: Value)]
  /// What the record shows now of the same fields; empty where there is no record.
  public var shown: [(field: String, value: Value)]
  /// What people call the node where it was typed, and its federation.
  public var node: String
  public var federation: String
  /// When it was typed, in milliseconds since 1970.
  public var at: Int64
  /// Whether the record was edited since by somebody whom the proposer had not heard.
  public var isOvertaken: Bool
  /// Nil while it is open.
  public var decision: Decision?
  public var decidedAt: Int64?
  /// Why it was declined.
  public var reason: String

  /// Which of the values are amounts, and which of those that the record shows now.
  var amounts = Amounts()
  var amountsNow = Amounts()

  /// What was typed, as people read it.
  public var shownValues: [(field: String, value: Value)] {
    values.map { (field: $0.field, value: amounts.shown($0.value, of: $0.field)) }
  }

  /// What the record shows now of the same fields, as people read it.
  public var shownNow: [(field: String, value: Value)] {
    shown.map { (field: $0.field, value: amountsNow.shown($0.value, of: $0.field)) }
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.id == b.id && a.decision == b.decision && a.isOvertaken == b.isOvertaken && a.reason == b.reason
      && a.values.elementsEqual(b.values) { $0.field == $1.field && $0.value == $1.value }
  }
}
