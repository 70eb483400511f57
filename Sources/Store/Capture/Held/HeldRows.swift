import SyncCore
import Wire

/// The rows whose captured edits wait for a person, within one transaction.
///
/// Between transactions such a row is as it was typed. While a transaction seals, merges or counts it is as it was sealed
/// last, so that nothing takes the edit for sealed or overwrites it; at the end it is as it was typed again.
final class HeldRows {
  /// A row as it was typed.
  private enum Typed {
    /// It was deleted.
    case gone
    /// The shared fields; the others stay where they are.
    case values(federation: [UInt8], [FieldID: Value])
    /// A record that is not sealed: the whole row, with the columns that stay here, is in a table of its own.
    case whole
  }

  private unowned let transaction: Transaction
  private var typed: [RecordName: Typed] = [:]
  private var lastNumber: Int64?
  private var columnsAside: [KindID: [String]] = [:]
  /// True from the first use in a transaction that seals.
  private(set) var areAside = false

  /// True when no row is aside.
  var isEmpty: Bool { typed.isEmpty }

  init(_ transaction: Transaction) { self.transaction = transaction }

  // MARK: Aside and back

  /// Shows the records as they were sealed until the transaction ends.
  ///
  /// - Returns: false when that was done before.
  @discardableResult
  func putAside() throws -> Bool {
    guard !areAside else { return false }
    areAside = true
    // Before any is taken off: what deletions recorded of these keeps its number until all are looked at.
    lastNumber = try transaction.held.lastNumber()
    for record in try transaction.held.all() { try putAside(record.name) }
    return true
  }

  /// Shows the records as they were typed again. To be called at the end of the transaction.
  func putBack() throws {
    guard areAside else { return }
    for name in typed.keys.sorted() { try putBack(name, merges: true) }
    for kind in columnsAside.keys { try transaction.connection.execute("DROP TABLE temp.\(Self.aside(kind))") }
    typed = [:]
    columnsAside = [:]
    areAside = false
  }

  private func putAside(_ name: RecordName) throws {
    guard let table = transaction.table(name.kind) else { return }
    // Heads of these records hold their values themselves.
    let slots = try transaction.records.slots(table, name.key)
    let sealed = try transaction.records.shownRow(table, name.key, slots)
    if let row = try transaction.rows.row(table, name.key) {
      if sealed == nil {
        try copyAside(table, name.key)
        typed[name] = .whole
      } else {
        let values = zip(table.fields.map(\.id), row.values)
        typed[name] = .values(federation: row.federation, Dictionary(values) { $1 })
      }
    } else {
      typed[name] = .gone
    }
    try transaction.records.show(table, name.key, slots, countsInTotals: false)
  }

  /// - Parameter merges: whether fields that were not edited here show what others changed meanwhile.
  private func putBack(_ name: RecordName, merges: Bool) throws {
    guard let typed = typed[name], let table = transaction.table(name.kind) else { return }
    for slot in try transaction.records.slots(table, name.key) {
      try transaction.heads.saveFull(slot, kind: name.kind, key: name.key)
    }
    switch typed {
    case .gone: try transaction.rows.delete(table, name.key)
    case .whole: try copyBack(table, name.key)
    case .values(let federation, let values):
      let edits = CapturedEdits(try transaction.held.steps(of: name))
      var row = ShownRow(federation: federation, values: table.fields.map { values[$0.id] ?? .null })
      if merges, edits.insertedAt == nil, edits.deletion == nil, let sealed = try transaction.rows.row(table, name.key)
      {
        for index in row.values.indices where edits.edited & table.registers[table.registerOfField[index]].id.bit == 0 {
          row.values[index] = sealed.values[index]
        }
      }
      try transaction.rows.write(row, table, name.key)
    }
  }

  // MARK: One record

  /// Takes a record's edits off the list, and shows its row as it was typed.
  ///
  /// - Returns: nil where none of its edits waits.
  func release(_ name: RecordName) throws -> (steps: [CapturedStep], record: HeldTable.Record)? {
    guard typed[name] != nil, let record = try transaction.held.record(name) else { return nil }
    let steps = try transaction.held.steps(of: name)
    // Nothing was merged yet.
    try putBack(name, merges: false)
    typed[name] = nil
    try transaction.held.remove(name)
    return (steps, record)
  }

  /// Takes a record's edits off the list for good. Its row stays as it was sealed.
  func drop(_ name: RecordName) throws {
    for step in try transaction.held.steps(of: name) { try transaction.capture.deleteOldRow(step.sequence) }
    typed[name] = nil
    try transaction.held.remove(name)
  }

