import SyncCore
import Wire

/// Gateway of what the people at this node have to hear of their own edits: `birlik_inbox`, those that lost or are not
/// allowed; `birlik_refused`, those that this node may not seal; `birlik_proposed`, which of these were proposed to
/// headquarters; `birlik_correction` and `birlik_correction_value`, which wait for a correction; and `birlik_kept_stream` and `birlik_kept_edit`, sealed ones that may not be sent.
final class EditInbox {
  /// What became of an edit.
  enum Sort: String {
    /// Another value is shown.
    case lost
    /// The catalog does not allow it.
    case invalid
  }

  /// An edit that lost or is not allowed.
  struct Entry {
    /// When it was added, in milliseconds since 1970, by the clock of this machine.
    var at: Int64
    var sort: Sort
    var place: HeadTable.Place
    /// As `Contested.label` has it.
    var field: String
    var clock: Clock
    var content: Content
    var reason: String
    var isSeen: Bool
  }

  let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  // MARK: Edits that lost or are not allowed

  /// Adds an edit, once: stream and sequence name it.
  func add(_ entry: Entry) throws {
    var writer = ByteWriter()
    StateCodec.encode(entry.content, into: &writer)
    let insert = try prepared(
      "INSERT INTO birlik_inbox(at, sort, kind, key, channel, field, stream, sequence, time, content, reason) "
        + "VALUES(?5, ?6, ?1, ?2, ?3, ?4, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING", entry.place, entry.field)
    insert.bind(5, entry.at)
    insert.bind(6, text: entry.sort.rawValue)
    insert.bind(7, entry.clock.stream)
    insert.bind(8, entry.clock.sequence)
    insert.bind(9, entry.clock.time)
    insert.bind(10, blob: writer.bytes)
    insert.bind(11, text: entry.reason)
    try insert.step()
  }

  /// Marks lost edits of one field as seen.
  func markLostSeen(_ place: HeadTable.Place, _ field: String, at time: Int64) throws {
    let mark = try prepared(
      "UPDATE birlik_inbox SET seen_at=?5 WHERE kind=?1 AND key=?2 AND channel=?3 AND field=?4 AND seen_at IS NULL "
        + "AND sort='lost'", place, field)
    mark.bind(5, time)
    try mark.step()
  }

  func markAllSeen(at time: Int64) throws {
    let mark = try connection.prepared("UPDATE birlik_inbox SET seen_at=?1 WHERE seen_at IS NULL")
    mark.bind(1, time)
    try mark.step()
  }

  /// The entries in the order in which they were added.
  func entries(includingSeen: Bool) throws -> [Entry] {
    let select = try connection.prepared(
      "SELECT at, sort, kind, key, channel, field, stream, sequence, time, content, reason, seen_at IS NOT NULL "
        + "FROM birlik_inbox WHERE ?1 OR seen_at IS NULL ORDER BY id")
    select.bind(1, includingSeen ? 1 : 0)
    var entries: [Entry] = []
    while try select.step() {
      guard let sort = Sort(rawValue: select.string(1)) else { continue }
      var reader = ByteReader(select.bytes(9), operation: "reading the inbox")
      entries.append(
        Entry(
          at: select.int64(0), sort: sort,
          place: HeadTable.Place(kind: select.id(2), key: RecordKey(bytes: select.bytes(3)), channel: select.id(4)),
          field: select.string(5),
          clock: Clock(stream: select.id(6), sequence: select.int64(7), time: select.int64(8)),
          content: try StateCodec.decodeContent(&reader), reason: select.string(10), isSeen: select.int(11) == 1))
    }
    return entries
  }

  func unseenCount() throws -> Int { try connection.count("birlik_inbox WHERE seen_at IS NULL") }

  private func prepared(_ sql: String, _ place: HeadTable.Place, _ field: String) throws -> Prepared {
    let statement = try connection.prepared(sql)
    statement.bind(1, place.kind)
    statement.bind(2, blob: place.key.bytes)
    statement.bind(3, place.channel)
    statement.bind(4, text: field)
    return statement
  }
}
