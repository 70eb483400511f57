import Consolidation
import Limits
import SyncCore

/// How many findings there are.
public struct FindingTally: Sendable, Equatable {
  public var count: Int
  /// When they were counted, in milliseconds since 1970; nil for just now.
  public var countedAt: Int64?
}

extension Store {
  /// Looks through the registers for what makes figures doubtful.
  public func findings() throws -> FindingReport {
    var report = FindingReport(listedPerCode: StoreLimits.findingsPerCode)
    for check in FindingChecks.all { try read { try check.find(in: $0, into: &report) } }
    return report
  }

  /// How many findings there are: counted now in a small file, else as they were last counted. Nil where a large file's
  /// were never counted.
  public func findingTally() throws -> FindingTally? {
    let bytes = try withFile { file in
      let pages = try file.connection.pragma("page_count")
      return pages.multipliedReportingOverflow(by: try file.connection.pragma("page_size")).partialValue
    }
    if bytes <= StoreLimits.findingsCountedInBytes { return FindingTally(count: try findings().count, countedAt: nil) }
    return try read { transaction in
      guard let count = try transaction.meta.integer(.findings), let at = try transaction.meta.integer(.findingsAt)
      else { return nil }
      return FindingTally(count: Int(clamping: count), countedAt: at)
    }
  }

  /// Remembers how many findings there are, for `findingTally`. Who may only read leaves it to others.
  public func remember(_ report: FindingReport) throws {
    do {
      try write { transaction in
        try transaction.meta.set(.findings, .integer(Int64(report.count)))
        try transaction.meta.set(.findingsAt, .integer(SystemClock.now()))
      }
    } catch let error as StoreError where error.code != .damaged {}
  }
}
