import Foundation
import TestSupport
import Testing

/// Two offices that hold parts of one register, by real processes.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandDeriveTests {
  @Test(
    "What another office derived is left alone and reported in one sentence; egress reports what is written over it")
  func offices() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Samarkand")]) {
      folder, headquarters in
      try await folder.good("set", "org_unit", "ftuu-1", "unit_kind=primary_organization", "--database", "uz.db")
      try await headquarters.converge(["uz.db", "sam.db"])
      for (database, count) in [("uz.db", 40), ("sam.db", 30)] {
        let made = try await folder.sqlite(
          database,
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<\(count)) "
            + "INSERT INTO member(id, primary_unit, joined_on) SELECT 'm'||i, 'ftuu-1', '2020' FROM n")
        #expect(made.status == 0, "\(made.errors)")
      }
      let run = ["derive", "membership", "--as-of", "2026-09-30", "--database"]
      func derive(_ database: String, _ options: String...) async throws -> ProgramResult {
        let result = try await folder.run(run + [database] + options)
        #expect(result.status == 0, "\(result.errors)")
        return result
      }
      _ = try await derive("uz.db")
      try await headquarters.converge(["uz.db", "sam.db"])
      let sentence =
        "1 record left alone, because another node (ftuu) gave their present figures: run it on one machine that has all "
        + "the member records, or replace them with --replace."
      for options in [["--dry-run"], []] {
        let words = try await folder.run(run + ["sam.db"] + options)
        #expect(words.output.contains(sentence), "\(words.output)")
      }
      let report = try await derive("sam.db", "--json").output
      #expect(report.contains("\"elsewhere\":1") || report.contains("\"elsewhere\": 1"), "\(report)")
      let quiet = try await folder.good("egress", "--database", "sam.db")
      #expect(!quiet.output.contains("over figures"), "\(quiet.output)")

      let replaced = try await derive("sam.db", "--replace")
      #expect(
        replaced.output.contains("It replaced figures of another node (ftuu) in 1 record."), "\(replaced.output)")
      let leaving = try await folder.good("egress", "--dry-run", "--database", "sam.db")
      #expect(
        leaving.output.contains(
          "membership_return ftuu-1/2026-09-30/territorial would be sent over figures that another node gave (ftuu)"),
        "\(leaving.output)")
      try await headquarters.converge(["uz.db", "sam.db"])
      let shown = try await folder.sqlite("hq.db", "SELECT members_total FROM membership_return")
      #expect(shown.output == "30\n")
    }
  }
}
