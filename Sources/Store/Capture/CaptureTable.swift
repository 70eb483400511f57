import SyncCore

/// Gateway of what triggers record: `birlik_capture`, the captured edits, and `birlik_old`, what deleted rows held.
final class CaptureTable {
  private let connection: Connection
  /// `PRAGMA data_version` when the triggers were last compared with what they should be; nil when they have to be.
  var checkedDataVersion: Int64?

  init(_ connection: Connection) { self.connection = connection }

  /// Whether a trigger captures edits, as those of this program do.
  static func isRecorded(by trigger: String) -> Bool { trigger.contains("birlik_capture") }

  // MARK: Reading

  /// True when no edit waits to be sealed.
  func isEmpty() throws -> Bool {
    let statement = try connection.prepared("SELECT 1 FROM birlik_capture LIMIT 1")
    defer { statement.reset() }
    return try !statement.step()
  }

  func count() throws -> Int { try connection.count("birlik_capture") }

  /// The number of the last captured edit; 0 for none.
  func lastSequence() throws -> Int64 {
    let select = try connection.prepared("SELECT coalesce(max(seq), 0) FROM birlik_capture")
    defer { select.reset() }
    return try select.step() ? select.int64(0) : 0
  }

  /// The earliest and the latest time of the edits captured after one; nil where there is none.
  func times(after sequence: Int64) throws -> ClosedRange<Int64>? {
    let select = try connection.prepared("SELECT min(ms), max(ms) FROM birlik_capture WHERE seq>?1")
    select.bind(1, sequence)
    defer { select.reset() }
    guard try select.step(), !select.isNull(0), select.int64(0) <= select.int64(1) else { return nil }
    return select.int64(0)...select.int64(1)
  }

  /// Whether all captured edits are insertions.
  func holdsInsertionsOnly() throws -> Bool {
    let other = try connection.prepared("SELECT 1 FROM birlik_capture WHERE mask<>-1 LIMIT 1")
    defer { other.reset() }
    return try !other.step()
  }

  /// The earliest captured edits, at most so many, by kind and key.
  func log(_ tables: [KindID: KindTable], limit: Int = Int.max) throws -> CaptureLog {
    let statement = try connection.prepared(
      "SELECT seq, kind, mask, ms, k1, k2, k3, k4 FROM birlik_capture ORDER BY seq LIMIT ?1")
    statement.bind(1, limit)
    var log = CaptureLog()
    while try statement.step() {
      let kind: KindID = statement.id(1)
      let columns = tables[kind]?.kind.key.count ?? 1
      if TypedKey.isUnusable(statement, columns: 4..<(4 + columns)) {
        log.append(
          CaptureLog.Unusable(
            kind: kind, key: TypedKey(statement, columns: 4..<(4 + columns)), sequence: statement.int64(0),
            mask: statement.int64(2), at: statement.int64(3)))
        continue
      }
      log.append(kind: kind, sequence: statement.int64(0), mask: statement.int64(2), at: statement.int64(3)) { keys in
        for column in 0..<columns {
          if column > 0 { keys.append(RecordKey.separator) }
          statement.withBytes(4 + column) { keys.append(contentsOf: $0) }
        }
      }
    }
    log.sort()
    return log
  }

  /// The captured edits of a kind, by record.
  ///
  /// - Parameter earlier: edits captured before these.
  func edits(of table: KindTable, after earlier: [RecordKey: CapturedEdits]) throws -> [RecordKey: CapturedEdits] {
    let columns = table.kind.key.indices.map { "k\($0 + 1)" }.joined(separator: ", ")
    let select = try connection.prepared(
      "SELECT seq, mask, ms, \(columns) FROM birlik_capture WHERE kind=?1 ORDER BY seq")
    select.bind(1, table.kind.id)
    var edits = earlier
    while try select.step() {
      if TypedKey.isUnusable(select, columns: 3..<(3 + table.kind.key.count)) { continue }
      let key = RecordKey(columns: table.kind.key.indices.map { select.bytes($0 + 3) })
      edits[key, default: CapturedEdits()].add(sequence: select.int64(0), mask: select.int64(1), at: select.int64(2))
    }
    return edits
  }

  /// The registers of each record of a kind that were captured, one bit each.
  func registers(of table: KindTable) throws -> [RecordKey: Int64] {
    let columns = table.kind.key.indices.map { "k\($0 + 1)" }.joined(separator: ", ")
    let select = try connection.prepared("SELECT mask, \(columns) FROM birlik_capture WHERE kind=?1 ORDER BY seq")
    select.bind(1, table.kind.id)
    var found: [RecordKey: Int64] = [:]
    while try select.step() {
      if TypedKey.isUnusable(select, columns: 1..<(1 + table.kind.key.count)) { continue }
      let key = RecordKey(columns: table.kind.key.indices.map { select.bytes($0 + 1) })
      found[key, default: 0] |= select.int64(0)
    }
    return found
  }

  /// What a row held when it was deleted, as the delete trigger recorded it.
  ///
  /// - Parameter sequence: of the captured deletion.
  func deletedRow(_ table: KindTable, sequence: Int64) throws -> ShownRow? {
    let columns = table.fields.map { "v\($0.id)" }.joined(separator: ", ")
    let statement = try connection.prepared(
      "SELECT capture\(columns.isEmpty ? "" : ", " + columns) FROM birlik_old WHERE capture=?1")
    statement.bind(1, sequence)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return ShownRow(federation: [], values: table.fields.indices.map { statement.value($0 + 1) })
  }

  // MARK: Writing

