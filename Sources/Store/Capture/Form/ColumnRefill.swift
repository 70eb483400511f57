import SyncCore

/// Fills columns that were dropped with what the log has of them.
struct ColumnRefill {
  private let transaction: Transaction
  private let table: KindTable
  private let places: [Int]
  private let restoresOwner: Bool

  /// - Parameter owner: whether the rows' owners are to be filled in as well.
  init(_ transaction: Transaction, _ table: KindTable, _ fields: [Field], owner: Bool) {
    self.transaction = transaction
    self.table = table
    places = fields.compactMap { table.fieldIndex(id: $0.id) }
    restoresOwner = owner
  }

  func run() throws {
    guard restoresOwner || !places.isEmpty else { return }
    try transaction.heads.eachPage(of: table.kind.id) { keys in
      let folded = try transaction.records.fold(table, Set(keys))
      for key in keys {
        guard var row = try transaction.rows.row(table, key),
          let logged = try transaction.records.shownRow(table, key, folded[key] ?? [])
        else { continue }
        if restoresOwner { row.federation = logged.federation }
        for place in places { row.values[place] = logged.values[place] }
        try transaction.rows.write(row, table, key)
      }
    }
    try transaction.meta.set(.staleTotals, .integer(1))
  }
}

/// Compares a few rows with the log, to tell whether a column of another name holds what a missing one held.
struct RowSample {
  private let transaction: Transaction
  private let table: KindTable
  private let form: TableForm

  init(_ transaction: Transaction, _ table: KindTable, _ form: TableForm) {
    self.transaction = transaction
    self.table = table
    self.form = form
  }

  /// Whether most values of a column of the file are not what the log has of a column of the catalog.
  func contradicts(_ found: String, _ name: String) throws -> Bool {
    guard table.isShared, let field = table.fieldIndex(named: name) else { return false }
    let keys = table.kind.key.map(\.name)
    guard keys.allSatisfy({ form.column(named: $0) != nil }) else { return false }
    let list = keys.map(\.sql).joined(separator: ", ")
    let select = try transaction.connection.prepared(
      "SELECT \(list), \(found.sql) FROM \(table.kind.name) LIMIT \(Self.rows)")
    var values: [RecordKey: Value] = [:]
    while try select.step() {
      values[RecordKey(columns: keys.indices.map { select.bytes($0) })] = select.value(keys.count)
    }
    let folded = try transaction.records.fold(table, Set(values.keys))
    var (same, other) = (0, 0)
    for (key, value) in values {
      guard let row = try transaction.records.shownRow(table, key, folded[key] ?? []), !row.values[field].isNull else {
        continue
      }
      if row.values[field].display == value.display { same += 1 } else { other += 1 }
    }
    return other > same
  }

  private static let rows = 256
}
