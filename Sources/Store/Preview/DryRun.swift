import Foundation
import GRDB
import Glibc
import SyncCore
import Wire

/// What changes amount to, for a person who wants to know before they are made.
public struct ChangeTally: Sendable, Equatable {
  /// The changes of one kind.
  public struct Part: Sendable, Equatable {
    public var kind: String
    public var records = 0
    public var changes = 0
    /// The first few, each with the key of its record.
    public var first: [Row] = []
  }

  public struct Row: Sendable, Equatable {
    /// The key as people write it.
    public var key: String
    public var entry: HistoryEntry
  }

  /// How many changes of each kind are told one by one.
  static let told = 3

  /// By kind, in the catalog's order.
  public internal(set) var parts: [Part] = []
  public var changes: Int { parts.reduce(0) { $0 + $1.changes } }

  public init() {}
}

/// A private copy of a node's database in which a sync is rehearsed.
///
/// Personal data is not copied, and the copy's file has no name any more as soon as it is open: however the program ends,
/// nothing of it stays behind.
public final class DryRun {
  /// The copy. Its changes reach neither the node's file nor anybody else.
  public let store: Store
  private var tallies: (sent: Tally, received: Tally)

  /// Copies a node's database.
  ///
  /// - Throws: `StoreError` with code `full` when the temporary folder cannot take the copy.
  public init(of original: Store) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-rehearsal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("copy.db").path
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw StoreError(.notPermitted, "rehearsing", "no file can be made in \(folder.path)", hint: "set TMPDIR")
    }
    Glibc.close(file)
    try Self.copy(original, to: path)
    store = try Store(path: path, key: original.identity.key)
    tallies = (Tally(), Tally())
    try store.inQueue { engine in
      engine.stateFile = nil
      // A journal would need a place beside the file, which goes now.
      try engine.connection.execute("PRAGMA journal_mode=MEMORY")
      try engine.connection.execute("PRAGMA synchronous=OFF")
      try engine.connection.execute("PRAGMA cache_spill=ON")
    }
  }

  // MARK: The copy

  private static func copy(_ original: Store, to path: String) throws {
    let catalog = try original.catalog()
    do {
      let queue = try DatabaseQueue(path: path, configuration: Store.configuration(capturing: false))
      try queue.inDatabase { database in
        let target = Connection(database)
        defer { target.forgetStatements() }
        for setting in ["main.journal_mode=OFF", "main.synchronous=OFF", "cache_spill=ON"] {
          try target.execute("PRAGMA \(setting)")
        }
        let attach = try target.prepared("ATTACH ?1 AS source")
        attach.bind(1, text: original.path)
        try attach.step()
        // One transaction reads the node's file as it stands at one moment.
        try target.execute("BEGIN")
        try target.execute("PRAGMA main.application_id=\(Schema.applicationID)")
        try target.execute("PRAGMA main.user_version=\(Schema.version)")
        try copyTables(catalog, target)
        // What a sync would find amiss in the file's form it finds in the copy as well, and nothing else.
        let isSound = try original.read { try $0.isCaptureSound() }
        try target.execute(
          "UPDATE main.birlik_meta SET value=\(isSound ? "(SELECT schema_version FROM pragma_schema_version)" : "-1") "
            + "WHERE name='\(Meta.checkedSchema.rawValue)'")
        try target.execute("COMMIT")
        target.forgetStatements()
        try target.execute("DETACH source")
      }
      try queue.close()
    } catch let error as DatabaseError {
      throw StoreError(error, "rehearsing")
    }
  }

  private static func copyTables(_ catalog: Catalog, _ target: Connection) throws {
    for entry in try schema(target) where entry.type == "table" && isNeeded(entry.table, catalog) {
      try target.execute(entry.sql)
      let name = entry.table.sql
      guard let kind = catalog.kind(named: entry.table) else {
        try target.execute("INSERT INTO main.\(name) SELECT * FROM source.\(name)")
        continue
      }
      guard kind.recordClass != .local else { continue }
      let columns = kind.key.map(\.name) + ["federation"] + kind.fields.filter { !$0.isLocal }.map(\.name)
      let list = columns.map(\.sql).joined(separator: ", ")
      try target.execute("INSERT INTO main.\(name)(\(list)) SELECT \(list) FROM source.\(name)")
    }
    for entry in try schema(target) where entry.type != "table" && isNeeded(entry.table, catalog) {
      try target.execute(entry.sql)
    }
  }

  private static func isNeeded(_ table: String, _ catalog: Catalog) -> Bool {
    table.hasPrefix("birlik_") ? table != "birlik_invitation" : catalog.kind(named: table) != nil
  }

  private static func schema(_ target: Connection) throws -> [(type: String, table: String, sql: String)] {
    let select = try target.prepared("SELECT type, tbl_name, sql FROM source.sqlite_master WHERE sql IS NOT NULL")
    var entries: [(type: String, table: String, sql: String)] = []
    while try select.step() { entries.append((select.string(0), select.string(1), select.string(2))) }
    return entries
  }

  // MARK: What would go and come

  /// The identity under which the copy seals: what it sealed is nothing that a peer could know.
  public func origin() throws -> Origin { try store.origin() }

  /// Counts what arrived. To be called after it was absorbed, for what the catalog then says.
  public func noteReceived(_ segments: [[UInt8]]) throws {
    try store.read { engine in
      for bytes in segments {
        if let segment = try? Segment(bytes: bytes) { try tallies.received.add(segment, engine) }
      }
    }
  }

  /// What came in so far.
  public func received() throws -> ChangeTally { try store.read { tallies.received.result($0) } }

  /// What a peer lacks of the copy.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what was shown to it and whether it holds it.
  public func lacking(
    _ frontier: [FrontierEntry], marks: [FrontierMark], role: NodeRole
  ) throws -> ChangeTally {
    try store.read { engine in
      let plan = try ExchangePlan(engine.streams, peer: frontier, marks: marks) { try engine.position(of: $0) }
      var tally = Tally()
      for (number, stream) in engine.streams.streams.enumerated()
      where role.mayRead(stream.channel) && engine.maySend(stream.channel) {
        guard let from = plan.lacks(number, of: engine.streams) else { continue }
        let select = try engine.connection.prepared(
          "SELECT id FROM birlik_segment WHERE stream=?1 AND last>?2 ORDER BY last")
        select.bind(1, number)
        select.bind(2, from)
        var ids: [Int64] = []
        while try select.step() { ids.append(select.int64(0)) }
        for id in ids {
          let read = try engine.connection.prepared("SELECT bytes FROM birlik_segment WHERE id=?1")
          read.bind(1, id)
          guard try read.step() else { continue }
          let bytes = read.bytes(0)
          read.reset()
          try tally.add(try Segment(bytes: bytes), engine)
        }
      }
      return tally.result(engine)
    }
  }
}

