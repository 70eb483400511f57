import SyncCore
import Wire

/// Makes the tables of a new file, and those that a file of an earlier program lacks.
struct Layout {
  private let transaction: Transaction
  private var connection: Connection { transaction.connection }
  private var identity: Identity { transaction.identity }
  private var meta: MetaTable { transaction.meta }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Writes a new file's tables and who the node is.
  func write(_ beginning: Store.Beginning) throws {
    try connection.execute("PRAGMA application_id=\(Schema.applicationID)")
    try connection.execute("PRAGMA user_version=\(Schema.version)")
    for table in Schema.tables + Schema.snapshots { try connection.execute(table) }
    try meta.set(.card, blob: identity.card.bytes)
    try meta.set(.headquarters, blob: identity.headquarters)
    try meta.set(.catalog, blob: beginning.catalog.bytes)
    try transaction.renewNonce()
    try meta.set(.offset, .integer(beginning.offset))
    try meta.set(.serverTrust, blob: beginning.trust.bytes)
    if let upstream = beginning.upstream {
      try meta.set(.upstream, .text(upstream))
      try meta.set(.clockMeasuredAt, .integer(SystemClock.now() &+ beginning.offset))
    }
    try transaction.directory.add(beginning.headquartersCard)
    try transaction.directory.add(identity.card)
    for kind in transaction.catalog.kinds {
      guard let table = transaction.table(kind.id) else { continue }
      try connection.execute(table.createTable(federation: identity.role.federation))
      for trigger in table.triggers { try connection.execute(trigger.sql) }
    }
    try meta.set(.generation, .integer(1))
    try CaptureRepair(transaction).recordSchema()
  }

  /// Makes the tables that a file of an earlier program lacks.
  static func addTables(to file: StoreFile) throws {
    let known = try file.connection.prepared("SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?1")
    let missing = try Schema.added.filter { table in
      known.bind(1, text: table.name)
      defer { known.reset() }
      return try known.step() && known.int(0) == 0
    }
    guard !missing.isEmpty else { return }
    try file.write { transaction in
      for table in missing { try transaction.connection.execute(table.sql) }
      try CaptureRepair(transaction).recordSchema()
    }
  }
}
