import Foundation
import TestSupport
import Testing

/// The program itself in the real units under a real systemd: headquarters with TLS, keys that systemd hands over, and
/// a clerk who writes the database meanwhile.
@Suite(
  .enabled("this machine cannot boot a test system: no root, no systemd-container or no namespaces") {
    await BootedSystem.isPossible()
  })
struct BootProgramTests {
  private static let state = "/var/lib/birlik"
  private static let database = state + "/headquarters.db"
  private static let program = "/opt/birlik/birlik"

  @Test(.timeLimit(.minutes(20))) func headquartersServes() async throws {
    try await Command.withTemporaryFolder { folder in
      let binds = try await prepare(folder)
      try await BootedSystem.withSystem(binds: binds) { system in
        try await isMadeAsTheServiceUser(system)
        let pin = try await servesTLS(system)
        try await clerkWritesMeanwhile(system)
        try await keysComeFromSystemd(system, pin)
        try await serverKeyIsRenewedWhereSystemdTakesIt(system)
        try await nodeKeyIsRenewedWhereSystemdTakesIt(system)
      }
    }
  }

  private func isMadeAsTheServiceUser(_ system: BootedSystem) async throws {
    let made = try await shell(
      "umask 007; exec setpriv --reuid=birlik --regid=birlik --init-groups \(Self.program) init --role headquarters "
        + "--name OTUTS --catalog /opt/birlik-catalog --config /etc/birlik/birlik.toml", system)
    #expect(made.status == 0, "\(made.errors)")
    let modes = try await system.run(
      ["stat", "--format=%a %U %G"] + ["", ".key", ".tls.key", ".tls.pem"].map { Self.database + $0 })
    #expect(
      modes.output.split(separator: "\n").map(String.init) == [
        "660 birlik birlik", "600 birlik birlik", "600 birlik birlik", "644 birlik birlik",
      ], "\(modes.output)\(modes.errors)")
  }

  /// - Returns: the pin under which it was met.
  private func servesTLS(_ system: BootedSystem) async throws -> String {
    let start = try await system.run(["systemctl", "start", "birlik.service"])
    let journal = try await system.run(["journalctl", "--unit=birlik.service", "--no-pager"])
    #expect(start.status == 0, "\(start.errors)\(journal.output)")
    // It listens beyond loopback, so it has to be TLS.
    #expect(journal.output.contains("listening on 0.0.0.0:8650") && journal.output.contains("tls=on"))
    let hash = try await shell(
      "openssl x509 -in \(Self.database).tls.pem -pubkey -noout | openssl pkey -pubin -outform DER | "
        + "openssl dgst -sha256 -binary | base64", system)
    let pin = "sha256//" + hash.output.trimmingCharacters(in: .whitespacesAndNewlines)
    try await answers(pin, system)
    return pin
  }

  private func answers(_ pin: String, _ system: BootedSystem) async throws {
    let health = try await shell(
      "curl --silent --show-error --insecure --pinnedpubkey \(pin) https://127.0.0.1:8650/health", system)
    #expect(health.output.contains("\"status\":\"ok\""), "\(health.errors)")
  }

  private func clerkWritesMeanwhile(_ system: BootedSystem) async throws {
    #expect(try await system.run(["useradd", "--user-group", "--groups", "birlik", "clerk"]).status == 0)
    func type(_ sql: String, as user: String) async throws -> ProgramResult {
      try await shell(
        "umask 022; exec setpriv --reuid=\(user) --regid=$(id -g \(user)) --init-groups "
          + "sqlite3 -cmd '.timeout 10000' \(Self.database) \"\(sql)\"", system)
    }
    let typed = try await type("INSERT INTO org_unit(code, name) VALUES('hq-1', 'typed by a clerk');", as: "clerk")
    #expect(typed.status == 0 && typed.errors.isEmpty, "\(typed.errors)")
    // The daemon, another user, seals what the clerk typed, through the same group and folder.
    try await waitUntil("the daemon seals") {
      let left = try await type("SELECT count(*) FROM birlik_capture;", as: "clerk")
      return left.output == "0\n"
    }
    // And again, after the daemon wrote: neither locks the other out with what it leaves behind.
    let again = try await type("UPDATE org_unit SET name='typed again' WHERE code='hq-1';", as: "clerk")
    #expect(again.status == 0, "\(again.errors)")
    let left = try await shell("stat --format='%a %G' \(Self.database) \(Self.database)-journal 2>/dev/null", system)
    #expect(left.output.split(separator: "\n").allSatisfy { $0 == "660 birlik" }, "\(left.output)")
    #expect(try await type("SELECT count(*) FROM org_unit;", as: "nobody").status != 0)
    let key = try await shell(
      "exec setpriv --reuid=clerk --regid=$(id -g clerk) --init-groups cat \(Self.database).key \(Self.database).tls.key",
      system)
    #expect(key.status != 0 && key.output.isEmpty)
  }

  private func keysComeFromSystemd(_ system: BootedSystem, _ pin: String) async throws {
    let moved = try await shell(
      """
      set -e
      install -d -m 700 /etc/birlik-keys
      for name in key tls.key tls.pem; do
        install -o root -g root -m 600 \(Self.database).$name /etc/birlik-keys/birlik.$name
        rm \(Self.database).$name
      done
      install -d /run/systemd/system/birlik.service.d
      printf '[Service]\\n' > /run/systemd/system/birlik.service.d/keys.conf
      for name in key tls.key tls.pem; do
        echo "LoadCredential=birlik.$name:/etc/birlik-keys/birlik.$name" >> /run/systemd/system/birlik.service.d/keys.conf
      done
      systemctl daemon-reload
      systemctl restart birlik.service
      """, system)
    let journal = try await system.run(["journalctl", "--unit=birlik.service", "--no-pager"])
    #expect(moved.status == 0, "\(moved.errors)\(journal.output)")
    #expect(try await system.property("ActiveState", of: "birlik.service") == "active")
    try await answers(pin, system)
    // What systemd makes of them: the rule for secrets that the program has, it keeps by itself.
    let given = try await shell("cd /run/credentials/birlik.service && stat --format='%a %U %n' *", system)
    #expect(given.output == "400 birlik birlik.key\n400 birlik birlik.tls.key\n400 birlik birlik.tls.pem\n")
  }

  /// By root, who alone may read the folder; the daemon ends and systemd starts it with the new one.
  private func serverKeyIsRenewedWhereSystemdTakesIt(_ system: BootedSystem) async throws {
    let change = "\(Self.program) rotate-tls --keys /etc/birlik-keys --config /etc/birlik/birlik.toml"
    let copies = try await shell(
      "\(Self.program) rotate-tls --keys /run/credentials/birlik.service --config /etc/birlik/birlik.toml", system)
    #expect(copies.status == 78 && copies.errors.contains("systemd's copies"), "\(copies.errors)")
    // As one may have it set for other commands.
    let changed = try await shell(
      "set -e; export CREDENTIALS_DIRECTORY=/etc/birlik-keys; \(change); \(change) --switch --now", system)
    #expect(changed.status == 0, "\(changed.errors)")
    let pins = Set(changed.output.split(whereSeparator: { " \n".contains($0) }).filter { $0.hasPrefix("sha256//") })
    let next = try #require(pins.first).trimmingCharacters(in: .punctuationCharacters)
    try await isStartedAgain("birlik.service", "key of this server was changed", system)
    try await answers("sha256//" + next.dropFirst("sha256//".count), system)
    let standing = try await shell("cd /etc/birlik-keys && stat --format='%a %U %n' *", system)
    #expect(standing.output == "600 root birlik.key\n600 root birlik.tls.key\n644 root birlik.tls.pem\n")
  }

  private func isStartedAgain(_ unit: String, _ words: String, _ system: BootedSystem) async throws {
    let isBack = try await BootedSystem.comes {
      let restarts = try await system.property("NRestarts", of: unit)
      let state = try await system.property("ActiveState", of: unit)
      return restarts == "1" && state == "active"
    }
    let journal = try await system.run(["journalctl", "--unit=\(unit)", "--no-pager"])
    #expect(isBack && journal.output.contains(words), "\(journal.output.suffix(1000))")
    #expect(journal.output.contains("status=75"), "\(journal.output.suffix(1000))")
  }

  private func nodeKeyIsRenewedWhereSystemdTakesIt(_ system: BootedSystem) async throws {
    let member = Self.state + "/member.db"
    let made = try await shell(
      """
      set -e
      export CREDENTIALS_DIRECTORY=/etc/birlik-keys
      line=$(\(Self.program) invite ftuu --unregistered --url https://127.0.0.1:8650 --config /etc/birlik/birlik.toml | head -n 1)
      unset CREDENTIALS_DIRECTORY
      umask 007
      setpriv --reuid=birlik --regid=birlik --init-groups \(Self.program) join "$line" --database \(member)
      install -d -m 700 /etc/member-keys
      install -o root -g root -m 600 \(member).key /etc/member-keys/birlik.key
      rm \(member).key
      units=/run/systemd/system
      cp /etc/systemd/system/birlik.service $units/member.service
      install -d $units/member.service.d
      printf '[Service]\\nRestartSec=100ms\\nLoadCredential=birlik.key:/etc/member-keys/birlik.key\\n' \
        > $units/member.service.d/test.conf
      printf 'ExecStart=\\nExecStart=\(Self.program) serve --interval 1 --database \(member)\\n' \
        >> $units/member.service.d/test.conf
      systemctl daemon-reload
      systemctl start member.service
      """, system)
    #expect(made.status == 0, "\(made.output)\(made.errors)")
    let renewed = try await shell("\(Self.program) rotate-key --keys /etc/member-keys --database \(member)", system)
    #expect(renewed.status == 0, "\(renewed.errors)")
    try await isStartedAgain("member.service", "key was renewed", system)
    let standing = try await shell("cd /etc/member-keys && stat --format='%a %U %n' *", system)
    #expect(standing.output == "600 root birlik.key\n600 root birlik.key.old\n")
    // What root's command left behind keeps the daemon from nothing.
    func name(_ database: String, _ sql: String) async throws -> ProgramResult {
      try await shell(
        "umask 022; exec setpriv --reuid=clerk --regid=$(id -g clerk) --init-groups "
          + "sqlite3 -cmd '.timeout 10000' \(database) \"\(sql)\"", system)
    }
    let typed = try await name(member, "INSERT INTO org_unit(code, name) VALUES('ftuu-1', 'after');")
    #expect(typed.status == 0, "\(typed.errors)")
    let arrived = try await BootedSystem.comes {
      try await name(Self.database, "SELECT name FROM org_unit WHERE code='ftuu-1';").output == "after\n"
    }
    let journal = try await system.run(["journalctl", "--unit=member.service", "--no-pager"])
    #expect(arrived, "\(journal.output.suffix(1000))")
  }

  private func shell(_ script: String, _ system: BootedSystem) async throws -> ProgramResult {
    try await system.run(["sh", "-c", script])
  }

  /// The units word for word, a drop-in that names where the program is, the program and what it is linked to.
  private func prepare(_ folder: URL) async throws -> [String] {
    let units = folder.appendingPathComponent("units")
    let dropIn = units.appendingPathComponent("birlik.service.d")
    try FileManager.default.createDirectory(at: dropIn, withIntermediateDirectories: true)
    for name in UnitFile.all {
      try Data(try UnitFile(name).text.utf8).write(to: units.appendingPathComponent(name))
    }
    try Data(
      "[Service]\nExecStart=\nExecStart=\(Self.program) serve --config /etc/birlik/birlik.toml\nRestartSec=100ms\n".utf8
    )
    .write(to: dropIn.appendingPathComponent("test.conf"))
    let settings = folder.appendingPathComponent("birlik.toml")
    try Data("database = \"\(Self.database)\"\nlisten = \"0.0.0.0:8650\"\n".utf8).write(to: settings)
    let built = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("birlik")
    let catalog = Repository.catalog
    return [
      "\(units.path):/etc/systemd/system",
      "\(built.path):\(Self.program)",
      "\(catalog.path):/opt/birlik-catalog",
      "\(settings.path):/etc/birlik/birlik.toml",
      "\(UnitFile.folder.path)/birlik.sysusers:/etc/sysusers.d/birlik.conf",
      "\(UnitFile.folder.path)/birlik.tmpfiles:/etc/tmpfiles.d/birlik.conf",
    ] + (try await libraries(of: built))
  }

  /// The folders with libraries outside of the system's own, such as those of Swift.
  private func libraries(of program: URL) async throws -> [String] {
    let linked = try await Command.run(["ldd", program.path])
    let folders = linked.output.split(separator: "\n").compactMap { line -> String? in
      guard let path = line.split(separator: " ").first(where: { $0.hasPrefix("/") }) else { return nil }
      let folder = URL(fileURLWithPath: String(path)).deletingLastPathComponent().path
      return ["/lib", "/lib64", "/usr/"].contains { folder.hasPrefix($0) } ? nil : folder
    }
    return Set(folders).sorted().map { "\($0):\($0)" }
  }
}
