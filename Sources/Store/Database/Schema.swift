/// The store's own tables. Everything else in the file is a kind's plain table.
enum Schema {
  /// "BRLK": marks the file as one of Birlik's.
  static let applicationID: Int32 = 0x4252_4C4B
  /// The version of the tables below; `SchemaUpgrade` brings older files up to it.
  static let version = 4

  /// Columns in which a delete trigger notes what a row held; one for each possible register's field.
  static let oldValueColumns = 61

  static let tables: [String] = [
    // Who the node is and where it stands: single values by name.
    "CREATE TABLE birlik_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    // What triggers note. No constraint that could fail: a failing one would swallow edits under an outer OR IGNORE.
    "CREATE TABLE birlik_capture(seq INTEGER PRIMARY KEY, kind, mask, ms, k1, k2, k3, k4)",
    "CREATE TABLE birlik_old(capture INTEGER PRIMARY KEY, "
      + (1...oldValueColumns).map { "v\($0)" }.joined(separator: ", ") + ")",
    // Headquarters' signed word on every node whose segments are held.
    "CREATE TABLE birlik_card(node BLOB PRIMARY KEY, card BLOB NOT NULL) WITHOUT ROWID",
    // Small numbers for channels, used as part of a record's name.
    "CREATE TABLE birlik_channel(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    // One branch of an origin's changes in one channel. `seen` is the vector of its last change.
    """
    CREATE TABLE birlik_stream(id INTEGER PRIMARY KEY, origin BLOB NOT NULL, channel INTEGER NOT NULL,
      parent INTEGER, fork INTEGER, tip INTEGER NOT NULL, hash BLOB NOT NULL, seen BLOB NOT NULL)
    """,
    // The log: segments as they travel, in an order in which each comes after all that it builds on. Where `body` is 0
    // the changes are not kept here, and `bytes` is a `PrunedSegment`.
    """
    CREATE TABLE birlik_segment(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, first INTEGER NOT NULL,
      last INTEGER NOT NULL, hash BLOB NOT NULL, problem TEXT, bytes BLOB NOT NULL, body INTEGER NOT NULL DEFAULT 1)
    """,
    "CREATE UNIQUE INDEX birlik_segment_hash ON birlik_segment(hash)",
    "CREATE INDEX birlik_segment_place ON birlik_segment(stream, last)",
    prunedIndex,
    // Which keys a segment may hold, so that history need not open every one.
    """
    CREATE TABLE birlik_segment_keys(segment INTEGER NOT NULL, kind INTEGER NOT NULL, low BLOB NOT NULL,
      high BLOB NOT NULL, PRIMARY KEY(kind, segment)) WITHOUT ROWID
    """,
    // Segments that wait for one that they build on, and the nodes that sealed them.
    """
    CREATE TABLE birlik_waiting(hash BLOB PRIMARY KEY, missing BLOB NOT NULL, bytes BLOB NOT NULL,
      author BLOB) WITHOUT ROWID
    """,
    // The heads of every record, those of deleted ones too: so no deleted row can come back.
    """
    CREATE TABLE birlik_head(kind INTEGER NOT NULL, key BLOB NOT NULL, channel INTEGER NOT NULL, state BLOB NOT NULL,
      PRIMARY KEY(kind, key, channel)) WITHOUT ROWID
    """,
    // Registers whose heads differ, and those that did.
    """
    CREATE TABLE birlik_conflict(kind INTEGER NOT NULL, key BLOB NOT NULL, channel INTEGER NOT NULL,
      field TEXT NOT NULL, opened_at INTEGER NOT NULL, closed_at INTEGER,
      PRIMARY KEY(kind, key, channel, field)) WITHOUT ROWID
    """,
    // Values that the catalog does not allow, with the reason.
    """
    CREATE TABLE birlik_invalid(kind INTEGER NOT NULL, key BLOB NOT NULL, channel INTEGER NOT NULL,
      field TEXT NOT NULL, value, reason TEXT NOT NULL,
      PRIMARY KEY(kind, key, channel, field)) WITHOUT ROWID
    """,
    // Edits that this node may not seal, kept whole.
    """
    CREATE TABLE birlik_refused(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
      operation TEXT NOT NULL, record TEXT NOT NULL, reason TEXT NOT NULL)
    """,
    totals,
    // Headquarters: invitations by the hash of their secret.
    """
    CREATE TABLE birlik_invitation(token BLOB PRIMARY KEY, federation TEXT NOT NULL, name TEXT NOT NULL,
      expires_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID
    """,
    // Headquarters' signed words on how far this node's streams are held there: evidence, never state.
    "CREATE TABLE birlik_receipt(at INTEGER PRIMARY KEY, receipt BLOB NOT NULL)",
    inbox.sql, contact.sql, proposed.sql, unsendableStreams.sql, unsendableEdits.sql, held.sql, heldEdits.sql,
    batches.sql,
  ]

