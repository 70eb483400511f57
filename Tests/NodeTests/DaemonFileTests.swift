import Foundation
import TestSupport
import Testing

/// Daemons whose file is replaced, moved away or served twice, and calls that are cut while they make files.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct DaemonFileTests {
  private func copy(_ name: String, to other: String, in folder: CommandFolder) async throws {
    #expect(try await folder.sqlite(name, "VACUUM INTO '\(folder.file(other))'").status == 0)
  }

  private func replace(_ name: String, by other: String, in folder: CommandFolder) throws {
    #expect(rename(folder.file(other), folder.file(name)) == 0)
  }

  @Test("A daemon ends with 75 once a backup is in the place of its file, and the next one goes on with that")
  func replaced() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    var server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await folder.good("set", "org_unit", "ftuu-1", "name=One", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
    for name in ["hq.db", "uz.db"] { try await copy(name, to: name + ".backup", in: folder) }
    try await folder.good("set", "org_unit", "ftuu-1", "name=Two", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")

    try replace("hq.db", by: "hq.db.backup", in: folder)
    let ended = try await server.result(within: patience)
    #expect(ended.status == 75)
    #expect(ended.errors.contains("put in the place of"))
    server = try await headquarters.serve()
    let again = server
    defer { again.stop(SIGKILL) }
    try await folder.good("sync", "--database", "uz.db")
    let shown = try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db")
    #expect(shown.output.contains("Two"), "what headquarters had lost came back")

    let follower = try folder.start("serve", "--database", "uz.db", "--log-level", "debug")
    defer { follower.stop(SIGKILL) }
    try await follower.wait(for: "synced")
    try replace("uz.db", by: "uz.db.backup", in: folder)
    let over = try await follower.result(within: patience)
    #expect(over.status == 75)
    #expect(over.errors.contains("put in the place of"))
    try await headquarters.converge(["uz.db"])
  }

  @Test("While its file is away headquarters asks members to come later, and goes on when it is back")
  func movedAway() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      try await folder.good("set", "org_unit", "ftuu-1", "name=One", "--database", "uz.db")
      #expect(rename(folder.file("hq.db"), folder.file("away.db")) == 0)
      let sync = try await folder.run("sync", "--database", "uz.db")
      #expect(sync.status == 75, "\(sync.errors)")
      #expect(rename(folder.file("away.db"), folder.file("hq.db")) == 0)
      try await headquarters.converge(["uz.db"])
    }
  }

  @Test("A second daemon on one file is refused, whatever leads to the file; the first is not disturbed")
  func second() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let first = try folder.start("serve", "--database", "uz.db", "--log-level", "debug")
      try await first.wait(for: "synced")
      try FileManager.default.createSymbolicLink(
        atPath: folder.file("link.db"), withDestinationPath: folder.file("uz.db"))
      try FileManager.default.createSymbolicLink(
        atPath: folder.file("link.db.key"), withDestinationPath: folder.file("uz.db.key"))
      for (name, listen) in [("uz.db", nil), ("hq.db", "127.0.0.1:0")] as [(String, String?)] {
        let arguments = ["serve", "--database", name] + (listen.map { ["--listen", $0] } ?? [])
        let second = try await folder.run(arguments)
        #expect(second.status == 75)
        #expect(second.errors.contains("serves this database already"), "\(second.errors)")
        #expect(second.errors.contains("birlik (process "), "\(second.errors)")
      }
      #expect(first.isRunning)
      first.stop(SIGKILL)
      _ = try await first.result()
      let third = try folder.start("serve", "--database", "uz.db", "--log-level", "debug")
      try await third.wait(for: "synced")
      third.stop()
      #expect(try await third.result().status == 0)
    }
  }

  @Test("A daemon goes back from WAL mode by itself, and beside a program that keeps it in that mode it waits")
  func journalMode() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      let follower = try folder.start("serve", "--database", "uz.db", "--interval", "1", "--log-level", "debug")
      defer { follower.stop(SIGKILL) }
      try await follower.wait(for: "synced")
      try await folder.sqlite("uz.db", "PRAGMA journal_mode=WAL")
      try await waitUntil("the file is back") {
        try await folder.sqlite("uz.db", "PRAGMA journal_mode").output == "delete\n"
      }
      let holder = try SQLiteShell(folder.file("uz.db"))
      try holder.send("PRAGMA journal_mode=WAL; INSERT INTO org_unit(code, name) VALUES('ftuu-1', 'typed');")
      let status = try await folder.good("status", "--database", "uz.db")
      #expect(status.output.contains("WAL mode") && status.output.contains("sqlite3 (process "), "\(status.output)")
      let set = try await folder.run("set", "org_unit", "ftuu-2", "name=x", "--database", "uz.db")
      #expect(set.status == 75 && set.errors.contains("sqlite3 (process "), "\(set.errors)")
      try await folder.good("list", "org_unit", "--database", "uz.db")
      holder.close()
      try await folder.arrives("ftuu-1", in: "hq.db")
      try await folder.good("set", "org_unit", "ftuu-2", "name=x", "--database", "uz.db")
      try await folder.arrives("ftuu-2", in: "hq.db")
      _ = headquarters
    }
  }

  // MARK: Calls that are cut

  @Test(
    "A join that is killed at any write leaves nothing that stops the same call",
    .enabled("strace works") { try await CommandProcessTests.canTrace() })
  func killedJoin() async throws {
    try await CommandHeadquarters.serving([]) { folder, headquarters in
      try await folder.good("set", "org_unit", "otuts-1", "name=One", "--database", "hq.db")
      for write in [1, 2, 5, 20, 60] {
        let name = "node\(write).db"
        let line = try await folder.good(
          "invite", "ftuu", "--unregistered", "--new", "--office", "o\(write)", "--database", "hq.db"
        ).lines[0]
        let killed = try await folder.start("join", line, "--database", name, killedAtWrite: write).result()
        #expect([0, -SIGKILL].contains(killed.status), "\(killed.errors)")
        let again = try await folder.run("join", line, "--database", name)
        #expect(again.status == 0, "\(write): \(again.errors)")
        try await headquarters.converge([name])
      }
    }
  }

  @Test(
    "An init that is killed at any write leaves nothing that stops the same call",
    .enabled("strace works") { try await CommandProcessTests.canTrace() })
  func killedInit() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    for write in [1, 3, 10, 30] {
      let name = "hq\(write).db"
      let arguments = [
        "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--database", name,
      ]
      let injection =
        ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,write,link,linkat"]
        + ["-e", "inject=pwrite64,write,linkat:signal=KILL:when=\(write)", CommandFolder.program]
      _ = try await folder.start("strace", injection + arguments).result()
      if FileManager.default.fileExists(atPath: folder.file(name)) {
        try await folder.good("status", "--database", name)
        continue
      }
      let again = try await folder.run(arguments)
      #expect(again.status == 0, "\(write): \(again.errors)")
      try await folder.good(
        "invite", "ftuu", "--unregistered", "--new", "--url", "https://127.0.0.1:8650", "--database", name)
    }
  }

  @Test("A folder for temporary files that is not there is named")
  func temporaryFolder() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let environment = ["TMPDIR": folder.file("none")]
      for arguments in [["sync", "--dry-run"], ["egress"], ["egress", "--dry-run"], ["verify"]] {
        let result = try await folder.run(arguments + ["--database", "uz.db"], environment: environment)
        #expect(result.status == 78, "\(arguments): \(result.errors)")
        #expect(result.errors.contains("TMPDIR"), "\(result.errors)")
      }
    }
  }

  @Test("A dry run and egress work beside a column that was renamed or dropped")
  func renamedColumn() async throws {
    for column in ["org_unit RENAME COLUMN name TO title", "member RENAME COLUMN national_id TO craft"] {
      try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
        try await folder.good("set", "org_unit", "ftuu-1", "name=One", "--database", "uz.db")
        try await folder.good("sync", "--database", "uz.db")
        try await folder.sqlite("uz.db", "ALTER TABLE \(column)")
        for arguments in [["sync", "--dry-run"], ["egress"], ["egress", "--dry-run"], ["sync"]] {
          let result = try await folder.run(arguments + ["--database", "uz.db"])
          #expect(result.status == 0, "\(column), \(arguments): \(result.errors)")
        }
      }
    }
  }
}
