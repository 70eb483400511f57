import SyncCore

extension Store {
  /// The record under a key, or nil.
  ///
  /// - Parameter key: as people write it, columns joined by `/`.
  public func record(kind: String, key: String) throws -> RecordView? {
    try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      var found: RecordView?
      try RecordReader(transaction).eachRow(
        table, filters: table.kind.key.indices.map { (table.kind.key[$0].name, key.columns[$0]) }
      ) {
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
    try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      for filter in filters where !table.columnNames.contains(where: { $0.sameBytes(as: filter.column) }) {
        throw table.unknownField(filter.column)
      }
      try RecordReader(transaction).eachRow(table, filters: filters.map { ($0.column, Array($0.text.utf8)) }, body)
    }
  }

  /// Creates or edits one record as a clerk would, with its triggers.
  ///
  /// - Parameter values: fields by name with their text; empty means NULL.
  /// - Throws: `StoreError` with code `unknown` or `invalid`, in words for the person who typed it.
  public func edit(kind: String, key: String, values: [(field: String, text: String)]) throws -> EditOutcome {
    try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: kind)
      let writer = try ClerkWriter(table, fields: values.map(\.field), transaction.connection)
      return try writer.write(try table.key(written: key), values: values.map(\.text), checks: true)
    }
  }

  /// Removes one record as a clerk would.
  ///
  /// - Throws: `StoreError` with code `unknown` when there is none.
  public func remove(kind: String, key: String) throws {
    try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: kind)
      guard try transaction.rows.delete(table, table.key(written: key)) else {
        throw StoreError(
          .unknown, "removing a record", "there is no \(kind) \(key)", hint: "`birlik list \(kind)` shows what there is"
        )
      }
    }
  }

  /// Runs `body` in one transaction in which what is written counts as a clerk's edits: triggers capture it, and SQLite
  /// checks it.
  func writeAsClerk<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
    try write { transaction in try transaction.connection.capturing { try body(transaction) } }
  }
}
