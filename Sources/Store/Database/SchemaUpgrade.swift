/// Brings the tables of a file that an older Birlik made up to `Schema.version`.
///
/// GRDB's `DatabaseMigrator` is not used: it keeps the names of what ran in a table of its own, asks for a whole
/// `DatabaseQueue`, and knows neither a file that a newer Birlik made nor one that the reader may not change.
enum SchemaUpgrade {
  /// The statements that lead from the version before to this one.
  private static let steps: [Int: [String]] = [
    2: ["ALTER TABLE birlik_segment ADD COLUMN body INTEGER NOT NULL DEFAULT 1", Schema.prunedIndex] + Schema.snapshots,
    3: ["ALTER TABLE birlik_waiting ADD COLUMN author BLOB"],
  ]

  /// Upgrades an open file, in one transaction; does nothing to one that is up to date.
  ///
  /// - Throws: `StoreError` with code `damaged` for a version that no Birlik ever wrote.
  static func run(_ connection: Connection) throws {
    guard try version(connection) < Schema.version else { return }
    try connection.transaction {
      // Another process may have been quicker.
      let standing = try version(connection)
      guard standing < Schema.version else { return }
      guard standing > 0 else {
        throw StoreError(
          .damaged, "upgrading the database", "it has no version",
          hint: "restore a backup: what headquarters has comes back")
      }
      for next in (standing + 1)...Schema.version {
        for statement in steps[next] ?? [] { try connection.execute(statement) }
      }
      try connection.execute("PRAGMA user_version=\(Schema.version)")
    }
    connection.forgetStatements()
  }

  /// For whoever may not change the file.
  ///
  /// - Throws: `StoreError` with code `invalid` for a file that is not up to date.
  static func check(_ connection: Connection) throws {
    guard try version(connection) < Schema.version else { return }
    throw StoreError(
      .invalid, "opening the database", "an older Birlik made the file, and it was not brought up to date yet",
      hint: "`birlik status` does that")
  }

  private static func version(_ connection: Connection) throws -> Int {
    let statement = try connection.prepared("PRAGMA user_version")
    defer { statement.reset() }
    return try statement.step() ? statement.int(0) : 0
  }
}
