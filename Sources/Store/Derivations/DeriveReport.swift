import SyncCore

/// What a derivation did or would do. Keys and figures are for the person at this machine; no log takes them.
public struct DeriveReport: Sendable {
  public enum Figure: Sendable, Equatable {
    case told(Int64)
    /// It counts too few people, or such a figure could be computed from it.
    case withheld
    /// No row has a value.
    case notCollected
  }

  public enum Outcome: String, Sendable {
    case created, changed, unchanged
    /// A person typed the record, by another method or for another federation: it is left alone.
    case kept
    /// Another node counted or typed the figures that stand: they are left alone.
    case elsewhere
    /// What is counted under this key is withheld, and the key itself is what somebody typed.
    case hidden
    /// The key refers to a record that there is none of.
    case unknown
    /// The derivation wrote it once, and no row counts to it now: it is left alone.
    case stale
  }

  public struct Line: Sendable {
    /// The key as people write it.
    public var key: String
    public var outcome: Outcome
    public var figures: [(field: String, figure: Figure)]
    /// What people call the node whose figures stand, or are written over where that was asked for.
    public var other: String?
  }

  public var derivation: String
  public var title: String
  public var source: String
  public var target: String
  /// The day or the month.
  public var span: String
  /// A figure of 1 up to one less than this is withheld.
  public var threshold: Int64
  public var rows: Int64 = 0
  public var counted: Int64 = 0
  /// Rows of which it is not certain that they belong.
  public var undecided: Int64 = 0
  public var keyless: Int64 = 0
  /// Fields with the number of counted rows that do not tell of them.
  public var untold: [(field: String, rows: Int64)] = []
  /// Words of the rows that the derivation does not know.
  public var strange: [DerivationCount.Strange] = []
  /// In order of key.
  public var lines: [Line] = []

  /// The nodes whose figures stand or are written over, by name.
  public func others(_ outcome: Outcome) -> [String] {
    Set(lines.filter { $0.outcome == outcome }.compactMap(\.other)).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
  }

  public func count(_ outcome: Outcome) -> Int { lines.reduce(0) { $0 + ($1.outcome == outcome ? 1 : 0) } }

  /// Figures that are withheld, over all records that are written.
  public var withheld: Int { lines.reduce(0) { $0 + $1.figures.reduce(0) { $0 + ($1.figure == .withheld ? 1 : 0) } } }
}
