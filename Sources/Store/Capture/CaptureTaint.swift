import SyncCore

/// Values that heads took over from a row which had been changed behind the triggers' back, when another edit was absorbed
/// before anybody looked. The row shows something else since, so they cannot be captured any more: they are kept as an
/// edit that was not taken, and the heads are set right.
struct CaptureTaint {
  static let reason = "it was made without being noted, and another edit was shown over it before that was found"

  /// What the log says of each head, and what the head says.
  private(set) var fields: [RowDifference.Field] = []

  /// Nil when heads say what the log says.
  ///
  /// - Parameters:
  ///   - stored: the heads as they stand in the file.
  ///   - logged: the same as the log has them.
  ///   - row: the row as it stands; what it shows is found there.
  init?(_ table: KindTable, stored: [RecordSlot], logged: [RecordSlot], row: ShownRow?, _ directory: Directory) {
    for slot in stored {
      // Other forms hold no values.
      guard slot.stored != nil, !slot.reliesOnRow,
        let right = logged.first(where: { $0.channel == slot.channel })
      else { continue }
      let owner = directory.owner(of: slot.channel)
      let shown = row.flatMap { $0.federation.elementsEqual(owner.utf8) ? table.contents(of: $0) : nil }
      for key in Set(slot.state.knownRegisters).union(right.state.knownRegisters).sorted() {
        for head in slot.state.heads(key) {
          guard let other = right.state.heads(key).first(where: { $0.clock == head.clock }),
            other.content != head.content, shown.map({ ($0[key] ?? .empty) != head.content }) ?? true
          else { continue }
          add(table, key, from: other.content, to: head.content)
        }
      }
    }
    if fields.isEmpty { return nil }
  }

  private mutating func add(_ table: KindTable, _ key: RegisterKey, from old: Content, to new: Content) {
    if key.element != nil {
      let word = { (content: Content) in Value.text(Contested.Element(content).rawValue) }
      fields.append(RowDifference.Field(name: RecordNotes.label(table.shape, key), old: word(old), new: word(new)))
      return
    }
    for field in table.registers.first(where: { $0.id == key.id })?.fields ?? [] where old[field.id] != new[field.id] {
      fields.append(RowDifference.Field(name: field.name, old: old[field.id], new: new[field.id]))
    }
  }

  /// The difference as it is reported.
  func difference(_ table: KindTable, _ key: RecordKey) -> RowDifference {
    RowDifference(
      kind: table.kind.name, key: key.display, sort: .edited, fields: fields, refusal: Self.reason)
  }

  /// Keeps the values as an edit that was refused, and sets the heads right.
  ///
  /// - Parameters:
  ///   - logged: the record as the log has it.
  ///   - isCaptured: whether edits of the record wait to be sealed, whose values are in the row.
  func correct(
    _ table: KindTable, _ key: RecordKey, _ logged: [RecordSlot], isCaptured: Bool, _ transaction: Transaction
  ) throws {
    try transaction.inbox.addRefused(
      RefusedView(
        at: SystemClock.now(), kind: table.kind.name, key: key.display, operation: .edit,
        record: RefusedView.json(
          fields.map { ($0.name, $0.new) }, table.kind, besides: table.amounts(try transaction.rows.row(table, key))),
        reason: Self.reason))
    if !isCaptured {
      try transaction.records.show(table, key, logged)
      return
    }
    for slot in logged {
      let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
      try transaction.heads.save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
    }
  }
}
