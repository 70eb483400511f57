import SyncCore

/// Keeping capture sound: triggers as the catalog says, byte for byte, tables in their form, no index that could refuse
/// an edit of others; and whatever was written meanwhile found and captured.
extension Engine {
  /// To be called at the beginning of every write transaction, before anything else is written.
  ///
  /// Only what another program committed since the last look can have changed anything, so most calls look at nothing.
  func keepCaptureSound() throws {
    let version = try pragma("data_version")
    guard version != checkedDataVersion else { return }
    let schema = try pragma("schema_version")
    let isKnown = schema == (try meta(.checkedSchema)?.integer)
    if try !isKnown || !areTriggersSound() { try repairCapture() }
    checkedDataVersion = version
  }

  /// Looks whether another program left something to mend, and mends it: for where nothing seems to be captured, which
  /// missing triggers would be the reason of.
  func lookAfterCapture() throws {
    let version = try pragma("data_version")
    guard version != checkedDataVersion else { return }
    if try read({ try isCaptureSound() }) { checkedDataVersion = version } else { try write {} }
  }

  /// True when triggers stand as the catalog says and nothing changed the form of tables since they were last looked at.
  func isCaptureSound() throws -> Bool {
    try pragma("schema_version") == (try meta(.checkedSchema)?.integer) && areTriggersSound()
  }

  private func pragma(_ name: String) throws -> Int64 {
    let statement = try connection.prepared("PRAGMA \(name)")
    defer { statement.reset() }
    return try statement.step() ? statement.int64(0) : 0
  }

  /// Notes that the form of the file is as it should be after the engine itself changed it.
  func noteSchema() throws { try setMeta(.checkedSchema, .integer(try pragma("schema_version"))) }

  /// Compares every trigger byte for byte, and looks for unique indexes: a tool that puts `PRAGMA schema_version` back is
  /// found as well.
  private func areTriggersSound() throws -> Bool {
    let expected = expectedTriggers
    let select = try connection.prepared(
      "SELECT type='trigger', name, sql, tbl_name FROM sqlite_master WHERE type='trigger' "
        + "AND name LIKE 'birlik\\_%' ESCAPE '\\' OR type='index' AND sql LIKE 'CREATE UNIQUE%'")
    defer { select.reset() }
    var count = 0
    while try select.step() {
      guard select.int(0) == 1 else {
        if isShared(table: select.string(3)) { return false }
        continue
      }
      guard let sql = expected[select.string(1)], select.withBytes(2, { $0.elementsEqual(sql) }) else { return false }
      count += 1
    }
    return count == expected.count
  }

  private func isShared(table name: String) -> Bool {
    catalog.kind(named: name).map { $0.recordClass != .local } ?? false
  }

  // MARK: Repair

  /// Mends what is broken, compares every row with the log, captures what differs, and tells it.
  private func repairCapture() throws {
    // A tool that put the schema's version back leaves this connection with a schema that is no more.
    let (next, overflow) = try pragma("schema_version").addingReportingOverflow(1)
    try connection.withoutDefense {
      try connection.execute("PRAGMA schema_version=\(overflow || next > Int64(Int32.max) ? 1 : next)")
    }
    var told = try dropUniqueIndexes()
    told += try rebuildTables()
    let built = try rebuildTriggers()
    if built { told.insert("triggers were missing or changed and were built again", at: 0) }
    var taken = 0
    var putBack = 0
    for kind in catalog.kinds {
      guard let table = tables[kind.id], table.isShared else { continue }
      let audit = try RowCheck(self, table)
      var last: RecordKey?
      repeat {
        let batch = try audit.batch(after: last, takes: true)
        for difference in batch.differences {
          if difference.refusal == nil { taken += 1 } else { putBack += 1 }
        }
        last = batch.last
      } while last != nil
    }
    if taken + putBack > 0 {
      // What was counted was another row.
      try setMeta(.staleTotals, .integer(1))
      told.append(Self.words(taken, putBack))
    } else if built {
      told.append("no row had been edited without them")
    }
    if !told.isEmpty { try addNotice("In this database \(told.joined(separator: "; ")).") }
    try noteSchema()
  }

