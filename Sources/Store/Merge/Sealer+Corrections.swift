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
        record: RefusedView.json(values), reason: "\(invalid.field): \(invalid.reason)"))
    try transaction.inbox.addCorrection(number, wrong: invalid.field, values)
    countRefusal()
  }

  /// Keeps a record whose key is not allowed, whole, until somebody corrects it.
  func waitForCorrection(
    _ number: Int64, _ wrong: String, _ table: KindTable, _ key: RecordKey, _ row: ShownRow
  ) throws {
    let columns = zip(table.kind.key, key.columns).map { ($0.name, Value.text($1)) }
    try transaction.inbox.addCorrection(
      number, wrong: wrong,
      columns + [("federation", .text(row.federation))] + zip(table.fields.map(\.name), row.values))
  }

  /// Seals a record under the key that was meant, such as that of a day written as midnight.
  func move(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow, to normal: RecordKey
  ) throws {
    try transaction.totalsTracker?.touch(table, normal)
    if let standing = try transaction.rows.row(table, normal) {
      let isSame =
        standing.federation == row.federation
        && table.fields.indices.allSatisfy { index in
          let typed = TypedValue.normal(row.values[index], table.fields[index].type)
          return typed.isNull || typed == standing.values[index]
        }
      guard isSame else {
        let number = try refuse(
          edits, table, key, row, [], [], "there is a record \(normal.display) already, which has other values", nil)
        let wrong = zip(table.kind.key, zip(key.columns, normal.columns)).first { $1.0 != $1.1 }?.0.name
        return try waitForCorrection(number, wrong ?? "", table, normal, row)
      }
      try transaction.rows.delete(table, key)
      return
    }
    try transaction.rows.delete(table, key)
    try transaction.rows.write(row, table, normal)
    // An older program may have sealed something under the key as it was typed: it goes.
    if try transaction.heads.contains(table.kind.id, key) { try seal(edits, table, key) }
    try seal(edits, table, normal)
  }
}
