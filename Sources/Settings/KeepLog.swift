import CatalogFiles
import Limits
import SyncCore

/// How much of the log a node keeps. Heads are always kept.
public enum KeepLog: Equatable, Sendable {
  /// All segments.
  case all
  /// Segments that were sealed in the last so many days; of older ones only headers, hashes and signatures.
  case days(Int)

  static let key = "keep_log"

  /// The time before which bodies are dropped, in milliseconds since 1970; nil when none are.
  public func cutoff(now: Int64) -> Int64? {
    guard case .days(let days) = self else { return nil }
    let (age, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000)
    return overflow ? nil : now &- age
  }

  /// The value in the settings; nil when there is none, or a finding.
  init?(_ table: TableReader) {
    guard let node = table.node(Self.key) else { return nil }
    switch node.content {
    case .text(let text) where text.sameBytes(as: "all"): self = .all
    case .integer:
      guard let days = table.requiredInteger(Self.key, in: 1...InputLimits.keptDays) else { return nil }
      self = .days(days)
    default:
      table.findings.add(
        node.place, "`\(Self.key)` of \(table.subject) is neither \"all\" nor a number of days.",
        hint: "Write \"all\", or how many days of the log to keep, such as 90.")
      return nil
    }
  }
}
