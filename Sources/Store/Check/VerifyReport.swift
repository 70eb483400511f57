import SyncCore

/// What folding the whole log again found.
public struct VerifyReport: Sendable, Equatable {
  /// True when rows, heads, conflicts and totals are what the log says.
  public var ok: Bool { problems.isEmpty }
  public var records = 0
  public var changes = 0
  /// Segments whose bodies are not kept here, and their changes: of those only chain and signature were checked.
  public var prunedSegments = 0
  public var prunedChanges: Int64 = 0
  /// Records of which a value came from those: that it is what its author sealed could not be checked.
  public var uncheckedRecords = 0
  /// In words, the first few of each sort.
  public var problems: [String] = []
  /// For each channel the hash of all its heads: equal on two nodes exactly when they hold the same.
  public var digests: [Channel: String] = [:]
  /// All of `digests` in one.
  public var digest = ""

  public init() {}
}