extension Store {
  /// The identity under which this node seals now.
  public func origin() throws -> Origin { try read { try $0.origin() } }
}

/// Counts changes segment by segment.
private struct Tally {
  private var parts: [Int: ChangeTally.Part] = [:]
  /// The distinct records of each kind.
  private var records: [Int: Set<RecordKey>] = [:]

  mutating func add(_ segment: Segment, _ engine: Engine) throws {
    // One whose body cannot be read is kept by the absorber as well.
    guard let blocks = try? segment.blocks() else { return }
    let stream = try engine.position(of: segment.hash)?.stream
    var sequence = segment.header.first
    for block in blocks {
      defer { sequence &+= Int64(block.count) }
      var part = parts[block.kind] ?? ChangeTally.Part(kind: "")
      part.changes += block.count
      var cursor = KindBlock.Cursor(block)
      for place in 0..<block.count {
        defer { cursor.pass(place, of: block) }
        let key = block.key(place)
        records[block.kind, default: []].insert(key)
        guard part.first.count < ChangeTally.told, let stream, let table = engine.tables[block.kind] else { continue }
        let logged = Engine.LoggedChange(
          change: block.change(place, at: cursor),
          clock: Clock(stream: stream, sequence: sequence &+ Int64(place), time: block.times[place]),
          seen: VersionVector(), hash: segment.hash)
        if let entry = engine.entry(logged, table) {
          part.first.append(ChangeTally.Row(key: key.display, entry: entry))
        }
      }
      parts[block.kind] = part
    }
  }

  func result(_ engine: Engine) -> ChangeTally {
    var tally = ChangeTally()
    tally.parts = parts.sorted { $0.key < $1.key }.map { kind, part in
      var part = part
      part.kind = engine.tables[kind]?.kind.name ?? SystemKind.kind(kind)?.name ?? "kind \(kind)"
      part.records = records[kind]?.count ?? 0
      return part
    }
    return tally
  }
}
