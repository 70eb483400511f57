import SyncCore

/// Sealing edits of records that have no row, because another owner's record has it.
extension Sealer {
  /// Seals what a record becomes. To be called while everything that was captured is sealed.
  ///
  /// - Parameter confirms: fields that are sealed although they hold the value that is shown, by register.
  func edit(
    _ hidden: HiddenRecords.Found, _ table: KindTable, _ key: RecordKey, to row: ShownRow, at time: Int64,
    confirms: Int64 = 0
  ) throws {
    var mask = confirms
    for (index, value) in row.values.enumerated() where value != hidden.row.values[index] {
      mask |= table.registers[table.registerOfField[index]].id.bit
    }
    var edits = CapturedEdits()
    edits.add(sequence: 0, mask: mask, at: time)
    var slots = try transaction.records.slots(table, key)
    let plan = try plan(edits, table, key, row: row, old: nil, slots: slots, isTyped: false)
    if let reason = try plan.refusal ?? limit(key, row, table, slots, isTyped: false) {
      throw StoreError(.notPermitted, "writing \(table.kind.name) \(key.display)", reason)
    }
    for item in plan.items {
      for piece in table.pieces(of: item.change) { try append(piece, table, in: item.channel, into: &slots) }
    }
    try store(table, RecordName(kind: table.kind.id, key: key), slots)
  }

  /// Seals that a record is deleted. To be called as `edit(_:_:_:to:at:confirms:)`.
  func remove(_ hidden: HiddenRecords.Found, _ table: KindTable, _ key: RecordKey, at captured: Int64) throws {
    try remove(from: hidden.channel, table, key, at: captured)
  }

  /// Seals that the record of a channel is deleted, whether or not it has the row.
  func remove(from channel: Channel, _ table: KindTable, _ key: RecordKey, at captured: Int64) throws {
    var slots = try transaction.records.slots(table, key)
    guard let number = transaction.directory.number(of: channel), let state = slots[number] else { return }
    let change = Change(
      kind: table.kind.id, key: key, operation: .deletion, registers: [], captured: captured,
      time: timekeeping.stamp(captured: captured, replacing: state.edits.map(\.time).sorted()))
    try append(change, table, in: channel, into: &slots)
    try store(table, RecordName(kind: table.kind.id, key: key), slots)
  }
}
