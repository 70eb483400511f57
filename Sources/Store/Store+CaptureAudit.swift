import SyncCore

/// What a capture audit found.
public struct CaptureAuditReport: Sendable, Equatable {
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
  /// what was captured and is not sealed yet. A piece of records at a time, so that clerks can write in between.
  ///
  /// - Parameters:
  ///   - takes: true to capture what differs as ordinary edits, sealed at the next sync, and to put back what may not
  ///     be edited.
  ///   - body: called with every difference.
  @discardableResult
  public func auditCapture(
    takes: Bool, _ body: (CaptureDifference) throws -> Void
  ) throws -> CaptureAuditReport {
    var report = CaptureAuditReport()
    for kind in try catalog().kinds where kind.recordClass != .local {
      var last: RecordKey?
      repeat {
        let piece = try auditPiece(kind.id, after: last, takes: takes)
        for difference in piece.differences {
          report.differences += 1
          if takes, difference.refusal == nil { report.taken += 1 }
          if takes, difference.refusal != nil { report.putBack += 1 }
          try body(difference)
        }
        report.records += piece.records
        report.unknown += piece.unknown
        last = piece.last
      } while last != nil
    }
    return report
  }

  private func auditPiece(_ kind: Int, after last: RecordKey?, takes: Bool) throws -> CaptureAudit.Piece {
    let look = { (engine: Engine) throws -> CaptureAudit.Piece in
      guard let table = engine.tables[kind] else { return CaptureAudit.Piece() }
      return try CaptureAudit(engine, table).piece(after: last, takes: takes)
    }
    guard takes else { return try read(look) }
    return try write { engine in
      let piece = try look(engine)
      // What was counted was another row.
      if !piece.differences.isEmpty { try engine.setMeta(.staleTotals, .integer(1)) }
      return piece
    }
  }
}
