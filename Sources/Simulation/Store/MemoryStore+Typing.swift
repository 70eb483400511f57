import SyncCore

/// What SQL statements do to rows, and what the triggers note of it.
extension MemoryStore {
  enum OnConflict: CaseIterable {
    case fails
    case replaces
    case updates
  }

  /// INSERT, with what is to happen where a row stands already.
  ///
  /// - Returns: false when the statement failed.
  @discardableResult
  mutating func insert(
    _ record: Int, owner: [UInt8], _ values: [Value], _ conflict: OnConflict, at: Int64, _ chronicle: Chronicle
  ) -> Bool {
    guard let shape = shape(chronicle.setting.records[record].kind) else { return false }
    if let row = rows[record] {
      // An owner, a field that is set once and a fact that is written once stay as they are.
      guard row.owner == owner, !shape.kind.appendOnly || row.values == values else { return false }
      for (index, field) in shape.fields.enumerated() where field.rule == .frozen {
        if !row.values[index].isNull, !values[index].isNull, row.values[index] != values[index] { return false }
      }
      switch conflict {
      case .fails: return false
      case .updates:
        var edits: [Int: Value] = [:]
        for (index, value) in values.enumerated() where !value.isNull { edits[index] = value }
        return update(record, edits, at: at, chronicle)
      case .replaces: chronicle.coverage.add(.rowReplaced)
      }
    }
    rows[record] = Row(owner: owner, values: values)
    capture(record, mask: -1, at: at, chronicle)
    return true
  }

  /// UPDATE of some fields, by their index.
  @discardableResult
  mutating func update(_ record: Int, _ edits: [Int: Value], at: Int64, _ chronicle: Chronicle) -> Bool {
    guard var row = rows[record], let shape = shape(chronicle.setting.records[record].kind) else { return false }
    let changed = edits.filter { row.values[$0.key] != $0.value }
    for index in changed.keys {
      if shape.kind.appendOnly { return false }
      if shape.fields[index].rule == .frozen, !row.values[index].isNull { return false }
    }
    var registers: Set<RegisterID> = []
    for (index, value) in changed {
      row.values[index] = value
      registers.insert(shape.registers[shape.registerOfField[index]].id)
    }
    rows[record] = row
    for register in registers.sorted() { capture(record, mask: register.bit, at: at, chronicle) }
    return true
  }

  /// DELETE.
  @discardableResult
  mutating func delete(_ record: Int, at: Int64, _ chronicle: Chronicle) -> Bool {
    guard let row = rows[record], let shape = shape(chronicle.setting.records[record].kind), !shape.kind.appendOnly
    else {
      return false
    }
    if captures.contains(where: { $0.record == record && $0.mask == -1 }), records[record].isEmpty {
      chronicle.coverage.add(.insertedAndDeletedUnsealed)
    }
    rows[record] = nil
    // What a deletion notes is without its owner.
    capture(record, mask: 0, at: at, old: Row(owner: [], values: row.values), chronicle)
    chronicle.coverage.add(.rowDeleted)
    return true
  }

  /// UPDATE OR REPLACE of a key.
  @discardableResult
  mutating func move(_ record: Int, to other: Int, at: Int64, _ chronicle: Chronicle) -> Bool {
    let places = chronicle.setting.records
    guard record != other, let row = rows[record], places[record].kind == places[other].kind,
      let shape = shape(places[record].kind), !shape.kind.appendOnly
    else { return false }
    if let standing = rows[other], standing.owner != row.owner { return false }
    rows[record] = nil
    rows[other] = row
    capture(record, mask: 0, at: at, old: Row(owner: [], values: row.values), chronicle)
    capture(other, mask: -1, at: at, chronicle)
    chronicle.coverage.add(.keyMoved)
    return true
  }

  /// What deciding a conflict captures: registers that are said again.
  mutating func confirm(_ record: Int, mask: Int64, at: Int64, _ chronicle: Chronicle) {
    capture(record, mask: mask | CapturedEdits.confirmation, at: at, chronicle)
  }

  private mutating func capture(_ record: Int, mask: Int64, at: Int64, old: Row? = nil, _ chronicle: Chronicle) {
    if let trace = chronicle.trace {
      let values = rows[record].map { $0.values.map(\.display).joined(separator: "|") } ?? "no row"
      let place = chronicle.setting.records[record]
      trace("  \(place.kind) \(place.key.display): captured \(String(mask, radix: 2)) at \(at), now \(values)")
    }
    captures.append(
      Capture(sequence: nextCapture, record: record, mask: mask, at: at, old: old, write: chronicle.write()))
    nextCapture += 1
  }
}
