import Foundation
import TestSupport
import Testing

@testable import Node

/// Joining by a snapshot with real processes, some of which are killed.
@Suite(.timeLimit(.minutes(10))) struct SnapshotCommandTests {
  /// A headquarters whose log is much longer than its heads: text that hardly packs, each row edited several times.
  private func filled(_ folder: CommandFolder) async throws -> CommandHeadquarters {
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    defer { server.stop() }
    try await headquarters.join("uz.db", "ftuu")
    let rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<40) "
    _ = try await folder.sqlite(
      "uz.db", rows + "INSERT INTO org_unit(code, remark) SELECT 'ftuu-' || x, 'first' FROM n")
    for _ in 0..<5 {
      _ = try await folder.sqlite("uz.db", "UPDATE org_unit SET remark=hex(randomblob(12000))")
      try await folder.good("sync", "--database", "uz.db")
    }
    server.stop()
    _ = try await server.result()
    return headquarters
  }

  @Test("The command joins by a snapshot where the log is much longer, and by the whole log where that is wanted")
  func commands() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await filled(folder)
    let server = try await headquarters.serve()
    defer { server.stop() }
    let invitations = try await [
      folder.good("invite", "ftuu", "--unregistered", "--new", "--office", "Samarkand", "--database", "hq.db"),
      folder.good("invite", "ftuu", "--unregistered", "--new", "--office", "Bukhara", "--database", "hq.db"),
    ].map { try #require($0.lines.first) }
    let joined = try await folder.good("join", invitations[0], "--database", "sam.db")
    #expect(joined.output.contains("40 records from a snapshot"), "\(joined.output)")
    let whole = try await folder.good("join", invitations[1], "--whole-log", "--database", "buk.db")
    #expect(!whole.output.contains("snapshot"), "\(whole.output)")
    try await folder.good("set", "org_unit", "ftuu-7", "remark=typed here", "--database", "sam.db")
    try await headquarters.converge(["uz.db", "sam.db", "buk.db"])
    let status = try await folder.good("status", "--database", "sam.db", "--json").json()
    #expect(status["segments_not_kept"] == 5 || status["segments_not_kept"] == 6, "\(status)")
    let history = try await folder.good("history", "org_unit", "ftuu-7", "--database", "sam.db")
    #expect(history.output.contains("typed here") && history.errors.contains("headquarters has them"))
    let verified = try await folder.good("verify", "--database", "sam.db")
    #expect(verified.output.contains("are no longer kept here"), "\(verified.output)")
  }

  @Test("Processes that are killed at any write, on either side, lose nothing and leave nothing half done")
  func killed() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await filled(folder)
    var server = try await headquarters.serve()
    let line = try #require(
      try await folder.good("invite", "ftuu", "--unregistered", "--new", "--office", "Samarkand", "--database", "hq.db")
        .lines.first)
    _ = try await LocalNode.join(invitation: line, database: folder.file("sam.db"))
    server.stop()
    _ = try await server.result()
    _ = try await folder.sqlite("sam.db", "INSERT INTO org_unit(code, remark) VALUES('ftuu-own', 'typed before')")
    var kills = 0
    // Headquarters while it takes the snapshot.
    for write in [2, 30] {
      server = try await headquarters.serve(killedAtWrite: write)
      let sync = try await folder.run("sync", "--database", "sam.db")
      if sync.status != 0 { kills += 1 }
      server.stop(SIGKILL)
      _ = try await server.result()
    }
    server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    // The node while it keeps pages and takes them over.
    for write in [2, 9, 25, 60, 120, 250] {
      let sync = try folder.start("sync", "--database", "sam.db", killedAtWrite: write)
      if try await sync.result().status == -SIGKILL { kills += 1 }
    }
    #expect(kills > 2)
    try await headquarters.converge(["sam.db", "uz.db"])
    let own = try await folder.sqlite("hq.db", "SELECT remark FROM org_unit WHERE code='ftuu-own'")
    #expect(own.output == "typed before\n")
    let status = try await folder.good("status", "--database", "sam.db", "--json").json()
    #expect(status["changes_not_kept"] != 0, "\(status)")
  }
}
