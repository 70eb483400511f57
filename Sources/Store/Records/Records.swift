import SyncCore
import Wire

/// What a record's table row shows.
struct ShownRow {
  var federation: [UInt8]
  /// One value for each of `KindTable.fields`.
  var values: [Value]
}

/// One record as one owner's channel knows it.
struct RecordSlot {
  var channel: Int
  var state: RecordState
  /// The bytes in which the heads stand now; nil for a record that is new.
  var stored: [UInt8]?
}

extension KindTable {
  var setMask: Int64 { shape.setMask }

  /// True when the catalog allows every value and sets stand in canonical form.
  func isProper(_ row: ShownRow) -> Bool {
    for (index, value) in row.values.enumerated() {
      if problem(value, field: index) != nil { return false }
      // An empty set is shown as NULL: heads do not tell them apart.
      if fields[index].type == .set, case .text(let json) = value {
        guard let set = TextSet(json: json), set.json == json, !set.elements.isEmpty else { return false }
      }
    }
    return true
  }

  /// A row's values by register: a set's elements one by one, a group's fields together.
  func contents(of row: ShownRow) -> [RegisterKey: Content] { shape.contents { row.values[$0] } }

  /// A set's elements. Text that is no JSON array is kept as one element that no valid set could hold.
  func elements(_ json: [UInt8]) -> [[UInt8]] { shape.elements(json) }

  /// Why the catalog does not allow a register's content, with the field's name; nil when it does.
  func problem(_ content: Content, of key: RegisterKey) -> (field: String, value: Value, reason: String)? {
    shape.problem(content, of: key)
  }

  /// Why the catalog does not allow a value in one of `fields`.
  func problem(_ value: Value, field index: Int) -> String? { shape.problem(value, field: index) }

  /// Binds the columns of a key to the first places of a statement.
  func bindKey(_ key: RecordKey, _ statement: Prepared) {
    var start = 0
    for column in kind.key.indices {
      var end = start
      while end < key.bytes.count, key.bytes[end] != RecordKey.separator { end += 1 }
      statement.bind(column + 1, text: key.bytes[start..<end])
      start = Swift.min(end + 1, key.bytes.count)
    }
  }

  /// Why a record with this key is not shown; nil for a proper key.
  func problem(key: RecordKey) -> (field: String, reason: String)? { shape.problem(key: key) }
}

extension Engine {
  /// Everything known under one key of a kind: usually one record, more where two owners use one key.
  ///
  /// - Parameter shown: the row that stands, from which values are read that are not kept twice.
  func slots(kind: Int, key: RecordKey, shown: () throws -> [RegisterKey: Content]) throws -> [RecordSlot] {
    let statement = try connection.prepared("SELECT channel, state FROM birlik_head WHERE kind=?1 AND key=?2")
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    var found: [(Int, [UInt8])] = []
    while try statement.step() { found.append((statement.int(0), statement.bytes(1))) }
    return try found.map { channel, bytes in
      RecordSlot(channel: channel, state: try StateCodec.decode(bytes, shown: shown), stored: bytes)
    }
  }

  /// Everything known under one key, with values read from the row as it stands.
  func slots(_ table: KindTable?, kind: Int, key: RecordKey) throws -> [RecordSlot] {
    try slots(kind: kind, key: key) {
      guard let table, let row = try row(table, key) else { return [:] }
      return table.contents(of: row)
    }
  }

  /// Which of several owners' records under one key is shown: the one created earliest of those that exist.
  func shownSlot(_ slots: [RecordSlot], rule: DeletionRule) -> Int? {
    RecordState.shown(among: slots.map(\.state), rule: rule, facts: self)
  }

