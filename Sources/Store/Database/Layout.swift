import SyncCore
import Wire

/// Making the tables and keeping the triggers.
extension Engine {
  /// Writes a new file's tables and who the node is.
  func layOut(_ beginning: Store.Beginning) throws {
    try connection.execute("PRAGMA application_id=\(Schema.applicationID)")
    try connection.execute("PRAGMA user_version=\(Schema.version)")
    for table in Schema.tables + Schema.snapshots { try connection.execute(table) }
    try setMeta(.card, blob: identity.card.bytes)
    try setMeta(.headquarters, blob: identity.headquarters)
    try setMeta(.catalog, blob: beginning.catalog.bytes)
    try setMeta(.nonce, .integer(Int64.random(in: Int64.min...Int64.max)))
    try setMeta(.offset, .integer(beginning.offset))
    try setMeta(.serverTrust, blob: beginning.trust.bytes)
    if let upstream = beginning.upstream {
      try setMeta(.upstream, .text(upstream))
      try setMeta(.clockMeasuredAt, .integer(SystemClock.now() &+ beginning.offset))
    }
    try keep(beginning.headquartersCard)
    try keep(identity.card)
    for kind in catalog.kinds {
      guard let table = tables[kind.id] else { continue }
      try connection.execute(table.createTable(federation: identity.role.federation))
      for trigger in table.triggers { try connection.execute(trigger.sql) }
    }
    try setMeta(.generation, .integer(1))
    try noteSchema()
  }

  /// Makes the tables that a file of an earlier program lacks.
  func addTables() throws {
    let known = try connection.prepared("SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?1")
    let missing = try Schema.added.filter { table in
      known.bind(1, text: table.name)
      defer { known.reset() }
      return try known.step() && known.int(0) == 0
    }
    guard !missing.isEmpty else { return }
    try write {
      for table in missing { try connection.execute(table.sql) }
      try noteSchema()
    }
  }

  /// Finds triggers that were dropped or changed, builds them again, and captures what was written meanwhile.
  func checkTriggers() throws {
    // Looking first keeps a sound file from being written.
    guard try !isCaptureSound() else { return }
    try write {}
  }

  /// Makes the triggers what the catalog says, byte for byte.
  ///
  /// - Returns: true when something had to be built.
  @discardableResult
  func rebuildTriggers() throws -> Bool {
    let expected = expectedTriggers.mapValues { String(decoding: $0, as: UTF8.self) }
    var standing: [String: String] = [:]
    let statement = try connection.prepared(
      "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND name LIKE 'birlik\\_%' ESCAPE '\\'")
    while try statement.step() { standing[statement.string(0)] = statement.string(1) }
    var built = false
    for (name, sql) in standing.sorted(by: { $0.key < $1.key }) where expected[name] != sql {
      try connection.execute("DROP TRIGGER \"\(name.replacing("\"", with: "\"\""))\"")
      built = true
    }
    for (name, sql) in expected.sorted(by: { $0.key < $1.key }) where standing[name] != sql {
      try connection.execute(sql)
      built = true
    }
    return built
  }

  /// Goes over to a later catalog: new tables and columns, triggers, and what was kept for fields unknown so far.
  ///
  /// To be called after everything captured was sealed, in the same transaction.
  func adopt(_ later: PublishedCatalog) throws {
    let earlier = tables
    for table in earlier.values { try writeOut(table, unknownTo: later.catalog.kind(table.kind.id)) }
    // They hold what their federations might read when they were taken.
    if later.catalog.observers != catalog.observers { try tidySnapshots(now: SystemClock.now(), kept: 0) }
    use(later)
    for kind in later.catalog.kinds {
      guard let table = tables[kind.id] else { continue }
      if let known = earlier[kind.id] {
        try add(kind.fields.filter { known.kind.field($0.id) == nil }, to: table)
      } else {
        try makeRoom(table: kind.name)
        try connection.execute(table.createTable(federation: identity.role.federation))
      }
    }
    try rebuildTriggers()
    for table in earlier.values { try retire(table, in: later.catalog.kind(table.kind.id)) }
    for kind in later.catalog.kinds {
      guard let table = tables[kind.id], table.isShared, earlier[kind.id]?.kind != kind else { continue }
      try projectAgain(table)
    }
    totals = TotalsTracker(engine: self)
    totals?.countAgain()
    try setMeta(.catalog, blob: later.bytes)
    try noteSchema()
    needsNewGeneration = true
  }

  /// Shows again what could not be shown whole so far.
  private func projectAgain(_ table: KindTable) throws {
    let select = try connection.prepared("SELECT key, state FROM birlik_head WHERE kind=?1")
    select.bind(1, table.kind.id)
    var keys: Set<RecordKey> = []
    while try select.step() {
      if StateCodec.form(of: select.bytes(1)) == .full { keys.insert(RecordKey(bytes: select.bytes(0))) }
    }
    for key in keys.sorted() { try project(table, key, try slots(table, kind: table.kind.id, key: key)) }
  }
}
