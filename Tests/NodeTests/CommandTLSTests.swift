import Foundation
import TestSupport
import Testing
import Wire

/// Headquarters that speaks TLS itself, as an administrator meets it.
@Suite(.timeLimit(.minutes(20))) struct CommandTLSTests {
  /// Headquarters and one node in sync with it.
  private func pair(_ folder: CommandFolder) async throws -> (CommandHeadquarters, RunningProgram) {
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    try await headquarters.join("uz.db", "ftuu")
    return (headquarters, server)
  }

  private func pin(of database: String, _ folder: CommandFolder) async throws -> [String] {
    try await folder.good("pin", "--database", database, "--json").json()["known_by"]?.elements.compactMap(\.text) ?? []
  }

  private func curl(_ pin: String, port: Int, _ folder: CommandFolder) async throws -> ProgramResult {
    let options = ["-sS", "--noproxy", "*", "--insecure", "--pinnedpubkey", pin, "https://127.0.0.1:\(port)/health"]
    return try await folder.start("curl", options).result()
  }

  @Test("TLS is on without being asked for, and the invitation carries the pin")
  func withoutCeremony() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (headquarters, server) = try await pair(folder)
    defer { server.stop(SIGKILL) }
    for (name, mode) in [("hq.db.key", 0o600), ("hq.db.tls.key", 0o600), ("hq.db.tls.pem", 0o644)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
      #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
    }
    let known = try await pin(of: "uz.db", folder)
    #expect(known.count == 1)
    let right = try await curl(try #require(known.first), port: headquarters.port, folder)
    #expect(right.output.contains("\"status\":\"ok\""), "\(right.errors)")
    let wrong = try await curl("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", port: headquarters.port, folder)
    #expect(wrong.status == 90)
    try await folder.good("set", "org_unit", "ftuu-1", "name=a", "--database", "uz.db")
    try await headquarters.converge(["uz.db"])
  }

  @Test("The server's key changes under nodes that go on, and one that missed it is shown the way")
  func rotation() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (headquarters, server) = try await pair(folder)
    defer { server.stop(SIGKILL) }
    try await headquarters.join("late.db", "ftuu", office: "Late")
    let first = try await pin(of: "uz.db", folder)
    let none = try await folder.run("rotate-tls", "--switch", "--database", "hq.db")
    #expect(none.status == 64)
    let announced = try await folder.good("rotate-tls", "--database", "hq.db", "--json").json()
    let next = "sha256//" + (try #require(announced["pin"]?.text))
    #expect(announced["step"] == "announced" && !first.contains(next))
    #expect(try await folder.run("rotate-tls", "--database", "hq.db").status == 64)

    // One node hears of it; another joins meanwhile; a third does not sync.
    try await folder.good("sync", "--database", "uz.db")
    #expect(try await Set(pin(of: "uz.db", folder)) == Set(first + [next]))
    try await headquarters.join("new.db", "ftuu", office: "New")
    #expect(try await Set(pin(of: "new.db", folder)) == Set(first + [next]))
    let early = try await folder.run("rotate-tls", "--switch", "--database", "hq.db")
    #expect(early.status == 64 && early.errors.contains("--now"), "\(early.errors)")
    let unheard = try await folder.run("rotate-tls", "--switch", "--now", "--database", "hq.db")
    #expect(unheard.status == 75 && unheard.errors.contains("--anyway"), "\(unheard.errors)")
    #expect(unheard.errors.contains("1 of 3 nodes has not synced"), "\(unheard.errors)")
    #expect(unheard.errors.contains("headquarters: ftuu/Late ("), "\(unheard.errors)")
    let change = ["rotate-tls", "--switch", "--now", "--anyway", "--database", "hq.db", "--json"]
    let switched = try await folder.run(change).json()
    #expect(switched["step"] == "switched" && switched["unaware"] == .array(["ftuu/Late"]))
    #expect(!FileManager.default.fileExists(atPath: folder.file("hq.db.tls.next.key")))

    // The server that runs takes it by itself.
    try await waitUntil("the new key is used") {
      try await curl(next, port: headquarters.port, folder).status == 0
    }
    for node in ["uz.db", "new.db"] {
      try await folder.good("sync", "--database", node)
      #expect(try await pin(of: node, folder) == [next], "\(node) no longer takes the old key")
    }
    let late = try await folder.run("sync", "--database", "late.db")
    #expect(late.status == 77 && late.errors.contains("birlik pin"), "\(late.errors)")
    let status = try await folder.good("status", "--database", "late.db")
    #expect(status.output.contains("another key"), "\(status.output)")
    let line = try #require(try await folder.good("pin", "--database", "hq.db").lines.first)
    try await folder.good("pin", line, "--database", "late.db")
    try await folder.good("sync", "--database", "late.db")
    #expect(try await pin(of: "late.db", folder) == [next])
    try await headquarters.converge(["uz.db", "new.db", "late.db"])
  }

  @Test("A change of the key that was cut is finished by the same call")
  func cut() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (headquarters, server) = try await pair(folder)
    defer { server.stop(SIGKILL) }
    let first = try await pin(of: "uz.db", folder)
    // Cut before it was announced: files that no node knows of.
    try await folder.good(
      "init", "--role", "headquarters", "--name", "Other", "--catalog", CommandFolder.catalog, "--database", "other.db")
    for name in ["key", "pem"] {
      try FileManager.default.moveItem(
        atPath: folder.file("other.db.tls.\(name)"), toPath: folder.file("hq.db.tls.next.\(name)"))
    }
    #expect(try await folder.run("rotate-tls", "--switch", "--now", "--database", "hq.db").status == 64)
    let announced = try await folder.good("rotate-tls", "--database", "hq.db", "--json").json()
    let next = "sha256//" + (try #require(announced["pin"]?.text))
    try await folder.good("sync", "--database", "uz.db")
    #expect(try await Set(pin(of: "uz.db", folder)) == Set(first + [next]))
    // Cut between the two files, then after them: the server goes on with what it read.
    for name in ["key", "pem"] {
      _ = rename(folder.file("hq.db.tls.next.\(name)"), folder.file("hq.db.tls.\(name)"))
      try await folder.good("sync", "--database", "uz.db")
    }
    let finished = try await folder.good("rotate-tls", "--switch", "--database", "hq.db", "--json").json()
    #expect(finished["step"] == "switched")
    #expect(try await folder.run("rotate-tls", "--switch", "--database", "hq.db").status == 64)
    try await headquarters.converge(["uz.db"])
    #expect(try await pin(of: "uz.db", folder) == [next])
  }

  @Test("Only this node's own headquarters, and only its latest word, decides by what the server is known")
  func foreignLines() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (_, server) = try await pair(folder)
    defer { server.stop(SIGKILL) }
    try await folder.good(
      "init", "--role", "headquarters", "--name", "Other", "--catalog", CommandFolder.catalog, "--database", "other.db")
    let foreign = try #require(try await folder.good("pin", "--database", "other.db").lines.first)
    let older = try #require(try await folder.good("pin", "--database", "hq.db").lines.first)
    let newer = try #require(
      try await folder.good("pin", "--database", "hq.db", "--url", "https://hq.example.org:1").lines.first)
    let before = try await pin(of: "uz.db", folder)
    let refused = try await folder.run("pin", foreign, "--database", "uz.db")
    #expect(refused.status == 65 && refused.errors.contains("did not sign"), "\(refused.errors)")
    #expect(try await folder.run("pin", String(older.dropLast()), "--database", "uz.db").status == 65)
    #expect(try await pin(of: "uz.db", folder) == before)
    try await folder.good("pin", newer, "--database", "uz.db")
    let status = try await folder.good("status", "--database", "uz.db", "--json").json()
    #expect(status["upstream"] == "https://hq.example.org:1")
    // What somebody kept is no way back.
    #expect(try await folder.run("pin", older, "--database", "uz.db").status == 64)
    #expect(try await folder.run("pin", newer, "--database", "hq.db").status == 64)
  }

  @Test("Plain HTTP is for this machine, and for who asks for it")
  func plain() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await folder.good(
      "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--no-tls", "--listen",
      "0.0.0.0:0", "--database", "hq.db")
    #expect(!FileManager.default.fileExists(atPath: folder.file("hq.db.tls.key")))
    let refused = try await folder.run("serve", "--database", "hq.db")
    #expect(refused.status == 78 && refused.errors.contains("plain HTTP is for this machine only"), "\(refused.errors)")
    for (url, words) in [
      ("http://hq.example.org:8650", "nodes refuse plain HTTP"), ("https://0.0.0.0:8650", "nobody can connect"),
      ("ftp://hq.example.org", "is no address"), ("hq.example.org", "is no address"),
    ] {
      let invitation = try await folder.run(
        "invite", "ftuu", "--unregistered", "--new", "--url", url, "--database", "hq.db")
      #expect(invitation.status == 64 && invitation.errors.contains(words), "\(url) \(invitation.errors)")
    }
    // Behind a web server with an authority's certificate no pin is needed, and one may be added.
    let behind = [
      "invite", "ftuu", "--unregistered", "--new", "--url", "https://hq.example.org", "--database", "hq.db",
    ]
    #expect(try await folder.run(behind).status == 0)
    #expect(
      try await folder.run(behind + ["--pin", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]).status == 0)
    #expect(try await folder.run(behind + ["--pin", "sha256//AAAA"]).status == 64)
    let wished = try await folder.run("serve", "--tls", "--database", "hq.db")
    #expect(wished.status == 78 && wished.errors.contains("rotate-tls"), "\(wished.errors)")
  }

  /// An authority, and a certificate of it for this machine; called again, the next one.
  private static let authority = """
    set -e
    ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    [ -e ca.pem ] || openssl req -x509 $ec -subj /CN=Authority -days 2 -keyout ca.key -out ca.pem
    openssl req -new $ec -subj /CN=leaf -addext subjectAltName=IP:127.0.0.1 -keyout next.key -out leaf.csr
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out next.pem
    chmod 600 next.key
    mv next.key leaf.key
    mv next.pem leaf.pem
    """

  @Test("With an authority's files there is no pin unless it is asked for, and a renewal needs no restart")
  func authorities() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let made = try await folder.start("sh", ["-c", Self.authority]).result()
    try #require(made.status == 0, "\(made.errors)")
    let server = try await serveWithAuthority(folder)
    defer { server.process.stop(SIGKILL) }
    #expect(!FileManager.default.fileExists(atPath: folder.file("hq.db.tls.key")))
    func invitation(_ options: String...) async throws -> Invitation {
      let line = try await folder.run(["invite", "ftuu", "--unregistered", "--new", "--database", "hq.db"] + options)
        .lines.first
      return try Invitation(line: try #require(line))
    }
    #expect(try await invitation().trust == .authority)
    let pinned = try await invitation("--pin", "leaf.pem").trust
    #expect(pinned.pins.count == 1 && pinned.needsAuthority)
    // The machine's own authorities do not know this one, and nothing else vouches for it.
    let url = "https://127.0.0.1:\(server.port)"
    let invited = try await folder.good(
      "invite", "ftuu", "--unregistered", "--new", "--url", url, "--database", "hq.db")
    let line = try #require(invited.lines.first)
    let unknown = try await folder.run("join", line, "--database", "uz.db")
    #expect(unknown.status == 77 && !FileManager.default.fileExists(atPath: folder.file("uz.db.key")))

    func key() async throws -> ProgramResult {
      let script = "openssl s_client -connect 127.0.0.1:\(server.port) -CAfile ca.pem -verify_return_error </dev/null"
      return try await folder.start("sh", ["-c", script + " 2>/dev/null | openssl x509 -pubkey -noout"]).result()
    }
    let first = try await key()
    #expect(first.output.hasPrefix("-----BEGIN PUBLIC KEY-----"), "\(first.errors)")
    _ = try await folder.start("sh", ["-c", Self.authority]).result()
    var renewed = first
    try await waitUntil("the new certificate is used") {
      renewed = try await key()
      return renewed.output != first.output
    }
    #expect(renewed.output.hasPrefix("-----BEGIN PUBLIC KEY-----") && renewed.output != first.output)
  }

  private func serveWithAuthority(_ folder: CommandFolder) async throws -> (process: RunningProgram, port: Int) {
    try await folder.good(
      "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--listen",
      "127.0.0.1:0", "--tls-certificate", "leaf.pem", "--tls-key", "leaf.key", "--database", "hq.db")
    let server = try folder.start("serve", "--database", "hq.db")
    var port: Int?
    try await server.wait("the port") { errors in
      let line = errors.split(separator: "\n").first { $0.contains("listening on 127.0.0.1:") }
      port = line?.split(separator: " ").first { $0.hasPrefix("127.0.0.1:") }.flatMap { Int($0.dropFirst(10)) }
      return port != nil
    }
    return (server, try #require(port))
  }

  @Test("A key that others may read, that does not fit or is missing stops the server with what to do")
  func files() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try await folder.good(
      "init", "--role", "headquarters", "--name", "Other", "--catalog", CommandFolder.catalog, "--database", "other.db")
    let key = folder.file("hq.db.tls.key")
    for mode in [0o640, 0o604, 0o660, 0o620] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key)
      let refused = try await folder.run("serve", "--database", "hq.db")
      #expect(refused.status == 78 && refused.errors.contains("chmod 600 "), "\(refused.errors)")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
    let mixed = try await folder.run(
      "serve", "--tls-certificate", "hq.db.tls.pem", "--tls-key", "other.db.tls.key", "--database", "hq.db")
    #expect(mixed.status == 78 && mixed.errors.contains("does not belong"), "\(mixed.errors)")
    let half = try await folder.run("serve", "--tls-certificate", "hq.db.tls.pem", "--database", "hq.db")
    #expect(half.status == 78 && half.errors.contains("no key"), "\(half.errors)")
    let nothing = try await folder.run(
      "serve", "--tls-certificate", "nowhere.pem", "--tls-key", "nowhere.key", "--database", "hq.db")
    #expect(nothing.status == 78)
  }
}
