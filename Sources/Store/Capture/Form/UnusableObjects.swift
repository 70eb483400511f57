import SyncCore

/// What clerks built on the catalog's tables with functions or collations that only their own program has.
///
/// SQLite updates every index when a row is written, so an index that it cannot compute stops all writing, and others' edits
/// never arrive. Such an index or generated column holds no data of its own: it is removed, and its statement is reported.
struct UnusableObjects {
  private let connection: Connection
  private let objects: SchemaObjects

  init(_ connection: Connection) {
    self.connection = connection
    objects = SchemaObjects(connection)
  }

  /// Drops the indexes of a table that cannot be kept up here.
  ///
  /// - Returns: what was done, a clause for each.
  func dropIndexes(on table: String) throws -> [String] {
    try objects.clerksOwn(on: table).filter { $0.sort == .index }.compactMap { index in
      guard let problem = try problem(of: "REINDEX main.\(index.name.sql)") else { return nil }
      try connection.execute("DROP INDEX \(index.name.sql)")
      return
        "the index \(index.name) of yours on \(table) cannot be kept up here (\(problem)) and was removed: \(index.sql)"
    }
  }

  /// The generated columns of a clerk's own that cannot be worked out here, each with the reason.
  func columns(of table: String, _ form: TableForm, besides expected: TableForm) throws
    -> [(TableForm.Column, reason: String)]
  {
    try form.columns.compactMap { column in
      guard column.isGenerated, expected.column(named: column.name) == nil,
        let problem = try problem(of: "SELECT \(column.name.sql) FROM \(table)")
      else { return nil }
      return (column, problem)
    }
  }

  /// Why SQLite cannot even prepare a statement here.
  private func problem(of sql: String) throws -> String? {
    do {
      _ = try connection.prepared(sql)
      return nil
    } catch let error as StoreError where error.code == .failed || error.code == .newerSQLite {
      return error.detail
    }
  }
}
