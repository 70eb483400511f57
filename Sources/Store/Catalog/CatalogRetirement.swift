import SyncCore

/// What goes with a later catalog: columns and kinds that it retires, and a clerk's own ones whose names it takes.
extension Engine {
  /// Refuses a catalog that would drop, retype or give away what people typed here, whoever signed it.
  func checkSuccession(_ later: Catalog) throws {
    let kept = try meta(.everLocal)?.display.split(separator: "\n").map(String.init) ?? []
    let everLocal = catalog.localNames.union(kept)
    if let hindrance = catalog.hindrance(to: later, everLocal: everLocal) {
      throw StoreError(
        .notPermitted, "going over to catalog \(later.version)", hindrance,
        hint: "tell headquarters; nothing was changed, and this node goes on with catalog \(catalog.version)")
    }
    let names = everLocal.sorted().joined(separator: "\n")
    if !names.isEmpty { try setMeta(.everLocal, .text(names)) }
  }

  /// Writes out values that stand in rows alone and whose columns the later catalog no longer knows, so that heads keep
  /// them as they keep everything that a catalog does not know.
  ///
  /// - Parameter later: the kind as the later catalog has it; nil where it has none.
  func writeOut(_ table: KindTable, unknownTo later: Kind?) throws {
    let gone = Set(table.fields.map(\.id)).subtracting(later?.fields.map(\.id) ?? [])
    guard table.isShared, later == nil || !gone.isEmpty else { return }
    var last: [UInt8] = []
    while true {
      let select = try connection.prepared(
        "SELECT DISTINCT key FROM birlik_head WHERE kind=?1 AND key>?2 ORDER BY key LIMIT ?3")
      select.bind(1, table.kind.id)
      select.bind(2, blob: last)
      select.bind(3, RowCheck.batchLimit)
      var keys: [RecordKey] = []
      while try select.step() { keys.append(RecordKey(bytes: select.bytes(0))) }
      guard let end = keys.last else { break }
      last = end.bytes
      for key in keys {
        for slot in try slots(table, kind: table.kind.id, key: key) {
          let holds = slot.state.knownRegisters.contains { key in
            slot.state.heads(key).contains { $0.content.cells.contains { gone.contains($0.field) } }
          }
          guard later == nil || holds else { continue }
          let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
          if bytes != slot.stored { try save(bytes, kind: table.kind.id, key: key, channel: slot.channel) }
        }
      }
    }
    guard later == nil else { return }
    // A kind that nobody knows has neither conflicts nor wrong values.
    for list in ["birlik_conflict", "birlik_invalid"] {
      try connection.execute("DELETE FROM \(list) WHERE kind=\(table.kind.id)")
    }
  }

  /// Takes retired columns and tables out of the clerks' sight, for what is typed there would go nowhere.
  func retire(_ table: KindTable, in later: Kind?) throws {
    guard table.isShared else { return }
    guard let later else {
      return catalog.kind(named: table.kind.name) == nil ? try makeRoom(table: table.kind.name, as: "retired") : ()
    }
    for field in table.fields where later.field(field.id) == nil {
      // One that a view or an index of a clerk's still names stays; it is of no consequence.
      try? connection.execute("ALTER TABLE \(later.name) DROP COLUMN \(field.name.sql)")
    }
    connection.forgetStatements()
  }

  /// Adds columns to a table. A column of a clerk's own that has the name of one of them gets another.
  func add(_ fields: [Field], to table: KindTable) throws {
    let name = table.kind.name
    let columns = try names("SELECT name FROM pragma_table_info('\(name)')")
    var others: [String: String] = [:]
    for field in fields {
      guard let own = columns.first(where: { $0.lowercased() == field.name.lowercased() }) else { continue }
      others[own] = free(field.name + "_own", columns + others.values)
    }
    do {
      for (own, other) in others.sorted(by: { $0.key < $1.key }) {
        try connection.execute("ALTER TABLE \(name) RENAME COLUMN \(own.sql) TO \(other.sql)")
      }
    } catch {
      // SQLite refuses it beside a broken view of a clerk's, which is not ours to take away.
      return try rebuild(table, renaming: others)
    }
    for field in fields { try connection.execute("ALTER TABLE \(name) ADD COLUMN \(KindTable.column(field))") }
  }

  /// Gives a table of a clerk's own, or one of a retired kind, another name.
  func makeRoom(table: String, as suffix: String = "own") throws {
    let tables = try names("SELECT name FROM sqlite_master")
    guard tables.contains(where: { $0.lowercased() == table.lowercased() }) else { return }
    let isView = try names("SELECT name FROM sqlite_master WHERE type='view'").contains { $0 == table }
    // A view has no rows of its own, and cannot be renamed.
    if isView { return try connection.execute("DROP VIEW \(table)") }
    let sql = "ALTER TABLE \(table) RENAME TO \(free("\(table)_\(suffix)", tables).sql)"
    do { try connection.execute(sql) } catch {
      // As beside a broken view.
      try connection.withoutFollowingNames { try connection.execute(sql) }
    }
  }

  private func free(_ name: String, _ taken: [String]) -> String {
    let lowercased = Set(taken.map { $0.lowercased() })
    var number = 1
    while lowercased.contains((number == 1 ? name : "\(name)\(number)").lowercased()) { number += 1 }
    return number == 1 ? name : "\(name)\(number)"
  }

  private func names(_ sql: String) throws -> [String] {
    let select = try connection.prepared(sql)
    var names: [String] = []
    while try select.step() { names.append(select.string(0)) }
    return names
  }
}
