import SyncCore

/// A row that was changed behind the triggers' back: written by a program that had switched them off, or while they were
/// missing.
public struct RowDifference: Sendable, Equatable {
  public enum Sort: String, Sendable {
    case inserted, edited, deleted
  }

  public struct Field: Sendable, Equatable {
    public var name: String
    /// What the log says is shown, and what stands in the row.
    public var old: Value
    public var new: Value
  }

  public var kind: String
  /// The key as people write it.
  public var key: String
  public var sort: Sort
  /// Fields that differ; of an inserted or a deleted row those that are not empty.
  public var fields: [Field]
  /// Why it was put back instead of captured, such as a field that is set once; nil where it can be captured.
  public var refusal: String?
}

/// Compares rows with what the log says they show, minus what triggers noted since.
///
/// Heads alone cannot tell: most rely on the row for their values. So records are folded again from the log, a batch of
/// keys at a time.
struct RowCheck {
  /// How many keys one batch looks at.
  static let batchLimit = 8192

  private let engine: Engine
  private let table: KindTable
  private let captured: [RecordKey: CapturedEdits]

  /// - Parameter table: of a kind that is shared.
  init(_ engine: Engine, _ table: KindTable) throws {
    self.engine = engine
    self.table = table
    captured = try Self.captured(engine, table)
  }

  /// What a batch found.
  struct Batch {
    var records = 0
    /// Records of which the log no longer holds enough to tell.
    var unknown = 0
    var differences: [RowDifference] = []
    /// Where the next batch begins; nil after the last.
    var last: RecordKey?
  }

  /// Looks at the records after a key.
  ///
  /// - Parameter takes: whether differences are captured, or put back where that may not be. Within a write transaction.
  func batch(after last: RecordKey?, takes: Bool) throws -> Batch {
    let limit = Self.batchLimit
    var known = try heads(after: last, limit: limit)
    var rows = try rows(after: last, limit: limit)
    // Beyond the nearer end of two full lists nothing can be said yet.
    let ends = [known.count == limit ? known.last : nil, rows.count == limit ? rows.last?.key : nil].compactMap { $0 }
    let end = ends.min()
    if let end {
      known = known.filter { $0 <= end }
      rows = rows.filter { $0.key <= end }
    }
    let standing = Dictionary(rows.map { ($0.key, $0.row) }) { $1 }
    let folded = try fold(Set(known))
    var batch = Batch()
    batch.last = end
    for key in Set(known + rows.map(\.key)).sorted() {
      batch.records += 1
      let stored = try engine.slots(kind: table.kind.id, key: key) { [:] }
      guard let slots = whole(stored, folded[key] ?? []) else {
        batch.unknown += 1
        continue
      }
      let expected = engine.shownRow(table, key, slots)
      var found = Finding(table, key, row: standing[key], expected: expected, captured: captured[key])
      if let taint = CaptureTaint(table, stored: stored, told: slots, row: standing[key], engine) {
        let isCaptured = captured[key] != nil || found != nil
        if takes { try taint.take(table, key, slots, isCaptured: isCaptured, engine) }
        batch.differences.append(taint.difference(table, key))
      }
      guard found != nil else { continue }
      if takes { try found?.take(slots, engine) }
      if let difference = found?.difference { batch.differences.append(difference) }
    }
    return batch
  }

  // MARK: Reading

  /// Records from the log alone. What heads hold by themselves may have been taken from a row that was changed already.
  private func fold(_ keys: Set<RecordKey>) throws -> [RecordKey: [RecordSlot]] {
    var found: [RecordKey: [RecordSlot]] = [:]
    try engine.eachChange(kind: table.kind.id, keys: keys) { logged in
      guard let stream = engine.streams.stream(logged.clock.stream) else { return }
      let channel = try engine.number(of: stream.channel)
      var slots = found[logged.change.key, default: []]
      let index = slots.firstIndex { $0.channel == channel } ?? slots.count
      if index == slots.count { slots.append(RecordSlot(channel: channel, state: RecordState(), stored: nil)) }
      slots[index].state.absorb(logged.change, at: logged.clock) { other in
        other.stream == logged.clock.stream ? other.sequence < logged.clock.sequence : logged.seen.covers(other)
      }
      found[logged.change.key] = slots
    }
    return found
  }

  /// A record as it was sealed last; nil where neither the log nor the heads by themselves tell its values.
  private func whole(_ stored: [RecordSlot], _ folded: [RecordSlot]) -> [RecordSlot]? {
    var slots: [RecordSlot] = []
    for slot in stored {
      if var told = folded.first(where: { $0.channel == slot.channel }), told.state.edits == slot.state.edits,
        Set(told.state.deletions.map(\.clock)) == Set(slot.state.deletions.map(\.clock))
      {
        told.stored = slot.stored
        slots.append(told)
      } else if let bytes = slot.stored, StateCodec.form(of: bytes) == .full {
        slots.append(slot)
      } else {
        return nil
      }
    }
    return slots
  }

