import SyncCore

/// The tables, views, indexes and triggers of the file, and how they get other names.
///
/// What clerks built stays theirs: where the catalog needs a name, their object gets another one and is not dropped.
struct SchemaObjects {
  struct Object {
    enum Sort: String {
      case table, view, index, trigger
    }

    var sort: Sort
    var name: String
    /// The table that an index or a trigger belongs to; the object's own name otherwise.
    var table: String
    /// Empty for what SQLite made by itself.
    var sql: String

    var isVirtual: Bool { sql.utf8.count < 4096 && SQLText(sql).tokens.prefix(2).last?.isWord("virtual") == true }

    func isNamed(_ other: String) -> Bool { SQLText.folded(name) == SQLText.folded(other) }
  }

  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  // MARK: Reading

  /// What has a name among tables, views and indexes, which share their names.
  func object(named name: String) throws -> Object? {
    try objects("lower(name)=lower(?1) AND type<>'trigger'", name).first
  }

  /// An ordinary table; nil where the name is another object's or nobody's.
  func table(named name: String) throws -> Object? {
    try object(named: name).flatMap { $0.sort == .table && !$0.isVirtual ? $0 : nil }
  }

  /// The ordinary table on which there is a trigger of this name; nil where there is no such trigger.
  func table(withTrigger name: String) throws -> Object? {
    guard let trigger = try objects("type='trigger' AND lower(name)=lower(?1)", name).first else { return nil }
    return try table(named: trigger.table)
  }

  /// The indexes and triggers that clerks built on a table.
  func clerksOwn(on table: String) throws -> [Object] {
    try objects(
      "lower(tbl_name)=lower(?1) AND type IN ('index','trigger') AND sql IS NOT NULL "
        + "AND name NOT LIKE 'birlik\\_%' ESCAPE '\\'", table)
  }

  /// All ordinary tables but the store's own.
  func tables() throws -> [Object] {
    try objects("type='table' AND name NOT LIKE ?1 ESCAPE '\\'", "birlik\\_%").filter { !$0.isVirtual }
  }

  private func objects(_ condition: String, _ value: String) throws -> [Object] {
    let select = try connection.prepared(
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master WHERE \(condition) ORDER BY rowid")
    select.bind(1, text: value)
    var found: [Object] = []
    while try select.step() {
      guard let sort = Object.Sort(rawValue: select.string(0)) else { continue }
      found.append(Object(sort: sort, name: select.string(1), table: select.string(2), sql: select.string(3)))
    }
    return found
  }

  /// A name that nothing has yet: the one given, or the same with a number.
  func free(_ name: String) throws -> String {
    let taken = try connection.prepared("SELECT 1 FROM sqlite_master WHERE lower(name)=lower(?1)")
    defer { taken.reset() }
    for number in 1... {
      let candidate = number == 1 ? name : "\(name)\(number)"
      taken.bind(1, text: candidate)
      guard try taken.step() else { return candidate }
      taken.reset()
    }
    return name
  }

  // MARK: Renaming

  /// Renames an object whose name the catalog needs.
  ///
  /// - Returns: the new name.
  func setAside(_ object: Object, as suffix: String = "own") throws -> String {
    let name = try free("\(object.name)_\(suffix)")
    if object.sort == .table {
      try renameTable(object, to: name)
    } else {
      try rewrite(object, as: name)
    }
    return name
  }

  /// Gives a clerk's trigger a name that is none of this program's.
  ///
  /// - Returns: the new name.
  func setAsideTrigger(named name: String) throws -> String {
    let other = try free("own_\(name)")
    for trigger in try objects("type='trigger' AND name=?1", name) { try rewrite(trigger, as: other) }
    return other
  }

  /// Gives a table another name. Views and triggers that read it follow.
  func renameTable(_ table: Object, to name: String) throws {
    let sql = "ALTER TABLE \(table.name.sql) RENAME TO \(name.sql)"
    do { try connection.execute(sql) } catch {
      // SQLite refuses it beside a broken view, which is not ours to take away.
      do { try connection.withoutFollowingNames { try connection.execute(sql) } } catch {
        // As for a virtual table whose module is not here.
        try rewrite(table, as: name)
      }
    }
    connection.forgetStatements()
  }

  /// Gives an object another name in the schema itself: SQLite has no statement for views, indexes and triggers.
  private func rewrite(_ object: Object, as name: String) throws {
    guard let sql = SQLText(object.sql).renamed(to: name) else {
      throw StoreError(
        .damaged, "making room for the catalog", "\(object.name) is in the way and cannot be renamed",
        hint: "rename or drop it with the tool that made it")
    }
    try change { update in
      try update(object.sort, object.name, name, [.index, .trigger].contains(object.sort) ? object.table : name, sql)
      guard object.sort == .view else { return }
      for trigger in try objects("type='trigger' AND lower(tbl_name)=lower(?1)", object.name) {
        guard let moved = SQLText(trigger.sql).movedTrigger(to: name) else { continue }
        try update(.trigger, trigger.name, trigger.name, name, moved)
      }
      for view in try objects("type='view' AND name<>?1", name) {
        let reading = SQLText(view.sql).reading(object.name, as: name)
        if reading != view.sql { try update(.view, view.name, view.name, view.name, reading) }
      }
    }
  }

  /// Gives a table another statement, under which its rows are stored as before.
  ///
  /// - Parameter body: what comes after `CREATE TABLE name`.
  func restate(_ table: Object, as body: String) throws {
    try change { update in
      try update(.table, table.name, table.name, table.name, "CREATE TABLE \(table.name.sql)\(body)")
    }
  }

  /// Changes the schema by hand, and lets SQLite read it again.
  private func change(
    _ body: (_ update: (Object.Sort, String, String, String, String) throws -> Void) throws -> Void
  ) throws {
    try connection.withoutDefense {
      try connection.execute("PRAGMA writable_schema=ON")
      do {
        try body { sort, old, name, table, sql in
          let update = try connection.prepared(
            "UPDATE sqlite_master SET name=?3, tbl_name=?4, sql=?5 WHERE type=?1 AND name=?2")
          update.bind(1, text: sort.rawValue)
          for (index, text) in [old, name, table, sql].enumerated() { update.bind(index + 2, text: text) }
          try update.step()
        }
      } catch {
        try connection.execute("PRAGMA writable_schema=RESET")
        throw error
      }
      // Other connections read the schema again when its number changes. This one made the change, so it has to be reset.
      let (next, overflow) = try connection.pragma("schema_version").addingReportingOverflow(1)
      try connection.execute("PRAGMA schema_version=\(overflow || next > Int64(Int32.max) ? 1 : next)")
      connection.forgetStatements()
      try connection.execute("PRAGMA writable_schema=RESET")
    }
    connection.forgetStatements()
  }
}
