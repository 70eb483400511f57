import Foundation
import Testing

/// What the units promise, read from their text; needs no systemd.
@Suite struct UnitFileTests {
  @Test func timerStartsTheOneshotAtItsOwnFixedMoment() throws {
    let timer = try UnitFile("birlik-sync.timer")
    // A timer does nothing to a unit that is active already: the daemon is.
    #expect(timer.value("Timer", "Unit") == "birlik-sync.service")
    #expect(timer.value("Timer", "Persistent") == "true")
    #expect(timer.value("Timer", "FixedRandomDelay") == "true")
    #expect(timer.value("Timer", "RandomizedDelaySec") != nil)
    #expect(timer.value("Timer", "AccuracySec") == "1s")
    // Persistent= is ignored for the other kinds of times.
    #expect(timer.value("Timer", "OnCalendar") != nil)
    #expect(!timer.settings.contains { $0.key.hasPrefix("On") && $0.key != "OnCalendar" })
    #expect(timer.value("Install", "WantedBy") == "timers.target")
  }

  @Test func syncIsAOneshotThatMayFindNobody() throws {
    let sync = try UnitFile("birlik-sync.service")
    #expect(sync.value("Service", "Type") == "oneshot")
    #expect(sync.value("Service", "ExecStart") == "/usr/bin/birlik sync --config /etc/birlik/birlik.toml")
    #expect(sync.value("Service", "SuccessExitStatus") == "69 75")
    #expect(!sync.settings.contains { $0.section == "Install" }, "the timer starts it")
  }

  @Test func daemonReportsAndIsRestarted() throws {
    let daemon = try UnitFile("birlik.service")
    #expect(daemon.value("Service", "Type") == "notify")
    #expect(daemon.value("Service", "ExecStart") == "/usr/bin/birlik serve --config /etc/birlik/birlik.toml")
    #expect(daemon.value("Service", "WatchdogSec") != nil)
    #expect(daemon.value("Service", "Restart") == "on-failure")
    #expect(daemon.value("Service", "RestartSec") != nil)
    #expect(daemon.value("Unit", "StartLimitIntervalSec") == "0")
    #expect(daemon.value("Install", "WantedBy") == "multi-user.target")
  }

  @Test(arguments: UnitFile.services) func clerksCanWriteTheDatabase(_ name: String) throws {
    let unit = try UnitFile(name)
    #expect(unit.value("Service", "User") == "birlik")
    #expect(unit.value("Service", "Group") == "birlik")
    #expect(unit.value("Service", "StateDirectory") == "birlik")
    #expect(unit.value("Service", "StateDirectoryMode") == "2770")
    #expect(unit.value("Service", "UMask") == "0007")
  }

  @Test func bothServicesHaveTheSameConfinement() throws {
    let marker = "# --- who, and what it may write ---"
    let end = "# --- how much it may take ---"
    let confinement = try UnitFile.services.map { name in
      let afterMarker = try UnitFile(name).text.components(separatedBy: marker)
      return try #require(afterMarker.last).components(separatedBy: end)
    }
    #expect(confinement.allSatisfy { $0.count == 2 })
    #expect(confinement[0].first == confinement[1].first)
  }

  @Test func bootFilesAgreeWithTheServices() throws {
    let folder = UnitFile.folder
    let users = try String(contentsOf: folder.appendingPathComponent("birlik.sysusers"), encoding: .utf8)
    let files = try String(contentsOf: folder.appendingPathComponent("birlik.tmpfiles"), encoding: .utf8)
    #expect(users.contains("\nu birlik "))
    #expect(files.contains("\nd /var/lib/birlik 2770 birlik birlik "))
    #expect(files.contains("\nd /etc/birlik 0750 root birlik "))
  }
}