  private static func captured(_ engine: Engine, _ table: KindTable) throws -> [RecordKey: CapturedEdits] {
    let columns = table.kind.key.indices.map { "k\($0 + 1)" }.joined(separator: ", ")
    let select = try engine.connection.prepared(
      "SELECT seq, mask, ms, \(columns) FROM birlik_capture WHERE kind=?1 ORDER BY seq")
    select.bind(1, table.kind.id)
    var edits: [RecordKey: CapturedEdits] = [:]
    while try select.step() {
      let key = RecordKey(columns: table.kind.key.indices.map { select.bytes($0 + 3) })
      edits[key, default: CapturedEdits()].add(sequence: select.int64(0), mask: select.int64(1), at: select.int64(2))
    }
    return edits
  }

  private func heads(after last: RecordKey?, limit: Int) throws -> [RecordKey] {
    let select = try engine.connection.prepared(
      "SELECT DISTINCT key FROM birlik_head WHERE kind=?1 AND key>?2 ORDER BY key LIMIT ?3")
    select.bind(1, table.kind.id)
    select.bind(2, blob: last?.bytes ?? [])
    select.bind(3, limit)
    var keys: [RecordKey] = []
    while try select.step() { keys.append(RecordKey(bytes: select.bytes(0))) }
    return keys
  }

  private func rows(after last: RecordKey?, limit: Int) throws -> [(key: RecordKey, row: ShownRow)] {
    let keys = table.kind.key.map(\.name.sql)
    let list = keys.joined(separator: ", ")
    let columns = (keys + ["federation"] + table.fields.map(\.name.sql)).joined(separator: ", ")
    let marks = keys.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let condition = last == nil ? "" : "WHERE (\(list)) > (\(marks)) "
    let select = try engine.connection.prepared(
      "SELECT \(columns) FROM \(table.kind.name) \(condition)ORDER BY \(list) LIMIT ?\(keys.count + 1)")
    if let last { table.bindKey(last, select) }
    select.bind(keys.count + 1, limit)
    var rows: [(key: RecordKey, row: ShownRow)] = []
    while try select.step() {
      let key = RecordKey(columns: keys.indices.map { select.bytes($0) })
      let values = table.fields.indices.map { select.value(keys.count + 1 + $0) }
      rows.append((key, ShownRow(federation: select.bytes(keys.count), values: values)))
    }
    return rows
  }
}

/// One record whose row is not what it should be.
private struct Finding {
  private let table: KindTable
  private let key: RecordKey
  private let row: ShownRow?
  private let expected: ShownRow?
  /// Registers that differ, one bit each; -1 and 0 as triggers note an insertion and a deletion.
  private var mask: Int64
  private(set) var difference: RowDifference

  /// Nil when the row is as it should be.
  init?(_ table: KindTable, _ key: RecordKey, row: ShownRow?, expected: ShownRow?, captured: CapturedEdits?) {
    self.table = table
    self.key = key
    self.row = row
    self.expected = expected
    difference = RowDifference(kind: table.kind.name, key: key.display, sort: .edited, fields: [], refusal: nil)
    // A captured insertion is sealed by comparing the whole row with what was sealed before.
    if captured?.insertedAt != nil { return nil }
    if captured?.deletion != nil {
      guard row != nil else { return nil }
      mask = -1
    } else {
      switch (row, expected) {
      case (nil, nil): return nil
      case (nil, .some): mask = 0
      case (.some, nil): mask = -1
      case (.some(let row), .some(let expected)):
        mask = Self.differing(table, row, expected) & ~(captured?.edited ?? 0)
        guard mask != 0 || row.federation != expected.federation else { return nil }
        if mask == 0 { difference.refusal = Self.federationIsFixed(table) }
      }
    }
    describe()
  }

  private static func differing(_ table: KindTable, _ row: ShownRow, _ expected: ShownRow) -> Int64 {
    let typed = table.contents(of: row)
    let shown = table.contents(of: expected)
    let keys = Set(typed.keys).union(shown.keys)
    return keys.reduce(0) { mask, key in
      (typed[key] ?? .empty) == (shown[key] ?? .empty) ? mask : mask | 1 << Int64(key.id)
    }
  }

  private mutating func describe() {
    switch mask {
    case -1:
      difference.sort = .inserted
      difference.fields = fields { !$0.new.isNull }
    case 0 where row == nil:
      difference.sort = .deleted
      difference.fields = fields { !$0.old.isNull }
      if table.kind.appendOnly {
        difference.refusal = "\(table.kind.name) is written once: its records are not deleted"
      }
    default:
      difference.fields = fields { $0.old != $0.new }
      if let row, let expected, row.federation != expected.federation {
        difference.fields.insert(
          RowDifference.Field(name: "federation", old: .text(expected.federation), new: .text(row.federation)),
          at: 0)
      }
      if let words = refusal { difference.refusal = words }
    }
  }

