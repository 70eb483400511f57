import Foundation
import TestSupport
import Testing

/// Many conflicts of one kind are decided by one command, which says before what it would do.
@Suite(.timeLimit(.minutes(10))) struct CommandResolveAllTests {
  private static let count = 130

  /// Two offices give every return another number, and some other fields as well.
  private func conflict(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    let nodes = ["uz.db", "sam.db", "tr.db"]
    let units = (1...Self.count).map { "('u\($0)', 'primary_organization')" }.joined(separator: ", ")
    let returns = (1...Self.count).map {
      "('u\($0)', '2025-10-31', '\($0 % 2 == 0 ? "territorial" : "sectoral")', 100)"
    }
    .joined(separator: ", ")
    _ = try await folder.sqlite(
      "uz.db",
      "INSERT INTO org_unit(code, unit_kind) VALUES \(units);"
        + "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES \(returns)")
    try await headquarters.converge(nodes)
    _ = try await folder.sqlite(
      "uz.db",
      "UPDATE membership_return SET members_total=members_total+1; UPDATE org_unit SET name='uz '||code WHERE code IN ('u1', 'u2', 'u3');"
        + "DELETE FROM org_unit WHERE code IN ('u7', 'u8')")
    _ = try await folder.sqlite(
      "sam.db",
      "UPDATE membership_return SET members_total=members_total+10; UPDATE org_unit SET name='sam '||code WHERE code IN ('u1', 'u2', 'u7', 'u8')"
    )
    _ = try await folder.sqlite("hq.db", "UPDATE org_unit SET name='hq '||code WHERE code IN ('u2', 'u3')")
    try await headquarters.converge(nodes)
  }

  private func open(_ folder: CommandFolder, _ database: String, _ kind: String) async throws -> [Document] {
    try await folder.good("conflicts", "--json", "--database", database).json().elements.filter {
      $0["kind"]?.text == kind
    }
  }

  private func sum(_ folder: CommandFolder) async throws -> Int {
    let sql = "SELECT sum(members_total) FROM membership_return WHERE axis='territorial'"
    return Int(try await folder.sqlite("sam.db", sql).output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  @Test("All conflicts of a field, a selection of them, and deletions are decided together, as the preview said")
  func decides() async throws {
    try await CommandHeadquarters.serving([
      .init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Samarkand"), .init("tr.db", "fturk"),
    ]) { folder, headquarters in
      try await conflict(folder, headquarters)
      #expect(try await open(folder, "sam.db", "membership_return").count == Self.count)
      // The list names the command, whose preview changes nothing.
      let listed = try await folder.good("conflicts", "--database", "sam.db")
      #expect(
        listed.output.contains("and 35 more: `birlik conflicts --each --database sam.db`"),
        "\(listed.output.suffix(600))")
      let command = try #require(
        listed.output.firstMatch(of: #/decide them together by `(birlik resolve membership_return [^`]*)`/#)
      ).1
      let preview = try await folder.start("sh", ["-c", "birlik() { '\(CommandFolder.program)' \"$@\"; }\n" + command])
        .result()
      #expect(preview.output.contains("Would decide 130 conflicts of membership_return: counts 130."), "\(preview)")
      #expect(preview.output.contains("none changes") && preview.output.contains("Nothing was changed"), "\(preview)")
      #expect(try await open(folder, "sam.db", "membership_return").count == Self.count)

      // A selection, with the totals that it moves.
      let shown = try await open(folder, "sam.db", "membership_return")
      let loser = try #require(shown.first?["others"]?.elements.first?["node"]?.text)
      let winner = loser == "ftuu" ? "ftuu/Samarkand" : "ftuu"
      let selection = ["resolve", "membership_return", "--all", "--field", "counts", "--from", loser]
      let some = selection + ["--where", "axis=territorial", "--given-by", winner, "--json", "--database", "sam.db"]
      let planned = try await folder.good(some + ["--dry-run"]).json()
      #expect(planned["decided"] == 65 && planned["shown"]?[loser] == 65 && planned["set_aside"]?[winner] == 65)
      let move = try #require(planned["totals"]?.elements.first { $0["figure"] == "counted" && $0["unit"] == "ftuu" })
      let before = try await sum(folder)
      let done = try await folder.good(some).json()
      #expect(done["decided"] == 65 && done["left"] == .object([:]) && done["dry_run"] == false)
      let difference = Int64(try await sum(folder) - before)
      #expect(abs(difference) == 65 * 9)
      guard case .integer(let from)? = move["from"], case .integer(let to)? = move["to"] else {
        Issue.record("no numbers: \(move)")
        return
      }
      #expect(to - from == difference)
      #expect(try await folder.good(some).json()["decided"] == 0)

      // The rest, at the other office.
      try await headquarters.converge(["sam.db", "uz.db"])
      let rest = try await folder.good("resolve", "membership_return", "--all", "--take-theirs", "--database", "uz.db")
      #expect(rest.output.contains("Decided 65 conflicts"), "\(rest.output)")

      // What cannot be decided so stays open and is counted.
      let names = try await folder.good(
        "resolve", "org_unit", "--all", "--field", "name", "--take-theirs", "--json", "--database", "uz.db"
      ).json()
      #expect(
        names["decided"] == 2 && names["left"]?["there are several other values: --from names one"] == 1, "\(names)")
      let others = try await folder.good("resolve", "org_unit", "--all", "--keep", "--json", "--database", "tr.db")
        .json()
      #expect(others["decided"] == 0 && others["left"]?["the record belongs to ftuu, who decides"] == 5, "\(others)")
      let deleted = try await folder.good(
        "resolve", "org_unit", "--all", "--field", "(record)", "--take", "deleted", "--database", "uz.db")
      #expect(deleted.output.contains("Decided 2 conflicts"), "\(deleted.output)")
      #expect(try await folder.run("show", "org_unit", "u7", "--database", "uz.db").status == 65)
      try await folder.good("resolve", "org_unit", "--all", "--keep", "--database", "uz.db")

      try await headquarters.converge(["uz.db", "sam.db", "tr.db"])
      for database in ["uz.db", "sam.db", "tr.db", "hq.db"] {
        #expect(try await folder.good("conflicts", "--database", database).output == "There are none.\n", "\(database)")
      }
      for wrong in [["--keep"], ["--all"], ["--all", "u1", "name", "--keep"], ["u1", "name", "--keep", "--dry-run"]] {
        #expect(try await folder.run(["resolve", "org_unit", "--database", "uz.db"] + wrong).status == 64, "\(wrong)")
      }
      for unknown in [
        ["nothing", "--all"], ["org_unit", "--all", "--field", "nme"], ["org_unit", "--all", "--where", "nme=1"],
      ] {
        let refused = try await folder.run(["resolve", "--keep", "--database", "uz.db"] + unknown)
        #expect(refused.status == 65, "\(unknown) \(refused.errors)")
      }
    }
  }
}
