import Foundation
import GRDB
import Glibc
import Node
import Store
import SyncCore

/// A new office joins a federation whose returns were each edited ten times: by the log, and by a snapshot.
struct SnapshotBenchmark {
  private static let edits = 10
  let rows: Int
  let folder: URL

  func run() async throws {
    let path = folder.appendingPathComponent("hq.db").path
    let address = "127.0.0.1:\(try SyncBenchmark.freePort())"
    let headquarters = try LocalNode.initializeHeadquarters(
      database: path, name: "OTUTS", code: nil, catalogFolder: nil, listen: address)
    let invitations = try [nil, "Log", "Snapshot"].map {
      try headquarters.invite(federation: "ftuu", office: $0, minutes: 600, url: nil)
    }
    try headquarters.store.close()
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    server.arguments = ["serve", path, address]
    try server.run()
    defer { kill(server.processIdentifier, SIGKILL) }
    try await fill(invitations[0])
    print(Benchmark.padded("headquarters' file") + megabytes(SyncBenchmark.size(path)))
    for (name, invitation) in zip(["log", "snapshot"], invitations.dropFirst()) {
      try await join(name, invitation)
    }
    print(
      Benchmark.padded("peak memory of headquarters")
        + String(format: "%12.2f MB", SyncBenchmark.peak(server.processIdentifier)))
    let (log, snapshot) = (
      folder.appendingPathComponent("log.db").path, folder.appendingPathComponent("snapshot.db").path
    )
    let digests = try [log, snapshot].map { try LocalNode.open(database: $0).store.channelDigests() }
    print(Benchmark.padded("both hold the same heads") + (digests[0] == digests[1] ? "         yes" : "          NO"))
    print("\(rows) returns, each edited \(Self.edits) times")
  }

  private func fill(_ invitation: String) async throws {
    let database = folder.appendingPathComponent("uz.db").path
    let node = try await SyncBenchmark.join(invitation, database)
    var generator = Deterministic(state: 11)
    let queue = try DatabaseQueue(path: database)
    try await queue.write { [rows] database in
      let insert = try database.makeStatement(
        sql: "INSERT INTO membership_return(unit, as_of, axis, members_total, method) "
          + "VALUES(?, '2025-10-31', 'territorial', ?, 'estimate')")
      var generator = Deterministic(state: 7)
      for index in 0..<rows {
        try insert.execute(arguments: [String(format: "ftuu-%06d", index), 10 + Int(generator.next() % 80)])
      }
    }
    _ = try await node.sync()
    for _ in 0..<Self.edits {
      let step = 1 + Int(generator.next() % 50)
      try await queue.write {
        try $0.execute(sql: "UPDATE membership_return SET members_total=(members_total*7919+\(step))%97")
      }
      _ = try await node.sync()
    }
    try queue.close()
    try node.store.close()
  }

  private func join(_ name: String, _ invitation: String) async throws {
    let database = folder.appendingPathComponent("\(name).db").path
    let clock = ContinuousClock()
    let start = clock.now
    var node = try await LocalNode.join(invitation: invitation, database: database)
    if name == "log" { node.snapshotUse = .never }
    let report = try await node.sync()
    let took = start.duration(to: clock.now)
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    let what =
      report.snapshot == nil ? "\(report.received.changes) changes" : "\(report.snapshot?.records ?? 0) records"
    print(
      Benchmark.padded("join by the \(name)")
        + String(format: "%12.2f s, ", seconds) + megabytes(report.received.bytes) + ", \(what), \(report.outcome)")
    print(Benchmark.padded("its file") + megabytes(SyncBenchmark.size(database)))
    try node.store.close()
  }

  private func megabytes(_ bytes: Int) -> String { String(format: "%12.2f MB", Double(bytes) / 1e6) }
}