  private func fields(_ isTold: (RowDifference.Field) -> Bool) -> [RowDifference.Field] {
    table.fields.indices.map { index in
      let old = mask == -1 ? Value.null : expected?.values[index] ?? .null
      return RowDifference.Field(name: table.fields[index].name, old: old, new: row?.values[index] ?? .null)
    }.filter(isTold)
  }

  // MARK: What triggers would have refused

  private static func federationIsFixed(_ table: KindTable) -> String { "\(table.kind.name).federation is set once" }

  private var refusal: String? {
    if table.kind.appendOnly { return "\(table.kind.name) is written once: enter a new record beside the old one" }
    if row?.federation != expected?.federation { return Self.federationIsFixed(table) }
    let names = frozen.map { "\(table.kind.name).\($0.name)" }
    return names.isEmpty ? nil : "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") set once"
  }

  /// Fields that were set already and now read otherwise.
  private var frozen: [Field] {
    guard let row, let expected else { return [] }
    return table.registers.filter { $0.rule == .frozen && mask & (1 << Int64($0.id)) != 0 }.flatMap(\.fields).filter {
      guard let index = table.fieldIndex(id: $0.id) else { return false }
      return !expected.values[index].isNull && expected.values[index] != row.values[index]
    }
  }

  // MARK: Capturing

  /// Captures the difference as triggers would have, and puts back what they would have refused.
  mutating func take(_ slots: [RecordSlot], _ engine: Engine) throws {
    if let refusal = difference.refusal {
      try engine.noteRefused(difference, row ?? expected, table, refusal)
      try putBack(slots, engine)
    }
    guard mask == -1 || mask == 0 && row == nil && difference.refusal == nil || mask > 0 else { return }
    // The heads may rely on the row for their values, which is not what it was; and so may what was written since.
    for slot in slots {
      let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
      if bytes != slot.stored { try engine.save(bytes, kind: table.kind.id, key: key, channel: slot.channel) }
    }
    try engine.capture(mask: mask, table, key)
  }

  private mutating func putBack(_ slots: [RecordSlot], _ engine: Engine) throws {
    guard let row, let expected, !table.kind.appendOnly else {
      mask = 0
      return try engine.project(table, key, slots)
    }
    var whole = ShownRow(federation: expected.federation, values: row.values)
    for field in frozen {
      mask &= ~(1 << Int64(field.id))
      if let index = table.fieldIndex(id: field.id) { whole.values[index] = expected.values[index] }
    }
    let statement = try engine.connection.prepared(table.upsertRow)
    table.bindKey(key, statement)
    let keys = table.kind.key.count
    statement.bind(keys + 1, text: whole.federation)
    for (index, value) in whole.values.enumerated() { statement.bind(keys + 2 + index, value) }
    try statement.step()
  }
}

extension Engine {
  /// Notes an edit as triggers do.
  ///
  /// - Parameter mask: the registers, one bit each; -1 for an insertion, 0 for a deletion.
  func capture(mask: Int64, _ table: KindTable, _ key: RecordKey) throws {
    let columns = table.kind.key.indices
    let places = columns.map { "k\($0 + 1)" }.joined(separator: ", ")
    let marks = columns.map { "?\($0 + 1)" }.joined(separator: ", ")
    let insert = try connection.prepared(
      "INSERT INTO birlik_capture(kind, mask, ms, \(places)) "
        + "VALUES(?\(columns.count + 1), ?\(columns.count + 2), ?\(columns.count + 3), \(marks))")
    table.bindKey(key, insert)
    insert.bind(columns.count + 1, table.kind.id)
    insert.bind(columns.count + 2, mask)
    insert.bind(columns.count + 3, SystemClock.now())
    try insert.step()
  }

  fileprivate func noteRefused(
    _ difference: RowDifference, _ row: ShownRow?, _ table: KindTable, _ reason: String
  ) throws {
    let word = ["inserted": "insert", "edited": "edit", "deleted": "delete"][difference.sort.rawValue] ?? "edit"
    var record: [(String, Value)] = []
    if let row { record = [("federation", .text(row.federation))] + zip(table.fields.map(\.name), row.values) }
    try noteRefused(word, kind: difference.kind, key: difference.key, record, reason)
  }

  /// Keeps an edit that could not be taken.
  func noteRefused(
    _ operation: String, kind: String, key: String, _ record: [(String, Value)], _ reason: String
  ) throws {
    let insert = try connection.prepared(
      "INSERT INTO birlik_refused(at, kind, key, operation, record, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
    insert.bind(1, SystemClock.now())
    insert.bind(2, text: kind)
    insert.bind(3, text: key)
    insert.bind(4, text: operation)
    insert.bind(5, text: JSONText.object(record))
    insert.bind(6, text: reason)
    try insert.step()
  }
}
