import SyncCore

/// Takes rows whose keys no record can have out of their tables. Each is kept whole in the inbox; nothing else is touched.
struct UnusableRows {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Takes out the rows that were captured.
  ///
  /// - Parameter log: a record whose key was changed to such a one gets its key back, and loses its captured deletion.
  /// - Returns: how many edits were refused.
  func refuse(_ log: inout CaptureLog) throws -> Int {
    guard !log.unusable.isEmpty else { return 0 }
    var refused = 0
    var settled: Set<Int64> = []
    // The last edit of each row tells when it was typed, and which key it had before.
    for edit in log.unusable.reversed() {
      guard let table = transaction.table(edit.kind), try refuse(edit.key, table, at: edit.at) else { continue }
      refused += 1
      // The trigger of a changed key captures the deletion of the old key and the insertion of the new one.
      let before = log.entries.first {
        edit.mask == -1 && $0.sequence == edit.sequence - 1 && $0.mask == 0 && $0.kind == edit.kind
      }
      if let before, try putBack(edit.key, table, log.key(before), deletion: before.sequence) {
        settled.insert(before.sequence)
      } else {
        try transaction.rows.delete(table, edit.key)
      }
    }
    log.remove(settled)
    return refused
  }

  /// Takes out every such row of a table that no trigger captured, or that an older Birlik sealed, or lists them.
  func check(_ table: KindTable, captures: Bool) throws -> [RowDifference] {
    try transaction.rows.unusableKeys(table).map { key in
      if captures, try refuse(key, table, at: SystemClock.now()) {
        try transaction.rows.delete(table, key)
        try mendHeads(key, table)
      }
      return RowDifference(
        kind: table.kind.name, key: key.display, sort: .inserted, fields: [], refusal: key.problem(table.kind))
    }
  }

  /// An older Birlik kept heads under the columns joined, and sealed the change under as many of the pieces as the key has
  /// columns: so all others have it as a change of that record, and so does the log here.
  private func mendHeads(_ key: TypedKey, _ table: KindTable) throws {
    let joined = RecordKey(columns: key.columns.map(\.bytes))
    let count = table.kind.key.count
    guard joined.columns.count > count else { return }
    let wrong = try transaction.heads.stored(table.kind.id, joined)
    guard !wrong.isEmpty else { return }
    transaction.totalsTracker?.countAgain()
    for stored in wrong { try transaction.heads.delete(table.kind.id, joined, channel: stored.channel) }
    let sealed = RecordKey(columns: Array(joined.columns.prefix(count)))
    let slots = try transaction.records.foldLog(table, [sealed])[sealed] ?? []
    try transaction.records.show(table, sealed, slots)
  }

  /// - Returns: false where there is no row.
  private func refuse(_ key: TypedKey, _ table: KindTable, at time: Int64) throws -> Bool {
    // Local columns as well: the inbox is at home, and nothing else keeps them.
    guard let record = try transaction.rows.columns(table, key) else { return false }
    try transaction.inbox.addRefused(
      RefusedView(
        at: time, kind: table.kind.name, key: key.display, operation: .insert,
        record: RefusedView.json(record, table.kind),
        reason: key.problem(table.kind)))
    return true
  }

  /// Gives a row its old key and its old values back.
  ///
  /// - Returns: false where another row has the key by now.
  private func putBack(_ key: TypedKey, _ table: KindTable, _ old: RecordKey, deletion: Int64) throws -> Bool {
    guard try transaction.rows.row(table, old) == nil,
      let values = try transaction.capture.deletedRow(table, sequence: deletion)?.values,
      let row = try transaction.rows.row(table, key)
    else { return false }
    try transaction.rows.rename(table, key, to: old)
    try transaction.rows.write(ShownRow(federation: row.federation, values: values), table, old)
    return true
  }
}
