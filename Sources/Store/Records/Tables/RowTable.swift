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

  /// One column of the row under a key as text, local ones as well; nil where there is no row.
  func text(_ table: KindTable, _ key: RecordKey, _ column: String) throws -> String? {
    let condition = table.kind.key.enumerated().map { "\($1.name.sql)=?\($0 + 1)" }.joined(separator: " AND ")
    let select = try connection.prepared("SELECT \(column.sql) FROM \(table.kind.name) WHERE \(condition)")
    table.bindKey(key, select)
    defer { select.reset() }
    return try select.step() ? select.value(0).display : nil
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

  /// The rows after a key, in order of key; at most so many. Those whose keys no record can have are left out.
  func rows(_ table: KindTable, after last: RecordKey?, limit: Int) throws -> [(key: RecordKey, row: ShownRow)] {
    let keys = table.kind.key.map(\.name.sql)
    let list = keys.joined(separator: ", ")
    let columns = (keys + ["federation"] + table.fields.map(\.name.sql)).joined(separator: ", ")
    let marks = keys.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let condition = last == nil ? "" : "WHERE (\(list)) > (\(marks)) "
    let select = try connection.prepared(
      "SELECT \(columns) FROM \(table.kind.name) \(condition)ORDER BY \(list)")
    if let last { table.bindKey(last, select) }
    defer { select.reset() }
    var rows: [(key: RecordKey, row: ShownRow)] = []
    while rows.count < limit, try select.step() {
      if TypedKey.isUnusable(select, columns: keys.indices) { continue }
      let key = RecordKey(columns: keys.indices.map { select.bytes($0) })
      let values = table.fields.indices.map { select.value(keys.count + 1 + $0) }
      rows.append((key, ShownRow(federation: select.bytes(keys.count), values: values)))
    }
    return rows
  }

  /// How many records of an owner are shown.
  func count(_ table: KindTable, owner: [UInt8]) throws -> Int {
    let select = try connection.prepared("SELECT count(*) FROM \(table.kind.name) WHERE federation=?1")
    select.bind(1, text: owner)
    defer { select.reset() }
    return try select.step() ? select.int(0) : 0
  }

  func releaseStatements() {
    for select in selects.values { select.statement.release() }
    selects = [:]
  }
}

/// Rows whose keys no record can have.
extension RowTable {
  /// The keys of all of them.
  func unusableKeys(_ table: KindTable) throws -> [TypedKey] {
    let keys = table.kind.key.map(\.name.sql)
    let conditions = keys.map { "typeof(\($0))='blob' OR instr(CAST(\($0) AS BLOB), x'00')>0" }
    let select = try connection.prepared(
      "SELECT \(keys.joined(separator: ", ")) FROM \(table.kind.name) WHERE \(conditions.joined(separator: " OR "))")
    var found: [TypedKey] = []
    while try select.step() { found.append(TypedKey(select, columns: keys.indices)) }
    return found
  }

  /// The owner and the values of a row.
  func row(_ table: KindTable, _ key: TypedKey) throws -> ShownRow? {
    let select = try connection.prepared(table.selectRow)
    key.bind(select)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return ShownRow(federation: select.bytes(0), values: table.fields.indices.map { select.value($0 + 1) })
  }

  /// Every column of a row besides its key, local ones included.
  func columns(_ table: KindTable, _ key: TypedKey) throws -> [(String, Value)]? {
    let names = ["federation"] + table.kind.fields.map(\.name)
    let select = try connection.prepared(
      "SELECT \(names.map(\.sql).joined(separator: ", ")) FROM \(table.kind.name) WHERE \(Self.condition(table))")
    key.bind(select)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return names.enumerated().map { ($1, select.value($0)) }
  }

  func delete(_ table: KindTable, _ key: TypedKey) throws {
    let delete = try connection.prepared(table.deleteRow)
    key.bind(delete)
    try delete.step()
  }

  /// Gives a row another key, with all that is in it.
  func rename(_ table: KindTable, _ key: TypedKey, to other: RecordKey) throws {
    let count = table.kind.key.count
    let sets = table.kind.key.enumerated().map { "\($1.name.sql)=?\(count + $0 + 1)" }.joined(separator: ", ")
    let update = try connection.prepared(
      "UPDATE \(table.kind.name) SET \(sets) WHERE \(Self.condition(table))")
    key.bind(update)
    for (index, column) in other.columns.enumerated() { update.bind(count + index + 1, text: column) }
    try update.step()
  }

  /// Gives a row another key, with all that is in it.
  func rename(_ table: KindTable, _ key: RecordKey, to other: RecordKey) throws {
    try rename(table, TypedKey(key), to: other)
  }

  private static func condition(_ table: KindTable) -> String {
    table.kind.key.enumerated().map { "\($1.name.sql)=?\($0 + 1)" }.joined(separator: " AND ")
  }
}
