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