  /// Puts captured edits of a record on the list. Its heads have to hold their values themselves.
  ///
  /// - Parameters:
  ///   - steps: in the order in which they were typed; they are captured no more.
  ///   - earlier: what was on the list of the record before, and was taken off to be looked at.
  func hold(
    _ steps: [CapturedStep], of name: RecordName, because reason: HeldReason, again earlier: HeldTable.Record? = nil
  ) throws {
    if try transaction.held.record(name) == nil {
      let heads = try Self.digest(of: name, transaction)
      let new = HeldTable.Record(name: name, at: SystemClock.now(), reason: reason, heads: heads)
      try transaction.held.add(earlier ?? new)
    }
    for step in steps {
      let number = try newNumber()
      try transaction.held.add(step, number: number, to: name)
      if step.mask == 0 { try transaction.capture.renumberOldRow(step.sequence, to: -number) }
    }
    if areAside { try putAside(name) }
  }

  private func newNumber() throws -> Int64 {
    let number = try lastNumber ?? transaction.held.lastNumber()
    lastNumber = number + 1
    return number + 1
  }

  /// The digest of a record's heads, by which it is found whether others changed it since.
  static func digest(of name: RecordName, _ transaction: Transaction) throws -> Digest {
    var writer = ByteWriter()
    for stored in try transaction.heads.stored(name.kind, name.key) {
      let state = try StateCodec.decodeClocks(stored.state)
      writer.id(stored.channel)
      for clock in (Array(state.edits) + state.deletions.map(\.clock)).sorted(by: {
        ($0.stream, $0.sequence) < ($1.stream, $1.sequence)
      }) {
        writer.id(clock.stream)
        writer.varint(UInt64(bitPattern: clock.sequence))
      }
    }
    return Digest(sha256: writer.bytes)
  }

  /// A record's row as it was typed; nil for one that was deleted.
  func typedRow(_ table: KindTable, _ name: RecordName) throws -> ShownRow? {
    guard areAside, let typed = typed[name] else { return try transaction.rows.row(table, name.key) }
    switch typed {
    case .gone: return nil
    case .values(let federation, let values):
      return ShownRow(federation: federation, values: table.fields.map { values[$0.id] ?? .null })
    case .whole:
      let fields = table.fields.map(\.name.sql).joined(separator: ", ")
      let select = try transaction.connection.prepared(
        "SELECT federation\(fields.isEmpty ? "" : ", " + fields) FROM temp.\(Self.aside(table.kind.id)) "
          + "WHERE \(Self.isKey(table))")
      table.bindKey(name.key, select)
      guard try select.step() else { return nil }
      defer { select.reset() }
      return ShownRow(federation: select.bytes(0), values: table.fields.indices.map { select.value($0 + 1) })
    }
  }

  // MARK: Whole rows

  private static func aside(_ kind: KindID) -> String { "birlik_aside_\(kind)" }

  /// Copies a whole row, columns of the clerks' own included, out of the way.
  private func copyAside(_ table: KindTable, _ key: RecordKey) throws {
    let name = Self.aside(table.kind.id)
    if columnsAside[table.kind.id] == nil {
      let names = try columns(of: table)
      columnsAside[table.kind.id] = names
      try transaction.connection.execute("DROP TABLE IF EXISTS temp.\(name)")
      let list = names.map(\.sql).joined(separator: ", ")
      try transaction.connection.execute("CREATE TEMP TABLE \(name) AS SELECT \(list) FROM \(table.kind.name) WHERE 0")
    }
    let earlier = try transaction.connection.prepared("DELETE FROM temp.\(name) WHERE \(Self.isKey(table))")
    table.bindKey(key, earlier)
    try earlier.step()
    let list = (columnsAside[table.kind.id] ?? []).map(\.sql).joined(separator: ", ")
    let copy = try transaction.connection.prepared(
      "INSERT INTO temp.\(name)(\(list)) SELECT \(list) FROM \(table.kind.name) WHERE \(Self.isKey(table))")
    table.bindKey(key, copy)
    try copy.step()
  }

  private func copyBack(_ table: KindTable, _ key: RecordKey) throws {
    try transaction.rows.delete(table, key)
    let present = try columns(of: table)
    let list = (columnsAside[table.kind.id] ?? []).filter { present.contains($0) }.map(\.sql).joined(separator: ", ")
    let copy = try transaction.connection.prepared(
      "INSERT INTO \(table.kind.name)(\(list)) SELECT \(list) FROM temp.\(Self.aside(table.kind.id)) "
        + "WHERE \(Self.isKey(table))")
    table.bindKey(key, copy)
    try copy.step()
  }

  private static func isKey(_ table: KindTable) -> String {
    table.kind.key.enumerated().map { "\($1.name.sql)=?\($0 + 1)" }.joined(separator: " AND ")
  }

  /// Without those that SQLite works out itself.
  private func columns(of table: KindTable) throws -> [String] {
    let select = try transaction.connection.prepared("SELECT name FROM pragma_table_info('\(table.kind.name)')")
    var names: [String] = []
    while try select.step() { names.append(select.string(0)) }
    return names
  }
}
