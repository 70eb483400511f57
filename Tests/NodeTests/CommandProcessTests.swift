import Foundation
import TestSupport
import Testing

/// Several programs on one file at once, and programs that are killed at work.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandProcessTests {
  private static let rowCount = 6000

  @Test("serve, sync and an open sqlite3 shell on one file lose nothing")
  func together() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")], figures: CommandHeadquarters.published) {
      folder, headquarters in
      let follower = try folder.start("serve", "--database", "uz.db", "--interval", "1")
      defer { follower.stop(SIGKILL) }
      // A shell that keeps the file open, writes for a while, and holds a read transaction in between.
      let clerk = try folder.start(
        "sh",
        [
          "-c",
          """
          { for i in $(seq 1 40); do
              echo "INSERT INTO org_unit(code, name) VALUES('shell-$i', 'shell');"
              [ $((i % 10)) = 0 ] && echo "BEGIN; SELECT count(*) FROM org_unit;" && sleep 0.3 && echo "COMMIT;"
              sleep 0.02
            done
          } | sqlite3 -cmd '.timeout 20000' uz.db
          """,
        ])
      defer { clerk.stop(SIGKILL) }
      for index in 1...12 {
        try await folder.good("set", "org_unit", "set-\(index)", "name=set", "--database", "uz.db")
        let sync = try await folder.run("sync", "--database", "uz.db")
        #expect(sync.status == 0, "\(sync.errors)")
      }
      let written = try await clerk.result()
      #expect(written.status == 0)
      #expect(written.errors.isEmpty, "\(written.errors)")
      try await headquarters.converge(["uz.db"])
      let there = try await folder.good(
        "list", "org_unit", "--where", "federation=ftuu", "--json", "--database", "hq.db")
      #expect(try there.json().elements.count == 1 + 40 + 12)
      follower.stop()
      #expect(try await follower.result().status == 0)
    }
  }

  @Test("A federation's daemon sends what is typed, without being asked, also after headquarters was away")
  func follows() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    var server = try await headquarters.serve()
    try await headquarters.join("uz.db", "ftuu")
    server.stop(SIGKILL)
    #expect(try await server.result().status == -SIGKILL)
    let follower = try folder.start("serve", "--database", "uz.db", "--interval", "2")
    defer { follower.stop(SIGKILL) }
    try await folder.sqlite("uz.db", "INSERT INTO org_unit(code, name) VALUES('ftuu-1', 'typed while away')")
    try await follower.wait(for: "trying again")
    #expect(follower.isRunning)
    server = try await headquarters.serve()
    let back = server
    defer { back.stop(SIGKILL) }
    try await folder.arrives("ftuu-1", in: "hq.db")
    try await folder.sqlite("uz.db", "INSERT INTO org_unit(code, name) VALUES('ftuu-2', 'typed now')")
    try await folder.arrives("ftuu-2", in: "hq.db")
    follower.stop(SIGINT)
    #expect(try await follower.result().status == 0)
  }

  @Test("kill -9 of either side at any moment of an exchange, and all converges", arguments: [true, false])
  func killed(isHeadquarters: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    var server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await importReturns(into: "uz.db", folder, total: 1)
    var hits = 0
    for delay in ["0.01", "0.03", "0.08", "0.15", "0.25", "0.4"] {
      // Timed by a process of its own: in this one a moment may last until all is over.
      let victim = isHeadquarters ? "\(server.identifier)" : "$sync"
      let script = "\"$0\" sync --database uz.db & sync=$!; sleep \(delay); kill -9 \(victim); wait $sync"
      let status = try await folder.start("sh", ["-c", script, CommandFolder.program])
        .result().status
      if isHeadquarters {
        _ = try await server.result()
        server = try await headquarters.serve()
      }
      if status != 0 { hits += 1 }
      #expect([0, 69, 75, 128 + SIGKILL].contains(status))
    }
    #expect(hits > 1)
    try await expectAll(folder, headquarters)
  }

  /// Whether writes of another program can be made to kill it here.
  static func canTrace() async throws -> Bool {
    let folder = try CommandFolder()
    defer { folder.remove() }
    return try await folder.start("sh", ["-c", "strace -f -qq -e trace=none /bin/true"]).result().status == 0
  }

  @Test(
    "kill -9 in the middle of a write to the file, and all converges",
    .enabled("strace works") { try await canTrace() },
    arguments: [true, false])
  func killedWriting(isHeadquarters: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    let first = try await headquarters.serve()
    defer { first.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    first.stop()
    #expect(try await first.result().status == 0)
    try await importReturns(into: "uz.db", folder, total: 1)
    var kills = 0
    for write in [2, 11, 40, 1000] {
      let server = try await headquarters.serve(killedAtWrite: isHeadquarters ? write : nil)
      defer { server.stop(SIGKILL) }
      let sync = try folder.start("sync", "--database", "uz.db", killedAtWrite: isHeadquarters ? nil : write)
      let status = try await sync.result().status
      if isHeadquarters ? status == 69 : status == -SIGKILL { kills += 1 }
      server.stop()
      _ = try await server.result()
    }
    #expect(kills > 1)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await expectAll(folder, headquarters)
  }

  /// Expects every row that was typed on both sides, once.
  private func expectAll(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    try await headquarters.converge(["uz.db"])
    let rows = try await folder.sqlite("hq.db", "SELECT count(*), count(DISTINCT unit) FROM membership_return")
    #expect(rows.output == "\(Self.rowCount)|\(Self.rowCount)\n")
    let status = try await folder.good("status", "--database", "uz.db", "--json").json()
    #expect(status["conflicts"] == 0)
    #expect(status["unsent"] == 0)
  }

  private func importReturns(into database: String, _ folder: CommandFolder, total: Int) async throws {
    var text = "unit,as_of,axis,members_total\n"
    for index in 0..<Self.rowCount { text += "ftuu-\(index),2025-10-01,territorial,\(index % 100 + total)\n" }
    try folder.write(text, to: "returns.csv")
    try await folder.good("import", "membership_return", "returns.csv", "--database", database)
  }

  @Test("A file that somebody holds is 75 and names what is in the way; it goes on afterwards")
  func busy() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder)
    let holder = try SQLiteShell(folder.file("hq.db"))
    try holder.send("BEGIN EXCLUSIVE;")
    let result = try await folder.run("set", "org_unit", "x", "name=y", "--database", "hq.db", "--wait", "0")
    #expect(result.status == 75, "\(result.errors)")
    // Another that waits gets its turn when the file is free.
    let waiting = try folder.start("set", "org_unit", "w", "name=v", "--database", "hq.db")
    defer { waiting.stop(SIGKILL) }
    try holder.send("COMMIT;")
    #expect(try await waiting.result().status == 0)
    try await folder.good("set", "org_unit", "x", "name=y", "--database", "hq.db")
  }
}
