import CatalogFiles
import Crypto
import Foundation
import SyncCore
import Synchronization
import TestSupport
import Wire

@testable import Store

/// A headquarters, its federations and their offices, each with a database in one temporary folder.
final class House {
  static let start: Int64 = 1_795_000_000_000

  let folder: TemporaryFolder
  let headquartersKey: Curve25519.Signing.PrivateKey
  let headquartersCard: NodeCard
  fileprivate(set) var nodes: [TestNode] = []

  /// The catalog that is shipped, read and signed once for all tests.
  static let shipped = Result { try sign(CatalogFolder.load(Repository.catalog)) }

  static func sign(_ catalog: Catalog) throws -> PublishedCatalog {
    try PublishedCatalog.sign(catalog, by: key(1))
  }

  /// Every run has the same keys, so that equal seeds give equal runs.
  static func key(_ number: UInt8) throws -> Curve25519.Signing.PrivateKey {
    try Curve25519.Signing.PrivateKey(rawRepresentation: Array(repeating: number, count: 32))
  }

  init() throws {
    folder = try TemporaryFolder()
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
    if catalog != nil { try Self.measureClock(node.store) }
    try node.setNonce(Int64(nodes.count) + 1)
    nodes.append(node)
    return node
  }

  /// Tests begin at `start`, before which the clock was compared: no node takes a time before that for now.
  private static func measureClock(_ store: Store) throws {
    guard try store.upstream() != nil else { return }
    try store.setClockOffset(0, now: start - 86_400_000)
  }

  /// New databases by name: making one takes longer than most tests.
  private static let templates = Mutex<[String: Data]>([:])

  private static func made(name: String, _ beginning: Store.Beginning) throws -> Data {
    if let known = templates.withLock({ $0[name] }) { return known }
    let folder = try TemporaryFolder()
    try Store.create(path: folder.file("new.db"), beginning)
    // The first opening writes as well.
    let store = try Store(path: folder.file("new.db"), key: beginning.identity.key)
    try measureClock(store)
    try store.close()
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

extension House {
  /// A node alone, which keeps the house's folder.
  func addKept(_ federation: String) throws -> TestNode {
    let node = try add(federation)
    nodes = []
    node.house = self
    return node
  }
}
