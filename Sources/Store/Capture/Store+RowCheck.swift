import SyncCore

/// What a capture audit found.
public struct RowCheckReport: Sendable, Equatable {
  /// Records that were compared.
  public var records = 0
  /// Records of which the log no longer holds enough to tell.
  public var unknown = 0
  public var differences = 0
  /// Of the differences those that were captured, and those that may not be made and were put back.
  public var taken = 0
  public var putBack = 0

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
    for kind in try catalog().kinds where kind.recordClass != .local {
      var last: RecordKey?
      repeat {
        let batch = try auditBatch(kind.id, after: last, takes: takes)
        for difference in batch.differences {
          report.differences += 1
          if takes, difference.refusal == nil { report.taken += 1 }
          if takes, difference.refusal != nil { report.putBack += 1 }
          try body(difference)
        }
        report.records += batch.records
        report.unknown += batch.unknown
        last = batch.last
      } while last != nil
    }
    return report
  }

  private func auditBatch(_ kind: Int, after last: RecordKey?, takes: Bool) throws -> RowCheck.Batch {
    let look = { (engine: Engine) throws -> RowCheck.Batch in
      guard let table = engine.tables[kind] else { return RowCheck.Batch() }
      return try RowCheck(engine, table).batch(after: last, takes: takes)
    }
    guard takes else { return try read(look) }
    return try write { engine in
      let batch = try look(engine)
      // What was counted was another row.
      if !batch.differences.isEmpty { try engine.setMeta(.staleTotals, .integer(1)) }
      return batch
    }
  }
}
