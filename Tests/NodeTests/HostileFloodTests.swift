import Crypto
import Foundation
import struct HTTPTypes.HTTPFields
import Limits
import Store
import SyncCore
import TestSupport
import Testing
import Transport

@testable import Node
@testable import Wire

/// Everything hostile at once against the real `birlik serve`, while an honest node goes on syncing: one run, one
/// process, bounded memory. `BIRLIK_FLOOD=short` runs it, as CI does; with `long` there come ten times as many inputs and
/// a million tiny segments, which is an hour's work.
@Suite(
  .serialized, .timeLimit(.minutes(120)),
  .enabled(if: ProcessInfo.processInfo.environment["BIRLIK_FLOOD"] != nil, "a flood takes the machine for itself"))
struct HostileFloodTests {
  /// Resident memory of the server at its peak. An idle one takes about 50 MB; ten bodies of 8 MiB, each taken apart,
  /// and SQLite's caches come on top.
  private static let memoryBound = 256 << 20
  private static let isLong = ProcessInfo.processInfo.environment["BIRLIK_FLOOD"] == "long"
  static let scale = isLong ? 10 : 1
  static let tinySegments = isLong ? 1_000_000 : 1000

  /// In the clear, as behind a proxy, what comes reaches the program itself; with TLS it meets the library before.
  @Test(
    "Headquarters withstands all of it, serves an honest node meanwhile, and its memory stays bounded",
    arguments: [false, true])
  func flood(tls: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    HostileSocket.allowMany()
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [], tls: tls)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    for (database, federation) in [("uz.db", "ftuu"), ("kz.db", "fprk"), ("az.db", "ahik")] {
      try await headquarters.join(database, federation)
    }
    let wrapper = tls ? try start(Self.wrapping, "\(headquarters.port)", in: folder) : nil
    defer { wrapper?.stop(SIGKILL) }
    let port = if let wrapper { try await wrapper.number() } else { headquarters.port }
    let client = try insider("kz.db", folder, port: port)
    let stopped = try insider("az.db", folder, port: port)

    let holder = try start(Self.holding, "\(headquarters.port)", "1000", in: folder)
    defer { holder.stop(SIGKILL) }
    let idle = try await holder.number(within: .seconds(600))
    var slow = try (0..<200).compactMap { number -> HostileSocket? in
      let socket = HostileSocket(port: port)
      _ = socket?.send(try Self.slowBeginning(number, of: stopped))
      return socket
    }
    let dripping = Task { [slow] in
      while !Task.isCancelled {
        for socket in slow { _ = socket.send("a") }
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
    defer { dripping.cancel() }
    var tried = idle + slow.count
    #expect(idle > 500 && slow.count > 100, "\(holder.errors)")

    async let honest = honestNode(folder)
    do {
      tried += try await paths(port)
      if tls { tried += try await handshakes(headquarters.port) }
      tried += try await segments(client)
      tried += try await tiny(client)
      tried += try await mutations(client)
      // Strangers' places were all held by slow bodies; those of members were not.
      dripping.cancel()
      await dripping.value
      slow.removeAll()
      try await waitUntil("a place for strangers is free") {
        try await client.post([1], path: "/v1/join", isSigned: false).status != 503
      }
      tried += try await strangers(client)
      try await folder.good("revoke", "ahik", "--reason", "stolen", "--database", "hq.db")
      tried += try await revoked(stopped, carriedBy: client)
    } catch {
      Issue.record("after \(tried) inputs: \(error)\nserver running: \(server.isRunning) \(server.errors.suffix(6000))")
    }
    let synced = try await honest
    #expect(synced >= 5, "the honest node synced \(synced) times")

    #expect(server.isRunning, "\(server.errors.suffix(2000))")
    let peak = try #require(Self.peakMemory(of: server.identifier))
    #expect(peak < Self.memoryBound, "\(peak >> 20) MB")
    print(
      "hostile inputs\(tls ? " over TLS" : ""): \(tried), honest syncs meanwhile: \(synced), peak resident memory: \(peak >> 20) MB"
    )
    #expect(tried > 3000)

    server.stop(SIGTERM)
    #expect(try await server.result().status == 0)
    try await expectSound(folder, synced: synced)
  }

  /// A member that turns hostile, with its true key.
  private func insider(_ database: String, _ folder: CommandFolder, port: Int) throws -> HostileClient {
    let node = try LocalNode.open(database: folder.file(database))
    var client = try HostileClient(
      url: "http://127.0.0.1:\(port)", headquarters: node.store.identity.headquarters, as: node)
    // It asks more often than a node may.
    client.waitsWhenBusy = Self.isLong
    return client
  }

  /// Expects that headquarters' file is as it should be, with everything that the honest node sent.
  private func expectSound(_ folder: CommandFolder, synced: Int) async throws {
    try await folder.good("audit", "--database", "hq.db")
    try await folder.good("verify", "--database", "hq.db")
    let rows = try await folder.sqlite("hq.db", "SELECT count(*) FROM org_unit WHERE code LIKE 'honest-%'")
    #expect(Int(rows.output.trimmingCharacters(in: .whitespacesAndNewlines)) == synced)
  }

  private func start(_ script: String, _ arguments: String..., in folder: CommandFolder) throws -> RunningProgram {
    try folder.start("python3", ["-c", script] + arguments)
  }

  /// A federation that works as ever.
  ///
  /// - Returns: how often it was in sync.
  private func honestNode(_ folder: CommandFolder) async throws -> Int {
    var synced = 0
    for number in 0..<(Self.isLong ? 200 : 8) {
      try await folder.good("set", "org_unit", "honest-\(number)", "name=Honest", "--database", "uz.db")
      // The long flood brings it a million segments, and it is cut off every two minutes.
      let attempts = Self.isLong ? 60 : 10
      for attempt in 0..<attempts {
        let result = try await folder.run("sync", "--database", "uz.db")
        if result.status == 0 {
          synced += 1
          break
        }
        #expect(attempt < attempts - 1, "\(result.errors)")
        try await Task.sleep(for: .milliseconds(300))
      }
    }
    return synced
  }

  private static func peakMemory(of process: Int32) -> Int? {
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 }
  }
}
