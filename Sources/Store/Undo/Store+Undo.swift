import Crypto
import SyncCore

extension Store {
  /// Reverses a batch of this node's own edits by ordinary edits, which are sealed at once. Captured edits belong to the
  /// batch too, and those that wait for a person are put back.
  ///
  /// - Parameter isDryRun: true to say what it would do, and change nothing.
  /// - Throws: `StoreError` with code `unknown` where there is no such batch.
  public func undo(_ batch: UndoBatch, isDryRun: Bool, now: Int64 = SystemClock.now()) throws -> UndoReport {
    if isDryRun, isReadOnly {
      return try DryRun(of: self).store.undo(batch, isDryRun: true, now: now)
    }
    guard identity.keyProblem == nil else { return try undoWithoutKey(batch, isDryRun: isDryRun, now: now) }
    try withFile { try $0.lookAfterCapture() }
    var report = UndoReport()
    do {
      try write { transaction in
        let sealer = try Sealer(transaction, wall: now)
        try sealer.sealAll()
        try Self.putBackHeld(batch, transaction, into: &report)
        let edits = try Self.edits(of: batch, transaction, &report)
        var undo = Undo(transaction, edits, report)
        try transaction.connection.capturing { try undo.run() }
        report = undo.report
        // Leaving by an error is what rolls back.
        if isDryRun { throw NothingToKeep() }
        // Whoever undoes has seen how many records there are.
        sealer.holds = false
        try sealer.sealAll()
      }
    } catch is NothingToKeep {}
    return report
  }

  private struct NothingToKeep: Error {}

  /// Reverses a batch for whoever may not seal: finds out what it comes to by sealing on trial, which is thrown away, and
  /// then writes these rows as a clerk would. The next seal makes of all of it what it would have become at once.
  private func undoWithoutKey(_ batch: UndoBatch, isDryRun: Bool, now: Int64) throws -> UndoReport {
    try withFile { try $0.lookAfterCapture() }
    var report = UndoReport()
    var moves: [Undo.Move] = []
    var dropped: [RecordName] = []
    try withFile { $0.trialKey = Curve25519.Signing.PrivateKey() }
    do {
      defer { try? withFile { $0.trialKey = nil } }
      try write { transaction in
        try Sealer(transaction, wall: now).sealAll()
        let waiting = try transaction.held.all().map(\.name)
        try Self.putBackHeld(batch, transaction, into: &report)
        dropped = try waiting.filter { try transaction.held.record($0) == nil }
        let edits = try Self.edits(of: batch, transaction, &report)
        var undo = Undo(transaction, edits, report)
        try transaction.connection.capturing { try undo.run() }
        (report, moves) = (undo.report, undo.moves)
        throw NothingToKeep()
      }
    } catch is NothingToKeep {}
    guard !isDryRun else { return report }
    try write { transaction in
      if !dropped.isEmpty { try transaction.heldRows.putAside() }
      for name in dropped where try transaction.held.record(name) != nil { try transaction.heldRows.drop(name) }
      try transaction.connection.capturing {
        for move in moves { try Self.write(move, transaction, &report) }
      }
    }
    return report
  }

  private static func write(_ move: Undo.Move, _ transaction: Transaction, _ report: inout UndoReport) throws {
    guard let table = transaction.table(move.name.kind) else { return }
    let key = move.name.key
    guard try transaction.rows.row(table, key) == move.from else {
      report.undone.removeAll { $0.kind == table.kind.name && $0.key == key.display }
      report.left.append(
        UndoReport.Left(kind: table.kind.name, key: key.display, reason: "it is undone only after the next sync"))
      return
    }
    if let row = move.to {
      try transaction.rows.write(row, table, key)
    } else {
      try transaction.rows.delete(table, key)
    }
  }

  private static let undoing = "undoing"

  private static func edits(of batch: UndoBatch, _ transaction: Transaction, _ report: inout UndoReport) throws
    -> OwnEdits
  {
    var edits = OwnEdits(transaction)
    switch batch {
    case .since(let time): try edits.add(since: time)
    case .lastSync:
      let last = try transaction.batches.last(.synced)
      guard let latest = last.first else {
        throw StoreError(
          .unknown, undoing, "no sync of this node has sent edits yet, or none since this version of Birlik is used",
          hint: "`birlik undo --since TIME` undoes what was typed since a time")
      }
      report.at = latest.at
      try edits.add(after: last.dropFirst().first?.ends ?? [:], through: latest.ends)
    case .lastImport:
      let latest = try lastImport(transaction)
      report.at = latest.at
      guard let captured = latest.captured, let kind = transaction.catalog.kind(named: latest.kind) else {
        throw StoreError(
          .unknown, undoing,
          "the last import was of \(latest.kind), whose records stay on this machine: no log holds "
            + "what was there before", hint: "edit or remove them, or restore a backup")
      }
      try edits.add(of: kind.id, captured: captured)
      let found = edits.records[kind.id]?.count ?? 0
      report.editedAgain = max(0, latest.records - found - report.undone.count)
    }
    return edits
  }

  private static func lastImport(_ transaction: Transaction) throws -> BatchTable.Batch {
    guard let latest = try transaction.batches.last(.imported).first else {
      throw StoreError(
        .unknown, undoing, "nothing was imported here, or nothing since this version of Birlik is used",
        hint: "`birlik undo --since TIME` undoes what was typed since a time")
    }
    return latest
  }

  /// Puts back those edits of a batch that wait for a person.
  private static func putBackHeld(
    _ batch: UndoBatch, _ transaction: Transaction, into report: inout UndoReport
  ) throws {
    let isOfBatch: (HeldTable.Record, CapturedStep) -> Bool
    switch batch {
    case .lastSync: return
    case .since(let time): isOfBatch = { $1.at >= time }
    case .lastImport:
      let latest = try lastImport(transaction)
      let kind = transaction.catalog.kind(named: latest.kind)?.id
      isOfBatch = { $0.name.kind == kind && latest.captured?.contains($1.at) ?? false }
    }
    for record in try transaction.held.all() {
      guard let table = transaction.table(record.name.kind),
        try transaction.held.steps(of: record.name).contains(where: { isOfBatch(record, $0) })
      else { continue }
      let typed = try transaction.heldRows.typedRow(table, record.name)
      try transaction.heldRows.drop(record.name)
      let sealed = try transaction.rows.row(table, record.name.key)
      report.edits += 1
      report.undone.append(RowDifference(table, record.name.key, from: typed, to: sealed))
    }
  }

  /// Remembers where the streams of this node end, after a sync that sent something.
  public func rememberSync(at time: Int64) throws {
    try write { transaction in
      var ends: [StreamNumber: Int64] = [:]
      for (number, stream) in transaction.log.streams.numbered where transaction.directory.isOwn(stream.origin.node) {
        ends[number] = stream.tip.sequence
      }
      try transaction.batches.add(BatchTable.Batch(at: time, sort: .synced, ends: ends))
    }
  }

  /// Whether a sync was ever remembered.
  public func hasRememberedSync() throws -> Bool { try read { try !$0.batches.last(.synced).isEmpty } }
}
