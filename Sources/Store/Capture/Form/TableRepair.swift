import SyncCore

/// Gives the catalog's tables their form back after another program changed it.
///
/// The form of a table is no edit: a column that was renamed gets its name again, one that was dropped is filled from the
/// log, and a table that a tool built anew gets its key and constraints. What clerks built beside it stays.
struct TableRepair {
  private let transaction: Transaction
  private let objects: SchemaObjects
  private var connection: Connection { transaction.connection }
  /// What was done, a clause for each change.
  private(set) var done: [String] = []
  /// The kinds into whose tables rows may have been written where no trigger saw it.
  private(set) var unseen: Set<KindID> = []

  init(_ transaction: Transaction) {
    self.transaction = transaction
    objects = SchemaObjects(transaction.connection)
  }

  /// Mends every table of the catalog.
  mutating func mend() throws {
    for kind in transaction.catalog.kinds {
      guard let table = transaction.table(kind.id) else { continue }
      try findTable(table)
      try mendForm(table)
    }
  }

  /// The form that the catalog gives a table.
  private func expected(_ table: KindTable) throws -> TableForm {
    guard let form = TableForm(table.createTable(federation: transaction.identity.role.federation)) else {
      throw StoreError(
        .damaged, "mending the table \(table.kind.name)", "the catalog gives it no form", hint: "ask headquarters")
    }
    return form
  }

  private mutating func add(_ words: String) { done.append(words) }

  // MARK: The table

  /// Sees to it that there is a table of the kind's name.
  private mutating func findTable(_ table: KindTable) throws {
    let name = table.kind.name
    let moved = try movedTable(table)
    if try objects.table(named: name) != nil {
      // The edits that triggers captured elsewhere are in no row of this table.
      if moved != nil { try transaction.capture.dropEditsWithoutRow(table) }
      return
    }
    if let other = try objects.object(named: name) {
      add(
        "the \(other.sort.rawValue) \(other.name) of yours is called \(try objects.setAside(other)) now, for a table needs its name"
      )
    }
    if let moved {
      try objects.renameTable(moved, to: name)
      add("the table \(moved.name) is called \(name) again; what was typed there counts")
      unseen.insert(table.kind.id)
      return
    }
    try connection.execute(table.createTable(federation: transaction.identity.role.federation))
    guard table.isShared else { return add("the table \(name) was missing and was built again, empty") }
    let lost = try transaction.capture.dropEdits(of: table.kind.id)
    try restoreRows(table)
    try transaction.meta.set(.staleTotals, .integer(1))
    add("the table \(name) was missing and was built again from the log" + Self.lost(lost))
  }

  private static func lost(_ edits: Int) -> String {
    edits == 0 ? "" : "; \(edits == 1 ? "1 edit" : "\(edits) edits") that had not been sent went with it"
  }

  /// The kind's table under another name: triggers follow a table that is renamed. A table of a local kind has none, and is
  /// known by its form.
  private func movedTable(_ table: KindTable) throws -> SchemaObjects.Object? {
    let name = table.kind.name
    if table.isShared {
      return try objects.table(withTrigger: "birlik_\(name)_insert").flatMap { $0.isNamed(name) ? nil : $0 }
    }
    guard try objects.table(named: name) == nil else { return nil }
    let expected = try expected(table)
    let same = try objects.tables().filter { other in
      transaction.catalog.kinds.allSatisfy { !other.isNamed($0.name) }
        && TableForm(other.sql).map { $0.difference(from: expected) == .none } ?? false
    }
    return same.count == 1 ? same.first : nil
  }

  // MARK: Its form

  private mutating func mendForm(_ table: KindTable) throws {
    let name = table.kind.name
    guard var object = try objects.table(named: name), var form = TableForm(object.sql) else { return }
    let expected = try expected(table)
    let unusable = UnusableObjects(connection)
    done += try unusable.dropIndexes(on: name)
    let sample = RowSample(transaction, table, form)
    let own = try OwnColumns(transaction.meta).known(in: name)
    let columns = try RenamedColumns(form, expected: expected, known: own) { try sample.contradicts($0, $1) }
    let keys = table.kind.key.map(\.name)
    guard !columns.missing.contains(where: { missing in keys.contains { $0 == missing } }) else {
      return try replace(object, table, keys.filter(columns.missing.contains))
    }
    var renames: [String: String] = [:]
    for rename in columns.renames {
      add("the column \(rename.found) of \(name) is called \(rename.name) again; what was typed there counts")
      unseen.insert(table.kind.id)
      do {
        try connection.execute("ALTER TABLE \(name) RENAME COLUMN \(rename.found.sql) TO \(rename.name.sql)")
      } catch {
        // SQLite refuses it beside a broken view of a clerk's, which is not ours to take away.
        renames[rename.found] = rename.name
      }
    }
    if !columns.renames.isEmpty, let again = try objects.table(named: name), let parsed = TableForm(again.sql) {
      (object, form) = (again, parsed)
    }
    let removed = try unusable.columns(of: name, form, besides: expected)
    for (column, reason) in removed {
      add(
        "the column \(column.name) of yours in \(name) cannot be worked out here (\(reason)) and was removed: \(column.definition)"
      )
      form.remove(column)
    }
    switch removed.isEmpty ? form.difference(from: expected) : .rows {
    case .none: break
    case .constraints(let body): try objects.restate(object, as: body)
    case .rows:
      try rebuild(table, form, expected, renaming: renames)
      unseen.insert(table.kind.id)
      if columns.missing.isEmpty, columns.renames.isEmpty, removed.isEmpty {
        add("the table \(name) had lost its form and was built again")
      }
    }
    if !columns.missing.isEmpty { try refill(table, columns.missing) }
  }