  /// Tells the administrator something besides what is told already.
  private func addNotice(_ words: String) throws {
    let known = try meta(.notice)?.display ?? ""
    guard !known.contains(words) else { return }
    // What was told long ago gives way.
    let isRoomy = known.utf8.count + words.utf8.count < 2000
    try setMeta(.notice, .text(known.isEmpty || !isRoomy ? words : known + " " + words))
  }

  private static func words(_ taken: Int, _ putBack: Int) -> String {
    var words: [String] = []
    if taken > 0 {
      words.append(
        taken == 1
          ? "1 record had been edited without being noted and was captured now"
          : "\(taken) records had been edited without being noted and were captured now")
    }
    if putBack > 0 {
      words.append(
        (putBack == 1
          ? "1 edit that may not be made was put back" : "\(putBack) edits that may not be made were put back")
          + ": see `birlik inbox`")
    }
    return words.joined(separator: "; ")
  }

  /// A unique index on a kind's table would refuse what others typed, for ever.
  private func dropUniqueIndexes() throws -> [String] {
    let select = try connection.prepared(
      "SELECT name, tbl_name FROM sqlite_master WHERE type='index' AND sql LIKE 'CREATE UNIQUE%'")
    var found: [(name: String, table: String)] = []
    while try select.step() { found.append((select.string(0), select.string(1))) }
    return try found.compactMap { index in
      guard isShared(table: index.table) else { return nil }
      try connection.execute("DROP INDEX \(index.name.sql)")
      return "the unique index \(index.name) on \(index.table) would refuse others' edits and was removed"
    }
  }

  // MARK: Tables

  /// Makes tables again that an editor dropped, or copied and renamed, which loses keys, checks and defaults.
  private func rebuildTables() throws -> [String] {
    var told: [String] = []
    for kind in catalog.kinds {
      guard let table = tables[kind.id] else { continue }
      let columns = try self.columns(of: kind.name)
      if columns.isEmpty {
        try connection.execute(table.createTable(federation: identity.role.federation))
        guard table.isShared else { continue }
        try restoreRows(table)
        try setMeta(.staleTotals, .integer(1))
        told.append("the table \(kind.name) was missing and was built again from the log")
      } else if try !isProper(table, columns) {
        try rebuild(table, columns)
        told.append("the table \(kind.name) had lost its form and was built again")
      }
    }
    return told
  }

  /// A column as it stands in the file.
  private struct Column {
    var name: String
    /// Its place in the key, from 1; 0 for one that is not of the key.
    var key: Int
    var hasDefault: Bool
  }

  private func columns(of table: String) throws -> [Column] {
    let select = try connection.prepared("SELECT name, pk, dflt_value IS NOT NULL FROM pragma_table_info(?1)")
    select.bind(1, text: table)
    var columns: [Column] = []
    while try select.step() {
      columns.append(Column(name: select.string(0), key: select.int(1), hasDefault: select.int(2) == 1))
    }
    return columns
  }

