import Foundation
import TestSupport
import Testing

/// What is wrong is reported in one sentence on standard error, with the exit code of its sort.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandErrorTests {
  @Test(
    "Wrong calls end with 64",
    arguments: [
      ["frobnicate"], ["set", "org_unit"], ["set", "org_unit", "x", "name"],
      ["set", "org_unit", "x", "name=1", "name=2"],
      ["resolve", "org_unit", "x", "name"], ["resolve", "org_unit", "x", "name", "--keep", "--take", "y"],
      ["init", "--role", "federation", "--name", "x"], ["list", "org_unit", "--limit", "-1"], ["demo", "--scale", "7"],
      ["serve", "--interval", "0"], ["export", "org_unit", "--format", "xml"],
    ])
  func wrongCalls(_ arguments: [String]) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let result = try await folder.run(arguments)
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(!result.errors.isEmpty)
  }

  @Test("Every command explains itself, beginning with an example")
  func help() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    for command in [
      "init", "invite", "join", "serve", "sync", "status", "set", "remove", "show", "list", "history", "import",
      "export", "inbox", "conflicts", "resolve", "totals", "check", "verify", "audit", "demo",
    ] {
      let result = try await folder.good(command, "--help")
      #expect(result.output.hasPrefix("OVERVIEW: birlik \(command)"), "\(result.output)")
    }
    let check = try await folder.good("catalog", "check", "--help")
    #expect(check.output.hasPrefix("OVERVIEW: birlik catalog check"))
    let publish = try await folder.good("catalog", "publish", "--help")
    #expect(publish.output.hasPrefix("OVERVIEW: birlik catalog publish"))
    let version = try await folder.good("--version")
    #expect(version.output.wholeMatch(of: #/\d+\.\d+\.\d+\n/#) != nil)
  }

  @Test("Files that are missing, not named, or another program's")
  func files() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await expect(78, "there is no database none.db", folder, "status", "--database", "none.db")
    try await expect(78, "no database is named", folder, "status")
    try await folder.sqlite("other.db", "CREATE TABLE t(a); INSERT INTO t VALUES(1)")
    try await expect(65, "another program", folder, "status", "--database", "other.db")
    #expect(try await folder.sqlite("other.db", "SELECT a FROM t").output == "1\n")
    try folder.write("no database at all, and long enough to be seen as none", to: "text.db")
    try await expect(65, "not an SQLite database", folder, "list", "org_unit", "--database", "text.db")
    try folder.write("databse = \"x.db\"\n", to: "wrong.toml")
    try await expect(78, "databse", folder, "status", "--config", "wrong.toml")
    try await expect(78, "none.toml", folder, "status", "--config", "none.toml")
  }

  @Test("The database is found by option, environment and settings, in this order")
  func naming() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try folder.write("database = \"\(folder.file("hq.db"))\"\nlog_level = \"debug\"\n", to: "birlik.toml")
    for environment in [["BIRLIK_DATABASE": "hq.db"], ["BIRLIK_CONFIG": "birlik.toml"]] {
      #expect(try await folder.run(["status"], environment: environment).status == 0)
    }
    #expect(try await folder.run(["status", "--config", "birlik.toml"]).status == 0)
    let wins = try await folder.run(["status", "--database", "hq.db"], environment: ["BIRLIK_DATABASE": "none.db"])
    #expect(wins.status == 0)
  }

  @Test("Unknown names and values that the catalog does not allow")
  func values() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder)
    let database = ["--database", "hq.db"]
    try await expect(65, "'nme'", folder, ["set", "org_unit", "x", "nme=1"] + database)
    try await expect(65, "'nowhere'", folder, ["list", "nowhere"] + database)
    try await expect(65, "'nowhere'", folder, ["export", "nowhere"] + database)
    try await expect(65, "'nme'", folder, ["list", "org_unit", "--where", "nme=1"] + database)
    try await expect(65, "country", folder, ["set", "org_unit", "x", "country=XYZ"] + database)
    try await expect(65, "2020-13", folder, ["set", "org_unit", "x", "opened_on=2020-13"] + database)
    let returns = ["set", "membership_return"]
    try await expect(65, "whole number", folder, returns + ["x/2025/territorial", "members_total=many"] + database)
    try await expect(65, "unit/as_of/axis", folder, returns + ["x/2025", "members_total=1"] + database)
    try await expect(65, "set once", folder, ["set", "org_unit", "ftuu", "unit_kind=council"] + database)
    try await expect(65, "there is no org_unit x", folder, ["show", "org_unit", "x"] + database)
    try await expect(65, "there is no org_unit x", folder, ["remove", "org_unit", "x"] + database)
    try await expect(65, "no open conflict", folder, ["resolve", "org_unit", "ftuu", "name", "--keep"] + database)
    try await expect(65, "'wealth'", folder, ["totals", "--indicator", "wealth"] + database)
    try await expect(65, "not a date", folder, ["totals", "--as-of", "yesterday"] + database)
    try await expect(65, "not a whole invitation", folder, ["join", "birlik1:AAAA", "--database", "new.db"])
    try await expect(65, "not a whole invitation", folder, ["join", "hello", "--database", "new.db"])
    try await expect(64, "'F T U U'", folder, ["invite", "F T U U"] + database)
    try await expect(64, "headquarters", folder, ["sync"] + database)
    let none = try await folder.run(["list", "org_unit", "--where", "code=x", "--json"] + database)
    #expect(try none.json() == .array([]))
  }

  @Test("What a clerk types wrongly in SQL is reported, shown nowhere as valid, and stops nothing")
  func wrongValuesInSQL() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")], figures: CommandHeadquarters.published) {
      folder, headquarters in
      let refused = try await folder.sqlite(
        "uz.db", "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a','2025','territorial','x')")
      #expect(refused.errors.contains("members_total must be a whole number or NULL"))
      let code = try await folder.sqlite("uz.db", "INSERT INTO org_unit(code, country) VALUES('ftuu-1', 'XYZ')")
      #expect(code.errors.contains("country must be one of"))
      let day = try await folder.sqlite("uz.db", "INSERT INTO org_unit(code, opened_on) VALUES('ftuu-1', '2025-02-30')")
      #expect(day.errors.contains("opened_on must be a date like"))
      // A program that ignores the constraints.
      try await folder.sqlite(
        "uz.db",
        """
        PRAGMA ignore_check_constraints=ON;
        INSERT INTO org_unit(code, country, opened_on, name) VALUES('ftuu-1', 'XYZ', '2025-02-30', 'Right');
        UPDATE org_unit SET name='Mine' WHERE code='otuts';
        """)
      let sync = try await folder.good("sync", "--database", "uz.db")
      #expect(sync.errors.contains("3 edits were not accepted; `birlik inbox` says why and what to do"))
      let status = try await folder.good("status", "--database", "uz.db", "--json").json()
      #expect(status["invalid"] == 0)
      #expect(status["refused"] == 3)
      let words = try await folder.good("status", "--database", "uz.db")
      #expect(words.output.contains("XYZ"))
      #expect(words.output.contains("belongs to otuts"))
      // No value that nobody typed is put into the command that corrects one.
      let inbox = try await folder.good("inbox", "--database", "uz.db")
      #expect(inbox.output.contains(" country= --database"), "\(inbox.output)")
      for place in ["uz.db", "hq.db"] {
        let record = try await folder.good("show", "org_unit", "ftuu-1", "--database", place, "--json").json()
        #expect(record["fields"]?["country"] == .null)
        #expect(record["fields"]?["name"] == "Right")
        #expect(record["invalid"]?.elements.isEmpty == true)
      }
      try await headquarters.converge(["uz.db"])
    }
  }

  @Test("Invitations are good once; headquarters away is 69 and loses nothing")
  func network() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    let invitation = try await folder.good("invite", "ftuu", "--unregistered", "--new", "--database", "hq.db")
    #expect(invitation.lines.count == 1)
    let line = try #require(invitation.lines.first)
    try await folder.good("join", line, "--database", "uz.db")
    try await expect(77, "used", folder, "join", line, "--database", "uz2.db")
    #expect(!FileManager.default.fileExists(atPath: folder.file("uz2.db")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("uz2.db.key")))
    // The same call again is no mistake; another invitation for a database that is there is one.
    try await folder.good("join", line, "--database", "uz.db")
    let other = try #require(
      try await folder.good("invite", "fprk", "--unregistered", "--new", "--database", "hq.db").lines.first)
    try await expect(65, "exists already", folder, "join", other, "--database", "uz.db")
    try await expect(77, "headquarters", folder, "invite", "ftuu", "--database", "uz.db")
    server.stop()
    #expect(try await server.result().status == 0)

    try await folder.good("set", "org_unit", "ftuu-1", "name=Away", "--database", "uz.db")
    try await expect(69, "cannot be reached", folder, "sync", "--database", "uz.db")
    let status = try await folder.good("status", "--database", "uz.db", "--json").json()
    #expect(status["last_sync"]?["outcome"] == "failed")
    let back = try await headquarters.serve()
    defer { back.stop(SIGKILL) }
    try await headquarters.converge(["uz.db"])
    try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db")
  }

  @Test("A catalog is checked by file and line, alone and against the one in use")
  func catalog() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try FileManager.default.copyItem(atPath: CommandFolder.catalog, toPath: folder.file("catalog"))
    let good = try await folder.good("catalog", "check", "catalog", "--database", "hq.db", "--json")
    #expect(try good.json()["ok"] == true)
    #expect(try good.json()["compared_with"] == 1)
    let path = folder.file("catalog/organizations.toml")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try folder.write(text.replacing("type = \"date\"", with: "type = \"moment\""), to: "catalog/organizations.toml")
    let bad = try await folder.run("catalog", "check", "catalog", "--json")
    #expect(bad.status == 65)
    let finding = try #require(try bad.json()["findings"]?[0])
    #expect(finding["file"] == "catalog/organizations.toml")
    #expect((finding["line"]?.integer ?? 0) > 1)
    let words = try await folder.run("catalog", "check", "catalog")
    #expect(words.output.hasPrefix("catalog/organizations.toml:"))
    #expect(try await folder.run("catalog", "check", "nowhere").status == 65)
  }

  private func expect(
    _ status: Int32, _ words: String, _ folder: CommandFolder, _ arguments: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await expect(status, words, folder, arguments, sourceLocation: sourceLocation)
  }

  /// Expects one sentence on standard error and nothing on standard output.
  private func expect(
    _ status: Int32, _ words: String, _ folder: CommandFolder, _ arguments: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await folder.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    #expect(result.errors.hasPrefix("birlik: "), sourceLocation: sourceLocation)
    #expect(result.errors.contains(words), "\(result.errors)", sourceLocation: sourceLocation)
    #expect(!result.errors.contains("unexpected"), "\(result.errors)", sourceLocation: sourceLocation)
  }
}
