import SyncCore
import Wire

/// A value with who gave it and when.
public struct AttributedValue: Sendable, Equatable {
  /// Cells by field; one for a lone field, several for a group.
  public var cells: [(field: String, value: Value)]
  /// Which of the cells are amounts.
  public var amounts = Amounts()
  /// What people call the node.
  public var node: String
  /// In milliseconds since 1970.
  public var at: Int64
  /// The federation whose node it was.
  public var federation = ""
  /// Where two owners use one key, what this one's record holds.
  public var record: [(field: String, value: Value)] = []
  /// False for a value that the catalog does not allow, which is never shown.
  public var isAllowed = true

  public static func == (a: Self, b: Self) -> Bool {
    a.node == b.node && a.at == b.at
      && a.cells.elementsEqual(b.cells) { $0.field == $1.field && $0.value == $1.value }
  }

  /// The value in words: the text itself for a lone field, `name=value` pairs for a group.
  public var display: String {
    let cells = shownCells
    return cells.count == 1
      ? cells[0].value.display : cells.map { "\($0.field)=\($0.value.display)" }.joined(separator: " ")
  }

  /// The cells as people read and write them.
  public var shownCells: [(field: String, value: Value)] {
    cells.map { (field: $0.field, value: amounts.shown($0.value, of: $0.field)) }
  }
}

/// Different values that were given without knowing of each other.
public struct ConflictView: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// The federation that owns the record.
  public var federation: String
  /// The field, the group, `name[element]`, `(record)` for a deletion that met an edit, or `(key)` for two owners.
  public var field: String
  public var rule: String
  public var shown: AttributedValue?
  public var others: [AttributedValue]
  /// In milliseconds since 1970, by the clock of this machine.
  public var openedAt: Int64
  /// When it was resolved; nil while it is open.
  public var closedAt: Int64?
  /// One plain sentence that tells why it is a conflict; empty for one that was resolved.
  public var why = ""
  /// For each of `others` which totals would move if it were shown.
  public var totals: [[TotalMove]] = []
  /// How it was resolved, as far as the log tells.
  public var resolution: Resolution?
  /// Whether this node may decide it.
  public var isWritable = true
  /// Whether two owners use the key, so that a command has to say whose record it means.
  public var collides = false
  /// Records under the key that this node may give another one.
  public var rekeyable: [Rekeyable] = []

  /// A record that may take another key.
  public struct Rekeyable: Sendable, Equatable {
    public var federation: String
    /// A key that is free here, as people write it.
    public var newKey: String
  }

  /// A decision about a conflict.
  public struct Resolution: Sendable, Equatable {
    public enum Outcome: String, Sendable {
      /// What was shown stayed.
      case kept
      /// Another of its values was taken.
      case taken
      /// A value was given that was none of them.
      case given
    }

    public var outcome: Outcome
    /// The value decided upon, who decided, and when.
    public var value: AttributedValue
  }
}

/// A value that the catalog does not allow.
public struct InvalidView: Sendable, Equatable {
  public var kind: String
  public var key: String
  public var field: String
  public var value: Value
  public var reason: String
}