  private func isProper(_ table: KindTable, _ columns: [Column]) throws -> Bool {
    let kind = table.kind
    // Without its default a clerk would have to type the owner of every record.
    if table.isShared, columns.first(where: { $0.name == "federation" })?.hasDefault != true { return false }
    let key = columns.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name)
    guard key == kind.key.map(\.name), table.columnNames.allSatisfy({ name in columns.contains { $0.name == name } })
    else { return false }
    // Not by pragma_table_list, which works out every view of the file, and whoever prepared it can make that endless: of
    // a table's own name this pragma tells only where it has no row ids.
    let select = try connection.prepared(
      "SELECT EXISTS(SELECT 1 FROM pragma_index_info(?1, 'main')) AND NOT EXISTS(SELECT 1 FROM "
        + "pragma_index_list(?1, 'main') WHERE \"unique\"=1 AND origin<>'pk')")
    select.bind(1, text: kind.name)
    defer { select.reset() }
    return try select.step() && select.int(0) == 1
  }

  /// Builds a table anew in which columns of a clerk's own have other names.
  func rebuild(_ table: KindTable, renaming others: [String: String]) throws {
    try rebuild(table, try columns(of: table.kind.name), renaming: others)
  }

  /// Copies a table's rows into one of the right form. A row that cannot stand there is kept as an edit not taken.
  private func rebuild(_ table: KindTable, _ columns: [Column], renaming others: [String: String] = [:]) throws {
    let kind = table.kind
    let fresh = "birlik_new_\(kind.name)"
    try connection.execute("DROP TABLE IF EXISTS \(fresh)")
    try connection.execute(table.createTable(federation: identity.role.federation, named: fresh))
    // Columns of a clerk's own come along.
    let names = columns.map(\.name)
    let later = names.map { others[$0] ?? $0 }
    for name in later where !table.columnNames.contains(name) {
      try connection.execute("ALTER TABLE \(fresh) ADD COLUMN \(name.sql)")
    }
    let marks = names.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let select = try connection.prepared(
      "SELECT \(names.map(\.sql).joined(separator: ", ")) FROM \(kind.name)")
    let insert = try connection.prepared(
      "INSERT INTO \(fresh)(\(later.map(\.sql).joined(separator: ", "))) VALUES(\(marks))")
    while try select.step() {
      let values = names.indices.map { select.value($0) }
      for (index, value) in values.enumerated() { insert.bind(index + 1, value) }
      if try insert.stepUnlessConstrained() { continue }
      let key = kind.key.compactMap { column in names.firstIndex(of: column.name).map { values[$0].display } }
      try noteRefused(
        "insert", kind: kind.name, key: key.joined(separator: "/"), Array(zip(names, values)),
        "its key is empty or stands twice in a table that had lost its form")
    }
    let own = try clerksOwn(on: kind.name)
    connection.forgetStatements()
    try connection.execute("DROP TABLE \(kind.name)")
    // Views, triggers and references of a clerk's name the table as ever.
    try connection.withoutFollowingNames { try connection.execute("ALTER TABLE \(fresh) RENAME TO \(kind.name)") }
    // One that the new form has no place for is of no consequence here.
    for sql in own { _ = try? connection.prepared(sql).step() }
    connection.forgetStatements()
  }

  /// The statements that make the indexes and triggers that clerks built on a table, and that would go with it.
  private func clerksOwn(on table: String) throws -> [String] {
    let select = try connection.prepared(
      "SELECT sql FROM sqlite_master WHERE lower(tbl_name)=lower(?1) AND name NOT LIKE 'birlik\\_%' ESCAPE '\\' AND "
        + "(type='index' AND sql LIKE 'CREATE INDEX %' OR type='trigger' AND sql LIKE 'CREATE TRIGGER %')")
    select.bind(1, text: table)
    var found: [String] = []
    while try select.step() { found.append(select.string(0)) }
    return found
  }

  private func restoreRows(_ table: KindTable) throws {
    var last: [UInt8] = []
    while true {
      let select = try connection.prepared(
        "SELECT DISTINCT key FROM birlik_head WHERE kind=?1 AND key>?2 ORDER BY key LIMIT ?3")
      select.bind(1, table.kind.id)
      select.bind(2, blob: last)
      select.bind(3, RowCheck.batchLimit)
      var keys: Set<RecordKey> = []
      while try select.step() { keys.insert(RecordKey(bytes: select.bytes(0))) }
      guard let end = keys.max() else { return }
      last = end.bytes
      for (key, slots) in try fold(table, keys).sorted(by: { $0.key < $1.key }) { try project(table, key, slots) }
    }
  }
}
