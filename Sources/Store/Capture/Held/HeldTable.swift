import SyncCore
import Wire

/// One captured edit of a record, as it is listed.
struct CapturedStep {
  /// Its number; negative for one that waits for a person. What a deletion recorded of the row has the same.
  var sequence: Int64
  var mask: Int64
  /// The wall time, in milliseconds since 1970.
  var at: Int64
}

extension CapturedEdits {
  init(_ steps: some Sequence<CapturedStep>) {
    self.init()
    for step in steps { add(sequence: step.sequence, mask: step.mask, at: step.at) }
  }
}

/// Gateway of `birlik_held` and `birlik_held_edit`: captured edits that wait for a person.
final class HeldTable {
  /// A record whose edits wait.
  struct Record {
    var name: RecordName
    /// Since when, in milliseconds since 1970, by the clock of this machine.
    var at: Int64
    var reason: HeldReason
    /// The digest of the record's heads at that time.
    var heads: Digest
  }

  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  func isEmpty() throws -> Bool {
    let select = try connection.prepared("SELECT 1 FROM birlik_held LIMIT 1")
    defer { select.reset() }
    return try !select.step()
  }

  /// How many records have edits that nobody confirmed.
  func count() throws -> Int {
    try connection.count("birlik_held WHERE reason<>'\(HeldReason.confirmed.rawValue)'")
  }

  /// The records whose edits were confirmed and are not sealed yet.
  func confirmed() throws -> [Record] {
    let count = try connection.count("birlik_held WHERE reason='\(HeldReason.confirmed.rawValue)'")
    return count == 0 ? [] : try all().filter { $0.reason == .confirmed }
  }

  /// Every record, in order of kind and key.
  func all() throws -> [Record] {
    let select = try connection.prepared("SELECT kind, key, at, reason, heads FROM birlik_held ORDER BY kind, key")
    var records: [Record] = []
    while try select.step() {
      records.append(
        Record(
          name: RecordName(kind: select.id(0), key: RecordKey(bytes: select.bytes(1))), at: select.int64(2),
          reason: HeldReason(rawValue: select.string(3)) ?? .many, heads: Digest(bytes: select.bytes(4)) ?? .zero))
    }
    return records
  }

  /// One record; nil where none of its edits waits.
  func record(_ name: RecordName) throws -> Record? {
    let select = try bound("SELECT at, reason, heads FROM birlik_held WHERE kind=?1 AND key=?2", name)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return Record(
      name: name, at: select.int64(0), reason: HeldReason(rawValue: select.string(1)) ?? .many,
      heads: Digest(bytes: select.bytes(2)) ?? .zero)
  }

  /// The edits of a record, in the order in which they were typed.
  func steps(of name: RecordName) throws -> [CapturedStep] {
    let select = try bound("SELECT id, mask, ms FROM birlik_held_edit WHERE kind=?1 AND key=?2 ORDER BY id", name)
    var steps: [CapturedStep] = []
    while try select.step() {
      steps.append(CapturedStep(sequence: -select.int64(0), mask: select.int64(1), at: select.int64(2)))
    }
    return steps
  }

  /// The edits of a kind, by record.
  func edits(of kind: KindID) throws -> [RecordKey: CapturedEdits] {
    let select = try connection.prepared(
      "SELECT key, id, mask, ms FROM birlik_held_edit WHERE kind=?1 ORDER BY key, id")
    select.bind(1, kind)
    var edits: [RecordKey: CapturedEdits] = [:]
    while try select.step() {
      edits[RecordKey(bytes: select.bytes(0)), default: CapturedEdits()]
        .add(sequence: -select.int64(1), mask: select.int64(2), at: select.int64(3))
    }
    return edits
  }

  /// The largest number of an edit; 0 for none.
  func lastNumber() throws -> Int64 {
    let select = try connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_held_edit")
    defer { select.reset() }
    return try select.step() ? select.int64(0) : 0
  }

  func add(_ record: Record) throws {
    let insert = try bound(
      "INSERT INTO birlik_held(kind, key, at, reason, heads) VALUES(?1, ?2, ?3, ?4, ?5)", record.name)
    insert.bind(3, record.at)
    insert.bind(4, text: record.reason.rawValue)
    insert.bind(5, blob: record.heads.bytes)
    try insert.step()
  }

  /// Changes why a record's edits wait, and the digest of its heads.
  func change(_ name: RecordName, to reason: HeldReason, heads: Digest) throws {
    let update = try bound("UPDATE birlik_held SET reason=?3, heads=?4 WHERE kind=?1 AND key=?2", name)
    update.bind(3, text: reason.rawValue)
    update.bind(4, blob: heads.bytes)
    try update.step()
  }

  func add(_ step: CapturedStep, number: Int64, to name: RecordName) throws {
    let insert = try bound(
      "INSERT INTO birlik_held_edit(kind, key, id, mask, ms) VALUES(?1, ?2, ?3, ?4, ?5)", name)
    insert.bind(3, number)
    insert.bind(4, step.mask)
    insert.bind(5, step.at)
    try insert.step()
  }

  func remove(_ name: RecordName) throws {
    for table in ["birlik_held", "birlik_held_edit"] {
      try bound("DELETE FROM \(table) WHERE kind=?1 AND key=?2", name).step()
    }
  }

  private func bound(_ sql: String, _ name: RecordName) throws -> Prepared {
    let statement = try connection.prepared(sql)
    statement.bind(1, name.kind)
    statement.bind(2, blob: name.key.bytes)
    return statement
  }
}
