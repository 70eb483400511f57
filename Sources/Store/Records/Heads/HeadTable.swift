import SyncCore
import Wire

/// Gateway of `birlik_head`: the heads of every record, those of deleted ones too, so that no deleted row can come back.
final class HeadTable {
  /// How many keys one page of `eachPage` holds.
  static let pageLimit = 8192

  /// The heads of one record in one channel, as they are stored.
  struct Stored {
    var channel: ChannelNumber
    var state: [UInt8]
  }

  /// A record in one channel, and the place of its heads in the order of the table.
  struct Place: Hashable {
    var kind = KindID(Int.min)
    var key = RecordKey(bytes: [])
    var channel: ChannelNumber = 0
  }

  private let connection: Connection
  private let find = LazyStatement("SELECT 1 FROM birlik_head WHERE kind=?1 AND key=?2")
  private let upsert = LazyStatement(
    "INSERT INTO birlik_head(kind, key, channel, state) VALUES(?1, ?2, ?3, ?4) "
      + "ON CONFLICT(kind, key, channel) DO UPDATE SET state=excluded.state")
  private let insert = LazyStatement(
    "INSERT INTO birlik_head(kind, key, channel, state) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
  private let select = LazyStatement("SELECT channel, state FROM birlik_head WHERE kind=?1 AND key=?2")

  init(_ connection: Connection) { self.connection = connection }

  // MARK: One record

  /// Whether heads are known under a key.
  func contains(_ kind: KindID, _ key: RecordKey) throws -> Bool {
    let known = try find.get(connection)
    known.bind(1, kind)
    known.bind(2, blob: key.bytes)
    guard try known.step() else { return false }
    known.reset()
    return true
  }

  /// The heads under a key, of every owner.
  func stored(_ kind: KindID, _ key: RecordKey) throws -> [Stored] {
    let statement = try select.get(connection)
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    var found: [Stored] = []
    while try statement.step() { found.append(Stored(channel: statement.id(0), state: statement.bytes(1))) }
    return found
  }

  /// Writes the heads of a record that nobody knew.
  ///
  /// - Returns: false, with nothing written, when heads of its owner are known under the key.
  func insertFresh(_ clock: Clock, _ kind: KindID, _ key: RecordKey, channel: ChannelNumber) throws -> Bool {
    var writer = ByteWriter()
    StateCodec.row(clock, into: &writer)
    try run(insert, kind, key, channel, writer.bytes)
    return connection.changes == 1
  }

  /// Writes a record's heads.
  func save(_ bytes: [UInt8], kind: KindID, key: RecordKey, channel: ChannelNumber) throws {
    try run(upsert, kind, key, channel, bytes)
  }

  /// Writes a record's heads with their values, which no row needs to hold then.
  func saveFull(_ slot: RecordSlot, kind: KindID, key: RecordKey) throws {
    let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
    if bytes != slot.stored { try save(bytes, kind: kind, key: key, channel: slot.channel) }
  }

  /// Deletes what `insertFresh` wrote.
  func delete(_ kind: KindID, _ key: RecordKey, channel: ChannelNumber) throws {
    let forget = try connection.prepared("DELETE FROM birlik_head WHERE kind=?1 AND key=?2 AND channel=?3")
    forget.bind(1, kind)
    forget.bind(2, blob: key.bytes)
    forget.bind(3, channel)
    try forget.step()
  }

  private func run(
    _ lazy: LazyStatement, _ kind: KindID, _ key: RecordKey, _ channel: ChannelNumber, _ bytes: [UInt8]
  ) throws {
    let statement = try lazy.get(connection)
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    statement.bind(3, channel)
    statement.bind(4, blob: bytes)
    try statement.step()
  }

  // MARK: Many records

  /// The keys of a kind after a key, in order; at most so many.
  func keys(of kind: KindID, after last: RecordKey?, limit: Int) throws -> [RecordKey] {
    let select = try connection.prepared(
      "SELECT DISTINCT key FROM birlik_head WHERE kind=?1 AND key>?2 ORDER BY key LIMIT ?3")
    select.bind(1, kind)
    select.bind(2, blob: last?.bytes ?? [])
    select.bind(3, limit)
    var keys: [RecordKey] = []
    while try select.step() { keys.append(RecordKey(bytes: select.bytes(0))) }
    return keys
  }

  /// Calls `body` with all keys of a kind, in order and page by page.
  func eachPage(of kind: KindID, _ body: ([RecordKey]) throws -> Void) throws {
    var last: RecordKey?
    while true {
      let keys = try keys(of: kind, after: last, limit: Self.pageLimit)
      guard let end = keys.last else { return }
      last = end
      try body(keys)
    }
  }

  /// The keys of a kind with heads that are stored in a form, in order.
  func keys(of kind: KindID, in form: StateCodec.Form) throws -> [RecordKey] {
    var keys: [RecordKey] = []
    try each(of: kind) { place, state in
      if StateCodec.form(of: state) == form, keys.last != place.key { keys.append(place.key) }
    }
    return keys
  }

  /// Calls `body` with the heads of every record, in order of kind, key and channel.
  ///
  /// - Parameter kind: nil for all kinds.
  func each(of kind: KindID? = nil, _ body: (Place, [UInt8]) throws -> Void) throws {
    let select = try connection.prepared(
      "SELECT kind, key, channel, state FROM birlik_head \(kind == nil ? "" : "WHERE kind=?1 ")ORDER BY kind, key, channel"
    )
    if let kind { select.bind(1, kind) }
    defer { select.reset() }
    while try select.step() { try body(place(select), select.bytes(3)) }
  }

  /// Calls `body` with the heads of the records after a place, in order, until it returns false.
  ///
  /// - Returns: true when there was no record left.
  func each(after start: Place, limit: Int, _ body: (Place, [UInt8]) throws -> Bool) throws -> Bool {
    let select = try connection.prepared(
      "SELECT kind, key, channel, state FROM birlik_head WHERE (kind, key, channel)>(?1, ?2, ?3) "
        + "ORDER BY kind, key, channel LIMIT ?4")
    select.bind(1, start.kind)
    select.bind(2, blob: start.key.bytes)
    select.bind(3, start.channel)
    select.bind(4, limit)
    defer { select.reset() }
    var count = 0
    while try select.step() {
      count += 1
      guard try body(place(select), select.bytes(3)) else { return false }
    }
    return count < limit
  }

  /// How many records each channel has.
  func countByChannel() throws -> [ChannelNumber: Int64] {
    let select = try connection.prepared("SELECT channel, count(*) FROM birlik_head GROUP BY channel")
    var counts: [ChannelNumber: Int64] = [:]
    while try select.step() { counts[select.id(0)] = select.int64(1) }
    return counts
  }

  /// How many heads there are, of one kind or of all.
  func count(of kind: KindID? = nil) throws -> Int {
    try connection.count("birlik_head" + (kind.map { " WHERE kind=\($0.number)" } ?? ""))
  }

  private func place(_ select: Prepared) -> Place {
    Place(kind: select.id(0), key: RecordKey(bytes: select.bytes(1)), channel: select.id(2))
  }

  func releaseStatements() { for statement in [find, upsert, insert, select] { statement.release() } }
}
