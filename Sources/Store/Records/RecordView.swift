import SyncCore

/// One record as a person reads it.
public struct RecordView: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// Key columns, `federation` and fields by name, in the table's order; local ones included.
  public var columns: [(name: String, value: Value)]
  /// Fields with a value that the catalog does not allow, and why.
  public var invalid: [(field: String, reason: String)]
  /// Fields with an open conflict.
  public var conflicts: [String]
  /// True for a record that another owner's, who used the key first, hides.
  public var isHidden = false
  /// Such records under this one's key.
  public var hidden: [RecordView] = []

  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.key == b.key && a.conflicts == b.conflicts
      && a.columns.elementsEqual(b.columns) { $0.name == $1.name && $0.value == $1.value }
      && a.invalid.elementsEqual(b.invalid) { $0.field == $1.field && $0.reason == $1.reason }
  }
}

/// What `birlik set` did.
public enum EditOutcome: String, Sendable {
  case created, changed, unchanged, removed
}
