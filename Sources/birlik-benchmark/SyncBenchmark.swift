import Foundation
import GRDB
import Glibc
import Node
import Store
import SyncCore

/// The first sync of a whole federation, with headquarters in a process of its own.
struct SyncBenchmark {
  let rows: Int
  let folder: URL

  func run() async throws {
    let headquarters = folder.appendingPathComponent("hq.db").path
    let address = "127.0.0.1:\(try Self.freePort())"
    let hq = try LocalNode.initializeHeadquarters(
      database: headquarters, name: "OTUTS", code: nil, catalogFolder: nil, listen: address)
    let invitation = try hq.invite(federation: "ftuu", office: nil, minutes: 15, url: nil)
    try hq.store.close()
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    server.arguments = ["serve", headquarters, address]
    try server.run()
    defer { kill(server.processIdentifier, SIGKILL) }
    let database = folder.appendingPathComponent("uz.db").path
    let node = try await Self.join(invitation, database)
    _ = try await node.sync()
    try fill(database)
    let plainSize = try plainTableSize(database)
    let clock = ContinuousClock()
    let workBefore = Self.processorSeconds(getpid()) + Self.processorSeconds(server.processIdentifier)
    let start = clock.now
    let report = try await node.sync()
    let took = start.duration(to: clock.now)
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    print(
      Benchmark.padded("first sync")
        + String(format: "%12.2f s, %d rounds, %@", seconds, report.rounds, report.outcome.rawValue))
    let work = Self.processorSeconds(getpid()) + Self.processorSeconds(server.processIdentifier) - workBefore
    print(Benchmark.padded("first sync: processor time of both sides") + String(format: "%12.2f s", work))
    Benchmark.report(
      "first sync: changes per second", Double(report.sent.changes) / seconds, limit: 100_000, unit: "/s", isFloor: true
    )
    Benchmark.report(
      "first sync: bytes per change", Double(report.sent.bytes) / Double(max(1, report.sent.changes)), limit: 20,
      unit: "B")
    try await idle(node, server: server.processIdentifier)
    Benchmark.report(
      "federation's file to plain table", Double(Self.size(database)) / Double(plainSize), limit: 2, unit: "x")
    Benchmark.report(
      "headquarters' file to plain table", Double(Self.size(headquarters)) / Double(plainSize), limit: 2, unit: "x")
    Benchmark.report("peak memory of the federation", Self.peak(getpid()), limit: 150, unit: "MB")
    Benchmark.report("peak memory of headquarters", Self.peak(server.processIdentifier), limit: 150, unit: "MB")
  }

  static func join(_ invitation: String, _ database: String) async throws -> LocalNode {
    for _ in 0..<100 {
      if let node = try? await LocalNode.join(invitation: invitation, database: database) { return node }
      try await Task.sleep(for: .milliseconds(50))
    }
    return try await LocalNode.join(invitation: invitation, database: database)
  }

  private func fill(_ database: String) throws {
    var generator = Deterministic(state: 11)
    let rows = rows
    try DatabaseQueue(path: database).write { database in
      let insert = try database.makeStatement(
        sql: "INSERT INTO membership_return(unit, as_of, axis, members_total, method) "
          + "VALUES(?, '2025-10-31', 'territorial', ?, 'estimate')")
      for index in 0..<rows {
        let members = 10 + Int(generator.next() % 80)
        try insert.execute(arguments: [String(format: "ftuu-%06d", index), members])
      }
    }
  }

  /// The size of a file with the plain table alone.
  private func plainTableSize(_ database: String) throws -> Int {
    let plain = folder.appendingPathComponent("plain.db").path
    try DatabaseQueue(path: plain).writeWithoutTransaction { target in
      try target.execute(sql: "ATTACH ? AS source", arguments: [database])
      let sql = try String.fetchOne(target, sql: "SELECT sql FROM source.sqlite_master WHERE name='membership_return'")
      try target.execute(sql: sql ?? "")
      try target.execute(
        sql: "INSERT INTO main.membership_return SELECT * FROM source.membership_return ORDER BY 1, 2, 3")
    }
    return Self.size(plain)
  }

  /// Exchanges with nothing new: the work of both processes.
  private func idle(_ node: LocalNode, server: Int32) async throws {
    let count = 100
    _ = try await node.sync()
    let before = Self.processorSeconds(getpid()) + Self.processorSeconds(server)
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<count { _ = try await node.sync() }
    let wall = start.duration(to: clock.now)
    let work = Self.processorSeconds(getpid()) + Self.processorSeconds(server) - before
    Benchmark.report("nothing new: processor time of both sides", work / Double(count) * 1000, limit: 5, unit: "ms")
    print(
      Benchmark.padded("nothing new: wall time")
        + String(
          format: "%12.2f ms",
          Double(wall.components.attoseconds / 1_000_000_000 + wall.components.seconds * 1_000_000_000) / 1e6
            / Double(count)))
  }

  static func size(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
  }

  /// Peak resident memory in megabytes.
  static func peak(_ process: Int32) -> Double {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Double($0) }.first ?? 0) / 1024
  }

  /// Seconds of processor time, of user and system.
  private static func processorSeconds(_ process: Int32) -> Double {
    let line = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 13 else { return 0 }
    return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  static func freePort() throws -> Int {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(handle) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw -> UInt16 in
        guard bind(handle, raw, length) == 0, getsockname(handle, raw, &length) == 0 else { return 0 }
        return raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port.bigEndian }
      }
    }
    return Int(port)
  }
}
