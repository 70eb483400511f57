import Foundation
import TestSupport
import Testing

/// Keys that systemd hands over are renewed in the folder from which it takes them: with real processes that are given
/// copies, as units are.
@Suite(.timeLimit(.minutes(20))) struct CommandKeysTests {
  /// Whose the keys are; anybody but the one who runs the command, where that can be tried.
  private static let owner: uid_t = geteuid() == 0 ? 12_345 : geteuid()
  private static let environment = ["CREDENTIALS_DIRECTORY": "given"]

  /// Moves keys from beside a database into the folder `keys`, as an administrator does.
  private func moveKeys(_ names: [String: String], _ folder: CommandFolder) throws {
    try FileManager.default.createDirectory(atPath: folder.file("keys"), withIntermediateDirectories: false)
    for (name, credential) in names {
      let path = folder.file("keys/\(credential)")
      try FileManager.default.moveItem(atPath: folder.file(name), toPath: path)
      _ = chown(path, Self.owner, gid_t(Self.owner))
    }
  }

  /// What systemd does as a service starts: copies that only this start sees.
  private func handOver(_ folder: CommandFolder, _ names: [String] = ["birlik.key"]) throws {
    let given = folder.file("given")
    try? FileManager.default.removeItem(atPath: given)
    try FileManager.default.createDirectory(atPath: given, withIntermediateDirectories: false)
    for name in names {
      try FileManager.default.copyItem(atPath: folder.file("keys/\(name)"), toPath: given + "/" + name)
      _ = chmod(given + "/" + name, 0o400)
    }
  }

  private func standing(_ folder: CommandFolder, _ name: String) throws -> (mode: Int?, owner: Int?) {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("keys/\(name)"))
    return (attributes[.posixPermissions] as? Int, attributes[.ownerAccountID] as? Int)
  }

  private func serve(_ folder: CommandFolder, _ database: String, until words: String) async throws -> RunningProgram {
    let options = ["serve", "--database", database, "--interval", "3600", "--log-level", "debug"]
    let daemon = try folder.start(CommandFolder.program, options, environment: Self.environment)
    try await daemon.wait(for: words)
    return daemon
  }

  @Test("A node's key is renewed where systemd takes it, and the daemon ends to be started with the new one")
  func nodeKey() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try moveKeys(["uz.db.key": "birlik.key"], folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("keys/birlik.key")))
      try handOver(folder)
      let daemon = try await serve(folder, "uz.db", until: "synced")
      defer { daemon.stop(SIGKILL) }
      let renewed = try await folder.good("rotate-key", "--keys", "keys", "--database", "uz.db")
      #expect(renewed.output.contains("ftuu goes on as node") && renewed.output.contains("Its key is birlik.key in"))
      let ended = try await daemon.result()
      #expect(ended.status == 75 && ended.errors.contains("key was renewed"), "\(ended.errors.suffix(300))")

      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.file("keys")).sorted() == [
          "birlik.key", "birlik.key.old",
        ])
      for name in ["birlik.key", "birlik.key.old"] {
        let (mode, owner) = try standing(folder, name)
        #expect(mode == 0o600 && owner == Int(Self.owner), "\(name)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("keys/birlik.key.old"))) == before)
      #expect(!FileManager.default.fileExists(atPath: folder.file("uz.db.key")))

      // Systemd would not yet have the new one only if it had kept the old copy.
      let stale = try await folder.run("sync", "--database", "uz.db", environment: Self.environment)
      #expect(stale.status == 77 && stale.errors.contains("rotate-key --keys FOLDER"), "\(stale.errors)")
      try handOver(folder)
      let again = try await serve(folder, "uz.db", until: "synced")
      defer { again.stop(SIGKILL) }
      try await folder.sqlite("uz.db", "INSERT INTO org_unit(code, name) VALUES('ftuu-1', 'after');")
      try await folder.arrives("ftuu-1", in: "hq.db")
    }
  }

  /// Runs `birlik`, whose thread is killed as it is about to make a system call on files of the folder for the n-th time.
  private func killed(
    at step: String, _ count: Int, of names: [String], _ arguments: [String], _ folder: CommandFolder
  ) async throws -> ProgramResult {
    try await traced(["\(step):signal=KILL:when=\(count)"], names, arguments, folder)
  }

  /// Runs `birlik` with something done to its system calls on files of the folder, and on the folder.
  private func traced(
    _ injections: [String], _ names: [String], _ arguments: [String], _ folder: CommandFolder
  ) async throws -> ProgramResult {
    let calls = injections.compactMap { $0.split(separator: ":").first }.joined(separator: ",")
    var options = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)"]
    for path in [folder.file("keys"), "keys"] + names.map({ "keys/" + $0 }) { options += ["-P", path] }
    for injection in injections { options += ["-e", "inject=\(injection)"] }
    options.append(CommandFolder.program)
    return try await folder.start("strace", options + arguments).result()
  }

  @Test("A renewal that is killed at any step in the folder goes on, and there is a key to start with at every moment")
  func killed() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try moveKeys(["uz.db.key": "birlik.key"], folder)
      // Until it is linked the new key has no name, so nothing of it is left behind.
      for step in ["linkat", "fsync", "unlink", "link", "rename"] {
        let renewal = ["rotate-key", "--keys", "keys", "--database", "uz.db"]
        let cut = try await killed(
          at: step, 1, of: ["birlik.key", "birlik.key.new", "birlik.key.old"], renewal, folder)
        #expect(cut.status != 0, "\(step) was not met: \(cut.output) \(cut.errors)")
        #expect(try standing(folder, "birlik.key").mode == 0o600, "\(step)")
        try await folder.good("rotate-key", "--keys", "keys", "--database", "uz.db")
        try handOver(folder)
        let synced = try await folder.run("sync", "--database", "uz.db", environment: Self.environment)
        #expect(synced.status == 0, "\(step): \(synced.errors)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: folder.file("keys")).sorted() == [
            "birlik.key", "birlik.key.old",
          ])
        #expect(try standing(folder, "birlik.key").owner == Int(Self.owner), "\(step)")
      }
    }
  }

  @Test("The key of headquarters' server is changed where systemd takes it, and the server ends to be started again")
  func serverKey() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let names = ["birlik.key", "birlik.tls.key", "birlik.tls.pem"]
    try moveKeys(["hq.db.key": names[0], "hq.db.tls.key": names[1], "hq.db.tls.pem": names[2]], folder)
    try handOver(folder, names)
    let listening = "listening on 127.0.0.1:\(headquarters.port)"
    let server = try await serve(folder, "hq.db", until: listening)
    defer { server.stop(SIGKILL) }
    func invite(_ office: String) async throws -> String {
      let invited = try await folder.run(
        "invite", "ftuu", "--unregistered", "--new", "--office", office, "--database", "hq.db",
        environment: Self.environment)
      return try #require(invited.lines.first, "\(invited.errors)")
    }
    func pins(_ database: String) async throws -> [String] {
      let known = try await folder.good("pin", "--database", database, "--json").json()["known_by"]
      return known?.elements.compactMap(\.text) ?? []
    }
    try await folder.good("join", invite("A"), "--database", "a.db")
    let first = try await pins("a.db")
    let tls = ["rotate-tls", "--keys", "keys", "--database", "hq.db"]
    let announced = try await folder.run(tls)
    #expect(announced.status == 0 && announced.output.contains("--switch --keys FOLDER"), "\(announced.errors)")
    try await folder.good("sync", "--database", "a.db")
    try await folder.good("join", invite("B"), "--database", "b.db")
    let both = try await pins("b.db")
    let followed = try await pins("a.db")
    #expect(both.count == 2 && Set(both) == Set(followed))
    try await folder.good("sync", "--database", "b.db")
    let switched = try await folder.run(tls + ["--switch", "--now", "--json"])
    #expect(try switched.json()["step"] == "switched", "\(switched.errors)")
    let ended = try await server.result()
    #expect(
      ended.status == 75 && ended.errors.contains("key of this server was changed"), "\(ended.errors.suffix(300))")
    for (name, mode) in [(names[1], 0o600), (names[2], 0o644)] {
      let found = try standing(folder, name)
      #expect(found.mode == mode && found.owner == Int(Self.owner), "\(name)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("keys")).sorted() == names)

    // Started with the old copies all the same, it does not end over and over.
    let stale = try await serve(folder, "hq.db", until: "no longer in use")
    for count in 1...2 {
      // It looks at its key again after every change of the file.
      try await folder.sqlite("hq.db", "INSERT INTO org_unit(code) VALUES('hq-\(count)')")
      try await stale.wait("seal \(count)") {
        $0.split(separator: "\n").count { $0.contains("edits added to the log") } >= count
      }
    }
    #expect(stale.isRunning)
    stale.stop()
    #expect(try await stale.result().status == 0)
    try handOver(folder, names)
    let again = try await serve(folder, "hq.db", until: listening)
    defer { again.stop(SIGKILL) }
    for node in ["a.db", "b.db"] {
      try await folder.good("sync", "--database", node)
      #expect(try await pins(node) == both.filter { !first.contains($0) })
    }
  }

  @Test("Where the disk knows neither unnamed files nor second names, a key is renewed all the same")
  func plainFileSystem() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try moveKeys(["uz.db.key": "birlik.key"], folder)
      let names = ["birlik.key.new", "birlik.key.old"]
      let renewal = ["rotate-key", "--keys", "keys", "--database", "uz.db"]
      // The folder cannot be opened for an unnamed file; or it can, and that gets no name.
      let disks = [(["openat:error=EOPNOTSUPP"], []), (["linkat:error=EPERM", "link:error=EPERM"], names)]
      for (injections, paths) in disks {
        let renewed = try await traced(injections, paths, renewal, folder)
        #expect(renewed.status == 0, "\(injections) \(renewed.errors)")
        for name in ["birlik.key", "birlik.key.old"] {
          let (mode, owner) = try standing(folder, name)
          #expect(mode == 0o600 && owner == Int(Self.owner), "\(name)")
        }
        try await folder.good("rotate-key", "--keys", "keys", "--database", "uz.db")
      }
      // Cut between the two names.
      for (from, to) in [("birlik.key", "birlik.key.new"), ("birlik.key.old", "birlik.key.kept")] {
        try FileManager.default.moveItem(atPath: folder.file("keys/\(from)"), toPath: folder.file("keys/\(to)"))
      }
      try await folder.good("rotate-key", "--keys", "keys", "--database", "uz.db")
      try handOver(folder)
      let synced = try await folder.run("sync", "--database", "uz.db", environment: Self.environment)
      #expect(synced.status == 0, "\(synced.errors)")
    }
  }

  @Test("A change of the server's key that is killed at any step in the folder is finished by the same call")
  func serverKeyKilled() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let names = ["birlik.tls.key", "birlik.tls.pem"]
    try moveKeys(["hq.db.tls.key": names[0], "hq.db.tls.pem": names[1]], folder)
    let change = ["rotate-tls", "--keys", "keys", "--database", "hq.db"]
    let next = ["birlik.tls.next.key", "birlik.tls.next.pem"]
    // Before there is a key, and before it has a certificate.
    for count in 1...2 {
      let cut = try await killed(at: "linkat", count, of: names + next, change, folder)
      #expect(cut.status != 0, "\(cut.output)")
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("keys")).sorted() == [
        names[0], next[0], names[1],
      ])
    let announced = try await folder.run(change + ["--json"]).json()
    #expect(announced["step"] == "announced")
    // Before anything is in place, and when the key is.
    for count in 1...2 {
      let cut = try await killed(at: "rename", count, of: names + next, change + ["--switch", "--now"], folder)
      #expect(cut.status != 0, "\(cut.output)")
    }
    let begun = try await folder.run(change)
    #expect(begun.status == 64 && begun.errors.contains("--switch"), "\(begun.errors)")
    let switched = try await folder.run(change + ["--switch", "--json"]).json()
    #expect(switched["step"] == "switched" && switched["pin"] == announced["pin"])
    for name in names { #expect(try standing(folder, name).owner == Int(Self.owner), "\(name)") }
    try handOver(folder, names)
    let server = try await serve(folder, "hq.db", until: "listening on 127.0.0.1:\(headquarters.port)")
    #expect(server.errors.contains("tls=on"))
    server.stop(SIGKILL)
  }

  @Test("Beside the database as well a new key belongs to whom the one before belongs to")
  func ownerBesideTheDatabase() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      _ = chown(folder.file("uz.db.key"), Self.owner, gid_t(Self.owner))
      try await folder.good("rotate-key", "--database", "uz.db")
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("uz.db.key"))
      #expect(attributes[.ownerAccountID] as? Int == Int(Self.owner) && attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test("What --keys is given, a key by mistake too, is never repeated, and copies are not renewed")
  func refusals() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: false)
      let secret = try String(contentsOfFile: folder.file("uz.db.key"), encoding: .utf8).trimmingCharacters(
        in: .whitespacesAndNewlines)
      // Beside the database as well, so that the wrong folder is not taken for no folder.
      for command in [["rotate-key", "--database", "uz.db"], ["rotate-tls", "--database", "hq.db"]] {
        for given in [secret, "uz.db.key", "nowhere", "", "empty", folder.file("empty")] {
          let refused = try await folder.run(command + ["--keys", given])
          #expect(refused.status == 78, "\(command) \(given): \(refused.errors)")
          #expect(given.isEmpty || !(refused.errors + refused.output).contains(given), "\(refused.errors)")
          #expect(refused.lines.isEmpty && refused.errors.contains("LoadCredential="), "\(refused.errors)")
        }
      }
      try moveKeys(["uz.db.key": "birlik.key"], folder)
      let missing = try await folder.run("rotate-key", "--database", "uz.db")
      #expect(missing.status == 78 && missing.errors.contains("--keys FOLDER"), "\(missing.errors)")
      try handOver(folder)
      let copy = try await folder.run("rotate-key", "--database", "uz.db", environment: Self.environment)
      #expect(copy.status == 78 && copy.errors.contains("LoadCredential="), "\(copy.errors)")
      _ = chmod(folder.file("keys/birlik.key"), 0o640)
      let open = try await folder.run("rotate-key", "--keys", folder.file("keys"), "--database", "uz.db")
      #expect(open.status == 78 && open.errors.contains("others may read birlik.key in"), "\(open.errors)")
      #expect(!open.errors.contains(folder.path))
      _ = chmod(folder.file("keys/birlik.key"), 0o600)
      try Data("no key\n".utf8).write(to: URL(fileURLWithPath: folder.file("keys/birlik.key.new")))
      _ = chmod(folder.file("keys/birlik.key.new"), 0o600)
      let spoilt = try await folder.run("rotate-key", "--keys", folder.file("keys"), "--database", "uz.db")
      #expect(spoilt.status == 78 && spoilt.errors.contains("birlik.key.new in"), "\(spoilt.errors)")
      #expect(!spoilt.errors.contains(folder.path))
      for name in ["birlik.key", "birlik.key.new"] {
        try FileManager.default.removeItem(atPath: folder.file("keys/\(name)"))
      }
      for name in ["birlik.tls.key", "birlik.tls.pem"] {
        try FileManager.default.copyItem(
          atPath: folder.file("hq.db." + name.dropFirst(7)), toPath: folder.file("keys/\(name)"))
      }
      try Data("\(secret)\n".utf8).write(to: URL(fileURLWithPath: folder.file("keys/birlik.tls.next.key")))
      _ = chmod(folder.file("keys/birlik.tls.next.key"), 0o600)
      let noKey = try await folder.run("rotate-tls", "--keys", folder.file("keys"), "--database", "hq.db")
      #expect(noKey.status == 78 && !noKey.errors.contains(secret), "\(noKey.errors)")
      #expect(!noKey.errors.contains(folder.path) && noKey.errors.contains("birlik.tls.next.key in"), "\(noKey.errors)")
    }
  }
}
