import CatalogFiles
import Crypto
import Foundation
import SyncCore
import Synchronization
import Wire

@testable import Store

/// A headquarters, its federations and their offices, each with a database in one temporary folder.
final class House {
  static let start: Int64 = 1_795_000_000_000

  let folder: Folder
  let headquartersKey: Curve25519.Signing.PrivateKey
  let headquartersCard: NodeCard
  fileprivate(set) var nodes: [TestNode] = []

  /// The catalog that is shipped, read and signed once for all tests.
  static let shipped = Result { try sign(CatalogFolder.load(catalogFolder)) }

  static let catalogFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Config/catalog").path

  static func sign(_ catalog: Catalog) throws -> PublishedCatalog {
    try PublishedCatalog.sign(catalog, by: key(1))
  }

  /// Every run has the same keys, so that equal seeds give equal runs.
  static func key(_ number: UInt8) throws -> Curve25519.Signing.PrivateKey {
    try Curve25519.Signing.PrivateKey(rawRepresentation: Array(repeating: number, count: 32))
  }

  init() throws {
    folder = try Folder()
    headquartersKey = try Self.key(1)
    headquartersCard = try NodeCard.issue(
      publicKey: Array(headquartersKey.publicKey.rawRepresentation),
      role: NodeRole(isHeadquarters: true, federation: "otuts"), name: "OTUTS", at: Self.start, by: headquartersKey)
  }

  /// Adds a node with a fresh database.
  ///
  /// - Parameter office: nil for the federation's first node; headquarters is the federation `otuts`.
  @discardableResult
  func add(_ federation: String, office: String? = nil, catalog: PublishedCatalog? = nil) throws -> TestNode {
    let isHeadquarters = federation == "otuts" && office == nil
    let key = isHeadquarters ? headquartersKey : try Self.key(UInt8(2 + nodes.count))
    let name = federation + (office.map { "/\($0)" } ?? "")
    let card =
      isHeadquarters
      ? headquartersCard
      : try NodeCard.issue(
        publicKey: Array(key.publicKey.rawRepresentation),
        role: NodeRole(isHeadquarters: false, federation: federation), name: name, at: Self.start, by: headquartersKey)
    let identity = Identity(
      key: key, card: card, headquarters: Array(headquartersKey.publicKey.rawRepresentation))
    let path = folder.file("\(nodes.count).db")
    let beginning = Store.Beginning(
      identity: identity, headquartersCard: headquartersCard, catalog: try catalog ?? Self.shipped.get(),
      upstream: isHeadquarters ? nil : "http://127.0.0.1:1", offset: 0)
    if catalog == nil {
      try Self.made(name: name + String(nodes.count), beginning).write(to: URL(fileURLWithPath: path))
    } else {
      try Store.create(path: path, beginning)
    }
    let node = try TestNode(path: path, identity: identity)
    try node.store.write { try $0.setMeta(.nonce, .integer(Int64(nodes.count) + 1)) }
    nodes.append(node)
    return node
  }

  /// New databases by name: making one takes longer than most tests.
  private static let templates = Mutex<[String: Data]>([:])

  private static func made(name: String, _ beginning: Store.Beginning) throws -> Data {
    if let known = templates.withLock({ $0[name] }) { return known }
    let folder = try Folder()
    try Store.create(path: folder.file("new.db"), beginning)
    // The first opening writes as well.
    try Store(path: folder.file("new.db"), key: beginning.identity.key).close()
    let file = try Data(contentsOf: URL(fileURLWithPath: folder.file("new.db")))
    templates.withLock { $0[name] = file }
    return file
  }

  /// A second installation from a copy of a node's file: the same key, the same origin.
  func clone(_ node: TestNode) throws -> TestNode {
    let path = folder.file("\(nodes.count).db")
    try node.copyFile(to: path)
    let clone = try TestNode(path: path, identity: node.identity)
    nodes.append(clone)
    return clone
  }
}

/// One node's database with its clerk.
final class TestNode {
  let path: String
  let identity: Identity
  private(set) var store: Store
  /// The simulated clock of all clerks and seals of the test, in milliseconds since 1970; nil for the true one.
  var clock: Int64?
  /// Set where a test holds nothing but the node.
  var house: House?

  var role: NodeRole { identity.role }
  var name: String { identity.card.name }

