import Foundation
import TestSupport
import Testing

/// The contract of the command line, from invitation to totals, with several real processes over loopback.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandContractTests {
  @Test("A day of headquarters, two federations and an office, with every answer in JSON")
  func wholeDay() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("sam.db", "ftuu", office: "Samarkand")
    try await headquarters.join("kz.db", "fturk")

    try await checkEditing(folder)
    try await checkConflicts(folder, headquarters)
    try await checkTotals(folder)
    try await checkWhoSeesWhat(folder, headquarters)

    server.stop()
    #expect(try await server.result().status == 0)
  }

  private func checkEditing(_ folder: CommandFolder) async throws {
    let set = try await folder.good(
      "set", "org_unit", "ftuu-001", "unit_kind=primary_organization", "name=Textile = \"Andijan\", №1", "country=UZB",
      "opened_on=2020", "activity=C13;C14", "--database", "uz.db", "--json")
    #expect(
      try set.json() == .object(["kind": "org_unit", "key": "ftuu-001", "outcome": "created", "notes": .array([])]))
    let again = try await folder.good(
      "set", "org_unit", "ftuu-001", "country=UZB", "--database", "uz.db", "--json")
    #expect(try again.json()["outcome"] == "unchanged")
    try await folder.good("set", "org_link", "ftuu-001/territorial/2020", "parent=ftuu", "--database", "uz.db")
    try await folder.good(
      "set", "membership_return", "ftuu-001/2025-10-01/territorial", "members_total=120", "method=register",
      "--database", "uz.db")

    let show = try await folder.good("show", "org_unit", "ftuu-001", "--database", "uz.db", "--json")
    let fields = try #require(try show.json()["fields"])
    #expect(fields["name"] == "Textile = \"Andijan\", №1")
    #expect(fields["activity"] == .array(["C13", "C14"]))
    #expect(fields["federation"] == "ftuu")
    #expect(fields["closed_on"] == .null)
    let list = try await folder.good(
      "list", "membership_return", "--where", "unit=ftuu-001", "--where", "members_total=120", "--limit", "5",
      "--database", "uz.db", "--json")
    #expect(try list.json().elements.count == 1)
    #expect(try list.json()[0]?["fields"]?["members_total"] == 120)
    #expect(try list.json()[0]?["key"] == "ftuu-001/2025-10-01/territorial")

    let status = try await folder.good("status", "--database", "uz.db", "--json")
    #expect(try status.json()["unsealed"] == 3)
    let history = try await folder.good("history", "org_unit", "ftuu-001", "--database", "uz.db", "--json")
    #expect(try history.json().elements.count == 1 && history.errors.isEmpty)
    let offline = try await folder.good("totals", "--as-of", "2025-10", "--database", "uz.db", "--json")
    #expect(
      try offline.json()["total"]?["counted"] == 120, "a total has this node's own latest edits, without a network")
    try await folder.good("sync", "--database", "uz.db")
    try await folder.good("sync", "--database", "sam.db")
  }

  private func checkConflicts(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    let key = "ftuu-001/2025-10-01/territorial"
    try await folder.good("set", "membership_return", key, "members_total=130", "--database", "sam.db")
    try await folder.good(
      "set", "org_unit", "ftuu-001", "closed_on=2026-01", "activity=C13;G47", "--database", "sam.db")
    try await folder.good("set", "membership_return", key, "members_total=140", "--database", "uz.db")
    try await folder.good("set", "org_unit", "ftuu-001", "closed_on=2026-02", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
    let sync = try await folder.good("sync", "--database", "sam.db", "--json")
    let report = try sync.json()
    #expect(report.names.isSuperset(of: ["outcome", "rounds", "sent", "received", "conflicts_opened"]))
    #expect(report["outcome"] == "even")
    #expect(report["sent"]?["changes"] == 2)
    #expect((report["sent"]?["bytes"]?.integer ?? 0) > 0)
    #expect(report["received"]?["changes"] == 2)
    #expect(report["conflicts_opened"] == 2)
    try await folder.good("sync", "--database", "uz.db")

    let mine = try await conflicts(folder, "uz.db")
    #expect(mine.count == 2)
    for node in ["sam.db", "hq.db"] { #expect(try await conflicts(folder, node) == mine, "\(node)") }
    let members = Set(["kind", "key", "field", "rule", "shown", "others"])
    for conflict in mine { #expect(conflict.names.isSuperset(of: members)) }
    let lone = try #require(mine.first { $0["kind"] == "org_unit" })
    #expect(lone["field"] == "closed_on")
    #expect(lone["rule"] == "review")
    #expect(lone["shown"]?["value"] == "2026-02")
    #expect(lone["others"]?[0]?["value"] == "2026-01")
    #expect(lone["others"]?[0]?["node"] == "ftuu/Samarkand")
    #expect(lone["shown"]?["at"]?.text?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#) != nil)
    let group = try #require(mine.first { $0["kind"] == "membership_return" })
    #expect(group["shown"]?["value"]?["members_total"] == 140)
    #expect(group["shown"]?["value"]?["members_women"] == .null)

    try await resolveAsPrinted(folder)
    try await headquarters.converge(["uz.db", "sam.db"])
    for node in ["uz.db", "sam.db", "hq.db"] { #expect(try await conflicts(folder, node).isEmpty, "\(node)") }
    let all = try await folder.good("conflicts", "--all", "--database", "sam.db", "--json")
    #expect(try all.json().elements.count { $0["closed_at"]?.text != nil } == 2)
    let show = try await folder.good("show", "org_unit", "ftuu-001", "--database", "sam.db", "--json")
    #expect(try show.json()["fields"]?["activity"] == .array(["C13", "G47"]))
    #expect(try show.json()["fields"]?["closed_on"] == "2026-01")
  }

  /// Runs the very lines that `birlik conflicts` prints: takes the other value of each conflict.
  private func resolveAsPrinted(_ folder: CommandFolder) async throws {
    let printed = try await folder.good("conflicts", "--database", "uz.db")
    let lines = printed.lines.compactMap { $0.wholeMatch(of: #/  take   birlik (.*)/#)?.1 }.map(String.init)
    #expect(lines.count == 2)
    for line in lines {
      let result = try await folder.start("sh", ["-c", "exec '\(CommandFolder.program)' \(line)"]).result()
      #expect(result.status == 0, "\(line): \(result.errors)")
    }
  }

  private func conflicts(_ folder: CommandFolder, _ database: String) async throws -> [Document] {
    let result = try await folder.good("conflicts", "--database", database, "--json")
    // When a node came to know of a conflict is its own affair, and commands name its file.
    return try result.json().elements.map { conflict in
      guard case .object(var members) = conflict else { return conflict }
      members["opened_at"] = nil
      members["commands"] = nil
      return .object(members)
    }
  }

  private func checkTotals(_ folder: CommandFolder) async throws {
    try await folder.good("set", "org_unit", "ftuu-001", "closed_on=", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
    let totals = try await folder.good("totals", "--as-of", "2025-12-31", "--database", "hq.db", "--json")
    let answer = try totals.json()
    #expect(answer["indicator"] == "members")
    #expect(answer["as_of"] == "2025-12-31")
    let row = try #require(answer["rows"]?.elements.first { $0["unit"] == "ftuu" })
    expect(
      row,
      [
        "member": true, "counted": 130, "declared": 5_700_000, "declared_as_of": "2025-10", "gap": 5_699_870,
        "units_expected": 1, "units_reported": 0, "units_carried": 1, "carried_since": "2025-10-01", "problem": .null,
      ])
    expect(
      try #require(answer["total"]),
      [
        "counted": 130, "declared": 8_861_326, "claimed": 15_000_000, "claimed_as_of": "2025-10",
        "residual": 6_138_674, "units_expected": 1, "units_carried": 1, "units_withheld": 0,
      ])
    #expect(answer["total"]?["claimed_figures"]?[0]?["precision"] == "at_least")
    #expect(answer["rows"]?.elements.first { $0["unit"] == "turk-is" }?["declared"] == .null)
    #expect(answer["no_members"]?[0]?["unit"] == "memur-sen")
    let ratio = try await folder.good(
      "totals", "--indicator", "members_per_primary", "--as-of", "2025-12", "--database", "hq.db", "--json")
    let ratioRow = try ratio.json()["rows"]?.elements.first { $0["unit"] == "ftuu" }
    #expect(ratioRow == .object(["unit": "ftuu", "value": 130, "numerator": 130, "denominator": 1]))
    let explained = try await folder.good(
      "totals", "--explain", "ftuu", "--as-of", "2025-12", "--database", "hq.db", "--json")
    #expect(try explained.json()["children"]?[0]?["unit"] == "ftuu-001")
    #expect(try explained.json()["children"]?[0]?["counted"] == 130)
    let words = try await folder.good("totals", "--as-of", "2025-12", "--database", "hq.db")
    #expect(words.output.contains("8,861,326"))
    #expect(words.output.contains("6,138,674"))
  }

  private func expect(_ object: Document, _ members: [String: Document]) {
    for (name, value) in members { #expect(object[name] == value, "\(name)") }
  }

  private func checkWhoSeesWhat(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    try await headquarters.converge(["uz.db", "sam.db", "kz.db"])
    let foreign = try await folder.good("list", "membership_return", "--database", "kz.db", "--json")
    #expect(try foreign.json() == .array([]))
    let open = try await folder.good("list", "org_unit", "--where", "federation=ftuu", "--database", "kz.db", "--json")
    #expect(try open.json().elements.count == 2)
    let status = try await folder.good("status", "--database", "sam.db", "--json")
    let answer = try status.json()
    #expect(
      answer.names.isSuperset(of: [
        "node", "role", "federation", "name", "catalog", "unsealed", "unsent", "refused", "invalid", "conflicts",
        "upstream", "last_sync", "frontier",
      ]))
    #expect(answer["role"] == "office")
    #expect(answer["name"] == "ftuu/Samarkand")
    #expect(answer["unsent"] == 0)
    #expect(answer["last_sync"]?["outcome"] == "even")
    #expect(answer["last_sync"]?["error"] == .null)
    #expect(answer["frontier"]?[0]?.names == ["origin", "channel", "seq", "hash"])
    let history = try await folder.good("history", "org_unit", "ftuu-001", "--database", "hq.db", "--json")
    let first = try #require(try history.json()[0])
    #expect(first.names.isSuperset(of: ["at", "node", "origin", "seq", "channel", "fields", "deleted"]))
    #expect(first["channel"] == "ftuu:open")
    #expect(first["deleted"] == false)
    #expect(first["fields"]?["country"] == "UZB")
    let verify = try await folder.good("verify", "--database", "hq.db", "--json")
    #expect(try verify.json().names.isSuperset(of: ["ok", "records", "changes", "problems"]))
    #expect(try verify.json()["problems"] == .array([]))
    try await folder.good("remove", "org_unit", "ftuu-001", "--database", "uz.db", "--json")
    try await headquarters.converge(["uz.db", "kz.db"])
    let gone = try await folder.run("show", "org_unit", "ftuu-001", "--database", "kz.db")
    #expect(gone.status == 65)
  }
}
