import SyncCore

/// Builds tables again that an editor dropped, or copied and renamed, which loses keys, checks and defaults.
struct TableRepair {
  private let transaction: Transaction
  private var connection: Connection { transaction.connection }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Builds again what lost its form.
  ///
  /// - Returns: what was done, a clause for each table.
  func mend() throws -> [String] {
    var done: [String] = []
    for kind in transaction.catalog.kinds {
      guard let table = transaction.table(kind.id) else { continue }
      let columns = try self.columns(of: kind.name)
      if columns.isEmpty {
        try connection.execute(table.createTable(federation: transaction.identity.role.federation))
        guard table.isShared else { continue }
        try restoreRows(table)
        try transaction.meta.set(.staleTotals, .integer(1))
        done.append("the table \(kind.name) was missing and was built again from the log")
      } else if try !isProper(table, columns) {
        try rebuild(table, columns)
        done.append("the table \(kind.name) had lost its form and was built again")
      }
    }
    return done
  }

  /// A column as the file has it.
  private struct Column {
    var name: String
    /// Its place in the key, from 1; 0 for one that is not of the key.
    var key: Int
    var hasDefault: Bool
  }

  private func columns(of table: String) throws -> [Column] {
    let select = try connection.prepared("SELECT name, pk, dflt_value IS NOT NULL FROM pragma_table_info(?1)")
    select.bind(1, text: table)
    var columns: [Column] = []
    while try select.step() {
      columns.append(Column(name: select.string(0), key: select.int(1), hasDefault: select.int(2) == 1))
    }
    return columns
  }

  private func isProper(_ table: KindTable, _ columns: [Column]) throws -> Bool {
    let kind = table.kind
    // Without its default a clerk would have to type the owner of every record.
    if table.isShared, columns.first(where: { $0.name == "federation" })?.hasDefault != true { return false }
    let key = columns.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.name)
    guard key == kind.key.map(\.name), table.columnNames.allSatisfy({ name in columns.contains { $0.name == name } })
    else { return false }
    // Not by pragma_table_list, which works out every view of the file, and whoever prepared it can make that endless: of
    // a table's own name this pragma tells only where it has no row ids.
    let select = try connection.prepared(
      "SELECT EXISTS(SELECT 1 FROM pragma_index_info(?1, 'main')) AND NOT EXISTS(SELECT 1 FROM "
        + "pragma_index_list(?1, 'main') WHERE \"unique\"=1 AND origin<>'pk')")
    select.bind(1, text: kind.name)
    defer { select.reset() }
    return try select.step() && select.int(0) == 1
  }

  /// Builds a table anew in which columns of a clerk's own have other names.
  func rebuild(_ table: KindTable, renaming others: [String: String]) throws {
    try rebuild(table, try columns(of: table.kind.name), renaming: others)
  }

  /// Copies a table's rows into one of the right form. A row that cannot stand there is kept as an edit not taken.
  private func rebuild(_ table: KindTable, _ columns: [Column], renaming others: [String: String] = [:]) throws {
    let kind = table.kind
    let fresh = "birlik_new_\(kind.name)"
    try connection.execute("DROP TABLE IF EXISTS \(fresh)")
    try connection.execute(table.createTable(federation: transaction.identity.role.federation, named: fresh))
    // Columns of a clerk's own come along.
    let names = columns.map(\.name)
    let later = names.map { others[$0] ?? $0 }
    for name in later where !table.columnNames.contains(name) {
      try connection.execute("ALTER TABLE \(fresh) ADD COLUMN \(name.sql)")
    }
    let marks = names.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let select = try connection.prepared(
      "SELECT \(names.map(\.sql).joined(separator: ", ")) FROM \(kind.name)")
    let insert = try connection.prepared(
      "INSERT INTO \(fresh)(\(later.map(\.sql).joined(separator: ", "))) VALUES(\(marks))")
    while try select.step() {
      let values = names.indices.map { select.value($0) }
      for (index, value) in values.enumerated() { insert.bind(index + 1, value) }
      if try insert.stepUnlessConstrained() { continue }
      let key = kind.key.compactMap { column in names.firstIndex(of: column.name).map { values[$0].display } }
      try transaction.inbox.addRefused(
        RefusedView(
          at: SystemClock.now(), kind: kind.name, key: key.joined(separator: "/"), operation: .insert,
          record: RefusedView.json(Array(zip(names, values))),
          reason: "its key is empty or stands twice in a table that had lost its form"))
    }
    let own = try clerksOwn(on: kind.name)
    connection.forgetStatements()
    try connection.execute("DROP TABLE \(kind.name)")
    // Views, triggers and references of a clerk's name the table as ever.
    try connection.withoutFollowingNames { try connection.execute("ALTER TABLE \(fresh) RENAME TO \(kind.name)") }
    // One that the new form has no place for is of no consequence here.
    for sql in own { _ = try? connection.prepared(sql).step() }
    connection.forgetStatements()
  }

  /// The statements that make the indexes and triggers that clerks built on a table, and that would go with it.
  private func clerksOwn(on table: String) throws -> [String] {
    let select = try connection.prepared(
      "SELECT sql FROM sqlite_master WHERE lower(tbl_name)=lower(?1) AND name NOT LIKE 'birlik\\_%' ESCAPE '\\' AND "
        + "(type='index' AND sql LIKE 'CREATE INDEX %' OR type='trigger' AND sql LIKE 'CREATE TRIGGER %')")
    select.bind(1, text: table)
    var found: [String] = []
    while try select.step() { found.append(select.string(0)) }
    return found
  }

  private func restoreRows(_ table: KindTable) throws {
    try transaction.heads.eachPage(of: table.kind.id) { keys in
      let folded = try transaction.records.fold(table, Set(keys))
      for key in keys { try transaction.records.show(table, key, folded[key] ?? []) }
    }
  }
}
