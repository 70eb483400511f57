import SyncCore

/// Sealing what the node itself says, of records that have no table.
extension Sealer {
  /// Seals values of a record. Fields that are left out stay as they are.
  ///
  /// To be called where everything that was captured is sealed, or while it is.
  func seal(_ kind: Kind, key: RecordKey, in channel: Channel, at captured: Int64, _ values: [(String, Value)]) throws {
    let table = SystemRecords.table(kind)
    var slots = try transaction.records.slots(kind.id, key)
    let state = try state(in: channel, slots)
    let isNew = !state.exists(kind.deletion)
    let cells = values.compactMap { name, value in kind.field(named: name).map { Cell(field: $0.id, value: value) } }
    let contents = table.registers.compactMap { register -> RegisterContent? in
      let own = cells.filter { cell in register.fields.contains { $0.id == cell.field } }
      return own.isEmpty && !isNew ? nil : RegisterContent(RegisterKey(register.id), Content(own))
    }
    let replaced = isNew ? Array(state.edits) : contents.flatMap { state.heads($0.key).map(\.clock) }
    let change = Change(
      kind: kind.id, key: key, operation: isNew ? .insertion : .edit, registers: contents, captured: captured,
      time: timekeeping.stamp(captured: captured, replacing: replaced.map(\.time).sorted()))
    try append(change, table, in: channel, storing: &slots)
  }

  /// Seals that a record is deleted; nothing where there is none. To be called as `seal(_:key:in:at:_:)`.
  func retract(_ kind: Kind, key: RecordKey, in channel: Channel, at captured: Int64) throws {
    var slots = try transaction.records.slots(kind.id, key)
    let state = try state(in: channel, slots)
    guard state.exists(kind.deletion) else { return }
    let change = Change(
      kind: kind.id, key: key, operation: .deletion, registers: [], captured: captured,
      time: timekeeping.stamp(captured: captured, replacing: state.edits.map(\.time).sorted()))
    try append(change, SystemRecords.table(kind), in: channel, storing: &slots)
  }

  private func state(in channel: Channel, _ slots: [RecordSlot]) throws -> RecordState {
    transaction.directory.number(of: channel).flatMap { slots[$0] } ?? RecordState()
  }

  private func append(
    _ change: Change, _ table: KindTable, in channel: Channel, storing slots: inout [RecordSlot]
  ) throws {
    try append(change, table, in: channel, into: &slots)
    try store(RecordName(kind: change.kind, key: change.key), slots)
    transaction.statements.forgetBecauseOfChange()
  }
}
