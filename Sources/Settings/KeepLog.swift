import CatalogFiles
import SyncCore

/// How much of the log a node keeps. Heads are kept for ever.
public enum KeepLog: Equatable, Sendable {
  case all
  /// The changes of the last days; of older segments only headers, hashes and signatures.
  case days(Int)

  static let key = "keep_log"
  /// A hundred years.
  static let longest: Int64 = 36_500

  /// The time before which changes are dropped, in milliseconds since 1970; nil if none are.
  public func cutoff(now: Int64) -> Int64? {
    guard case .days(let days) = self else { return nil }
    let (age, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000)
    return overflow ? nil : now &- age
  }

  /// What the settings say; nil if they say nothing, or something wrong, which is among the findings then.
  init?(_ table: TableReader) {
    guard let node = table.node(Self.key) else { return nil }
    switch node.content {
    case .text(let text) where text.sameBytes(as: "all"): self = .all
    case .integer:
      guard let days = table.requiredInteger(Self.key, in: 1...Self.longest) else { return nil }
      self = .days(days)
    default:
      table.findings.add(
        node.place, "`\(Self.key)` of \(table.subject) is neither \"all\" nor a number of days.",
        hint: "Write \"all\", or how many days of the log to keep, such as 90.")
      return nil
    }
  }
}
