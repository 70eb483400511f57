import Limits
import SyncCore

/// What a row check found.
public struct RowCheckReport: Sendable, Equatable {
  /// Records that were compared.
  public var records = 0
  /// Records of which the log no longer holds enough to tell.
  public var unknown = 0
  public var differences = 0
  /// Of the differences those that were captured, and those that may not be made and were put back.
  public var taken = 0
  public var putBack = 0
  /// Of the differences those that wait on, because somebody else changed the record since they were found.
  public var waiting = 0

  public init() {}
}

extension Store {
  /// Finds rows that were changed behind the triggers' back: compares every row with what the log says it shows, minus
  /// what was captured and is not sealed yet. A batch of records at a time, so that clerks can write in between.
  ///
  /// - Parameters:
  ///   - takes: true to capture what differs as ordinary edits, sealed at the next sync, and to put back what may not
  ///     be edited.
  ///   - body: called with every difference.
  @discardableResult
  public func checkRows(
    takes: Bool, _ body: (RowDifference) throws -> Void
  ) throws -> RowCheckReport {
    var report = RowCheckReport()
    try checkHeld(takes: takes, into: &report, body)
    for table in try read({ $0.adopted.sharedTables }) {
      func add(_ differences: [RowDifference]) throws {
        for difference in differences {
          report.differences += 1
          if takes, difference.refusal == nil { report.taken += 1 }
          if takes, difference.refusal != nil { report.putBack += 1 }
          try body(difference)
        }
      }
      try add(checkKeys(table.kind.id, captures: takes))
      var last: RecordKey?
      repeat {
        let batch = try checkBatch(table.kind.id, after: last, captures: takes)
        try add(batch.differences)
        report.records += batch.records
        report.unknown += batch.unknown
        last = batch.last
      } while last != nil
    }
    // Whoever has not the key leaves it to the next sync, which asks again.
    if report.taken > StoreLimits.removalsWithoutPerson, identity.keyProblem == nil {
      // Whoever takes them has seen how many there are.
      try write { transaction in
        let sealer = try Sealer(transaction, wall: SystemClock.now())
        sealer.holds = false
        try sealer.sealAll()
      }
    }
    return report
  }

  /// What a repair found before: it waits for a person, who decides here.
  private func checkHeld(takes: Bool, into report: inout RowCheckReport, _ body: (RowDifference) throws -> Void) throws
  {
    if takes { try withFile { try $0.lookAfterCapture() } }
    let waiting = try held().filter { $0.reason == .unnoticed }
    for edit in waiting { try body(edit.difference) }
    report.differences += waiting.count
    guard takes, !waiting.isEmpty else { return }
    let decision = try confirmHeld(reason: .unnoticed)
    report.taken += decision.records
    report.waiting += decision.changedSince.count
  }

  private func checkBatch(_ kind: KindID, after last: RecordKey?, captures: Bool) throws -> RowCheck.Batch {
    func check(_ transaction: Transaction) throws -> RowCheck.Batch {
      guard let table = transaction.table(kind) else { return RowCheck.Batch() }
      return try RowCheck(transaction, table).batch(after: last, taking: captures ? .captured : .none)
    }
    guard captures else { return try read(check) }
    return try write { transaction in
      let batch = try check(transaction)
      // Totals counted the rows as they were before.
      if !batch.differences.isEmpty { try transaction.meta.set(.staleTotals, .integer(1)) }
      return batch
    }
  }

  /// Takes out rows whose keys no record can have, where there are any.
  func mendKeys() throws {
    for table in try read({ $0.adopted.sharedTables }) {
      guard try !checkKeys(table.kind.id, captures: false).isEmpty else { continue }
      _ = try checkKeys(table.kind.id, captures: true)
    }
  }

  /// Rows whose keys no record can have.
  private func checkKeys(_ kind: KindID, captures: Bool) throws -> [RowDifference] {
    func check(_ transaction: Transaction) throws -> [RowDifference] {
      guard let table = transaction.table(kind) else { return [] }
      return try UnusableRows(transaction).check(table, captures: captures)
    }
    guard captures else { return try read(check) }
    return try write { transaction in
      let differences = try check(transaction)
      if !differences.isEmpty { try transaction.meta.set(.staleTotals, .integer(1)) }
      return differences
    }
  }
}
