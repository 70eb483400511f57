import Foundation
import Glibc
import Logging
import Server
import ServiceLifecycle
import Store
import SyncCore

@testable import Node

/// Headquarters in this process on a port of this machine, and the nodes that join it over real HTTP.
struct House {
  let folder: HouseFolder
  let port: Int
  private(set) var headquarters: LocalNode

  init() throws {
    folder = try HouseFolder()
    port = try Self.freePort()
    headquarters = try LocalNode.initializeHeadquarters(
      database: folder.file("hq.db"), name: "OTUTS", code: nil, catalogFolder: Self.catalog,
      listen: "127.0.0.1:\(port)")
  }

  static let catalog = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Config/catalog").path

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
      service: wrap(Headquarters(headquarters.store, logger: logger)), port: port, logger: logger
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
      throw HouseProblem(description: "the server ended before it listened")
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
  /// - Parameter keepsState: whether the state file beside it stays, which tells that the database is an old one.
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

  /// A port below those that the system hands out for connections, so that headquarters can come back to it.
  private static func freePort() throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 15_000..<32_000)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { Glibc.close(descriptor) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      address.sin_port = UInt16(port).bigEndian
      let isFree = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if isFree { return port }
    }
    throw HouseProblem(description: "no port is free")
  }
}

struct HouseProblem: Error, CustomStringConvertible {
  var description: String
}

/// A temporary folder, removed with the object.
final class HouseFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-node-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
}

/// Another program: the `sqlite3` shell, which stays open.
final class HouseShell {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ database: String) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    process.arguments = ["-batch", "-bail", "-cmd", ".timeout 10000", database]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit { close() }

  /// Sends SQL and waits until it was done.
  func send(_ sql: String) throws {
    input.fileHandleForWriting.write(Data((sql + "\nSELECT 'done';\n").utf8))
    var seen = ""
    while !seen.contains("done\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw HouseProblem(description: "the shell ended") }
      seen += String(decoding: data, as: UTF8.self)
    }
  }

  func close() {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.waitUntilExit() }
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
