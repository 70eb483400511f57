import SyncCore

/// Gateway of `birlik_conflict`, the registers whose heads differ and those that did, and of `birlik_invalid`, the values
/// that the catalog does not allow.
final class ConflictTable {
  /// One conflict as it is stored.
  struct Stored {
    var place: HeadTable.Place
    /// As `Contested.label` has it.
    var field: String
    /// In milliseconds since 1970, by the clock of this machine; `closedAt` is nil while the conflict is open.
    var openedAt: Int64
    var closedAt: Int64?
  }

  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  // MARK: Writing

  /// Lists what is wrong with a record, and closes the conflicts that are no more.
  ///
  /// - Returns: how many conflicts were opened, and the fields of those that were closed.
  func replace(
    at place: HeadTable.Place, with notes: RecordNotes, now: Int64
  ) throws -> (opened: Int, closed: [String]) {
    var opened = 0
    for field in notes.conflicts {
      let statement = try prepared(
        "INSERT INTO birlik_conflict(kind, key, channel, field, opened_at) VALUES(?1, ?2, ?3, ?4, ?5) "
          + "ON CONFLICT DO UPDATE SET closed_at=NULL, opened_at=excluded.opened_at WHERE closed_at IS NOT NULL", place)
      statement.bind(4, text: field)
      statement.bind(5, now)
      try statement.step()
      opened += Int(connection.changes)
    }
    let closed = try openFields(at: place).filter { field in
      !notes.conflicts.contains { $0.sameBytes(as: field) }
    }
    for field in closed {
      let close = try prepared(
        "UPDATE birlik_conflict SET closed_at=?5 WHERE kind=?1 AND key=?2 AND channel=?3 AND field=?4", place)
      close.bind(4, text: field)
      close.bind(5, now)
      try close.step()
    }
    try prepared("DELETE FROM birlik_invalid WHERE kind=?1 AND key=?2 AND channel=?3", place).step()
    for wrong in notes.invalid {
      let statement = try prepared(
        "INSERT OR REPLACE INTO birlik_invalid(kind, key, channel, field, value, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        place)
      statement.bind(4, text: wrong.field)
      statement.bind(5, wrong.value)
      statement.bind(6, text: wrong.reason)
      try statement.step()
    }
    return (opened, closed)
  }

  private func openFields(at place: HeadTable.Place) throws -> [String] {
    let open = try prepared(
      "SELECT field FROM birlik_conflict WHERE kind=?1 AND key=?2 AND channel=?3 AND closed_at IS NULL", place)
    var fields: [String] = []
    while try open.step() { fields.append(open.string(0)) }
    return fields
  }

  private func prepared(_ sql: String, _ place: HeadTable.Place) throws -> Prepared {
    let statement = try connection.prepared(sql)
    statement.bind(1, place.kind)
    statement.bind(2, blob: place.key.bytes)
    statement.bind(3, place.channel)
    return statement
  }

  /// Deletes what is listed of a kind.
  func forget(_ kind: KindID) throws {
    for list in ["birlik_conflict", "birlik_invalid"] {
      let delete = try connection.prepared("DELETE FROM \(list) WHERE kind=?1")
      delete.bind(1, kind)
      try delete.step()
    }
  }

  // MARK: Reading

  /// The open conflicts of a kind, in order of key.
  func open(_ kind: KindID) throws -> [Stored] {
    let statement = try connection.prepared(
      "SELECT key, channel, field, opened_at FROM birlik_conflict WHERE kind=?1 AND closed_at IS NULL "
        + "ORDER BY key, field")
    statement.bind(1, kind)
    var found: [Stored] = []
    while try statement.step() {
      let place = HeadTable.Place(kind: kind, key: RecordKey(bytes: statement.bytes(0)), channel: statement.id(1))
      found.append(Stored(place: place, field: statement.string(2), openedAt: statement.int64(3), closedAt: nil))
    }
    return found
  }

  /// Whether a conflict is still open.
  func isOpen(_ stored: Stored) throws -> Bool {
    try openFields(at: stored.place).contains { $0.sameBytes(as: stored.field) }
  }

  /// Conflicts in order of kind and key, closed ones after the open ones where asked.
  func all(includingClosed: Bool) throws -> [Stored] {
    let statement = try connection.prepared(
      "SELECT kind, key, channel, field, opened_at, closed_at FROM birlik_conflict "
        + "WHERE ?1 OR closed_at IS NULL ORDER BY closed_at IS NOT NULL, kind, key, field")
    statement.bind(1, includingClosed ? 1 : 0)
    var found: [Stored] = []
    while try statement.step() {
      found.append(
        Stored(
          place: HeadTable.Place(
            kind: statement.id(0), key: RecordKey(bytes: statement.bytes(1)), channel: statement.id(2)),
          field: statement.string(3), openedAt: statement.int64(4),
          closedAt: statement.isNull(5) ? nil : statement.int64(5)))
    }
    return found
  }

  /// The keys of a kind that two owners use.
  func collisions(_ kind: KindID) throws -> Set<RecordKey> {
    let statement = try connection.prepared(
      "SELECT key FROM birlik_conflict WHERE kind=?1 AND field=?2 AND closed_at IS NULL")
    statement.bind(1, kind)
    statement.bind(2, text: RecordNotes.keyCollision)
    var found: Set<RecordKey> = []
    while try statement.step() { found.insert(RecordKey(bytes: statement.bytes(0))) }
    return found
  }

  /// How many records of a channel have a key that another owner uses as well.
  func collisionCount(in channel: ChannelNumber) throws -> Int {
    try connection.count(
      "birlik_conflict WHERE field='\(RecordNotes.keyCollision)' AND closed_at IS NULL AND channel=\(channel.number)")
  }

  func openCount() throws -> Int { try connection.count("birlik_conflict WHERE closed_at IS NULL") }

  /// How many records of some kinds have open conflicts.
  func openRecords(of kinds: [KindID]) throws -> Int {
    let numbers = kinds.map { "\($0)" }.joined(separator: ",")
    return try connection.count(
      "(SELECT DISTINCT kind, key FROM birlik_conflict WHERE closed_at IS NULL AND kind IN (\(numbers)))")
  }

  /// How many invalid values there are in some channels.
  func invalidCount(in channels: Set<ChannelNumber>) throws -> Int {
    let numbers = channels.map(\.number).sorted().map(String.init).joined(separator: ",")
    return try connection.count("birlik_invalid WHERE channel IN (\(numbers))")
  }

  /// The fields of a record with an open conflict.
  func openFields(_ kind: KindID, _ key: RecordKey) throws -> [String] {
    let statement = try connection.prepared(
      "SELECT field FROM birlik_conflict WHERE kind=?1 AND key=?2 AND closed_at IS NULL")
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    var found: [String] = []
    while try statement.step() { found.append(statement.string(0)) }
    return found
  }

  /// The fields of a record with an invalid value, and why it is.
  func invalidFields(_ kind: KindID, _ key: RecordKey) throws -> [(field: String, reason: String)] {
    let statement = try connection.prepared("SELECT field, reason FROM birlik_invalid WHERE kind=?1 AND key=?2")
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    var found: [(field: String, reason: String)] = []
    while try statement.step() { found.append((statement.string(0), statement.string(1))) }
    return found
  }

  /// The invalid values of some channels, in order of kind and key.
  func invalidValues(_ tables: [KindID: KindTable], in channels: Set<ChannelNumber>) throws -> [InvalidView] {
    let statement = try connection.prepared(
      "SELECT kind, key, field, value, reason FROM birlik_invalid WHERE channel IN "
        + "(\(channels.map(\.number).sorted().map(String.init).joined(separator: ","))) ORDER BY kind, key, field")
    var found: [InvalidView] = []
    while try statement.step() {
      let kind: KindID = statement.id(0)
      found.append(
        InvalidView(
          kind: tables[kind]?.kind.name ?? String(kind.number), key: RecordKey(bytes: statement.bytes(1)).display,
          field: statement.string(2), value: statement.value(3), reason: statement.string(4)))
    }
    return found
  }
}
