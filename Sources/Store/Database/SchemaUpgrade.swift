import SyncCore

/// Brings the tables of a file that an older Birlik made up to `Schema.version`.
///
/// GRDB's `DatabaseMigrator` is not used: it keeps the names of what ran in a table of its own, asks for a whole
/// `DatabaseQueue`, and knows neither a file that a newer Birlik made nor one that the reader may not change.
enum SchemaUpgrade {
  /// The statements that lead from the version before to this one.
  private static let steps: [Int: [String]] = [
    2: ["ALTER TABLE birlik_segment ADD COLUMN body INTEGER NOT NULL DEFAULT 1", Schema.prunedIndex] + Schema.snapshots,
    3: ["ALTER TABLE birlik_waiting ADD COLUMN author BLOB"],
    // Totals are counted again when somebody asks for them.
    4: [
      "DROP TABLE birlik_total", Schema.totals,
      "INSERT OR REPLACE INTO birlik_meta(name, value) VALUES('\(Meta.staleTotals.rawValue)', 1)",
    ],
  ]

  /// Upgrades an open file, in one transaction, and gives it back the marks that a tool took away; does nothing to one
  /// that is up to date.
  ///
  /// - Throws: `StoreError` when a file cannot be upgraded; marks that cannot be written now are left for the next opening.
  static func run(_ connection: Connection) throws {
    let isCurrent = try version(connection) >= Schema.version
    guard try !isCurrent || !isMarked(connection) else { return }
    do {
      try connection.transaction {
        // Another process may have been quicker.
        let found = try version(connection)
        if found < Schema.version {
          for next in (found + 1)...Schema.version {
            for statement in steps[next] ?? [] { try connection.execute(statement) }
          }
        }
        try mark(connection)
      }
    } catch let error as StoreError where isCurrent && [.busy, .notPermitted, .full].contains(error.code) {
      // Nothing depends on the marks.
    }
    connection.forgetStatements()
  }

  /// For whoever may not change the file.
  ///
  /// - Throws: `StoreError` with code `invalid` for a file that is not up to date.
  static func check(_ connection: Connection) throws {
    guard try version(connection) < Schema.version else { return }
    throw isOutdated("opening the database")
  }

  /// The error of whoever may not change a file that is not up to date.
  static func isOutdated(_ operation: String) -> StoreError {
    StoreError(
      .invalid, operation, "an older Birlik made the file, and it was not brought up to date yet",
      hint: "`birlik status` does that, run by a user who may write the file")
  }

  // MARK: Marks

  /// Writes by what the file is known: to other programs as one of ours, to this one with which tables.
  static func mark(_ connection: Connection) throws {
    try connection.execute("PRAGMA application_id=\(Schema.applicationID)")
    try connection.execute("PRAGMA user_version=\(Schema.version)")
    try MetaTable(connection).set(.schema, .integer(Int64(Schema.version)))
  }

  private static func isMarked(_ connection: Connection) throws -> Bool {
    try connection.pragma("application_id") == Int64(Schema.applicationID)
      && connection.pragma("user_version") == Int64(Schema.version)
      && MetaTable(connection).integer(.schema) == Int64(Schema.version)
  }

  /// The version of the file's tables. `.dump`, `.clone` and other tools lose or set `PRAGMA user_version`, so it is read
  /// from the table of single values, and in a file that has none there, from the tables' columns.
  static func version(_ connection: Connection) throws -> Int {
    if let known = try MetaTable(connection).integer(.schema), known > 0 { return Int(known) }
    let columns = try connection.prepared(
      "SELECT (SELECT count(*) FROM pragma_table_info('birlik_waiting') WHERE name='author'), "
        + "(SELECT count(*) FROM pragma_table_info('birlik_segment') WHERE name='body'), "
        + "(SELECT count(*) FROM pragma_table_info('birlik_total') WHERE name='vintage')")
    defer { columns.reset() }
    guard try columns.step() else { return 1 }
    return columns.int(2) > 0 ? 4 : columns.int(0) > 0 ? 3 : columns.int(1) > 0 ? 2 : 1
  }
}
