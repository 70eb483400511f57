import Consolidation

/// Looks for findings of one sort.
///
/// Each check runs in a read transaction of its own, because clerks cannot write while one is open. With millions of rows
/// it has to be quick: SQL decides which rows are looked at.
protocol FindingCheck {
  static func find(in transaction: Transaction, into report: inout FindingReport) throws
}

/// All checks, in the order in which they run.
enum FindingChecks {
  static var all: [any FindingCheck.Type] {
    [LookAlikeKeys.self, HiddenCharacters.self, DoubtfulDates.self, TreeFindings.self, ReturnFindings.self]
  }
}
