import SyncCore

/// Keeps capture sound: triggers as the catalog says, byte for byte, tables in their form, no index that could refuse an
/// edit of others; and whatever was written meanwhile found and captured.
struct CaptureRepair {
  private let transaction: Transaction
  private var connection: Connection { transaction.connection }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Mends what another program broke. To be called at the beginning of every write transaction, before anything else is
  /// written.
  ///
  /// Only what another program committed since the last call can have changed anything, so most calls look at nothing.
  func mend() throws {
    guard try isNeeded() else { return }
    try repair()
    transaction.capture.checkedDataVersion = try connection.pragma("data_version")
  }

  /// Whether another program broke something since the last look.
  func isNeeded() throws -> Bool {
    let version = try connection.pragma("data_version")
    guard version != transaction.capture.checkedDataVersion else { return false }
    guard try isSound() else { return true }
    transaction.capture.checkedDataVersion = version
    return false
  }

  /// True when triggers are as the catalog says and nothing changed the form of tables since they were last checked.
  func isSound() throws -> Bool {
    try isAsRecorded() && transaction.meta.text(.checkedForm) == transaction.adopted.form && areTriggersSound()
  }

  private func isAsRecorded() throws -> Bool {
    try connection.pragma("schema_version") == transaction.meta.integer(.checkedSchema)
  }

  /// Records that the form of the file is as it should be after the engine itself changed it.
  func recordSchema() throws {
    try transaction.meta.set(.checkedSchema, .integer(try connection.pragma("schema_version")))
    try transaction.meta.set(.checkedForm, .text(transaction.adopted.form))
    try OwnColumns(transaction.meta).record(try ownColumns())
  }

  /// The clerks' own columns in the tables of the catalog.
  private func ownColumns() throws -> [(table: String, column: String)] {
    let objects = SchemaObjects(connection)
    return try transaction.catalog.kinds.flatMap { kind -> [(table: String, column: String)] in
      guard let table = transaction.table(kind.id), let sql = try objects.table(named: kind.name)?.sql,
        let form = TableForm(sql)
      else { return [] }
      let known = Set(table.columnNames.map(SQLText.folded))
      return form.columns.filter { !known.contains(SQLText.folded($0.name)) }.map { (kind.name, $0.name) }
    }
  }

  /// Compares every trigger byte for byte, and looks for unique indexes: a tool that puts `PRAGMA schema_version` back is
  /// found as well.
  private func areTriggersSound() throws -> Bool {
    let expected = transaction.adopted.triggers
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
    transaction.catalog.kind(named: name).map { $0.recordClass != .local } ?? false
  }

  // MARK: Repair

  /// Mends what is broken, compares every row with the log, captures what differs, and tells it.
  private func repair() throws {
    // A new form of the tables alone, as after an upgrade, says nothing about the rows.
    let isForeign = try !isAsRecorded() || !areTriggersSound()
    // A tool that put the schema's version back leaves this connection with a schema that is no more.
    let (next, overflow) = try connection.pragma("schema_version").addingReportingOverflow(1)
    try connection.withoutDefense {
      try connection.execute("PRAGMA schema_version=\(overflow || next > Int64(Int32.max) ? 1 : next)")
    }
    try connection.lookForUnreadableObjects()
    try transaction.checkReadable()
    var done = try dropUniqueIndexes()
    var tables = TableRepair(transaction)
    try tables.mend()
    done += tables.done
    let (built, renamed) = try transaction.adopted.rebuildTriggers()
    done += renamed
    if built { done.insert("triggers were missing or changed and were built again", at: 0) }
    if isForeign || built || !tables.unseen.isEmpty { done += try checkRows(mended: tables.unseen, built: built) }
    if !done.isEmpty { try transaction.meta.addNotice("In this database \(done.joined(separator: "; ")).") }
    try recordSchema()
  }

  /// Compares every row with the log, and captures what differs.
  ///
  /// - Parameter mended: kinds whose table a tool had built anew or renamed: what was typed there counts.
  /// - Returns: what was found, in words.
  private func checkRows(mended: Set<KindID>, built: Bool) throws -> [String] {
    var (captured, held, restored) = (0, 0, 0)
    for table in transaction.adopted.sharedTables {
      let check = try RowCheck(transaction, table)
      var last: RecordKey?
      repeat {
        let isMended = mended.contains(table.kind.id)
        let batch = try check.batch(after: last, taking: isMended ? .typed : .held)
        for difference in batch.differences {
          if difference.refusal != nil {
            restored += 1
          } else if isMended, !difference.removes {
            captured += 1
          } else {
            held += 1
          }
        }
        last = batch.last
      } while last != nil
    }
    if captured + held + restored > 0 {
      // Totals counted the rows as they were before.
      try transaction.meta.set(.staleTotals, .integer(1))
      return [Self.words(captured: captured, held: held, restored: restored)]
    }
    return built ? ["no row had been edited without them"] : []
  }

  private static func words(captured: Int, held: Int, restored: Int) -> String {
    var words: [String] = []
    if captured > 0 {
      words.append(captured == 1 ? "1 record typed there is taken" : "\(captured) records typed there are taken")
    }
    if held > 0 {
      words.append(
        held == 1
          ? "1 record had been edited without being noted; the edit waits until you confirm it: see `birlik held`"
          : "\(held) records had been edited without being noted; the edits wait until you confirm them: see "
            + "`birlik held`")
    }
    if restored > 0 {
      words.append(
        (restored == 1
          ? "1 edit that may not be made was put back" : "\(restored) edits that may not be made were put back")
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
}