  /// Renames a table that lost a column of its key, because its rows cannot be identified, and builds the kind's own again.
  private mutating func replace(_ object: SchemaObjects.Object, _ table: KindTable, _ missing: [String]) throws {
    let name = try objects.setAside(object)
    try connection.execute(table.createTable(federation: transaction.identity.role.federation))
    let lost = table.isShared ? try transaction.capture.dropEdits(of: table.kind.id) : 0
    if table.isShared { try restoreRows(table) }
    try transaction.meta.set(.staleTotals, .integer(1))
    add(
      "the table \(table.kind.name) had lost \(missing.joined(separator: " and ")) of its key, so it is called \(name) "
        + "now, and \(table.kind.name) was built again from the log" + Self.lost(lost))
  }

  /// Fills columns that were dropped with what the log has.
  private mutating func refill(_ table: KindTable, _ missing: [String]) throws {
    let name = table.kind.name
    let fields = table.fields.filter { missing.contains($0.name) }
    let gone = table.registers.filter { register in
      !register.fields.isEmpty && register.fields.allSatisfy { field in fields.contains { $0.id == field.id } }
    }
    let lost = table.isShared ? try transaction.capture.drop(gone.reduce(0) { $0 | $1.id.bit }, of: table.kind.id) : 0
    if table.isShared { try ColumnRefill(transaction, table, fields, owner: missing.contains("federation")).run() }
    unseen.insert(table.kind.id)
    let isLocal = fields.isEmpty && !missing.contains("federation")
    add(
      "the column\(missing.count == 1 ? "" : "s") \(missing.joined(separator: ", ")) of \(name) had been dropped and "
        + "\(missing.count == 1 ? "is" : "are") back, "
        + (isLocal ? "empty, for no other copy exists" : "filled from the log") + Self.lost(lost))
  }

  // MARK: Rows

  /// Builds a table anew in which columns of a clerk's own have other names.
  mutating func rebuild(_ table: KindTable, renaming others: [String: String]) throws {
    guard let object = try objects.table(named: table.kind.name), let form = TableForm(object.sql) else { return }
    try rebuild(table, form, try expected(table), renaming: others)
  }

  private mutating func rebuild(
    _ table: KindTable, _ form: TableForm, _ expected: TableForm, renaming others: [String: String]
  ) throws {
    let name = table.kind.name
    let fresh = try objects.free("birlik_new_\(name)")
    var own: [TableForm.Column] = []
    for column in form.columns where expected.column(named: others[column.name] ?? column.name) == nil {
      own.append(column)
      if column.refusesRows {
        add("the column \(column.name) of yours in \(name) may be empty now, or others' records would be refused")
      }
    }
    try connection.execute("CREATE TABLE \(fresh.sql)\(expected.adding(own, renaming: others))")
    let rejected = try RowCopy(transaction, table, form, expected, renaming: others).run(from: name, to: fresh)
    if rejected > 0 {
      add("\(rejected == 1 ? "1 row" : "\(rejected) rows") of \(name) could not stay: see `birlik inbox`")
    }
    let kept = try objects.clerksOwn(on: name)
    connection.forgetStatements()
    try connection.execute("DROP TABLE \(name)")
    // Views, triggers and references of a clerk's name the table as ever.
    try connection.withoutFollowingNames { try connection.execute("ALTER TABLE \(fresh.sql) RENAME TO \(name)") }
    for object in kept {
      do { try connection.execute(object.sql) } catch {
        add("the \(object.sort.rawValue) \(object.name) of yours on \(name) could not stay: \(object.sql)")
      }
    }
    connection.forgetStatements()
  }

  /// Shows again what the log has. A record whose deletion waits to be sent stays deleted.
  private func restoreRows(_ table: KindTable) throws {
    let deleted = try transaction.capture.edits(of: table, after: transaction.held.edits(of: table.kind.id)).filter {
      $0.value.deletion != nil
    }
    try transaction.heads.eachPage(of: table.kind.id) { keys in
      let folded = try transaction.records.fold(table, Set(keys))
      for key in keys where deleted[key] == nil { try transaction.records.show(table, key, folded[key] ?? []) }
    }
  }
}
