import Foundation
import Glibc
import TestSupport
import Testing

/// Who may do what on one machine: the permissions of the file decide, and the key only where something is sealed or signed.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: MachineUser.isRoot, "only root can run programs as others"))
struct CommandPermissionTests {
  /// Headquarters and a node of the service, both made by root in the service's folder; headquarters serves.
  private func serving(
    figures: [String] = [], _ body: (CommandFolder, _ server: RunningProgram) async throws -> Void
  ) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try MachineUser.makeServiceFolder("var", in: folder)
    let port = try Loopback.freePort()
    let made = try await folder.good(
      "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--listen",
      "127.0.0.1:\(port)", "--database", "var/hq.db")
    #expect(made.errors.contains("belong to user \(MachineUser.serviceID)"), "\(made.errors)")
    for name in figures {
      try await folder.good("import", name, CommandFolder.figures(name), "--database", "var/hq.db")
    }
    let server = try MachineUser.service.start(["serve", "--database", "var/hq.db"], in: folder)
    defer { server.stop(SIGKILL) }
    try await server.wait(for: "listening on")
    let line = try #require(
      try await folder.good("invite", "ftuu", "--unregistered", "--database", "var/hq.db").lines.first)
    try await folder.good("join", line, "--database", "var/uz.db")
    try await body(folder, server)
  }

  private func good(
    _ user: MachineUser, _ arguments: String..., in folder: CommandFolder,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> ProgramResult {
    let result = try await user.start(arguments, in: folder).result(within: .seconds(120))
    #expect(result.status == 0, "\(arguments): \(result.output) \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  @Test("What root makes in the service's folder belongs to the service, which works with it; so do renewed keys")
  func filesOfRoot() async throws {
    try await serving { folder, server in
      // Root works on it too, and leaves nothing that the service cannot use.
      try await folder.good("set", "org_unit", "ftuu-1", "name=Root's", "--database", "var/uz.db")
      try await folder.good("sync", "--database", "var/uz.db")
      try await folder.good("rotate-key", "--database", "var/uz.db")
      try await folder.good("rotate-tls", "--database", "var/hq.db")
      for (name, file) in try MachineUser.files(in: folder.file("var")) {
        #expect(file.owner == MachineUser.serviceID && file.group == MachineUser.serviceID, "\(name)")
        if name.contains(".key") { #expect(file.mode == 0o600, "\(name)") }
      }
      let files = try MachineUser.files(in: folder.file("var"))
      for name in ["hq.db", "uz.db"] { #expect(files[name]?.mode == 0o660, "\(name)") }
      #expect(files["uz.db.key.old"] != nil && files["uz.db.state"] != nil && files["hq.db.tls.next.key"] != nil)
      _ = try await good(.service, "set", "org_unit", "ftuu-2", "name=Service's", "--database", "var/uz.db", in: folder)
      _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
      #expect(server.isRunning)
      // In a folder of root's own, files stay root's.
      try await folder.good(
        "init", "--role", "headquarters", "--name", "Own", "--catalog", CommandFolder.catalog, "--database", "own.db")
      #expect(try MachineUser.files(in: folder.path)["own.db"]?.owner == 0)
    }
  }

  @Test("A clerk without the key does all day's work; what seals or signs says what it needs, in one sentence")
  func clerk() async throws {
    try await serving { folder, _ in
      let uz = ["--database", "var/uz.db"]
      func clerk(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> ProgramResult
      {
        let result = try await MachineUser.clerk.start(arguments + uz, in: folder).result(within: .seconds(120))
        #expect(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
        return result
      }
      let key = "ftuu-1/2025-12-31/territorial"
      _ = try await clerk("set", "org_unit", "ftuu-1", "name=Mill", "unit_kind=primary_organization", "country=UZB")
      _ = try await clerk("set", "membership_return", key, "members_total=1200", "method=register")
      #expect(try await clerk("status").output.contains("may not read"))
      // Headquarters and the clerk edit one field.
      _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
      try await folder.good("set", "membership_return", key, "members_total=1300", "--database", "var/hq.db")
      _ = try await clerk("set", "membership_return", key, "members_total=1250")
      _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
      #expect(try await clerk("conflicts").output.contains("1,300"))
      let resolved = try await clerk("resolve", "membership_return", key, "counts", "--from", "OTUTS")
      #expect(resolved.output.contains("resolved"))
      try folder.write("code,name\nftuu-7,Seven\nftuu-8,Eight\n", to: "units.csv")
      _ = try await clerk("import", "org_unit", "units.csv")
      #expect(try await clerk("undo", "--last-import", "--dry-run").output.contains("Would undo edits of 2 records"))
      #expect(try await clerk("undo", "--last-import").output.contains("Undid edits of 2 records"))
      #expect(try await clerk("list", "org_unit").output.contains("ftuu-7") == false)
      _ = try await clerk("set", "org_unit", "ftuu-9", "name=Nine")
      _ = try await clerk("rekey", "org_unit", "ftuu-9", "ftuu-10")
      _ = try await clerk("remove", "org_unit", "ftuu-10")
      _ = try await clerk("show", "org_unit", "ftuu-1")
      _ = try await clerk("history", "org_unit", "ftuu-1")
      _ = try await clerk("export", "membership_return")
      _ = try await clerk("inbox")
      _ = try await clerk("held")
      let checked = try await MachineUser.clerk.start(["check"] + uz, in: folder).result(within: .seconds(120))
      #expect([0, 65].contains(checked.status) && checked.errors.isEmpty, "\(checked.errors)")
      _ = try await clerk("nodes")
      _ = try await clerk("audit")
      _ = try await clerk("derive")
      _ = try await clerk("egress", "--dry-run")
      let totals = try await clerk("totals", "--as-of", "2025-12-31")
      #expect(totals.errors.contains("not in this answer"), "\(totals.errors)")

      for command in [["sync"], ["serve"], ["rotate-key"], ["sync", "--dry-run"]] {
        let refused = try await MachineUser.clerk.start(command + uz, in: folder).result(within: .seconds(120))
        #expect(refused.status == 77, "\(command): \(refused.errors)")
        #expect(refused.errors.hasPrefix("birlik: this user may not read var/uz.db.key"), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
      }
      // The service sends what the clerk did.
      _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
      let there = try await folder.good("show", "membership_return", key, "--database", "var/hq.db", "--json").json()
      #expect(there["fields"]?["members_total"] == 1300)
      #expect(try await folder.good("conflicts", "--database", "var/hq.db").output.contains("There are none"))
      #expect(try await clerk("status", "--json").json()["unsealed"] == 0)
      #expect(try await clerk("verify", "--json").json()["ok"] == true)
    }
  }

  @Test("A clerk without the key decides whether a record exists that one deleted and another edited")
  func existence() async throws {
    try await serving { folder, _ in
      let uz = ["--database", "var/uz.db"]
      for wanted in ["kept", "deleted"] {
        let code = "ftuu-\(wanted)"
        try await folder.good("set", "org_unit", code, "name=a", "--database", "var/uz.db")
        _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
        try await folder.good("set", "org_unit", code, "name=b", "--database", "var/hq.db")
        _ = try await good(.clerk, "remove", "org_unit", code, "--database", "var/uz.db", in: folder)
        _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
        let decided = try await MachineUser.clerk.start(
          ["resolve", "org_unit", code, "(record)", "--take", wanted] + uz, in: folder
        ).result(within: .seconds(120))
        #expect(decided.status == 0 && decided.output.contains("the service sends it"), "\(decided.errors)")
        _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
        #expect(try await folder.good("conflicts", "--database", "var/hq.db").output.contains("There are none"))
        let shown = try await folder.run("show", "org_unit", code, "--database", "var/hq.db")
        #expect((shown.status == 0) == (wanted == "kept"), "\(wanted): \(shown.output) \(shown.errors)")
      }
      for database in ["var/hq.db", "var/uz.db"] {
        #expect(try await folder.good("verify", "--database", database, "--json").json()["ok"] == true, "\(database)")
      }
    }
  }

  @Test("Edits that wait for a person are confirmed and put back by a clerk without the key")
  func held() async throws {
    try await serving { folder, _ in
      let rows = (1...150).map { "ftuu-\($0),Unit \($0)\n" }.joined()
      try folder.write("code,name\n" + rows, to: "units.csv")
      _ = try await good(.clerk, "import", "org_unit", "units.csv", "--database", "var/uz.db", in: folder)
      _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
      let deletion = "DELETE FROM org_unit WHERE code LIKE 'ftuu-%'"
      for confirms in [false, true] {
        let typed = try await MachineUser.clerk.run(
          program: "sqlite3", [folder.file("var/uz.db"), deletion], in: folder)
        #expect(typed.status == 0, "\(typed.errors)")
        _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
        let waiting = try await good(.clerk, "held", "--database", "var/uz.db", "--json", in: folder).json()
        #expect(waiting.elements.count == 150)
        let decision = confirms ? "--confirm" : "--put-back"
        _ = try await good(.clerk, "held", decision, "--database", "var/uz.db", in: folder)
        let status = try await good(.clerk, "status", "--database", "var/uz.db", "--json", in: folder).json()
        #expect(status["held"] == 0, "\(decision)")
        _ = try await good(.service, "sync", "--database", "var/uz.db", in: folder)
        let left = try await folder.good(
          "list", "org_unit", "--where", "federation=ftuu", "--database", "var/hq.db", "--json")
        #expect(try left.json().elements.count == (confirms ? 0 : 150), "\(decision)")
      }
      #expect(try await folder.good("verify", "--database", "var/uz.db", "--json").json()["ok"] == true)
    }
  }

  @Test("Whoever may only read reads with every command that reads, and hears why the others do not work")
  func reader() async throws {
    try await serving { folder, server in
      try await folder.good("set", "org_unit", "ftuu-1", "name=Mill", "--database", "var/uz.db")
      server.stop()
      #expect(try await server.result().status == 0)
      for name in ["hq.db", "uz.db"] { _ = chmod(folder.file("var/\(name)"), 0o664) }
      // The journal that SQLite left has the mode of before; whoever writes next gives it the new one.
      for name in ["hq.db", "uz.db"] {
        _ = try await good(.service, "set", "org_unit", "x", "name=x", "--database", "var/\(name)", in: folder)
      }
      for database in ["var/hq.db", "var/uz.db"] {
        for command in [
          ["status"], ["list", "org_unit"], ["show", "org_unit", "x"], ["history", "org_unit", "x"],
          ["export", "org_unit"],
          ["totals"], ["conflicts"], ["inbox"], ["held"], ["nodes"], ["check"], ["audit"], ["derive"],
          ["verify", "--capture"], ["undo", "--since", "2020-01-01", "--dry-run"],
        ] {
          let result = try await MachineUser.reader.start(command + ["--database", database], in: folder)
            .result(within: .seconds(120))
          // `check` ends with 65 where it finds anything.
          let isAnswer = result.status == 0 || command == ["check"] && result.status == 65 && result.errors.isEmpty
          #expect(isAnswer, "\(command) \(database): \(result.errors)")
        }
        for command in [
          ["set", "org_unit", "y", "name=y"], ["remove", "org_unit", "x"], ["undo", "--since", "2020-01-01"],
        ] {
          let refused = try await MachineUser.reader.start(command + ["--database", database], in: folder)
            .result(within: .seconds(120))
          #expect(refused.status == 77, "\(command): \(refused.errors)")
          #expect(refused.errors.contains("this user may read \(database), but not write it"), "\(refused.errors)")
        }
      }
      // A table that a later version added is made by whoever may write.
      try await folder.sqlite("var/uz.db", "DROP TABLE birlik_held")
      let old = try await MachineUser.reader.run("held", "--database", "var/uz.db", in: folder)
      #expect(old.status == 65 && old.errors.contains("an older Birlik made the file"), "\(old.errors)")
      _ = try await good(.service, "status", "--database", "var/uz.db", in: folder)
      #expect(try await MachineUser.reader.run("held", "--database", "var/uz.db", in: folder).status == 0)
      // What has no permission at all says so, and is not taken for a file that is not there.
      _ = chmod(folder.file("var"), 0o2770)
      let closed = try await MachineUser.reader.run("status", "--database", "var/uz.db", in: folder)
      #expect(closed.status == 77 && closed.errors.contains("may not look into the folder"), "\(closed.errors)")
    }
  }

  @Test("A clerk's journal is of use to the service, also where the folder does not pass its group on")
  func journal() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try MachineUser.makeServiceFolder("var", mode: 0o775, in: folder)
    try await folder.good(
      "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--database", "var/hq.db"
    )
    try? FileManager.default.removeItem(atPath: folder.file("var/hq.db-journal"))
    _ = try await good(.clerk, "set", "org_unit", "a", "name=a", "--database", "var/hq.db", in: folder)
    let journal = try #require(try MachineUser.files(in: folder.file("var"))["hq.db-journal"])
    #expect(journal.group == MachineUser.serviceID && journal.mode == 0o660)
    _ = try await good(.service, "set", "org_unit", "b", "name=b", "--database", "var/hq.db", in: folder)
  }

  @Test("Settings that may not be read are no settings that are not there")
  func settings() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try MachineUser.makeServiceFolder("etc", mode: 0o750, in: folder)
    try folder.write("database = \"x.db\"\n", to: "etc/birlik.toml")
    let closed = try await MachineUser.reader.run("status", "--config", "etc/birlik.toml", in: folder)
    #expect(
      closed.status == 77 && closed.errors.contains("may not look into the folder of etc/birlik.toml"),
      "\(closed.errors)")
    _ = chmod(folder.file("etc"), 0o755)
    _ = chmod(folder.file("etc/birlik.toml"), 0o640)
    let unread = try await MachineUser.reader.run("status", "--config", "etc/birlik.toml", in: folder)
    #expect(unread.status == 77 && unread.errors.contains("may not read etc/birlik.toml"), "\(unread.errors)")
  }
}
