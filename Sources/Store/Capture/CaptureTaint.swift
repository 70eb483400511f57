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
  ///   - told: the same as the log tells them.
  ///   - row: the row as it stands; what it shows is found there.
  init?(_ table: KindTable, stored: [RecordSlot], told: [RecordSlot], row: ShownRow?, _ engine: Engine) {
    for slot in stored {
      // Other forms hold no values.
      guard slot.stored.map({ StateCodec.form(of: $0) == .full }) ?? false,
        let right = told.first(where: { $0.channel == slot.channel })
      else { continue }
      let owner = engine.channelNames[slot.channel]?.owner ?? ""
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
      let word = { (content: Content) in Value.text(content.isEmpty ? "removed" : "added") }
      fields.append(RowDifference.Field(name: RecordNotes.label(table, key), old: word(old), new: word(new)))
      return
    }
    for field in table.registers.first(where: { $0.id == key.id })?.fields ?? [] where old[field.id] != new[field.id] {
      fields.append(RowDifference.Field(name: field.name, old: old[field.id], new: new[field.id]))
    }
  }

  /// The difference as it is told.
  func difference(_ table: KindTable, _ key: RecordKey) -> RowDifference {
    RowDifference(
      kind: table.kind.name, key: key.display, sort: .edited, fields: fields, refusal: Self.reason)
  }

  /// Keeps the values, and sets the heads right.
  ///
  /// - Parameter isCaptured: whether edits of the record wait to be sealed, whose values stand in the row.
  func take(_ table: KindTable, _ key: RecordKey, _ told: [RecordSlot], isCaptured: Bool, _ engine: Engine) throws {
    try engine.noteRefused(
      "edit", kind: table.kind.name, key: key.display, fields.map { ($0.name, $0.new) }, Self.reason)
    if !isCaptured { return try engine.project(table, key, told) }
    for slot in told {
      let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
      try engine.save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
    }
  }
}
