import Foundation
import Logging
import Server
import ServiceLifecycle
import Store
import SyncCore
import TestSupport

@testable import Node

/// Headquarters in this process on a port of this machine, and the nodes that join it over real HTTP.
struct House {
  let folder: TemporaryFolder
  let port: Int
  private(set) var headquarters: LocalNode

  init() throws {
    folder = try TemporaryFolder()
    port = try Loopback.freePort()
    headquarters = try LocalNode.initializeHeadquarters(
      database: folder.file("hq.db"), name: "OTUTS", code: nil, catalogFolder: Repository.catalog.path,
      listen: "127.0.0.1:\(port)")
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Serves while `work` lasts, then shuts down gracefully.
  ///
  /// - Parameter wrap: puts another service before that of headquarters.
  @discardableResult
  func serve<Value>(
    wrap: (any HeadquartersService) -> any HeadquartersService = { $0 }, _ work: () async throws -> Value
  ) async throws -> Value {
    let (ready, continuation) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = HeadquartersServer(
      service: wrap(try Headquarters(headquarters.store, logger: logger)), port: port, logger: logger
    ) { continuation.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { continuation.finish() }
        try await group.run()
      }
      for await _ in ready {
        let result: Result<Value, any Error>
        do { result = .success(try await work()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return try result.get()
      }
      try await tasks.waitForAll()
      throw TestProblem("the server ended before it listened")
    }
  }

  /// Headquarters has to serve.
  func join(_ federation: String, office: String? = nil, as name: String) async throws -> LocalNode {
    let line = try headquarters.invite(federation: federation, office: office, minutes: 15, url: nil)
    return try await LocalNode.join(invitation: line, database: folder.file(name))
  }

  /// Two federations, one with an office; headquarters serves only meanwhile.
  func joinThree() async throws -> (uz: LocalNode, office: LocalNode, kz: LocalNode) {
    try await serve {
      (
        try await join("ftuu", as: "uz.db"), try await join("ftuu", office: "Samarkand", as: "sam.db"),
        try await join("fprk", as: "kz.db")
      )
    }
  }

  // MARK: Copies

  /// Keeps a copy of a node's file. The node is opened again, as its file may not be read while it is open.
  func keep(_ node: LocalNode, as copy: String) throws -> LocalNode {
    try node.store.close()
    let target = folder.file(copy)
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.copyItem(atPath: node.store.path, toPath: target)
    return try LocalNode.open(database: node.store.path)
  }

  /// Puts the copy in the place of the file.
  ///
  /// - Parameter keepsState: whether the state file beside it stays, by which an old database is noticed.
  func putBack(_ copy: String, for node: LocalNode, keepsState: Bool = false) throws -> LocalNode {
    try node.store.close()
    // A node that never sealed has none.
    if !keepsState { try? FileManager.default.removeItem(atPath: node.store.path + ".state") }
    try FileManager.default.removeItem(atPath: node.store.path)
    try FileManager.default.copyItem(atPath: folder.file(copy), toPath: node.store.path)
    return try LocalNode.open(database: node.store.path)
  }

  mutating func keepHeadquarters(as copy: String) throws { headquarters = try keep(headquarters, as: copy) }

  mutating func putHeadquartersBack(_ copy: String, keepsState: Bool = false) throws {
    headquarters = try putBack(copy, for: headquarters, keepsState: keepsState)
  }
}

extension LocalNode {
  /// A clerk's edit of an organization, which every member may read.
  func name(_ key: String, _ name: String) throws {
    _ = try store.edit(kind: "org_unit", key: key, values: [("name", name)])
  }

  /// A clerk's edit of what only the federation and headquarters may read.
  func link(_ child: String, _ remark: String) throws {
    _ = try store.edit(kind: "org_link", key: "\(child)/territorial/2026-01-01", values: [("remark", remark)])
  }

  func field(_ kind: String, _ key: String, _ field: String) throws -> String? {
    let value = try store.record(kind: kind, key: key)?.columns.first { $0.name == field }?.value
    return value.flatMap { $0 == .null ? nil : $0.display }
  }

  func name(of key: String) throws -> String? { try field("org_unit", key, "name") }

  /// The state of every channel that this node may read: equal on two nodes that hold the same.
  func digests(readableBy node: LocalNode) throws -> [Channel: String] {
    let role = node.store.identity.role
    return try store.channelDigests().filter { role.mayRead($0.key) }
  }

  func isSame(as headquarters: LocalNode) throws -> Bool {
    let role = store.identity.role
    let same = try digests(readableBy: self) == headquarters.digests(readableBy: self)
    return try same && store.frontier(visibleTo: role) == headquarters.store.frontier(visibleTo: role)
  }

  /// The origins under which this node sealed so far.
  var origins: Set<Origin> {
    get throws {
      Set(try store.status().frontier.map(\.tip.origin).filter { $0.node == store.identity.node })
    }
  }
}
