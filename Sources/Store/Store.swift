import CSQLiteShim
import Crypto
import Foundation
import GRDB
import GRDBSQLite
import Glibc
import Limits
import SyncCore
import Wire

/// One node's SQLite file: its plain tables, its log, its heads and its totals.
///
/// ```swift
/// let store = try Store(path: "uz.db", key: key)
/// try store.seal()                                  // captured edits become changes
/// let report = try store.absorb(answer.segments.map { Arrival($0) }, cards: answer.cards)
/// let totals = try store.totals(indicator: "members", asOf: "2025-10")
/// ```
///
/// Every method is one transaction and may be called from any thread; a program that waits for the file waits at most
/// `busySeconds` and then reports who to look for.
public final class Store: @unchecked Sendable {
  // Unchecked: `file` is used inside `queue` alone, which runs one block at a time.

  /// How long a transaction waits for another program that holds the file.
  public static let busySeconds = 5.0

  public let path: String
  /// How long a call waits for another program that holds the file, beyond `busySeconds`.
  public let waiting: Duration
  public let identity: Identity
  private let queue: DatabaseQueue
  private let file: StoreFile

  // MARK: Opening

  /// Opens a node's database.
  ///
  /// - Parameters:
  ///   - key: the node's private key, from its own file.
  ///   - isForReading: true to leave the file as it is to the last byte: neither tables nor triggers are mended.
  ///   - waiting: how long each later call waits for another program that holds the file, beyond `busySeconds`.
  /// - Throws: `StoreError` with code `missing`, `notOurs`, `notPermitted` or `damaged`.
  public convenience init(
    path: String, key: Curve25519.Signing.PrivateKey, isForReading: Bool = false, waiting: Duration = .zero
  ) throws {
    try self.init(path: path, key: .success(key), isForReading: isForReading, waiting: waiting)
  }

  /// Opens a node's database, also for whoever has not its key: then all works but what seals or signs.
  ///
  /// - Parameter key: the node's private key, or why this process does not have it, which is thrown when it is needed.
  public init(path: String, key: Identity.Key, isForReading: Bool = false, waiting: Duration = .zero) throws {
    self.path = path
    self.waiting = waiting
    // Whoever may only read the file leaves it as it is.
    let isForReading = isForReading || !FilePermissions(path).mayWrite
    // Before the database: another process may seal between the two, and then the database is the later one.
    let stateFile = StateFile(database: path)
    if !isForReading { JournalFile(of: path).prepare() }
    let remembered = stateFile.read()
    queue = try Self.openQueue(path, isForReading: isForReading)
    (identity, file) = try queue.inDatabase { database in
      let connection = Connection(database, path: path)
      try Self.checkIsOurs(connection)
      try connection.beginLenientReading()
      if isForReading { try SchemaUpgrade.check(connection) } else { try SchemaUpgrade.run(connection) }
      try Schema.check(connection)
      let meta = MetaTable(connection)
      let identity = try Self.identity(meta, key: key)
      guard let catalog = try meta.bytes(.catalog) else {
        throw StoreError(.damaged, Self.opening, "the database holds no catalog", hint: Self.damagedHint)
      }
      let published = try PublishedCatalog(bytes: catalog, signedBy: identity.headquarters)
      let file = StoreFile(connection: connection, identity: identity, published: published)
      file.opened = OpenedFile(path: path)
      file.isForReading = isForReading
      try file.checkReadable(types: ["table"])
      return (identity, file)
    }
    guard !isForReading else { return }
    try withFile { file in
      file.stateFile = stateFile
      file.remembered = remembered
      do { try file.prepare() } catch let error as StoreError
        where [.busy, .newerSQLite, .notPermitted].contains(error.code)
      {
        // Reading works, and whatever is written first does the rest.
        guard try error.code != .busy || JournalMode(file.connection).isWAL() else { throw error }
      }
    }
  }

  static let opening = "opening the database"
  private static let damagedHint = "restore a backup: what headquarters has comes back"

