import SyncCore
import Wire

/// What one process knows of the store's file between transactions: catalog, streams, cards.
///
/// Local and foreign changes go through the one absorb path of this class; the only difference is that a local row is
/// written already. Its parts stand in the other files of this folder.
final class Engine {
  let connection: Connection
  let identity: Identity
  private(set) var published: PublishedCatalog
  /// The catalog that is about to be adopted: what was typed so far has the form of the present one, but may be sealed
  /// only where the later one lets it.
  var coming: Catalog?
  private(set) var tables: [Int: KindTable] = [:]
  var streams = StreamTable()
  /// The changes whose bodies are not kept here.
  var pruned = PrunedChanges()
  private(set) var channelNumbers: [Channel: Int] = [:]
  private(set) var channelNames: [Int: Channel] = [:]
  private(set) var cards: [NodeID: NodeCard] = [:]
  /// See `nodeStatements()`; nil when it has to be read again.
  var knownStatements: [NodeID: NodeStatement]?
  /// This node under its keys of today and of before.
  var ownNodes: Set<NodeID> = []
  private var generation: Int64 = -1
  private let findHead = LazyStatement("SELECT 1 FROM birlik_head WHERE kind=?1 AND key=?2")
  private let saveHead = LazyStatement(
    "INSERT INTO birlik_head(kind, key, channel, state) VALUES(?1, ?2, ?3, ?4) "
      + "ON CONFLICT(kind, key, channel) DO UPDATE SET state=excluded.state")
  private let insertHead = LazyStatement(
    "INSERT INTO birlik_head(kind, key, channel, state) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
  private var selectRows: [Int: LazyStatement] = [:]
  /// `PRAGMA data_version` when triggers were last compared with what they should be.
  var checkedDataVersion: Int64?
  /// The triggers of the catalog by name, as bytes of their SQL.
  private(set) lazy var expectedTriggers: [String: [UInt8]] = Self.triggers(of: tables)
  /// Set while a transaction runs that changes rows.
  var totals: TotalsTracker?
  /// Counted over a transaction, for reports.
  var conflictsOpened = 0
  /// Records whose changes are not absorbed; set only where the log is folded again without all of it.
  var isPassedOver: ((RecordName, _ channel: Int) -> Bool)?
  /// Whether the running transaction changed what other processes keep in memory.
  var needsNewGeneration = false
  /// Whether the running transaction changed how far this node has sealed.
  var needsNewMark = false
  /// Where that is remembered beside the database; nil for a database of no node's own.
  var stateFile: StateFile?

  init(connection: Connection, identity: Identity, published: PublishedCatalog) {
    self.connection = connection
    self.identity = identity
    self.published = published
    tables = Dictionary(uniqueKeysWithValues: published.catalog.kinds.map { ($0.id, KindTable($0)) })
  }

  var catalog: Catalog { published.catalog }

  /// What this node may do, by its card and the latest catalog that it has heard of.
  var role: NodeRole { role(identity.role) }

  func role(_ role: NodeRole) -> NodeRole {
    let catalog = coming ?? catalog
    guard !catalog.observers.isEmpty, let headquarters = headquartersChannel?.owner else { return role }
    return catalog.role(role, headquarters: headquarters)
  }

  func table(named name: String) throws(StoreError) -> KindTable {
    if let kind = catalog.kind(named: name), let table = tables[kind.id] { return table }
    let kinds = catalog.kinds.map(\.name).sorted().joined(separator: ", ")
    throw StoreError(.unknown, "looking up the kind", "there is no kind '\(name)'", hint: "there are \(kinds)")
  }

  // MARK: Transactions

  /// Runs `body` in one write transaction with everything of other processes read first, and totals kept in step.
  func write<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      var mark: StateFile.Mark?
      let value = try connection.transaction {
        try refresh()
        totals = TotalsTracker(engine: self)
        try keepCaptureSound()
        let value = try body()
        try totals?.finish()
        totals = nil
        if needsNewGeneration {
          generation &+= 1
          try setMeta(.generation, .integer(generation))
          needsNewGeneration = false
        }
        if needsNewMark {
          mark = try self.mark()
          needsNewMark = false
        }
        return value
      }
      if let mark { stateFile?.write(mark) }
      return value
    } catch {
      // What was remembered may be of a transaction that never was.
      totals = nil
      needsNewGeneration = false
      needsNewMark = false
      knownStatements = nil
      generation = -1
      checkedDataVersion = nil
      throw error
    }
  }

  /// Runs `body` in one read transaction.
  func read<Value>(_ body: () throws -> Value) throws -> Value {
    try connection.execute("BEGIN")
    defer { try? connection.execute("COMMIT") }
    try refresh()
    return try body()
  }

  /// Reads again what another process changed.
  private func refresh() throws {
    let current = try meta(.generation)?.integer ?? 0
    guard current != generation else { return }
    try checkIdentity()
    try loadCatalog()
    try loadChannels()
    try loadCards()
    try loadStreams()
    try loadOwnNodes()
    knownStatements = nil
    generation = current
  }

  private func loadCatalog() throws {
    let bytes = try bytes(of: .catalog)
    if !bytes.isEmpty, bytes != published.bytes {
      try use(PublishedCatalog(bytes: bytes, signedBy: identity.headquarters))
    }
  }

  /// Goes over to another catalog. Its tables and triggers have to stand already.
  func use(_ catalog: PublishedCatalog) {
    published = catalog
    tables = Dictionary(uniqueKeysWithValues: catalog.catalog.kinds.map { ($0.id, KindTable($0)) })
    expectedTriggers = Self.triggers(of: tables)
    selectRows = [:]
    connection.forgetStatements()
  }

  private static func triggers(of tables: [Int: KindTable]) -> [String: [UInt8]] {
    var triggers: [String: [UInt8]] = [:]
    for table in tables.values { for trigger in table.triggers { triggers[trigger.name] = Array(trigger.sql.utf8) } }
    return triggers
  }

  private func loadChannels() throws {
    channelNumbers = [:]
    channelNames = [:]
    let statement = try connection.prepared("SELECT id, name FROM birlik_channel")
    while try statement.step() {
      guard let channel = Channel(statement.string(1)) else { continue }
      channelNumbers[channel] = statement.int(0)
      channelNames[statement.int(0)] = channel
    }
  }

  private func loadCards() throws {
    cards = [:]
    let statement = try connection.prepared("SELECT card FROM birlik_card")
    var all: [[UInt8]] = []
    while try statement.step() { all.append(statement.bytes(0)) }
    for bytes in all {
      let card = try NodeCard(bytes: bytes, signedBy: identity.headquarters)
      cards[card.id] = card
    }
  }

  private func loadStreams() throws {
    streams = StreamTable(streams: try storedStreams())
    try loadPruned()
  }

  /// The streams as the file names them.
  ///
  /// - Throws: `StoreError` with code `damaged` for one that is not well formed.
  func storedStreams() throws -> [LocalStream] {
    var loaded: [LocalStream] = []
    let statement = try connection.prepared(
      "SELECT s.origin, c.name, s.parent, s.fork, s.tip, s.hash, s.seen FROM birlik_stream s "
        + "LEFT JOIN birlik_channel c ON c.id=s.channel ORDER BY s.id")
    while try statement.step() {
      guard let origin = Origin(bytes: statement.bytes(0)), let channel = Channel(statement.string(1)),
        let hash = Digest(bytes: statement.bytes(5))
      else {
        statement.reset()
        throw StoreError(.damaged, "reading the streams", "a stream is not well formed")
      }
      let parent = statement.isNull(2) ? nil : Position(stream: statement.int(2), sequence: statement.int64(3))
      loaded.append(
        LocalStream(
          origin: origin, channel: channel, parent: parent,
          tip: Tip(origin: origin, sequence: statement.int64(4), hash: hash), seen: try decodeSeen(statement.bytes(6))))
    }
    return loaded
  }

  private func decodeSeen(_ bytes: [UInt8]) throws(WireError) -> VersionVector {
    var reader = ByteReader(bytes, operation: "reading the streams")
    var seen = VersionVector()
    while !reader.isAtEnd {
      let stream = try reader.count(limit: Int(Int32.max), of: "streams")
      seen.raise(stream, to: try reader.number())
    }
    return seen
  }

  // MARK: Rows and heads

  /// The row under a key, or nil.
  func row(_ table: KindTable, _ key: RecordKey) throws -> ShownRow? {
    let statement = try selectRow(table)
    table.bindKey(key, statement)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return ShownRow(
      federation: statement.bytes(0), values: table.fields.indices.map { statement.value($0 + 1) })
  }

  private func selectRow(_ table: KindTable) throws -> Prepared {
    if let known = selectRows[table.kind.id] { return try known.get(connection) }
    let lazy = LazyStatement(table.selectRow)
    selectRows[table.kind.id] = lazy
    return try lazy.get(connection)
  }

  /// Whether heads are known under a key.
  func isKnown(_ table: KindTable, _ key: RecordKey) throws -> Bool {
    let known = try findHead.get(connection)
    known.bind(1, table.kind.id)
    known.bind(2, blob: key.bytes)
    guard try known.step() else { return false }
    known.reset()
    return true
  }

  /// Writes the heads of a record that nobody knew.
  ///
  /// - Returns: false, with nothing written, when heads of its owner are known under the key.
  func insertFresh(_ clock: Clock, _ table: KindTable, _ key: RecordKey, channel: Int) throws -> Bool {
    var writer = ByteWriter()
    StateCodec.row(clock, into: &writer)
    let statement = try insertHead.get(connection)
    statement.bind(1, table.kind.id)
    statement.bind(2, blob: key.bytes)
    statement.bind(3, channel)
    statement.bind(4, blob: writer.bytes)
    try statement.step()
    return connection.changes == 1
  }

  /// Lets every statement go, so that the connection can close.
  func releaseStatements() {
    for statement in [findHead, saveHead, insertHead] + selectRows.values { statement.release() }
    selectRows = [:]
    connection.forgetStatements()
  }

  /// Writes a record's heads.
  func save(_ bytes: [UInt8], kind: Int, key: RecordKey, channel: Int) throws {
    let statement = try saveHead.get(connection)
    statement.bind(1, kind)
    statement.bind(2, blob: key.bytes)
    statement.bind(3, channel)
    statement.bind(4, blob: bytes)
    try statement.step()
  }

  // MARK: Single values

  func meta(_ name: Meta) throws -> Value? {
    let statement = try connection.prepared("SELECT value FROM birlik_meta WHERE name=?1")
    statement.bind(1, text: name.rawValue)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return statement.value(0)
  }

  /// A value of bytes; empty where there is none.
  func bytes(of name: Meta) throws -> [UInt8] {
    let statement = try connection.prepared("SELECT value FROM birlik_meta WHERE name=?1")
    statement.bind(1, text: name.rawValue)
    guard try statement.step() else { return [] }
    defer { statement.reset() }
    return statement.isNull(0) ? [] : statement.bytes(0)
  }

  func setMeta(_ name: Meta, _ value: Value) throws {
    let statement = try connection.prepared("INSERT OR REPLACE INTO birlik_meta(name, value) VALUES(?1, ?2)")
    statement.bind(1, text: name.rawValue)
    statement.bind(2, value)
    try statement.step()
  }

  func setMeta(_ name: Meta, blob: [UInt8]) throws {
    let statement = try connection.prepared("INSERT OR REPLACE INTO birlik_meta(name, value) VALUES(?1, ?2)")
    statement.bind(1, text: name.rawValue)
    statement.bind(2, blob: blob)
    try statement.step()
  }

  // MARK: Channels and cards

  /// The small number of a channel, given on first use.
  func number(of channel: Channel) throws -> Int {
    if let known = channelNumbers[channel] { return known }
    let number = (channelNames.keys.max() ?? 0) + 1
    let statement = try connection.prepared("INSERT INTO birlik_channel(id, name) VALUES(?1, ?2)")
    statement.bind(1, number)
    statement.bind(2, text: channel.description)
    try statement.step()
    channelNumbers[channel] = number
    channelNames[number] = channel
    needsNewGeneration = true
    return number
  }

  /// Keeps a card that headquarters signed.
  func keep(_ card: NodeCard) throws {
    guard cards[card.id] == nil else { return }
    let statement = try connection.prepared("INSERT OR REPLACE INTO birlik_card(node, card) VALUES(?1, ?2)")
    statement.bind(1, blob: card.id.bytes)
    statement.bind(2, blob: card.bytes)
    try statement.step()
    cards[card.id] = card
    needsNewGeneration = true
  }

  /// What people call a node.
  func name(of node: NodeID) -> String { cards[node]?.name ?? String(node.hex.prefix(8)) }
}

extension Engine: HeadFacts {
  func precedes(_ a: Clock, _ b: Clock) -> Bool { streams.precedes(a, b) { hash(at: $0) } }

  func author(of clock: Clock) -> Author {
    guard let stream = streams.stream(clock.stream) else { return .other }
    return Author(cards[stream.origin.node]?.role, in: stream.channel)
  }

  /// The hash of the segment that a change stands in.
  func hash(at clock: Clock) -> Digest? {
    guard
      let statement = try? connection.prepared(
        "SELECT hash FROM birlik_segment WHERE stream=?1 AND last>=?2 ORDER BY last LIMIT 1")
    else { return nil }
    statement.bind(1, clock.stream)
    statement.bind(2, clock.sequence)
    guard (try? statement.step()) == true else { return nil }
    defer { statement.reset() }
    return Digest(bytes: statement.bytes(0))
  }
}