  /// Shows what stands under a key, and writes its heads, conflicts and wrong values down.
  func project(_ table: KindTable, _ key: RecordKey, _ slots: [RecordSlot]) throws {
    try totals?.touch(table, key)
    let keyProblem = table.problem(key: key)
    let shown = keyProblem == nil ? shownSlot(slots, rule: table.kind.deletion) : nil
    var shownFits = false
    if let shown, let channel = channelNames[slots[shown].channel] {
      let projection = Projection(table, slots[shown].state, facts: self)
      try write(projection.values, table, key, federation: Array(channel.owner.utf8))
      shownFits = projection.isExact
    } else {
      let delete = try connection.prepared(table.deleteRow)
      for (index, column) in key.columns.prefix(table.kind.key.count).enumerated() {
        delete.bind(index + 1, text: column)
      }
      if key.columns.count == table.kind.key.count { try delete.step() }
    }
    for (index, slot) in slots.enumerated() {
      let isPlain = index == shown && shownFits && StateCodec.isPlain(slot.state)
      // What the log no longer tells has to stand in the heads.
      let bytes = StateCodec.encode(slot.state, valuesStandInRow: isPlain && !pruned.holds(slot.state))
      if bytes != slot.stored { try save(bytes, kind: table.kind.id, key: key, channel: slot.channel) }
      let wasPlain = slot.stored.map { StateCodec.form(of: $0) != .full } ?? true
      if wasPlain && isPlain && keyProblem == nil && slots.count == 1 { continue }
      try note(
        table, key, slot, collides: slots.count > 1 && slots.filter { $0.state.exists(table.kind.deletion) }.count > 1,
        isHidden: shown.map { $0 != index } ?? false)
    }
  }

  private func write(_ values: [Value], _ table: KindTable, _ key: RecordKey, federation: [UInt8]) throws {
    let statement = try connection.prepared(table.upsertRow)
    let columns = key.columns
    for (index, column) in columns.enumerated() { statement.bind(index + 1, text: column) }
    statement.bind(columns.count + 1, text: federation)
    for (index, value) in values.enumerated() { statement.bind(columns.count + 2 + index, value) }
    try statement.step()
  }

  /// Lists a record's conflicts and wrong values, and closes those that are no more.
  private func note(
    _ table: KindTable, _ key: RecordKey, _ slot: RecordSlot, collides: Bool, isHidden: Bool
  ) throws {
    let found = RecordNotes(table, key, slot.state, facts: self, collides: collides)
    let now = SystemClock.now()
    for field in found.conflicts {
      let statement = try connection.prepared(
        "INSERT INTO birlik_conflict(kind, key, channel, field, opened_at) VALUES(?1, ?2, ?3, ?4, ?5) "
          + "ON CONFLICT DO UPDATE SET closed_at=NULL, opened_at=excluded.opened_at WHERE closed_at IS NOT NULL")
      bind(statement, table, key, slot.channel)
      statement.bind(4, text: field)
      statement.bind(5, now)
      try statement.step()
      conflictsOpened += Int(connection.changes)
    }
    let open = try connection.prepared(
      "SELECT field FROM birlik_conflict WHERE kind=?1 AND key=?2 AND channel=?3 AND closed_at IS NULL")
    bind(open, table, key, slot.channel)
    var gone: [[UInt8]] = []
    while try open.step() { gone.append(open.bytes(0)) }
    for field in gone where !found.conflicts.contains(where: { $0.utf8.elementsEqual(field) }) {
      let close = try connection.prepared(
        "UPDATE birlik_conflict SET closed_at=?5 WHERE kind=?1 AND key=?2 AND channel=?3 AND field=?4")
      bind(close, table, key, slot.channel)
      close.bind(4, text: field)
      close.bind(5, now)
      try close.step()
    }
    gone.removeAll { field in found.conflicts.contains { $0.utf8.elementsEqual(field) } }
    let closed = gone.map { String(decoding: $0, as: UTF8.self) }
    try Inbox(self, now: now).tell(table, key, slot, closed: closed, isHidden: collides && isHidden)
    let forget = try connection.prepared("DELETE FROM birlik_invalid WHERE kind=?1 AND key=?2 AND channel=?3")
    bind(forget, table, key, slot.channel)
    try forget.step()
    for wrong in found.invalid {
      let statement = try connection.prepared(
        "INSERT OR REPLACE INTO birlik_invalid(kind, key, channel, field, value, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
      )
      bind(statement, table, key, slot.channel)
      statement.bind(4, text: wrong.field)
      statement.bind(5, wrong.value)
      statement.bind(6, text: wrong.reason)
      try statement.step()
    }
  }

  private func bind(_ statement: Prepared, _ table: KindTable, _ key: RecordKey, _ channel: Int) {
    statement.bind(1, table.kind.id)
    statement.bind(2, blob: key.bytes)
    statement.bind(3, channel)
  }
}
