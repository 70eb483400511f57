import SyncCore

/// Which of this node's own edits are taken back.
public enum UndoBatch: Sendable, Equatable {
  /// Everything typed since a time, in milliseconds since 1970.
  case since(Int64)
  /// What the last sync that sent something had sent.
  case lastSync
  case lastImport
}

/// What undoing does or would do.
public struct UndoReport: Sendable, Equatable {
  /// A record, or a part of it, that is not taken back.
  public struct Left: Sendable, Equatable {
    public var kind: String
    public var key: String
    /// Continues "… is left because".
    public var reason: String
  }

  /// When the sync or the import was, in milliseconds since 1970; nil for `since`.
  public var at: Int64?
  /// Edits of the batch, sealed or not.
  public var edits = 0
  /// What is done to each record: `inserted` for one that comes back, `deleted` for one that the batch created.
  public var undone: [RowDifference] = []
  public var left: [Left] = []
  /// Records of the import that were edited or deleted again before they were sealed, which are not found any more.
  public var editedAgain = 0

  public init() {}
}
