import Foundation
import SyncCore
import TestSupport
import Testing
import Wire

/// Nothing secret, and no value of a row, is where others could read it: the log at its most talkative, what commands
/// complain of, the list of processes, their environment; and no key is in a database.
@Suite(.timeLimit(.minutes(20))) struct CommandSecretsTests {
  /// What must not be found, in every spelling in which it could be written.
  private struct Marks {
    private var spellings: [(what: String, bytes: [UInt8])] = []

    mutating func add(_ what: String, text: String) { spellings.append((what, Array(text.utf8))) }

    mutating func add(_ what: String, secret: [UInt8]) {
      let hex = secret.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
      spellings += [
        (what, secret), (what, Array(hex.utf8)), (what, Array(hex.uppercased().utf8)),
        (what, Array(Base64URL.encode(secret).utf8)),
        (what, Array(Data(secret).base64EncodedString().prefix { $0 != "=" }.utf8)),
      ]
    }

    /// What of it is in `bytes`.
    func found(in bytes: Data) -> [String] {
      Set(spellings.filter { bytes.range(of: Data($0.bytes)) != nil }.map(\.what)).sorted()
    }
  }

  /// What the system shows of processes to others: their arguments and their environment.
  private func shown(_ processes: [RunningProgram]) throws -> Data {
    var all = Data()
    for process in processes {
      for name in ["cmdline", "environ"] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process.identifier)/\(name)"))
        defer { try? file.close() }
        let part = try #require(try file.readToEnd(), "\(name) of \(process.identifier)")
        all.append(part)
      }
    }
    return all
  }

  private func nodeKey(_ path: String) throws -> [UInt8] {
    let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    return try #require(Base64URL.decode(text))
  }

  /// The secret number of a P-256 key in PKCS #8: 32 bytes behind their tag and length.
  private func serverKey(_ path: String) throws -> [UInt8] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("-") }
    let bytes = Array(try #require(Data(base64Encoded: lines.joined())))
    let start = try #require(
      bytes.indices.dropLast(34).first { bytes[$0...].starts(with: [0x02, 0x01, 0x01, 0x04, 0x20]) })
    return Array(bytes[(start + 5)..<(start + 37)])
  }

  @Test("Keys, invitations and rows stay out of the log, errors, arguments, environment; keys out of the databases")
  func nothingLeaks() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try folder.start("serve", "--log-level", "trace", "--database", "hq.db")
    defer { server.stop(SIGKILL) }
    let port = headquarters.port
    try await server.wait(for: "listening on 127.0.0.1:\(port)")
    let line = try #require(
      try await folder.good("invite", "ftuu", "--unregistered", "--new", "--database", "hq.db").lines.first)
    let unused = try #require(
      try await folder.good("invite", "ftuu", "--unregistered", "--new", "--database", "hq.db").lines.first)
    try folder.write(line + "\n", to: "invitation")
    let program = CommandFolder.program
    func shellRun(_ script: String) async throws -> ProgramResult {
      try await folder.start("sh", ["-c", script, program]).result()
    }
    let joined = try await shellRun("\"$0\" join - --database uz.db < invitation")
    #expect(joined.status == 0, "\(joined.errors)")
    var said = joined.errors + joined.output

    // Rows that travel, rows that stay, and rows that cannot be taken.
    let open = "Plantedopen7f3a91", personal = "Plantedpersonal7f3a91", broken = "Plantedbroken7f3a91"
    try await folder.sqlite(
      "uz.db",
      """
      INSERT INTO org_unit(code, name) VALUES('ftuu-1', '\(open)');
      INSERT INTO member(id, name, national_id) VALUES('m1', '\(personal)', '\(personal)');
      INSERT INTO org_unit(code, name, opened_on) VALUES('ftuu-2', '\(open)', '\(broken)');
      """)
    let follower = try folder.start("serve", "--log-level", "trace", "--interval", "1", "--database", "uz.db")
    defer { follower.stop(SIGKILL) }
    try await folder.arrives("ftuu-1", in: "hq.db")
    let processes = try shown([server, follower])
    // Runs that go wrong say why: a used invitation, a spoilt one, a key that is none, headquarters away.
    try await said += shellRun("\"$0\" join - --database again.db < invitation").errors
    try await said += shellRun("cut -c 1-100 invitation | \"$0\" join - --database again.db").errors
    for command in ["sync", "status", "verify", "inbox", "conflicts", "pin"] {
      said += try await folder.run(command, "--database", "uz.db").errors
    }
    for running in [server, follower] {
      running.stop()
      said += try await running.result().errors
    }
    said += try await folder.run("sync", "--database", "uz.db").errors
    try FileManager.default.moveItem(atPath: folder.file("uz.db.key"), toPath: folder.file("kept.key"))
    try folder.write("Plantednokey7f3a91\n", to: "uz.db.key")
    _ = chmod(folder.file("uz.db.key"), 0o600)
    said += try await folder.run("sync", "--database", "uz.db").errors

    var keys = Marks()
    keys.add("headquarters' key", secret: try nodeKey(folder.file("hq.db.key")))
    keys.add("the node's key", secret: try nodeKey(folder.file("kept.key")))
    keys.add("the server's key", secret: try serverKey(folder.file("hq.db.tls.key")))
    for invitation in [line, unused] {
      keys.add("an invitation's secret", secret: try Invitation(line: invitation).token)
      keys.add("an invitation", text: String(invitation.dropFirst(20).prefix(60)))
    }
    var rows = Marks()
    for text in [open, personal, broken, "Plantednokey7f3a91"] { rows.add("a row's value", text: text) }

    let log = Data(said.utf8)
    #expect(said.contains("trace") || said.contains("debug"), "the log was not at its most talkative")
    #expect(keys.found(in: log) == [])
    #expect(rows.found(in: log) == [], "\(said)")
    #expect(keys.found(in: processes) == [])
    #expect(rows.found(in: processes) == [])
    for name in ["hq.db", "uz.db", "uz.db.state"] {
      #expect(keys.found(in: try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))) == [], "\(name)")
    }
    // So that "nothing found" cannot come from a search that finds nothing.
    #expect(rows.found(in: try Data(contentsOf: URL(fileURLWithPath: folder.file("uz.db")))) == ["a row's value"])
    #expect(
      keys.found(in: try Data(contentsOf: URL(fileURLWithPath: folder.file("hq.db.key")))) == ["headquarters' key"])
    #expect(keys.found(in: Data(line.utf8)).contains("an invitation"))
    #expect(String(decoding: processes, as: UTF8.self).contains("--log-level\0trace"))
  }

  @Test("Keys that systemd hands over go before those beside the database, under the same rule")
  func credentials() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let given = folder.file("given")
    try FileManager.default.createDirectory(atPath: given, withIntermediateDirectories: false)
    for (name, credential) in [
      ("hq.db.key", "birlik.key"), ("hq.db.tls.key", "birlik.tls.key"), ("hq.db.tls.pem", "birlik.tls.pem"),
    ] {
      try FileManager.default.moveItem(atPath: folder.file(name), toPath: given + "/" + credential)
      _ = chmod(given + "/" + credential, 0o400)
    }
    let environment = ["CREDENTIALS_DIRECTORY": given]
    let without = try await folder.run("pin", "--database", "hq.db")
    #expect(without.status == 78, "\(without.errors)")
    let program = CommandFolder.program
    let server = try folder.start(program, ["serve", "--database", "hq.db"], environment: environment)
    defer { server.stop(SIGKILL) }
    try await server.wait(for: "listening on")
    #expect(server.errors.contains("127.0.0.1:\(headquarters.port)") && server.errors.contains("tls=on"))
    let invited = try await folder.run(
      ["invite", "ftuu", "--unregistered", "--new", "--database", "hq.db"], environment: environment)
    let invitation = try Invitation(line: try #require(invited.lines.first))
    #expect(invitation.trust.pins.count == 1 && !invitation.trust.needsAuthority)
    try await folder.good("join", try #require(invited.lines.first), "--database", "uz.db")
    _ = chmod(given + "/birlik.key", 0o440)
    let open = try await folder.run(["pin", "--database", "hq.db"], environment: environment)
    #expect(open.status == 78 && open.errors.contains("others may read"), "\(open.errors)")
    // Reading needs no key, and says all the same that something is wrong with it.
    let reading = try await folder.run(["status", "--database", "hq.db"], environment: environment)
    #expect(reading.status == 0 && reading.errors.contains("nothing can be sent from here"), "\(reading.errors)")
    #expect(reading.errors.contains("others may read"), "\(reading.errors)")
  }
}
