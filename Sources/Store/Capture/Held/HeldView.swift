import SyncCore

/// A record whose edits wait for a person.
public struct HeldView: Sendable, Equatable {
  /// Since when, in milliseconds since 1970.
  public var at: Int64
  public var reason: HeldReason
  /// What was done, and the fields that differ: what everybody sees, and what was typed here.
  public var difference: RowDifference
  /// True when somebody else changed the record since.
  public var isChangedSince: Bool

  public var kind: String { difference.kind }
  public var key: String { difference.key }
}

/// How many records of one kind wait for a person.
public struct HeldCount: Sendable, Equatable {
  public var kind: String
  public var deleted = 0
  public var edited = 0
  public var inserted = 0

  public var records: Int { deleted + edited + inserted }
}

extension [HeldView] {
  /// By kind, in the order in which they are listed.
  public var counts: [HeldCount] {
    var counts: [HeldCount] = []
    for view in self {
      if counts.last?.kind != view.kind { counts.append(HeldCount(kind: view.kind)) }
      switch view.difference.sort {
      case .deleted: counts[counts.count - 1].deleted += 1
      case .edited: counts[counts.count - 1].edited += 1
      case .inserted: counts[counts.count - 1].inserted += 1
      }
    }
    return counts
  }
}
