import SyncCore

/// What the catalog does not allow, and clients that do not look at the tables' constraints wrote all the same.
extension Sealer {
  /// Keeps what was typed into a register, whole, until somebody corrects it.
  func keep(
    _ invalid: SealPlan.Invalid, _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow
  ) throws {
    let values = zip(table.fields, row.values).filter { field, _ in
      table.fieldIndex(id: field.id).map { table.registers[table.registerOfField[$0]].id } == invalid.register
    }.map { ($0.name, $1) }
    let number = try transaction.inbox.addRefused(
      RefusedView(
        at: edits.lastAt, kind: table.kind.name, key: key.display, operation: .edit,
        record: RefusedView.json(values, table.kind, besides: table.amounts(row)),
        reason: "\(invalid.field): \(invalid.reason)"))
    try transaction.inbox.addCorrection(number, wrong: invalid.field, values)
    countRefusal()
  }

  /// All that was typed of a record: local columns as well, which nothing else keeps when the row goes.
  func wholeRow(_ table: KindTable, _ key: RecordKey, _ row: ShownRow) throws -> [(String, Value)] {
    let local = try localCells(table, key)
    return [("federation", .text(row.federation))] + zip(table.fields.map(\.name), row.values) + local
  }

  private func localCells(_ table: KindTable, _ key: RecordKey) throws -> [(String, Value)] {
    try table.kind.fields.filter(\.isLocal).compactMap { field in
      try transaction.rows.text(table, key, field.name).flatMap { $0.isEmpty ? nil : (field.name, .text($0)) }
    }
  }

  /// Keeps a record whose key is not allowed, whole, until somebody corrects it.
  ///
  /// - Parameter typed: as `wholeRow` gave it.
  func waitForCorrection(
    _ number: Int64, _ wrong: String, _ table: KindTable, _ key: RecordKey, _ typed: [(String, Value)]
  ) throws {
    let columns = zip(table.kind.key, key.columns).map { ($0.name, Value.text($1)) }
    try transaction.inbox.addCorrection(number, wrong: wrong, columns + typed)
  }

  /// Seals a record under the key that was meant, such as that of a day written as midnight.
  func move(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow, to normal: RecordKey
  ) throws {
    try transaction.totalsTracker?.touch(table, normal)
    let isSealed = try transaction.heads.contains(table.kind.id, key)
    // Heads that rely on the row would rely on none.
    if isSealed {
      for slot in try fold(table, key) { try transaction.heads.saveFull(slot, kind: table.kind.id, key: key) }
    }
    let standing = try transaction.rows.row(table, normal)
    if let standing, try !isSame(row, key, as: standing, normal, table) {
      let typed = try wholeRow(table, key, row)
      try forgetSteps()
      let number = try refuse(
        edits, table, key, row, [], [], "there is a record \(normal.display) already, which has other values", nil)
      let wrong = zip(table.kind.key, zip(key.columns, normal.columns)).first { $1.0 != $1.1 }?.0.name
      return try waitForCorrection(number, wrong ?? "", table, normal, typed)
    }
    if standing != nil {
      try transaction.rows.delete(table, key)
    } else {
      // With its local columns.
      try transaction.rows.rename(table, key, to: normal)
    }
    // An older program may have sealed something under the key as it was typed: it goes.
    if isSealed { try seal(edits, table, key) }
    if standing == nil { try seal(edits, table, normal) }
  }

  /// Whether a row says nothing that another one does not say as well.
  private func isSame(
    _ row: ShownRow, _ key: RecordKey, as standing: ShownRow, _ other: RecordKey, _ table: KindTable
  ) throws -> Bool {
    guard row.federation == standing.federation else { return false }
    let isShared = table.fields.indices.allSatisfy { index in
      let typed = TypedValue.normal(row.values[index], table.fields[index].type)
      return typed.isNull || typed == standing.values[index]
    }
    let known = try localCells(table, other)
    return try isShared
      && localCells(table, key).allSatisfy { name, value in known.contains { $0.0 == name && $0.1 == value } }
  }
}
