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
    for table in Schema.tables + Schema.snapshots { try connection.execute(table) }
    try SchemaUpgrade.mark(connection)
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
    if let invitation = beginning.invitation { try meta.set(.invitation, blob: invitation.bytes) }
    if let listen = beginning.listen { try meta.set(.listen, .text(listen)) }
    if let files = beginning.serverFiles {
      try meta.set(.tlsCertificate, .text(files.certificate))
      try meta.set(.tlsKey, .text(files.key))
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

  /// Makes the tables that a file of an earlier program lacks, and the indexes that a tool lost which copied it.
  static func complete(_ file: StoreFile) throws {
    let known = try file.connection.prepared("SELECT count(*) FROM sqlite_master WHERE type=?1 AND name=?2")
    func missing(_ type: String, _ objects: [(name: String, sql: String)]) throws -> [String] {
      try objects.filter { object in
        known.bind(1, text: type)
        known.bind(2, text: object.name)
        defer { known.reset() }
        return try known.step() && known.int(0) == 0
      }.map(\.sql)
    }
    let indexes = try missing("index", Schema.indexes)
    // Before anything is looked up through them. Whatever lost them changed the schema, so its form is checked after it.
    if !indexes.isEmpty { try file.connection.transaction { for sql in indexes { try file.connection.execute(sql) } } }
    let tables = try missing("table", Schema.added)
    guard !tables.isEmpty else { return }
    // Before anything else: whatever mends the file may use them.
    try file.connection.transaction {
      let repair = CaptureRepair(Transaction(file, nil))
      let wasSound = try repair.isSound()
      for sql in tables { try file.connection.execute(sql) }
      if wasSound { try repair.recordSchema() }
    }
  }
}
