import SyncCore

/// Reads and writes the rows of the kinds' plain tables as the engine does: with no trigger and no check in the way.
final class RowTable {
  private let connection: Connection
  private var selects: [KindID: (sql: String, statement: LazyStatement)] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// The row under a key; nil where there is none.
  func row(_ table: KindTable, _ key: RecordKey) throws -> ShownRow? {
    let statement = try select(table).get(connection)
    table.bindKey(key, statement)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return ShownRow(
      federation: statement.bytes(0), values: table.fields.indices.map { statement.value($0 + 1) })
  }

  private func select(_ table: KindTable) -> LazyStatement {
    // A later catalog may give the kind more columns.
    if let known = selects[table.kind.id], known.sql == table.selectRow { return known.statement }
    let statement = LazyStatement(table.selectRow)
    selects[table.kind.id] = (table.selectRow, statement)
    return statement
  }

  /// Writes a row, over the one under its key where there is one.
  func write(_ row: ShownRow, _ table: KindTable, _ key: RecordKey) throws {
    let statement = try connection.prepared(table.upsertRow)
    table.bindKey(key, statement)
    let keys = table.kind.key.count
    statement.bind(keys + 1, text: row.federation)
    for (index, value) in row.values.enumerated() { statement.bind(keys + 2 + index, value) }
    try statement.step()
  }

  /// Deletes the row under a key.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  func delete(_ table: KindTable, _ key: RecordKey) throws -> Bool {
    // No row has a key of another number of columns.
    guard key.columns.count == table.kind.key.count else { return false }
    let delete = try connection.prepared(table.deleteRow)
    table.bindKey(key, delete)
    try delete.step()
    return connection.changes > 0
  }

  /// The rows after a key, in order of key; at most so many.
  func rows(_ table: KindTable, after last: RecordKey?, limit: Int) throws -> [(key: RecordKey, row: ShownRow)] {
    let keys = table.kind.key.map(\.name.sql)
    let list = keys.joined(separator: ", ")
    let columns = (keys + ["federation"] + table.fields.map(\.name.sql)).joined(separator: ", ")
    let marks = keys.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let condition = last == nil ? "" : "WHERE (\(list)) > (\(marks)) "
    let select = try connection.prepared(
      "SELECT \(columns) FROM \(table.kind.name) \(condition)ORDER BY \(list) LIMIT ?\(keys.count + 1)")
    if let last { table.bindKey(last, select) }
    select.bind(keys.count + 1, limit)
    var rows: [(key: RecordKey, row: ShownRow)] = []
    while try select.step() {
      let key = RecordKey(columns: keys.indices.map { select.bytes($0) })
      let values = table.fields.indices.map { select.value(keys.count + 1 + $0) }
      rows.append((key, ShownRow(federation: select.bytes(keys.count), values: values)))
    }
    return rows
  }

  func releaseStatements() {
    for select in selects.values { select.statement.release() }
    selects = [:]
  }
}
