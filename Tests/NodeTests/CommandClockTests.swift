import Foundation
import TestSupport
import Testing

/// A wrong clock is reported to the person, with real processes and a preloaded clock.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CommandClockTests {
  @Test(
    "Sync and status show the person which side is wrong, by how much, since when and what to do", arguments: [3, -3])
  func reported(_ hours: Int64) async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      let right = try await folder.good("status", "--database", "uz.db", "--json").json()["clock"]
      #expect(right?["warning"] == .null)
      #expect(right?["measured_at"]?.text != nil)
      #expect(right?["wrong_since"] == .null)

      let environment = try await ClockLibrary.build(in: folder).environment(offset: hours * 3_600_000)
      let sync = try await folder.run(["sync", "--database", "uz.db"], environment: environment)
      #expect(sync.status == 0, "\(sync.errors)")
      let side = hours > 0 ? "ahead of" : "behind"
      #expect(sync.errors.contains(#/this machine's clock is (2 h 59 min|3 h)/#), "\(sync.errors)")
      for words in [side, "since ", "timedatectl"] { #expect(sync.errors.contains(words), "\(sync.errors)") }
      let status = try await folder.run(["status", "--database", "uz.db"], environment: environment)
      #expect(status.output.contains("\(side) headquarters'"))
      #expect(status.output.contains("timedatectl"))
      let json = try await folder.good("status", "--database", "uz.db", "--json").json()["clock"]
      let offset = try #require(json?["offset_ms"]?.integer)
      #expect(abs(offset + hours * 3_600_000) < 60_000)
      #expect(json?["warning"]?.text?.contains(side) == true)
      let since = try #require(json?["wrong_since"]?.text)
      let again = try await folder.run(["sync", "--database", "uz.db", "--json"], environment: environment)
      #expect(try again.json()["clock"]?["wrong_since"]?.text == since)

      let mended = try await folder.good("sync", "--database", "uz.db")
      #expect(!mended.errors.contains("clock"))
      let last = try await folder.good("status", "--database", "uz.db", "--json").json()["clock"]
      #expect(last?["warning"] == .null)
      #expect(last?["wrong_since"] == .null)
    }
  }

  @Test(
    "A clock that stood decades away for one sync and was corrected stops neither syncs, dry runs nor key renewals",
    arguments: [58, -70, 200])
  func corrected(_ years: Int64) async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let wrong = try await ClockLibrary.build(in: folder).environment(offset: years * 31_557_600_000)
      for (round, environment) in [wrong, [:], wrong, [:]].enumerated() {
        let typed = try await folder.run(
          ["set", "org_unit", "ftuu-\(round)", "name=Round", "--database", "uz.db"], environment: environment)
        #expect(typed.status == 0, "\(typed.errors)")
        for command in [["sync", "--dry-run"], ["egress"], ["sync"]] {
          let result = try await folder.run(command + ["--database", "uz.db"], environment: environment)
          #expect(result.status == 0, "round \(round) \(command): \(result.errors)")
        }
      }
      // Renewing the key is the first thing after the wrong clock.
      let last = try await folder.run(["sync", "--database", "uz.db"], environment: wrong)
      #expect(last.status == 0, "\(last.errors)")
      try await folder.good("rotate-key", "--database", "uz.db")
      // Nothing that was sealed meanwhile is of another year than this.
      let history = try await folder.good("history", "org_unit", "ftuu-2", "--database", "hq.db")
      #expect(!history.output.contains(#/\b(19\d\d|20[3-9]\d|2[1-9]\d\d)-/#), "\(history.output)")
    }
  }

  @Test(
    "Whatever stands in the node's own numbers, a sync goes on",
    arguments: [
      "'x'", "NULL", "-1", "9223372036854775807", "-9223372036854775808", "1e300", "x'00'",
    ])
  func storedNumbers(_ value: String) async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try await folder.good("set", "org_unit", "ftuu-1", "name=before", "--database", "uz.db")
      try await folder.good("sync", "--database", "uz.db")
      let names = [
        "offset", "clock_measured_at", "clock_wrong_since", "previous_seal", "generation", "checked_schema",
        "last_sync_at", "unsent", "oldest_body", "seals", "origins", "line_size", "seen_refused", "stale_totals",
        "snapshot_asked",
      ]
      let set = names.map { "INSERT OR REPLACE INTO birlik_meta(name, value) VALUES('\($0)', \(value));" }.joined()
      let written = try await folder.sqlite("uz.db", set)
      #expect(written.status == 0, "\(written.errors)")
      try await folder.good("set", "org_unit", "ftuu-2", "name=after", "--database", "uz.db")
      for command in [["sync", "--dry-run"], ["status"], ["sync"], ["status"]] {
        let result = try await folder.run(command + ["--database", "uz.db"])
        #expect(result.status == 0, "\(command): \(result.errors)")
      }
      try await folder.good("show", "org_unit", "ftuu-2", "--database", "hq.db")
      try await folder.good("status", "--database", "hq.db")
      try await folder.good("rotate-key", "--database", "uz.db")
    }
  }

  @Test("A daemon's log warns once, however often it syncs, and reports when the clock is right again")
  func loggedOnce() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let environment = try await ClockLibrary.build(in: folder).environment(offset: 7_200_000)
      let daemon = try folder.start(
        CommandFolder.program, ["serve", "--interval", "1", "--log-level", "debug", "--database", "uz.db"],
        environment: environment)
      defer { daemon.stop(SIGKILL) }
      try await daemon.wait("four syncs") { $0.split(separator: "\n").count { $0.contains(" synced") } >= 4 }
      daemon.stop()
      let log = try await daemon.result().errors.split(separator: "\n")
      #expect(log.count { $0.contains(" synced") } >= 4)
      #expect(log.count { $0.contains("warning this machine's clock is") } == 1, "\(log)")
    }
  }
}
