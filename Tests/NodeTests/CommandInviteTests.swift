import Foundation
import TestSupport
import Testing

/// `invite` registers a federation, doubts its code, and never prints an address that nobody reaches.
@Suite(.timeLimit(.minutes(5))) struct CommandInviteTests {
  /// Headquarters at an address that others reach; it does not serve.
  private static func headquarters(_ listen: String? = "192.0.2.7:8650") async throws -> CommandFolder {
    let folder = try CommandFolder()
    try await folder.good(
      ["init", "--role", "headquarters", "--name", "OTUTS", "--database", "hq.db"]
        + (listen.map { ["--listen", $0] } ?? []))
    return folder
  }

  private static let uzbekistan = ["--federation-name", "Trade Unions of Uzbekistan", "--country", "uzb"]

  @Test("A new federation is registered as a member, by an ordinary edit of a record that is its own")
  func registers() async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    let made = try await folder.run(["invite", "ftuu", "--database", "hq.db"] + Self.uzbekistan)
    #expect(made.status == 0 && made.lines.count == 1 && made.output.hasPrefix("birlik1:"), "\(made.errors)")
    #expect(made.errors.contains("ftuu is registered as member: Trade Unions of Uzbekistan"), "\(made.errors)")
    let fields = try await folder.good("show", "org_unit", "ftuu", "--json", "--database", "hq.db").json()["fields"]
    #expect(fields?["name"] == "Trade Unions of Uzbekistan" && fields?["country"] == "UZB")
    #expect(fields?["unit_kind"] == "national_centre" && fields?["membership_status"] == "member")
    #expect(fields?["federation"] == "ftuu")
    // The second invitation needs nothing, and leaves the record as it is.
    let office = try await folder.good("invite", "ftuu", "--office", "Samarkand", "--json", "--database", "hq.db")
      .json()
    #expect(office["registered"] == true)
    let again = try await folder.run("invite", "ftuu", "--federation-name", "Other", "--database", "hq.db")
    #expect(again.status == 0 && again.errors.contains("registered already"), "\(again.errors)")
    try await folder.good("verify", "--database", "hq.db")
  }

  @Test("Without a name nothing is registered; the command to type is printed and works")
  func asks() async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    for given in [["--country", "UZB"], ["--federation-name", ""], ["--federation-name", " ", "--country", "UZB"]] {
      let refused = try await folder.run(["invite", "ftuu", "--office=-a b", "--database", "hq.db"] + given)
      #expect(refused.status == 64 && refused.output.isEmpty, "\(given)")
      let command = try #require(refused.errors.firstMatch(of: #/`(birlik invite [^`]*)`/#)).1
      let typed = command.replacing("COUNTRY", with: "UZB").replacing("NAME", with: "Union")
      let script = "cp hq.db* copy/; cd copy; birlik() { '\(CommandFolder.program)' \"$@\"; }\n\(typed)"
      try FileManager.default.createDirectory(atPath: folder.file("copy"), withIntermediateDirectories: false)
      let result = try await folder.start("sh", ["-c", script]).result()
      #expect(result.status == 0 && result.output.hasPrefix("birlik1:"), "\(typed)\n\(result.errors)")
      try FileManager.default.removeItem(atPath: folder.file("copy"))
    }
    let unknown = try await folder.run(
      "invite", "ftuu", "--federation-name", "Union", "--country", "Uzbekistan", "--database", "hq.db")
    #expect(unknown.status == 65 && unknown.errors.contains("country") && unknown.output.isEmpty, "\(unknown.errors)")
    // Not at all is possible too, and said.
    for options in [[], ["--unregistered"]] {
      let unregistered = try await folder.run(["invite", "ftuu", "--database", "hq.db"] + options)
      #expect(unregistered.status == 0 && unregistered.output.hasPrefix("birlik1:"), "\(unregistered.errors)")
      #expect(unregistered.errors.contains("ftuu is not registered, and the totals say so; `birlik invite ftuu"))
    }
    #expect(try await folder.good("list", "org_unit", "--json", "--database", "hq.db").json().elements.isEmpty)
  }

  @Test("At a terminal the name and the country are asked for", .enabled { Program.find("script") != nil })
  func asksAtTheTerminal() async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    let command = "'\(CommandFolder.program)' invite ftuu --database hq.db > line"
    let result = try await folder.start(
      "script", ["-qec", command, "/dev/null"], input: " Trade  Unions\nUZB\n"
    ).result()
    #expect(result.status == 0, "\(result.output)")
    #expect(try String(contentsOfFile: folder.file("line"), encoding: .utf8).hasPrefix("birlik1:"), "\(result.output)")
    let fields = try await folder.good("show", "org_unit", "ftuu", "--json", "--database", "hq.db").json()["fields"]
    #expect(fields?["name"] == "Trade Unions" && fields?["country"] == "UZB")
  }

  @Test(
    "A code that is nearly a known one is doubted without --new",
    arguments: ["ftu", "ftuuu", "fttu", "uftu", "ftuu-", "f-tuu", "hal", "otust"])
  func doubts(code: String) async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    try await folder.good(["invite", "ftuu", "--database", "hq.db"] + Self.uzbekistan)
    try await folder.good("set", "org_unit", "hak", "name=Hak-İş", "--database", "hq.db")
    let known = code == "hal" ? "'hak'" : code == "otust" ? "'otuts'" : "'ftuu'"
    for options in [[], ["--unregistered"]] {
      let told = try await folder.run(["invite", code, "--database", "hq.db"] + options)
      #expect(told.status == 0 && told.errors.contains("looks like \(known)"), "\(told.errors)")
      #expect(told.errors.contains("--new says that it is meant as it is"), "\(told.errors)")
    }
    let meant = try await folder.run(["invite", code, "--new", "--database", "hq.db"])
    #expect(meant.status == 0 && !meant.errors.contains("looks like"), "\(meant.errors)")
    // From now on it is known.
    try await folder.good("invite", code, "--database", "hq.db")
  }

  @Test("A code that looks like no other is not doubted; one of a node that joined is known")
  func knowsOthers() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      for code in ["memur-sen", "ahik", "x"] {
        let made = try await folder.run(["invite", code, "--database", "hq.db"] + Self.uzbekistan)
        #expect(made.status == 0, "\(made.errors)")
      }
      let near = try await folder.run(["invite", "ftus", "--database", "hq.db"] + Self.uzbekistan)
      #expect(near.status == 0 && near.errors.contains("'ftuu'"), "\(near.errors)")
      // It joined without being registered, so it is no slip of the pen.
      let late = try await folder.run(["invite", "ftuu", "--database", "hq.db"] + Self.uzbekistan)
      #expect(late.status == 0 && late.errors.contains("is registered as member"), "\(late.errors)")
    }
  }

  @Test("A federation that the totals do not count is told, with the command that changes it", arguments: ["none", ""])
  func noMember(status: String) async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    try await folder.good("set", "org_unit", "ftuu", "membership_status=\(status)", "--database", "hq.db")
    let told = try await folder.run("invite", "ftuu", "--database", "hq.db")
    #expect(told.status == 0 && told.errors.contains("the totals list it as no member"), "\(told.errors)")
    let command = try #require(told.errors.firstMatch(of: #/`(birlik set [^`]*)`/#)).1
    let line = "birlik() { '\(CommandFolder.program)' \"$@\"; }\n\(command)"
    #expect(try await folder.start("sh", ["-c", line]).result().status == 0)
    let quiet = try await folder.run("invite", "ftuu", "--database", "hq.db")
    #expect(quiet.status == 0 && quiet.errors.isEmpty, "\(quiet.errors)")
  }

  // MARK: - The address

  @Test(
    "No invitation names an address that nobody chose or nobody reaches", arguments: [nil, "0.0.0.0:8650", "[::]:8650"])
  func address(listen: String?) async throws {
    let folder = try await Self.headquarters(listen)
    defer { folder.remove() }
    let invite = ["invite", "ftuu", "--database", "hq.db"] + Self.uzbekistan
    let refused = try await folder.run(invite)
    #expect(
      [64, 78].contains(refused.status) && refused.output.isEmpty && refused.errors.contains("--url"), "\(refused)")
    // Nothing was registered by a command that failed.
    #expect(try await folder.good("list", "org_unit", "--json", "--database", "hq.db").json().elements.isEmpty)
    #expect(
      try await folder.run(invite + ["--url", "https://hq.otuts.uz:8650"]).errors.contains("note: only") == false)
    let here = try await folder.run("invite", "ftuu", "--url", "https://127.0.0.1:8650", "--database", "hq.db")
    #expect(here.status == 0 && here.errors.contains("only nodes on this machine"), "\(here.errors)")
    // Nodes keep the address that they know.
    try await folder.good("pin", "--url", "https://hq.otuts.uz:8650", "--database", "hq.db")
    if listen == nil { try await folder.good("pin", "--database", "hq.db") }
  }

  @Test("The example of the settings file is no address, and neither is any other example")
  func examples() async throws {
    let folder = try await Self.headquarters()
    defer { folder.remove() }
    let settings = try String(
      contentsOf: Repository.config.appendingPathComponent("birlik.headquarters.toml"), encoding: .utf8)
    try folder.write(settings, to: "shipped.toml")
    for (name, url) in [
      ("org", "https://hq.example.org"), ("com", "https://EXAMPLE.com:1"), ("top", "https://hq.example:8650"),
    ] {
      try folder.write("public_url = \"\(url)\"\n", to: name + ".toml")
    }
    for name in ["shipped", "org", "com", "top"] {
      let refused = try await folder.run(
        ["invite", "ftuu", "--config", name + ".toml", "--database", "hq.db"] + Self.uzbekistan)
      #expect(refused.status == 78 && refused.output.isEmpty, "\(name) \(refused)")
      #expect(refused.errors.contains("example") && refused.errors.contains("--url"), "\(name) \(refused.errors)")
    }
    let typed = try await folder.run(
      ["invite", "ftuu", "--url", "https://birlik.example.org:8650", "--database", "hq.db"] + Self.uzbekistan)
    #expect(typed.status == 64 && typed.errors.contains("example"), "\(typed.errors)")
    // The settings' address counts, not the one with which headquarters was made.
    try folder.write("listen = \"192.0.2.8:1234\"\n", to: "moved.toml")
    let moved = try await folder.good(
      ["invite", "ftuu", "--config", "moved.toml", "--database", "hq.db"] + Self.uzbekistan)
    let bytes = try #require(
      Data(
        base64Encoded: String(moved.output.dropFirst(8).prefix(40)).replacing("-", with: "+").replacing("_", with: "/"))
    )
    #expect(String(decoding: bytes, as: UTF8.self).contains("https://192.0.2.8:1234"))
  }
}