  init(path: String, identity: Identity) throws {
    self.path = path
    self.identity = identity
    store = try Store(path: path, key: identity.key)
  }

  /// Durability costs time and no test here takes the power away.
  func hurry() throws { try store.inQueue { try $0.connection.execute("PRAGMA synchronous=OFF") } }

  /// Runs SQL in the real `sqlite3` shell.
  @discardableResult
  func shell(_ sql: String) throws -> Shell.Result { try Shell.sqlite(path, sql) }

  /// Runs SQL as a clerk's program would, within this process.
  func type(_ sql: String) throws {
    guard try type([sql]) == 1 else { throw Shell.Failure(description: "refused: \(sql)") }
  }

  /// Runs statements in one transaction, without those that are refused at once.
  ///
  /// - Returns: how many were taken.
  @discardableResult
  func type(_ statements: [String]) throws -> Int {
    try store.clerk { connection in
      let before = try connection.prepared("SELECT coalesce(max(seq), 0) FROM birlik_capture")
      _ = try before.step()
      let last = before.int64(0)
      before.reset()
      var taken = 0
      for sql in statements {
        try connection.execute("SAVEPOINT one")
        do {
          try connection.execute(sql)
          taken += 1
        } catch let error as StoreError where error.code == .invalid {
          try connection.execute("ROLLBACK TO one")
        }
        try connection.execute("RELEASE one")
      }
      if let clock { try connection.execute("UPDATE birlik_capture SET ms=\(clock) WHERE seq>\(last)") }
      return taken
    }
  }

  @discardableResult
  func seal() throws -> SealReport { try store.seal(now: clock ?? SystemClock.now()) }

  // MARK: The file

  func copyFile(to other: String) throws {
    try store.close()
    try? FileManager.default.removeItem(atPath: other)
    try FileManager.default.copyItem(atPath: path, toPath: other)
    try open()
  }

  /// Puts an earlier copy of the file back.
  ///
  /// - Parameter keepsState: whether the state file beside it stays, which tells that the database is an old one.
  func restoreFile(from other: String, keepsState: Bool = false) throws {
    try store.close()
    if !keepsState { try? FileManager.default.removeItem(atPath: path + ".state") }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: other, toPath: path)
    try open()
  }

  func open() throws {
    store = try Store(path: path, key: identity.key)
    try hurry()
  }

  // MARK: Reading

  /// Rows of the file as text; NULL is `∅`.
  func rows(_ columns: [String], _ source: String) throws -> [[String]] {
    try store.read { engine in
      let statement = try engine.connection.prepared("SELECT \(columns.joined(separator: ", ")) FROM \(source)")
      defer { statement.reset() }
      var rows: [[String]] = []
      while try statement.step() {
        rows.append(columns.indices.map { statement.isNull($0) ? "∅" : statement.string($0) })
      }
      return rows
    }
  }

  /// One column as a list.
  func column(_ column: String, _ source: String) throws -> [String] { try rows([column], source).map { $0[0] } }

  /// The first value of one column.
  func value(_ column: String, _ source: String) throws -> String? { try self.column(column, source).first }

  func count(_ source: String) throws -> Int { Int(try value("count(*)", source) ?? "") ?? -1 }

  /// The changes sealed by this node itself since a sequence of the log, in order.
  func changes(after segment: Int64 = 0) throws -> [Change] {
    try store.read { engine in
      let select = try engine.connection.prepared("SELECT bytes FROM birlik_segment WHERE id>?1 ORDER BY id")
      select.bind(1, segment)
      defer { select.reset() }
      var found: [Change] = []
      while try select.step() {
        let segment = try Segment(bytes: select.bytes(0))
        guard segment.header.origin.node == identity.node else { continue }
        for block in try segment.blocks() { found += block.changes }
      }
      return found
    }
  }

  /// The number of the last segment of the log.
  func lastSegment() throws -> Int64 { Int64(try value("coalesce(max(id), 0)", "birlik_segment") ?? "") ?? 0 }

  /// What sealing now adds.
  func sealed() throws -> [Change] {
    let before = try lastSegment()
    try seal()
    return try changes(after: before)
  }
}

extension House {
  /// A node alone, which keeps the house's folder.
  func addKept(_ federation: String) throws -> TestNode {
    let node = try add(federation)
    nodes = []
    node.house = self
    return node
  }
}
