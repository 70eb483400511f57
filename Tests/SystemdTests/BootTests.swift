import Foundation
import TestSupport
import Testing

/// The real units in a real systemd, with a stand-in for the program: what they allow and forbid, restarts, the
/// watchdog, the timer, and a clerk at the database.
@Suite(
  .enabled("this machine cannot boot a test system: no root, no systemd-container or no namespaces") {
    await BootedSystem.isPossible()
  })
struct BootTests {
  @Test(.timeLimit(.minutes(20))) func unitsWork() async throws {
    try await Command.withTemporaryFolder { folder in
      let binds = try prepare(folder)
      try await BootedSystem.withSystem(binds: binds) { system in
        try await daemonIsConfinedAndWorks(system)
        try await clerkWritesTheDatabase(system)
        try await watchdogRestartsAHangingDaemon(system)
        try await wrongSettingsAreNotTriedAgain(system)
        try await headquartersAwayIsNoFailure(system)
        try await timerStartsTheSync(system)
      }
    }
  }

  private func daemonIsConfinedAndWorks(_ system: BootedSystem) async throws {
    let open = try await system.run(["mkdir", "--parents", "--mode=777", "/var/open", "/home/open", "/tmp/open"])
    #expect(open.status == 0)
    let start = try await system.run(["systemctl", "start", "birlik.service"])
    #expect(start.status == 0, "\(start.errors)")
    #expect(try await system.property("ActiveState", of: "birlik.service") == "active")
    #expect(try await system.property("StatusText", of: "birlik.service") == "all well")
    let modes = try await system.run([
      "stat", "--format=%a %U %G",
      "/var/lib/birlik", "/var/lib/birlik/birlik.db", "/var/lib/birlik/key", "/etc/birlik",
    ])
    let expected = ["2770 birlik birlik", "660 birlik birlik", "600 birlik birlik", "750 root birlik"]
    #expect(modes.output.split(separator: "\n").map(String.init) == expected)
  }

  private func clerkWritesTheDatabase(_ system: BootedSystem) async throws {
    #expect(try await system.run(["useradd", "--user-group", "--groups", "birlik", "clerk"]).status == 0)
    func clerk(_ command: String, user: String, group: String) async throws -> ProgramResult {
      let identity = "--reuid=$(id -u \(user)) --regid=$(getent group \(group) | cut -d: -f3) --init-groups"
      let script = "umask 022; exec setpriv \(identity) sqlite3 /var/lib/birlik/birlik.db \"\(command)\""
      return try await system.run(["sh", "-c", script])
    }
    let written = try await clerk("insert into t values (2); select max(a) from t;", user: "clerk", group: "clerk")
    #expect(written.output == "2\n", "\(written.errors)")
    // A journal that the clerk's program leaves behind belongs to the group too, so that the daemon can roll it back.
    let journal = try await clerk(
      "begin; insert into t values (3);\" \".system stat --format='%a %G' /var/lib/birlik/birlik.db-journal",
      user: "clerk", group: "clerk")
    #expect(journal.output == "660 birlik\n", "\(journal.errors)")
    let stranger = try await clerk("select 1 from t;", user: "nobody", group: "nogroup")
    #expect(stranger.output == "")
    #expect(stranger.status != 0)
  }

  private func watchdogRestartsAHangingDaemon(_ system: BootedSystem) async throws {
    #expect(try await system.run(["touch", "/var/lib/birlik/hang"]).status == 0)
    try await waitUntil("the daemon is started again") {
      let restarts = try await system.property("NRestarts", of: "birlik.service")
      let state = try await system.property("ActiveState", of: "birlik.service")
      return restarts != "0" && state == "active"
    }
    let journal = try await system.run(["journalctl", "--unit=birlik.service", "--no-pager"])
    #expect(journal.output.contains("Watchdog timeout"))
    #expect(try await system.run(["systemctl", "stop", "birlik.service"]).status == 0)
  }

  private func wrongSettingsAreNotTriedAgain(_ system: BootedSystem) async throws {
    try await order(exit: 78, system)
    #expect(try await system.run(["systemctl", "start", "birlik.service"]).status != 0)
    #expect(try await system.property("ActiveState", of: "birlik.service") == "failed")
  }

  private func headquartersAwayIsNoFailure(_ system: BootedSystem) async throws {
    for (exit, isSuccess) in [(69, true), (75, true), (70, false), (77, false)] {
      try await order(exit: exit, system)
      let start = try await system.run(["systemctl", "start", "birlik-sync.service"])
      #expect((start.status == 0) == isSuccess, "exit status \(exit)")
      let result = try await system.property("Result", of: "birlik-sync.service")
      #expect(result == (isSuccess ? "success" : "exit-code"), "exit status \(exit)")
    }
    let journal = try await system.run(["journalctl", "--unit=birlik-sync.service", "--no-pager"])
    #expect(journal.output.contains("headquarters cannot be reached"))
  }

  private func timerStartsTheSync(_ system: BootedSystem) async throws {
    #expect(try await system.property("FixedRandomDelay", of: "birlik-sync.timer") == "yes")
    #expect(try await system.property("Persistent", of: "birlik-sync.timer") == "yes")
    #expect(try await system.run(["rm", "-f", "/var/lib/birlik/synced"]).status == 0)
    #expect(try await system.run(["systemctl", "start", "birlik-sync.timer"]).status == 0)
    try await waitUntil("the timer starts a sync") {
      try await system.run(["test", "-e", "/var/lib/birlik/synced"]).status == 0
    }
  }

  private func order(exit status: Int, _ system: BootedSystem) async throws {
    #expect(try await system.run(["sh", "-c", "echo \(status) > /var/lib/birlik/exit"]).status == 0)
  }

  /// The units word for word, drop-ins that name the stand-in and shorten the waits, and where all of it goes.
  private func prepare(_ folder: URL) throws -> [String] {
    let program = "/opt/birlik/birlik"
    try write(FakeDaemon.text, folder, "program/birlik")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: folder.appendingPathComponent("program/birlik").path)
    for name in UnitFile.all { try write(try UnitFile(name).text, folder, "units/\(name)") }
    try write(
      """
      [Service]
      ExecStart=
      ExecStart=\(program) serve --config /etc/birlik/birlik.toml
      WatchdogSec=3s
      RestartSec=100ms
      """, folder, "units/birlik.service.d/test.conf")
    try write(
      """
      [Service]
      ExecStart=
      ExecStart=\(program) sync --config /etc/birlik/birlik.toml
      """, folder, "units/birlik-sync.service.d/test.conf")
    try write(
      """
      [Timer]
      OnCalendar=
      OnCalendar=*:*:*
      RandomizedDelaySec=0
      """, folder, "units/birlik-sync.timer.d/test.conf")
    try write("# settings\n", folder, "birlik.toml")
    return [
      "\(folder.path)/units:/etc/systemd/system",
      "\(folder.path)/program:/opt/birlik",
      "\(folder.path)/birlik.toml:/etc/birlik/birlik.toml",
      "\(UnitFile.folder.path)/birlik.sysusers:/etc/sysusers.d/birlik.conf",
      "\(UnitFile.folder.path)/birlik.tmpfiles:/etc/tmpfiles.d/birlik.conf",
    ]
  }

  private func write(_ text: String, _ folder: URL, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data((text + "\n").utf8).write(to: file)
  }
}
