import SyncCore
import Wire

/// The catalog that this node follows, with the SQL of its tables and triggers.
final class AdoptedCatalog {
  private(set) var published: PublishedCatalog
  private(set) var tables: [KindID: KindTable]
  /// The triggers by name, as bytes of their SQL.
  private(set) var triggers: [String: [UInt8]]
  /// A digest of the statements that make the tables: it changes with the form that tables should have.
  private(set) var form: String
  private let connection: Connection

  init(_ published: PublishedCatalog, _ connection: Connection) {
    self.published = published
    self.connection = connection
    tables = Self.tables(of: published.catalog)
    triggers = Self.triggers(of: tables)
    form = Self.form(of: tables)
  }

  var catalog: Catalog { published.catalog }

  /// Goes over to another catalog. Its tables and triggers have to be there already.
  func use(_ other: PublishedCatalog) {
    published = other
    tables = Self.tables(of: other.catalog)
    triggers = Self.triggers(of: tables)
    form = Self.form(of: tables)
    connection.forgetStatements()
  }

  /// - Throws: `StoreError` with code `unknown` for a kind that the catalog has not.
  func table(named name: String) throws(StoreError) -> KindTable {
    if let kind = catalog.kind(named: name), let table = tables[kind.id] { return table }
    let kinds = catalog.kinds.map(\.name).sorted().joined(separator: ", ")
    throw StoreError(.unknown, "looking up the kind", "there is no kind '\(name)'", hint: "there are \(kinds)")
  }

  /// The tables of the kinds that are logged, in the catalog's order.
  var sharedTables: [KindTable] { catalog.kinds.compactMap { tables[$0.id] }.filter(\.isShared) }

  /// Makes the triggers what the catalog says, byte for byte. A clerk's trigger that has the name of one gets another.
  ///
  /// - Returns: whether something had to be built, and what a clerk should know, a clause for each trigger.
  @discardableResult
  func rebuildTriggers() throws -> (built: Bool, renamed: [String]) {
    let expected = triggers.mapValues { String(decoding: $0, as: UTF8.self) }
    var existing: [String: (sql: String, table: String)] = [:]
    let statement = try connection.prepared(
      "SELECT name, sql, tbl_name FROM sqlite_master WHERE type='trigger' AND name LIKE 'birlik\\_%' ESCAPE '\\'")
    while try statement.step() { existing[statement.string(0)] = (statement.string(1), statement.string(2)) }
    var (built, renamed) = (false, [String]())
    for (name, trigger) in existing.sorted(by: { $0.key < $1.key }) where expected[name] != trigger.sql {
      if CaptureTable.isRecorded(by: trigger.sql) || trigger.sql.contains("SELECT RAISE(ABORT,")
        || isTable(trigger.table)
      {
        try connection.execute("DROP TRIGGER \(name.sql)")
      } else {
        let other = try SchemaObjects(connection).setAsideTrigger(named: name)
        renamed.append("the trigger \(name) of yours is called \(other) now, for a trigger of birlik's needs its name")
      }
      built = true
    }
    for (name, sql) in expected.sorted(by: { $0.key < $1.key }) where existing[name]?.sql != sql {
      try connection.execute(sql)
      built = true
    }
    return (built, renamed)
  }

  private func isTable(_ name: String) -> Bool {
    tables.values.contains { SQLText.folded($0.kind.name) == SQLText.folded(name) }
  }

  private static func tables(of catalog: Catalog) -> [KindID: KindTable] {
    Dictionary(uniqueKeysWithValues: catalog.kinds.map { ($0.id, KindTable($0)) })
  }

  private static func form(of tables: [KindID: KindTable]) -> String {
    let statements = tables.values.map { $0.createTable(federation: "") }.sorted().joined(separator: "\n")
    return Hex.string(Digest(sha256: Array(statements.utf8)).bytes)
  }

  private static func triggers(of tables: [KindID: KindTable]) -> [String: [UInt8]] {
    var triggers: [String: [UInt8]] = [:]
    for table in tables.values { for trigger in table.triggers { triggers[trigger.name] = Array(trigger.sql.utf8) } }
    return triggers
  }
}
