import SyncCore

/// Reads records as people see them.
struct RecordReader {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Calls `body` with every row that matches, until it returns false.
  func eachRow(
    _ table: KindTable, filters: [(column: String, text: [UInt8])], _ body: (RecordView) throws -> Bool
  ) throws {
    let names = table.columnNames
    var sql = "SELECT \(names.map(\.sql).joined(separator: ", ")) FROM \(table.kind.name)"
    if !filters.isEmpty {
      sql += " WHERE " + filters.indices.map { "\(filters[$0].column.sql)=?\($0 + 1)" }.joined(separator: " AND ")
    }
    sql += " ORDER BY " + table.kind.key.map(\.name.sql).joined(separator: ", ")
    let statement = try transaction.connection.prepared(sql)
    for (index, filter) in filters.enumerated() {
      let isInteger = table.kind.field(named: filter.column)?.type.isInteger ?? false
      if isInteger, let number = Int64(String(decoding: filter.text, as: UTF8.self)) {
        statement.bind(index + 1, number)
      } else {
        statement.bind(index + 1, text: filter.text)
      }
    }
    defer { statement.reset() }
    while try statement.step() {
      let columns = names.indices.map { (name: names[$0], value: statement.value($0)) }
      let key = RecordKey(columns: table.kind.key.indices.map { statement.bytes($0) })
      let view = RecordView(
        kind: table.kind.name, key: key.display, columns: columns,
        invalid: try transaction.conflicts.invalidFields(table.kind.id, key),
        conflicts: try transaction.conflicts.openFields(table.kind.id, key))
      guard try body(view) else { return }
    }
  }

  /// The records that another owner's hides under a key.
  func hidden(under key: RecordKey, _ table: KindTable) throws -> [RecordView] {
    let conflicts = try transaction.conflicts.openFields(table.kind.id, key)
    guard conflicts.contains(RecordNotes.keyCollision) else { return [] }
    return try HiddenRecords(transaction).views(table, key, conflicts: [RecordNotes.keyCollision])
  }

  /// The key of a record; nil for a row that has none.
  func key(of record: RecordView, _ table: KindTable) -> RecordKey? {
    var columns: [[UInt8]] = []
    for (_, value) in record.columns.prefix(table.kind.key.count) {
      guard case .text(let bytes) = value else { return nil }
      columns.append(bytes)
    }
    return RecordKey(columns: columns)
  }
}
