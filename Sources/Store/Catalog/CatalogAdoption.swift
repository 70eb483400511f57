import SyncCore
import Wire

/// Goes over to a later catalog: tables, columns and triggers, and what was kept for fields that were unknown so far.
struct CatalogAdoption {
  private let transaction: Transaction
  private var connection: Connection { transaction.connection }
  private var catalog: Catalog { transaction.catalog }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Refuses a catalog that would drop, retype or give away what people typed here, whoever signed it.
  func checkSuccession(_ later: Catalog) throws {
    let kept = try transaction.meta.text(.everLocal)?.split(separator: "\n").map(String.init) ?? []
    let everLocal = catalog.localNames.union(kept)
    if let hindrance = catalog.hindrance(to: later, everLocal: everLocal) {
      throw StoreError(
        .notPermitted, "going over to catalog \(later.version)", hindrance,
        hint: "tell headquarters; nothing was changed, and this node goes on with catalog \(catalog.version)")
    }
    let names = everLocal.sorted().joined(separator: "\n")
    if !names.isEmpty { try transaction.meta.set(.everLocal, .text(names)) }
  }

  /// Goes over to a later catalog: new tables and columns, triggers, and what was kept for fields unknown so far.
  ///
  /// To be called after everything captured was sealed, in the same transaction.
  func adopt(_ later: PublishedCatalog) throws {
    let earlier = transaction.adopted.tables
    for table in earlier.values { try writeOut(table, unknownTo: later.catalog.kind(table.kind.id)) }
    // They hold what their federations might read when they were taken.
    if later.catalog.observers != catalog.observers { try transaction.snapshots.tidy(now: SystemClock.now(), kept: 0) }
    transaction.adopted.use(later)
    for kind in later.catalog.kinds {
      guard let table = transaction.table(kind.id) else { continue }
      if let known = earlier[kind.id] {
        try add(kind.fields.filter { known.kind.field($0.id) == nil }, to: table)
      } else {
        try makeRoom(table: kind.name)
        try connection.execute(table.createTable(federation: transaction.identity.role.federation))
      }
    }
    for words in try transaction.adopted.rebuildTriggers().renamed { try report(words) }
    for table in earlier.values { try retire(table, in: later.catalog.kind(table.kind.id)) }
    for kind in later.catalog.kinds {
      guard let table = transaction.table(kind.id), table.isShared, earlier[kind.id]?.kind != kind else { continue }
      try showAgain(table)
    }
    // Codes and bounds that changed are checked at the door.
    var repair = TableRepair(transaction)
    try repair.mend()
    for words in repair.done { try report(words) }
    transaction.restartTotals()
    transaction.totalsTracker?.countAgain()
    try transaction.meta.set(.catalog, blob: later.bytes)
    try CaptureRepair(transaction).recordSchema()
    transaction.changeWhatOthersRemember()
  }

  /// Shows again what could not be shown whole so far.
  private func showAgain(_ table: KindTable) throws {
    let keys = try transaction.heads.keys(of: table.kind.id, in: .full)
    for key in keys { try transaction.records.show(table, key, try transaction.records.slots(table, key)) }
  }

  // MARK: What goes with the earlier catalog

  /// Writes out values that stand in rows alone and whose columns the later catalog no longer knows, so that heads keep
  /// them as they keep everything that a catalog does not know.
  ///
  /// - Parameter later: the kind as the later catalog has it; nil where it has none.
  private func writeOut(_ table: KindTable, unknownTo later: Kind?) throws {
    let gone = Set(table.fields.map(\.id)).subtracting(later?.fields.map(\.id) ?? [])
    guard table.isShared, later == nil || !gone.isEmpty else { return }
    try transaction.heads.eachPage(of: table.kind.id) { keys in
      for key in keys {
        for slot in try transaction.records.slots(table, key) {
          let holds = slot.state.knownRegisters.contains { key in
            slot.state.heads(key).contains { $0.content.cells.contains { gone.contains($0.field) } }
          }
          guard later == nil || holds else { continue }
          try transaction.heads.saveFull(slot, kind: table.kind.id, key: key)
        }
      }
    }
    // A kind that the catalog does not know has neither conflicts nor invalid values.
    if later == nil { try transaction.conflicts.forget(table.kind.id) }
  }

  /// Takes retired columns and tables out of the clerks' sight, for what is typed there would go nowhere.
  private func retire(_ table: KindTable, in later: Kind?) throws {
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

  // MARK: New columns, and clerks' own objects of their names

  /// Adds columns to a table. A column of a clerk's own that has the name of one of them gets another.
  private func add(_ fields: [Field], to table: KindTable) throws {
    let name = table.kind.name
    let objects = SchemaObjects(connection)
    let columns = try objects.table(named: name).flatMap { TableForm($0.sql) }?.columns.map(\.name) ?? []
    var others: [String: String] = [:]
    for field in fields {
      guard let own = columns.first(where: { SQLText.folded($0) == SQLText.folded(field.name) }) else { continue }
      others[own] = Self.free(field.name + "_own", columns + others.values)
    }
    for (own, other) in others.sorted(by: { $0.key < $1.key }) {
      try report("the column \(own) of yours in \(name) is called \(other)")
    }
    do {
      for (own, other) in others.sorted(by: { $0.key < $1.key }) {
        try connection.execute("ALTER TABLE \(name) RENAME COLUMN \(own.sql) TO \(other.sql)")
      }
    } catch {
      // SQLite refuses it beside a broken view of a clerk's, which is not ours to take away.
      var repair = TableRepair(transaction)
      return try repair.rebuild(table, renaming: others)
    }
    for field in fields { try connection.execute("ALTER TABLE \(name) ADD COLUMN \(KindTable.column(field))") }
  }

  /// Gives a clerk's own object that has a table's name, or the table of a retired kind, another name.
  private func makeRoom(table: String, as suffix: String = "own") throws {
    let objects = SchemaObjects(connection)
    guard let object = try objects.object(named: table) else { return }
    let other = try objects.setAside(object, as: suffix)
    if suffix == "own" {
      try report("the \(object.sort.rawValue) \(object.name) of yours is called \(other)")
    } else {
      try report("the table \(table), which the catalog no longer has, is called \(other)")
    }
  }

  private func report(_ words: String) throws {
    try transaction.meta.addNotice("Since catalog \(transaction.catalog.version) \(words).")
  }

  private static func free(_ name: String, _ taken: [String]) -> String {
    let folded = Set(taken.map(SQLText.folded))
    var candidate = name
    var number = 1
    while folded.contains(SQLText.folded(candidate)) {
      number += 1
      candidate = "\(name)\(number)"
    }
    return candidate
  }
}
