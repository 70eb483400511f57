import SyncCore
import Wire

/// The catalog that this node follows, with the SQL of its tables and triggers.
final class AdoptedCatalog {
  private(set) var published: PublishedCatalog
  private(set) var tables: [KindID: KindTable]
  /// The triggers by name, as bytes of their SQL.
  private(set) var triggers: [String: [UInt8]]
  private let connection: Connection

  init(_ published: PublishedCatalog, _ connection: Connection) {
    self.published = published
    self.connection = connection
    tables = Self.tables(of: published.catalog)
    triggers = Self.triggers(of: tables)
  }

  var catalog: Catalog { published.catalog }

  /// Goes over to another catalog. Its tables and triggers have to be there already.
  func use(_ other: PublishedCatalog) {
    published = other
    tables = Self.tables(of: other.catalog)
    triggers = Self.triggers(of: tables)
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

  /// Makes the triggers what the catalog says, byte for byte.
  ///
  /// - Returns: true when something had to be built.
  @discardableResult
  func rebuildTriggers() throws -> Bool {
    let expected = triggers.mapValues { String(decoding: $0, as: UTF8.self) }
    var existing: [String: String] = [:]
    let statement = try connection.prepared(
      "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND name LIKE 'birlik\\_%' ESCAPE '\\'")
    while try statement.step() { existing[statement.string(0)] = statement.string(1) }
    var built = false
    for (name, sql) in existing.sorted(by: { $0.key < $1.key }) where expected[name] != sql {
      try connection.execute("DROP TRIGGER \"\(name.replacing("\"", with: "\"\""))\"")
      built = true
    }
    for (name, sql) in expected.sorted(by: { $0.key < $1.key }) where existing[name] != sql {
      try connection.execute(sql)
      built = true
    }
    return built
  }

  private static func tables(of catalog: Catalog) -> [KindID: KindTable] {
    Dictionary(uniqueKeysWithValues: catalog.kinds.map { ($0.id, KindTable($0)) })
  }

  private static func triggers(of tables: [KindID: KindTable]) -> [String: [UInt8]] {
    var triggers: [String: [UInt8]] = [:]
    for table in tables.values { for trigger in table.triggers { triggers[trigger.name] = Array(trigger.sql.utf8) } }
    return triggers
  }
}
