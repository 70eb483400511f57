import Crypto
import Foundation
import GRDB
import Glibc
import SyncCore
import Wire

/// A private copy of a node's database in which a sync is tried.
///
/// Personal data is not copied, and the copy's file has no name any more as soon as it is open: however the program ends,
/// nothing of it stays behind.
public final class DryRun {
  /// The copy. Its changes reach neither the node's file nor anybody else.
  public let store: Store
  private var arrived = ChangeCounter()

  /// Copies a node's database.
  ///
  /// - Throws: `StoreError` with code `full` when the temporary folder cannot take the copy.
  public init(of original: Store) throws {
    let folder = try ScratchFolder("dry-run", Self.operation)
    defer { folder.remove() }
    let path = folder.file("copy.db")
    store = try folder.use(Self.operation) {
      try Self.copy(original, to: path)
      return try Store(path: path, key: Result { try original.identity.key })
    }
    try store.withFile { file in
      file.stateFile = nil
      file.opened = nil
      if file.identity.keyProblem != nil { file.trialKey = Curve25519.Signing.PrivateKey() }
      // A journal would need a place beside the file, which goes now.
      try file.connection.execute("PRAGMA journal_mode=MEMORY")
      try file.connection.execute("PRAGMA synchronous=OFF")
      try file.connection.execute("PRAGMA cache_spill=ON")
    }
  }

  // MARK: The copy

  private static let operation = "making a dry run"

  private static func copy(_ original: Store, to path: String) throws {
    let catalog = try original.catalog()
    do {
      let queue = try DatabaseQueue(path: path, configuration: Store.configuration())
      try queue.inDatabase { database in
        let target = Connection(database)
        defer { target.forgetStatements() }
        for setting in ["main.journal_mode=OFF", "main.synchronous=OFF", "cache_spill=ON"] {
          try target.execute("PRAGMA \(setting)")
        }
        try target.beginLenientReading()
        let attach = try target.prepared("ATTACH ?1 AS source")
        attach.bind(1, text: original.path)
        try attach.step()
        // One transaction reads the node's file as it stands at one moment.
        try target.transaction(locks: false) {
          try target.execute("PRAGMA main.application_id=\(Schema.applicationID)")
          try target.execute("PRAGMA main.user_version=\(Schema.version)")
          try copyTables(catalog, target)
          // What a sync would find amiss in the file's form it finds in the copy as well, and nothing else.
          let isSound = try original.read { try CaptureRepair($0).isSound() }
          try target.execute(
            "UPDATE main.birlik_meta SET value=\(isSound ? "(SELECT schema_version FROM pragma_schema_version)" : "-1") "
              + "WHERE name='\(Meta.checkedSchema.rawValue)'")
        }
        target.forgetStatements()
        try target.execute("DETACH source")
      }
      try queue.close()
    } catch let error as DatabaseError {
      throw StoreError(error, operation)
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
      let list = try columns(of: kind, target).map(\.sql).joined(separator: ", ")
      guard !list.isEmpty else { continue }
      try target.execute("INSERT INTO main.\(name)(\(list)) SELECT \(list) FROM source.\(name)")
    }
    for entry in try schema(target) where entry.type != "table" && isNeeded(entry.table, catalog) {
      do { try target.execute(entry.sql) } catch {
        // A clerk's, which may be written for a newer SQLite, and on which nothing depends.
        guard !entry.name.hasPrefix("birlik_") else { throw error }
      }
    }
  }

  /// The columns to copy: those of the catalog that are there and not local. One that the catalog does not know may be a
  /// renamed one, which a sync puts right, but it comes along only where it cannot be a local one.
  private static func columns(of kind: Kind, _ target: Connection) throws -> [String] {
    let found = try target.columns(of: kind.name, in: "source")
    let local = Set(kind.fields.filter(\.isLocal).map { $0.name.lowercased() })
    let shared = Set((kind.key.map(\.name) + ["federation"] + kind.fields.map(\.name)).map { $0.lowercased() })
      .subtracting(local)
    let isRenamed =
      local.isSubset(of: found.map { $0.lowercased() }) && !shared.isSubset(of: found.map { $0.lowercased() })
    return found.filter { name in
      shared.contains(name.lowercased()) || isRenamed && !local.contains(name.lowercased())
    }
  }

  private static func isNeeded(_ table: String, _ catalog: Catalog) -> Bool {
    table.hasPrefix("birlik_") ? table != "birlik_invitation" : catalog.kind(named: table) != nil
  }

  private static func schema(_ target: Connection) throws -> [(type: String, table: String, name: String, sql: String)]
  {
    let select = try target.prepared("SELECT type, tbl_name, name, sql FROM source.sqlite_master WHERE sql IS NOT NULL")
    var entries: [(type: String, table: String, name: String, sql: String)] = []
    while try select.step() { entries.append((select.string(0), select.string(1), select.string(2), select.string(3))) }
    return entries
  }

  // MARK: What would go and come

  /// The identity under which the copy seals: what it sealed is nothing that a peer could know.
  public func origin() throws -> Origin { try store.origin() }

  /// Counts what arrived. To be called after it was absorbed, for what the catalog then says.
  public func countReceived(_ arrivals: [Arrival]) throws {
    try store.read { transaction in
      // One that cannot be read was refused.
      for segment in arrivals.compactMap(\.segment) { try arrived.add(segment, transaction) }
    }
  }

  /// What came in so far.
  public func received() throws -> ChangeTally { try store.read { arrived.result($0) } }

  /// What a peer lacks of the copy.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what was shown to it and whether it holds it.
  public func lacking(_ frontier: [FrontierEntry], marks: [FrontierMark], role: NodeRole) throws -> ChangeTally {
    try store.read { transaction in
      let log = transaction.log
      let plan = try log.plan(peer: frontier, marks: marks)
      let unsendable = Unsendable(transaction)
      var counter = ChangeCounter()
      for (number, stream) in log.streams.numbered
      where role.mayRead(stream.channel) && unsendable.maySend(stream.channel) {
        guard let from = plan.lacks(number, of: log.streams) else { continue }
        for id in try log.numbers(of: number, after: from, limit: Int.max) {
          // One that was altered in the file is refused by whoever gets it.
          guard let logged = try log.segment(id), let segment = Arrival(logged.bytes).segment else { continue }
          try counter.add(segment, transaction)
        }
      }
      return counter.result(transaction)
    }
  }
}

extension Store {
  /// The identity under which this node seals now.
  public func origin() throws -> Origin { try read { try $0.origin() } }
}