  /// What the people at this node should be told of their own edits: those that lost, and values that are not allowed.
  // By how much a total changes on a day because of returns as of a day (`vintage`); a total is the sum of all steps at or
  // before its date. An amount is `amount_high` * 2^64 + the 64 bits of `amount`.
  static let totals = """
    CREATE TABLE birlik_total(indicator TEXT NOT NULL, slot TEXT NOT NULL, federation TEXT NOT NULL,
      vintage INTEGER NOT NULL, day INTEGER NOT NULL, amount_high INTEGER NOT NULL, amount INTEGER NOT NULL,
      reported INTEGER NOT NULL, expected INTEGER NOT NULL, withheld INTEGER NOT NULL, contradicted INTEGER NOT NULL,
      astray INTEGER NOT NULL, PRIMARY KEY(indicator, slot, federation, vintage, day)) WITHOUT ROWID
    """

  static let inbox = (
    name: "birlik_inbox",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_inbox(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, sort TEXT NOT NULL,
      kind INTEGER NOT NULL, key BLOB NOT NULL, channel INTEGER NOT NULL, field TEXT NOT NULL,
      stream INTEGER NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, content BLOB NOT NULL,
      reason TEXT NOT NULL, seen_at INTEGER, UNIQUE(kind, key, channel, field, sort, stream, sequence))
    """
  )

  /// Which edits that this node may not seal were proposed to headquarters, and what decision its people were told.
  static let proposed = (
    name: "birlik_proposed",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_proposed(refused INTEGER PRIMARY KEY, proposal BLOB NOT NULL, told TEXT)
    """
  )

  /// This node's streams in a channel that it may not write any more, of which headquarters lacks the end: the last
  /// sequence that it holds, the hash of the tip that it shows, if any, and up to where people were told.
  static let unsendableStreams = (
    name: "birlik_kept_stream",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_kept_stream(stream INTEGER PRIMARY KEY, after INTEGER NOT NULL, shown BLOB,
      told INTEGER NOT NULL)
    """
  )

  /// Which refused edits are sealed ones that may not be sent, in which stream, and whether they were sent after all.
  static let unsendableEdits = (
    name: "birlik_kept_edit",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_kept_edit(refused INTEGER PRIMARY KEY, stream INTEGER NOT NULL,
      sent INTEGER NOT NULL DEFAULT 0)
    """
  )

  /// Which refused edits wait until a value that the catalog does not allow is corrected: the column that is wrong, and
  /// whether the edit waits (0), was taken (1) or dropped (2).
  static let corrections = (
    name: "birlik_correction",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_correction(refused INTEGER PRIMARY KEY, wrong TEXT NOT NULL,
      state INTEGER NOT NULL)
    """
  )

  /// What was typed of them, by column.
  static let correctionValues = (
    name: "birlik_correction_value",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_correction_value(refused INTEGER NOT NULL, field TEXT NOT NULL, value,
      PRIMARY KEY(refused, field)) WITHOUT ROWID
    """
  )

