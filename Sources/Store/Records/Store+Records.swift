import GRDB
import SyncCore
import Wire

/// One record as a person reads it.
public struct RecordView: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// Key columns, `federation` and fields by name, in the table's order; local ones included.
  public var columns: [(name: String, value: Value)]
  /// Fields with a value that the catalog does not allow, and why.
  public var invalid: [(field: String, reason: String)]
  /// Fields with an open conflict.
  public var conflicts: [String]

  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.key == b.key && a.conflicts == b.conflicts
      && a.columns.elementsEqual(b.columns) { $0.name == $1.name && $0.value == $1.value }
      && a.invalid.elementsEqual(b.invalid) { $0.field == $1.field && $0.reason == $1.reason }
  }
}

/// What `birlik set` did.
public enum EditOutcome: String, Sendable {
  case created, changed, unchanged, removed
}

extension Store {
  /// The record under a key, or nil.
  ///
  /// - Parameter key: as people write it, columns joined by `/`.
  public func record(kind: String, key: String) throws -> RecordView? {
    try read { engine in
      let table = try engine.table(named: kind)
      let key = try Self.key(table, key)
      var found: RecordView?
      try engine.eachRow(table, filters: table.kind.key.indices.map { (table.kind.key[$0].name, key.columns[$0]) }) {
        found = $0
        return false
      }
      return found
    }
  }

  /// Every record of a kind, in order of key, until `body` returns false.
  ///
  /// - Parameter filters: columns that have to equal a text, as people write it.
  public func eachRecord(
    kind: String, filters: [(column: String, text: String)] = [], _ body: (RecordView) throws -> Bool
  ) throws {
    try read { engine in
      let table = try engine.table(named: kind)
      for filter in filters where !table.columnNames.contains(where: { $0.sameBytes(as: filter.column) }) {
        throw table.unknownField(filter.column)
      }
      try engine.eachRow(table, filters: filters.map { ($0.column, Array($0.text.utf8)) }, body)
    }
  }

  /// Creates or edits one record as a clerk would, with its triggers.
  ///
  /// - Parameter values: fields by name with their text; empty means NULL.
  /// - Throws: `StoreError` with code `unknown` or `invalid`, in words for the person who typed it.
  public func edit(kind: String, key: String, values: [(field: String, text: String)]) throws -> EditOutcome {
    let table = try read { try $0.table(named: kind) }
    let key = try Self.key(table, key)
    return try clerk { connection in
      let writer = try ClerkWriter(table, fields: values.map(\.field), connection)
      return try writer.write(key, values: values.map(\.text), checks: true)
    }
  }

  /// Removes one record as a clerk would.
  ///
  /// - Throws: `StoreError` with code `unknown` when there is none.
  public func remove(kind: String, key: String) throws {
    let table = try read { try $0.table(named: kind) }
    let columns = try Self.key(table, key).columns
    try clerk { connection in
      let statement = try connection.prepared(table.deleteRow)
      for (index, column) in columns.enumerated() { statement.bind(index + 1, text: column) }
      try statement.step()
      if connection.changes == 0 {
        throw StoreError(
          .unknown, "removing a record", "there is no \(kind) \(key)", hint: "`birlik list \(kind)` shows what there is"
        )
      }
    }
  }

  /// Runs `body` in one transaction on a connection that captures, as a clerk's own program would.
  func clerk<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    do {
      let queue = try DatabaseQueue(path: path, configuration: Self.configuration(capturing: true))
      return try queue.inDatabase { database in
        let connection = Connection(database)
        defer { connection.forgetStatements() }
        return try connection.transaction { try body(connection) }
      }
    } catch let error as DatabaseError {
      throw StoreError(error, "editing")
    }
  }

  static func key(_ table: KindTable, _ text: String) throws -> RecordKey {
    let names = table.kind.key.map(\.name).joined(separator: "/")
    guard let key = RecordKey(written: text, columnCount: table.kind.key.count) else {
      throw StoreError(
        .invalid, "reading the key", "'\(text)' is not a key of \(table.kind.name)", hint: "write \(names)")
    }
    return key
  }
}

extension KindTable {
  /// All columns a person may name.
  var columnNames: [String] {
    kind.key.map(\.name) + (isShared ? ["federation"] : []) + kind.fields.map(\.name)
  }

  func unknownField(_ name: String) -> StoreError {
    StoreError(
      .unknown, "reading the fields", "\(kind.name) has no field '\(name)'",
      hint: "it has \(columnNames.joined(separator: ", "))")
  }
}

extension Engine {
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
    let statement = try connection.prepared(sql)
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
        kind: table.kind.name, key: key.display, columns: columns, invalid: try invalid(table, key),
        conflicts: try openConflicts(table, key))
      guard try body(view) else { return }
    }
  }

  private func invalid(_ table: KindTable, _ key: RecordKey) throws -> [(field: String, reason: String)] {
    let statement = try connection.prepared("SELECT field, reason FROM birlik_invalid WHERE kind=?1 AND key=?2")
    statement.bind(1, table.kind.id)
    statement.bind(2, blob: key.bytes)
    var found: [(String, String)] = []
    while try statement.step() { found.append((statement.string(0), statement.string(1))) }
    return found
  }

  private func openConflicts(_ table: KindTable, _ key: RecordKey) throws -> [String] {
    let statement = try connection.prepared(
      "SELECT field FROM birlik_conflict WHERE kind=?1 AND key=?2 AND closed_at IS NULL")
    statement.bind(1, table.kind.id)
    statement.bind(2, blob: key.bytes)
    var found: [String] = []
    while try statement.step() { found.append(statement.string(0)) }
    return found
  }
}
