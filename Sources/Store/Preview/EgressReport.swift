import SyncCore

/// One change that leaves with the next sync, in readable form.
public struct EgressChange: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  public var entry: HistoryEntry
  public var channel: Channel
}

/// What leaves with the next sync beside the changes, and their number.
public struct EgressSummary: Sendable, Equatable {
  public var changes = 0
  public var segments = 0
  public var bytes = 0
  /// Segments whose changes this program cannot read and passes on as they are.
  public var unreadable = 0
  /// The nodes whose cards go along: name, federation and public key of each.
  public var cards: [String] = []
  /// Records of totals made of personal data that leave and whose figures another node gave before.
  public var replaced: [Replaced] = []

  /// One of them.
  public struct Replaced: Sendable, Equatable {
    public var kind: String
    /// The key as people write it.
    public var key: String
    /// What people call the other node.
    public var node: String
  }

  public init() {}
}

/// What stays on this machine.
public struct EgressStay: Sendable, Equatable {
  /// A local kind, or a column of a shared one that is local or a clerk's own.
  public struct Place: Sendable, Equatable {
    public var kind: String
    /// Nil for the whole kind.
    public var column: String?
    /// Rows of the kind, or values in the column.
    public var count: Int64
  }

  public var places: [Place] = []
  /// Edits that may not be sent, kept here.
  public var refused: [RefusedView] = []

  public init() {}
}
