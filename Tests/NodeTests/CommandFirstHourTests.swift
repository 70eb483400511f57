import Foundation
import TestSupport
import Testing

/// What a new user meets first: the program alone, an invitation from a mail, rows from a pipe.
@Suite(.timeLimit(.minutes(10))) struct CommandFirstHourTests {
  @Test("`init` works where nothing but the program is, and says which catalog it took")
  func programAlone() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try FileManager.default.copyItem(atPath: CommandFolder.program, toPath: folder.file("birlik"))
    func run(_ arguments: String...) async throws -> ProgramResult {
      try await folder.start(folder.file("birlik"), arguments).result()
    }
    // A folder that happens to be there is not taken.
    try FileManager.default.createDirectory(atPath: folder.file("Config/catalog"), withIntermediateDirectories: true)
    try folder.write("version = 1", to: "Config/catalog/catalog.toml")
    let made = try await run("init", "--role", "headquarters", "--name", "OTUTS", "--database", "hq.db")
    #expect(made.status == 0 && made.output.contains("with catalog 1 of this program."), "\(made)")
    #expect(try await run("list", "org_unit", "--database", "hq.db").status == 0)
    let copied = try await run("catalog", "copy", "own", "--json")
    #expect(try copied.json()["files"]?.elements.contains("organizations.toml") == true)
    #expect(try await run("catalog", "check", "own", "--database", "hq.db").output.contains("Nothing is wrong in own"))
    #expect(try await run("catalog", "copy", "own").status == 74)
    let other = try await run(
      "init", "--role", "headquarters", "--name", "B", "--catalog", "own", "--database", "b.db", "--json")
    #expect(try other.json()["catalog_from"] == "own", "\(other.errors)")
    let wrong = try await run(
      "init", "--role", "headquarters", "--name", "C", "--catalog", "Config/catalog", "--database", "c.db")
    #expect(wrong.status == 65 && wrong.errors.contains("Config/catalog"), "\(wrong)")
  }

  /// A line as a mail shows it.
  private static func mail(_ line: String, _ every: Int, _ mark: String) -> String {
    var lines: [String] = []
    var rest = line[...]
    while !rest.isEmpty {
      lines.append(mark + rest.prefix(every))
      rest = rest.dropFirst(every)
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  @Test("`join -` finds the invitation in a mail, however it was saved and pasted")
  func pastedInvitation() async throws {
    try await CommandHeadquarters.serving([]) { folder, _ in
      let greeting = "Dear Aygul,\r\nhere is birlik's invitation:\r\n\r\n"
      let pastes: [(String, (String) -> [UInt8])] = [
        ("quoted", { Array(("\u{FEFF}" + greeting + Self.mail($0, 60, "> ") + "> Regards\r\n").utf8) }),
        (
          "UTF-16",
          { line in [0xFF, 0xFE] + Self.mail(line, 70, "\t").utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }
        ),
        ("hyphens", { Array(("\u{201C}" + $0.map { "\($0)\u{AD}\u{200B}" }.joined() + "\u{201D}").utf8) }),
        ("Latin-1", { [0xA0, 0xAB] + Array(Self.mail($0, 40, "  ").utf8) + [0xBB] }),
      ]
      for (name, paste) in pastes {
        let line = try await folder.good(
          ["invite", "ftuu", "--office", name, "--database", "hq.db"] + CommandFolder.unregistered
        ).lines[0]
        try Data(paste(line)).write(to: URL(fileURLWithPath: folder.file("paste")))
        let script = "'\(CommandFolder.program)' join - --database '\(name).db' < paste"
        let joined = try await folder.start("sh", ["-c", script]).result()
        #expect(joined.status == 0, "\(name): \(joined.errors)")
      }
      // As an argument in pieces, of which one begins like an option.
      var pieces: [String] = []
      repeat {
        let line = try await folder.good(
          ["invite", "ftuu", "--office", "pieces", "--database", "hq.db"] + CommandFolder.unregistered
        ).lines[0]
        guard let cut = line.dropFirst(20).firstIndex(where: { $0 == "-" }) else { continue }
        pieces = [String(line[..<cut]), String(line[cut...])]
      } while pieces.isEmpty || pieces[1].hasPrefix("-h") || pieces[1].hasPrefix("--")
      let joined = try await folder.run(["join"] + pieces + ["--database", "pieces.db"])
      #expect(joined.status == 0, "\(pieces) \(joined.errors)")
      let next = try await folder.good(
        ["invite", "ftuu", "--office", "typo", "--database", "hq.db"] + CommandFolder.unregistered
      ).lines[0]
      let typo = try await folder.run("join", next, "--databse", "typo.db", "--database", "other.db")
      #expect(typo.status == 64 && typo.errors.contains("'--databse'"), "\(typo)")
      let short = try await folder.start(
        "sh", ["-c", "'\(CommandFolder.program)' join - --database short.db"], input: "> " + next.dropLast(5)
      ).result()
      #expect(short.status == 65 && short.errors.contains("not a whole invitation"), "\(short.errors)")
    }
  }

  @Test("`import -` reads a pipe, and holds no lock while it waits for it")
  func importFromPipe() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await folder.good("init", "--role", "headquarters", "--name", "OTUTS", "--database", "hq.db")
    let script = """
      birlik() { '\(CommandFolder.program)' "$@"; }
      export BIRLIK_DATABASE=hq.db
      mkfifo rows
      birlik import org_unit - < rows > imported &
      exec 3> rows
      echo 'code,name' >&3
      birlik set org_unit other name=x --wait 0 || exit 1
      echo 'u1,"Andijan, mill"' >&3
      exec 3>&-
      wait $! || exit 2
      cat imported
      printf 'code,country\\nu2,UZB\\nu3,nowhere\\n' | birlik import org_unit -
      echo $?
      birlik import org_unit - < /dev/null
      """
    let result = try await folder.start("sh", ["-c", script]).result()
    #expect(result.output.contains("Imported 1 row: 1 created"), "\(result)")
    #expect(result.output.hasSuffix("65\n") && result.status == 65, "\(result)")
    #expect(
      result.errors.contains("standard input:3:") && result.errors.contains("standard input is empty"), "\(result)")
    #expect(try await folder.good("show", "org_unit", "u1", "--database", "hq.db").output.contains("Andijan, mill"))
  }

  @Test("`audit --compare -` reads the evidence of another node from a pipe")
  func compareFromPipe() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try await folder.good("audit", "--export", "evidence", "--database", "uz.db")
      let script = "cat evidence | '\(CommandFolder.program)' audit --compare - --database hq.db"
      let compared = try await folder.start("sh", ["-c", script]).result()
      #expect(compared.status == 0 && compared.output.contains("eadquarters signed"), "\(compared)")
      #expect(try await folder.run("audit", "--export", "-", "--database", "uz.db").status == 64)
    }
  }

  @Test("Printed commands name keys, and files, that begin with a hyphen so that they work")
  func hyphens() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await folder.good("init", "--role", "headquarters", "--name", "OTUTS", "--database=-hq.db")
    let shell = { (line: String) in
      try await folder.start("sh", ["-c", "birlik() { '\(CommandFolder.program)' \"$@\"; }\n" + line]).result()
    }
    let key = "-u/-m/2025/-s 'x'"
    let quoted = "'" + key.replacing("'", with: "'\\''") + "'"
    let set = try await shell("birlik set --database=-hq.db -- figure \(quoted) value=5")
    #expect(set.status == 0, "\(set.errors)")
    let refused = try await shell("birlik remove --database=-hq.db -- figure \(quoted)")
    let withdraw = try #require(refused.errors.firstMatch(of: #/birlik withdraw .*/#)).0.dropLast()
    let withdrawn = try await shell("export BIRLIK_DATABASE=-hq.db\n" + withdraw)
    #expect(withdrawn.status == 0, "\(withdraw)\n\(withdrawn.errors)")
    let unnamed = try await shell("birlik invite ftuu --url https://hq.otuts.uz --database=-hq.db")
    let invite = try #require(unnamed.errors.firstMatch(of: #/`(birlik invite [^`]*)`/#)).1
    #expect(try await shell(String(invite).replacing("COUNTRY", with: "UZB")).status == 0, "\(invite)")
  }
}
