import Foundation
import TestSupport
import Testing

/// The units through systemd's own checker.
@Suite(.enabled(if: Program.find("systemd-analyze") != nil, "systemd-analyze is not installed; .ci/setup brings it"))
struct AnalyzeTests {
  /// Ten times the highest exposure that is allowed: 1.2 of 10, where lower is better.
  private static let threshold = 12

  @Test func unitsAreClean() async throws {
    try await withInstalledUnits { folder in
      let outcome = try await verify(UnitFile.all, in: folder)
      #expect(outcome.errors == "")
      #expect(outcome.status == 0)
    }
  }

  /// So that "clean" cannot come from a checker that looks at nothing.
  @Test func brokenUnitIsFound() async throws {
    try await withInstalledUnits { folder in
      let file = folder.appendingPathComponent("birlik.service")
      let text = try String(contentsOf: file, encoding: .utf8)
      try Data(text.replacingOccurrences(of: "WatchdogSec=", with: "WatchdogSecs=").utf8).write(to: file)
      let outcome = try await verify(["birlik.service"], in: folder)
      #expect(outcome.errors.contains("WatchdogSecs"))
    }
  }

  @Test(arguments: UnitFile.services) func exposureIsLow(_ name: String) async throws {
    try await withInstalledUnits { folder in
      let outcome = try await security(folder.appendingPathComponent(name))
      let summary = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
      #expect(outcome.status == 0, "\(summary)\(outcome.errors)")
    }
  }

  @Test func exposureOfAnOpenServiceIsRefused() async throws {
    try await Command.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("open.service")
      try Data("[Service]\nExecStart=/bin/sh\n".utf8).write(to: file)
      #expect(try await security(file).status != 0)
    }
  }

  @Test func calendarOfTheTimerIsUnderstood() async throws {
    let times = try #require(try UnitFile("birlik-sync.timer").value("Timer", "OnCalendar"))
    let outcome = try await Command.run(["systemd-analyze", "calendar", times])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// Copies of the units in which the program exists, whatever is installed on this machine.
  private func withInstalledUnits(_ body: (URL) async throws -> Void) async throws {
    try await Command.withTemporaryFolder { folder in
      for name in UnitFile.all {
        let unit = try UnitFile(name)
        let text = unit.text.replacingOccurrences(of: "\nExecStart=/usr/bin/birlik ", with: "\nExecStart=/bin/sh ")
        #expect((text != unit.text) == name.hasSuffix(".service"))
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
      }
      try await body(folder)
    }
  }

  private func verify(_ names: [String], in folder: URL) async throws -> ProgramResult {
    // Systemd's own units are needed for the targets; what this machine has besides is not our matter.
    let units = "\(folder.path):/usr/lib/systemd/system:/lib/systemd/system"
    let files = names.map { folder.appendingPathComponent($0).path }
    return try await Command.run(
      ["systemd-analyze", "verify", "--man=no"] + files, environment: ["SYSTEMD_UNIT_PATH": units])
  }

  private func security(_ file: URL) async throws -> ProgramResult {
    try await Command.run([
      "systemd-analyze", "security", "--offline=yes", "--threshold=\(Self.threshold)", "--no-pager", file.path,
    ])
  }
}