  private static func openQueue(_ path: String, isForReading: Bool) throws -> DatabaseQueue {
    var isFolder: ObjCBool = false
    if let closed = FilePermissions(path).hindrance(writes: false, opening) { throw closed }
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
      throw StoreError(
        .missing, opening, "there is no database \(path)",
        hint: "make one with `birlik init` or `birlik join`, or check --database")
    }
    do {
      // Where only other processes of this program keep the file in WAL mode, each lets it go within a second.
      for _ in 0..<12 {
        let queue = try DatabaseQueue(path: path, configuration: configuration(isForReading: isForReading))
        let isFree = try isForReading || !queue.inDatabase { try JournalMode(Connection($0)).isWAL() }
        if isFree || !FileHolders.areOurs(path) { return queue }
        try queue.close()
        usleep(250_000)
      }
      return try DatabaseQueue(path: path, configuration: configuration(isForReading: isForReading))
    } catch let error as DatabaseError {
      throw StoreError(error, opening).naming(holdersOf: path)
    } catch var error as StoreError {
      error.operation = opening
      throw error.naming(holdersOf: path)
    }
  }

  /// Settings of SQLite as a whole, which have to come before its first use.
  private static let configuresLibrary: Bool = birlik_sqlite_configure() == SQLITE_OK

  /// - Parameter isForReading: true where nothing is to be written, the file's journal mode included.
  static func configuration(isForReading: Bool = false) -> Configuration {
    _ = configuresLibrary
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.busyMode = .timeout(busySeconds)
    configuration.label = "birlik"
    // One that an error left open is rolled back, instead of ending the program.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      let handle = database.sqliteConnection
      // The store's own writes are no edits. `Connection.capturing` turns triggers and checks on.
      _ = handle.map { birlik_sqlite_set_triggers($0, 0) }
      LockWaiting.set(LockWaiting.usual, on: handle)
      handle.map { SQLiteLimits.apply(to: $0) }
      _ = handle.map { birlik_sqlite_set_no_checkpoint_on_close($0, isForReading ? 1 : 0) }
      try database.execute(sql: "PRAGMA cell_size_check=ON")
      try database.execute(sql: "PRAGMA mmap_size=0")
      let connection = Connection(database)
      try connection.tolerateUnreadableObjects()
      // A file that is not ours stays as it is.
      if try !isForReading && isOurs(connection),
        try !JournalMode(connection).isWAL() || JournalMode(connection).leaveWAL()
      {
        try database.execute(sql: "PRAGMA journal_mode=TRUNCATE")
      }
      try database.execute(sql: "PRAGMA synchronous=FULL")
      // A spill would take the exclusive lock in the middle of a transaction and keep readers out.
      try database.execute(sql: "PRAGMA cache_spill=0")
      try database.execute(sql: "PRAGMA cache_size=-16384")
      try database.execute(sql: "PRAGMA temp_store=MEMORY")
      // The engine writes only what it has checked itself, which the checks of a clerk's connection would repeat.
      try database.execute(sql: "PRAGMA ignore_check_constraints=ON")
    }
    return configuration
  }

  /// Whether a file is one of Birlik's. Tools that copy it lose the mark for other programs.
  private static func isOurs(_ connection: Connection) throws -> Bool {
    try connection.pragma("application_id") == Int64(Schema.applicationID)
      || MetaTable(connection).identifiesNode()
  }

  private static func checkIsOurs(_ connection: Connection) throws {
    guard try isOurs(connection) else {
      throw StoreError(
        .notOurs, opening, "\(connection.path) is a database of another program",
        hint: "check --database; nothing was changed")
    }
    guard try SchemaUpgrade.version(connection) <= Schema.version else {
      throw StoreError(
        .notOurs, opening, "\(connection.path) was written by a newer Birlik", hint: "upgrade birlik here as well")
    }
  }

  private static func identity(_ meta: MetaTable, key: Identity.Key) throws -> Identity {
    guard let headquarters = try meta.bytes(.headquarters), let card = try meta.bytes(.card) else {
      throw StoreError(.damaged, opening, "the database does not say who the node is", hint: damagedHint)
    }
    let identity = Identity(key, card: try NodeCard(bytes: card, signedBy: headquarters), headquarters: headquarters)
    if case .success(let key) = key, Array(key.publicKey.rawRepresentation) != identity.publicKey {
      throw StoreError(
        .wrongKey, opening, "the key file belongs to another node",
        hint: "put this node's own key beside the database")
    }
    return identity
  }

  // MARK: Access

  /// Runs `body` with the file, outside of any transaction.
  func withFile<Value>(_ body: (StoreFile) throws -> Value) throws -> Value {
    do {
      return try FileWaiting.run(waiting) { try withFileOnce(body) }
    } catch let error as StoreError {
      throw error.naming(holdersOf: path)
    }
  }

  private func withFileOnce<Value>(_ body: (StoreFile) throws -> Value) throws -> Value {
    do {
      return try queue.inDatabase { _ in
        try file.opened?.check()
        // Another program may have switched to WAL mode since the last time, or let the file go.
        file.leaveWAL()
        defer {
          file.connection.endStrayTransaction()
          file.leaveWAL()
        }
        return try body(file)
      }
    } catch let error as DatabaseError {
      throw StoreError(error, "using the database").naming(holdersOf: path)
    }
  }

  /// Runs `body` in one write transaction, again where another program kept it from being committed.
  ///
  /// - Parameter isRepeatable: false for a body that cannot run twice. It is repeated only if it never began.
  func write<Value>(isRepeatable: Bool = true, _ body: (Transaction) throws -> Value) throws -> Value {
    var hasBegun = false
    do {
      return try FileWaiting.run(waiting, while: { isRepeatable || !hasBegun }) {
        try withFileOnce { file in
          try file.write { transaction in
            hasBegun = true
            return try body(transaction)
          }
        }
      }
    } catch let error as StoreError {
      throw error.naming(holdersOf: path)
    }
  }

  /// Whether this user may only read the file. A private copy, whose name is gone, can always be written.
  var isReadOnly: Bool { file.opened != nil && !FilePermissions(path).mayWrite }

  /// Whether what is sealed can be signed: with the node's key, or on trial.
  var maySeal: Bool { identity.keyProblem == nil || file.trialKey != nil }

  /// Runs `body` in one read transaction.
  func read<Value>(_ body: (Transaction) throws -> Value) throws -> Value { try withFile { try $0.read(body) } }

  /// Runs `body` in a transaction in which rows whose edits wait for a person are as they were sealed.
  func readSealed<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
    // Rows are put aside in a transaction that writes. Whoever may only read does that in a copy.
    if isReadOnly, try !read({ try $0.held.isEmpty() }) {
      return try DryRun(of: self).store.readSealed(body)
    }
    return try withFile { try $0.readSealed(body) }
  }

  /// Closes the file.
  public func close() throws {
    queue.inDatabase { _ in file.releaseStatements() }
    try queue.close()
  }

  /// What this node may do, by its card and the catalog.
  public func role() throws -> NodeRole { try read { $0.role } }

  /// What a node may do, by its card and the catalog.
  public func role(of card: NodeCard) throws -> NodeRole { try read { $0.role(card.role) } }

  /// The catalog that the node follows.
  public func catalog() throws -> Catalog { try read { $0.catalog } }

  /// A number that changes when another connection has written to the file; cheap to ask for.
  public func dataVersion() throws -> Int64 { try withFile { try $0.connection.pragma("data_version") } }
}