  /// Headquarters: when and as what nodes last had an exchange.
  static let contact = (
    name: "birlik_contact",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_contact(node BLOB PRIMARY KEY, at INTEGER NOT NULL, agent TEXT NOT NULL,
      catalog INTEGER NOT NULL, lag INTEGER NOT NULL) WITHOUT ROWID
    """
  )

  /// Records whose captured edits wait for a person, why, and the digest of their heads at that time.
  static let held = (
    name: "birlik_held",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_held(kind INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL,
      reason TEXT NOT NULL, heads BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID
    """
  )

  /// What was captured of these records, in the order of the numbers. What a deletion recorded of a row is in
  /// `birlik_old` under the negative number.
  static let heldEdits = (
    name: "birlik_held_edit",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_held_edit(kind INTEGER NOT NULL, key BLOB NOT NULL, id INTEGER NOT NULL,
      mask INTEGER NOT NULL, ms INTEGER NOT NULL, PRIMARY KEY(kind, key, id)) WITHOUT ROWID
    """
  )

  /// The last imports and syncs, for whoever wants to undo one.
  static let batches = (
    name: "birlik_batch",
    sql: """
    CREATE TABLE IF NOT EXISTS birlik_batch(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, sort TEXT NOT NULL,
      kind TEXT NOT NULL, first INTEGER, last INTEGER, records INTEGER NOT NULL, ends TEXT NOT NULL)
    """
  )

  /// Tables that files of an earlier program of the same version may lack; they are made when such a file is opened.
  static let added = [
    inbox, contact, proposed, unsendableStreams, unsendableEdits, held, heldEdits, batches, corrections,
    correctionValues,
  ]

  /// The indexes on them, by name.
  static var indexes: [(name: String, sql: String)] {
    tables.filter { $0.contains(" INDEX ") }.compactMap { sql in
      sql.prefix { $0 != "(" }.split(separator: " ").drop { $0 != "INDEX" }.dropFirst().first.map {
        (name: String($0), sql: sql)
      }
    }
  }

  /// Finds the segments whose bodies are not kept here.
  static let prunedIndex = "CREATE INDEX birlik_segment_bare ON birlik_segment(stream, last) WHERE body=0"

  /// Snapshots of heads: at headquarters those that nodes are fetching, at a node the one that it fetches itself.
  static let snapshots: [String] = [
    """
    CREATE TABLE birlik_snapshot(name BLOB PRIMARY KEY, federation TEXT NOT NULL, made_at INTEGER NOT NULL,
      used_at INTEGER NOT NULL, manifest BLOB NOT NULL) WITHOUT ROWID
    """,
    // By the digest of the bytes, which the manifest names.
    "CREATE TABLE birlik_piece(digest BLOB PRIMARY KEY, bytes BLOB NOT NULL)",
  ]

  /// The names of the store's own tables.
  private static let names: [String] = (tables + snapshots + added.map(\.sql)).compactMap { sql in
    guard sql.hasPrefix("CREATE TABLE "), let name = sql.split(separator: "(").first?.split(separator: " ").last else {
      return nil
    }
    return String(name)
  }

  /// Checks that the store's own tables are tables: a view or a virtual table of that name would run what somebody else
  /// wrote.
  ///
  /// - Throws: `StoreError` with code `damaged`.
  static func check(_ connection: Connection) throws {
    let select = try connection.prepared("SELECT type='table' AND rootpage>0 FROM sqlite_master WHERE name=?1")
    for name in names {
      select.bind(1, text: name)
      // A table that is added later may be missing.
      guard try select.step() else { continue }
      let isTable = select.int(0) == 1
      select.reset()
      guard isTable else {
        throw StoreError(
          .damaged, "opening the database", "\(name) is not a table of this program's any more",
          hint: "somebody altered the file: restore a backup, and what headquarters has comes back")
      }
    }
  }
}