  /// Captures an edit as triggers do.
  ///
  /// - Parameters:
  ///   - mask: the registers, one bit each; -1 for an insertion, 0 for a deletion.
  ///   - time: when it was typed, in milliseconds since 1970.
  func add(mask: Int64, at time: Int64 = SystemClock.now(), _ table: KindTable, _ key: RecordKey) throws {
    let columns = table.kind.key.indices
    let places = columns.map { "k\($0 + 1)" }.joined(separator: ", ")
    let marks = columns.map { "?\($0 + 1)" }.joined(separator: ", ")
    let insert = try connection.prepared(
      "INSERT INTO birlik_capture(kind, mask, ms, \(places)) "
        + "VALUES(?\(columns.count + 1), ?\(columns.count + 2), ?\(columns.count + 3), \(marks))")
    table.bindKey(key, insert)
    insert.bind(columns.count + 1, table.kind.id)
    insert.bind(columns.count + 2, mask)
    insert.bind(columns.count + 3, time)
    try insert.step()
  }

  /// Changes which registers a captured edit names; deletes it where none is left.
  func replaceMask(of sequence: Int64, with mask: Int64?) throws {
    let statement = try connection.prepared(
      mask == nil ? "DELETE FROM birlik_capture WHERE seq=?1" : "UPDATE birlik_capture SET mask=?2 WHERE seq=?1")
    statement.bind(1, sequence)
    if let mask { statement.bind(2, mask) }
    try statement.step()
  }

  // MARK: Edits whose values are gone

  /// Drops the captured edits of a kind whose table is gone; deletions stay.
  ///
  /// - Returns: of how many records.
  func dropEdits(of kind: KindID) throws -> Int {
    try drop("kind=?1 AND mask<>0") { $0.bind(1, kind) }
  }

  /// Drops captured edits of records that have no row: triggers captured them in another table.
  @discardableResult
  func dropEditsWithoutRow(_ table: KindTable) throws -> Int {
    let key = table.kind.key.enumerated().map { "\($1.name.sql)=k\($0 + 1)" }.joined(separator: " AND ")
    return try drop("kind=?1 AND mask<>0 AND NOT EXISTS(SELECT 1 FROM \(table.kind.name) WHERE \(key))") {
      $0.bind(1, table.kind.id)
    }
  }

  /// Takes registers out of what was captured of a kind's records.
  ///
  /// - Parameter mask: the registers, one bit each.
  /// - Returns: how many records had edits in them alone.
  func drop(_ mask: Int64, of kind: KindID) throws -> Int {
    guard mask != 0 else { return 0 }
    let dropped = try drop("kind=?1 AND mask>0 AND mask&~?2=0") {
      $0.bind(1, kind)
      $0.bind(2, mask)
    }
    let rest = try connection.prepared(
      "UPDATE birlik_capture SET mask=mask&~?2 WHERE kind=?1 AND mask>0 AND mask&?2<>0")
    rest.bind(1, kind)
    rest.bind(2, mask)
    try rest.step()
    return dropped
  }

  private func drop(_ condition: String, _ bind: (Prepared) -> Void) throws -> Int {
    let count = try connection.prepared(
      "SELECT count(*) FROM (SELECT DISTINCT k1, k2, k3, k4 FROM birlik_capture WHERE \(condition))")
    bind(count)
    let records = try count.step() ? count.int(0) : 0
    count.reset()
    let delete = try connection.prepared("DELETE FROM birlik_capture WHERE \(condition)")
    bind(delete)
    try delete.step()
    return records
  }

  /// Deletes all captured edits. What deletions recorded stays.
  func deleteAll() throws {
    // Without a condition SQLite frees the pages without looking at each row.
    try connection.prepared("DELETE FROM birlik_capture").step()
  }

  /// Deletes the captured edits up to one.
  func delete(through sequence: Int64) throws {
    let forget = try connection.prepared("DELETE FROM birlik_capture WHERE seq<=?1")
    forget.bind(1, sequence)
    try forget.step()
  }

  /// Deletes what deletions up to one recorded of the rows.
  func deleteOldRows(through sequence: Int64) throws {
    // Those of edits that wait for a person have negative numbers.
    let old = try connection.prepared("DELETE FROM birlik_old WHERE capture>0 AND capture<=?1")
    old.bind(1, sequence)
    try old.step()
  }

  /// Deletes what one deletion recorded of the row.
  func deleteOldRow(_ sequence: Int64) throws {
    let old = try connection.prepared("DELETE FROM birlik_old WHERE capture=?1")
    old.bind(1, sequence)
    try old.step()
  }

  /// Gives what a deletion recorded of the row another number.
  func renumberOldRow(_ sequence: Int64, to other: Int64) throws {
    let old = try connection.prepared("UPDATE birlik_old SET capture=?2 WHERE capture=?1")
    old.bind(1, sequence)
    old.bind(2, other)
    try old.step()
  }

  /// Removes the captured edits of one record and returns them, in the order in which they were typed.
  func removeEdits(_ table: KindTable, _ key: RecordKey) throws -> [CapturedStep] {
    let condition =
      "kind=\(table.kind.id)"
      + table.kind.key.indices.map { " AND CAST(k\($0 + 1) AS BLOB)=CAST(?\($0 + 1) AS BLOB)" }.joined()
    let select = try connection.prepared("SELECT seq, mask, ms FROM birlik_capture WHERE \(condition) ORDER BY seq")
    table.bindKey(key, select)
    var steps: [CapturedStep] = []
    while try select.step() {
      steps.append(CapturedStep(sequence: select.int64(0), mask: select.int64(1), at: select.int64(2)))
    }
    let delete = try connection.prepared("DELETE FROM birlik_capture WHERE \(condition)")
    table.bindKey(key, delete)
    try delete.step()
    return steps
  }
}
