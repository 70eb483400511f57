import Foundation
import TestSupport
import Testing

/// `birlik sync --dry-run` by real processes: it reports what a sync would do, and changes no byte.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandDryRunTests {
  @Test("A dry run predicts the sync and changes neither side's file")
  func dryRun() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("sam.db", "ftuu", office: "Samarkand")
    let key = "ftuu-1/2025-10-31/territorial"
    try await folder.good("set", "org_unit", "ftuu-1", "unit_kind=primary_organization", "--database", "uz.db")
    try await folder.good("set", "membership_return", key, "members_total=100", "--database", "uz.db")
    try await headquarters.converge(["uz.db", "sam.db"])
    try await folder.good("set", "membership_return", key, "members_total=140", "--database", "uz.db")
    try await folder.good("set", "org_unit", "ftuu-2", "name=Two", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
    try await folder.good("set", "membership_return", key, "members_total=130", "--database", "sam.db")
    try await folder.good("set", "org_unit", "ftuu-3", "unit_kind=primary_organization", "--database", "sam.db")
    try await folder.good("set", "member", "m-1", "--database", "sam.db")
    try await folder.sqlite("sam.db", "UPDATE org_unit SET name='mine' WHERE code='otuts'")

    let names = ["sam.db", "sam.db.key", "hq.db", "hq.db.key"]
    let before = try names.map { try Data(contentsOf: URL(fileURLWithPath: folder.file($0))) }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted()
    let result = try await folder.good("sync", "--dry-run", "--database", "sam.db", "--json")
    let words = try await folder.good("sync", "--dry-run", "--database", "sam.db")
    for (name, bytes) in zip(names, before) {
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) == bytes, "\(name) changed")
    }
    let after = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted()
    #expect(after == files)

    let report = try result.json()
    #expect(report["dry_run"] == true)
    #expect(report["send"]?["changes"] == 3)
    #expect(
      report["send"]?["kinds"]?.elements.compactMap { $0["kind"]?.text } == [
        "org_unit", "membership_return", "proposal",
      ])
    #expect(report["send"]?["kinds"]?[1]?["rows"]?[0]?["fields"]?["members_total"] == 130)
    #expect(report["receive"]?["changes"] == 2)
    #expect(report["receive"]?["kinds"]?[0]?["records"] == 1)
    #expect(report["receive"]?["kinds"]?[0]?["rows"]?[0]?["key"] == "ftuu-2")
    #expect(report["receive"]?["kinds"]?[0]?["rows"]?[0]?["node"] == "ftuu")
    #expect(report["refused"]?[0]?["key"] == "otuts")
    let opened = try #require(report["conflicts_opened"]?.elements)
    #expect(opened.count == 1)
    #expect(opened[0]["why"]?.text?.contains("without having seen") == true)
    let moves = try #require(report["totals"]?.elements)
    let counted = moves.first { $0["unit"] == "ftuu" && $0["indicator"] == "members" && $0["figure"] == "counted" }
    #expect(counted?["from"] == 100 && counted?["to"] == 130)
    #expect(words.output.hasPrefix("A dry run: nothing was sent and nothing was changed."))
    #expect(words.output.contains("1 conflict would open."))
    #expect(words.output.contains("members of ftuu, counted"))

    // The true sync does what was foretold.
    let sync = try await folder.good("sync", "--database", "sam.db", "--json").json()
    #expect(sync["sent"]?["changes"] == 3 && sync["received"]?["changes"] == 2 && sync["conflicts_opened"] == 1)
    let conflict = try #require(try await folder.good("conflicts", "--database", "sam.db", "--json").json()[0])
    #expect(conflict["why"] == opened[0]["why"])
    #expect(conflict["shown"] == opened[0]["shown"] && conflict["others"] == opened[0]["others"])
    let totals = try await folder.good("totals", "--database", "hq.db", "--json").json()
    #expect(totals["rows"]?.elements.first { $0["unit"] == "ftuu" }?["counted"] == counted?["to"])
    try await headquarters.converge(["sam.db", "uz.db"])

    let even = try await folder.good("sync", "--dry-run", "--database", "sam.db", "--json").json()
    #expect(even["send"]?["changes"] == 0 && even["receive"]?["changes"] == 0 && even["totals"] == .array([]))
    server.stop()
    _ = try await server.result()
    #expect(try await folder.run("sync", "--dry-run", "--database", "sam.db").status == 69)
    #expect(try await folder.run("sync", "--dry-run", "--database", "hq.db").status == 64)
  }
}
