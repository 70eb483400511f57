import Foundation
import TestSupport
import Testing

/// `birlik check`, and what is told at entry, as people see it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CommandCheckTests {
  @Test("set, import, sync and status tell, check lists with the remedy, and its command puts it right")
  func entry() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let database = ["--database", "uz.db"]
      try await folder.good(
        "set", "org_unit", "ftuu", "unit_kind=national_centre", "membership_status=member", "--database", "hq.db")
      let none = try await folder.run(["check"] + database)
      #expect(none.status == 0)
      #expect(none.output == "Nothing found.\n")
      try await folder.good("set", "org_unit", "A-1", "name=x", "--database", "uz.db")
      let told = try await folder.run(["set", "org_unit", "А-1", "name=y"] + database)
      #expect(told.status == 0)
      #expect(told.errors.contains("note: org_unit: А-1 and A-1 look alike: character 1 is U+0410"))
      let dated = try await folder.run(
        ["set", "membership_return", "A-1/1405-07-08/territorial", "members_total=5", "--json"] + database)
      #expect(dated.errors.contains("1405 looks like a year of the Solar Hijri calendar"))
      #expect(try dated.json()["outcome"] == "created")
      try folder.write(
        "unit,as_of,axis,members_total\na-1,2062-09-30,territorial,7\nA-1,2025,territorial,8\n", to: "r.csv")
      let imported = try await folder.run(["import", "membership_return", "r.csv"] + database)
      #expect(imported.status == 0)
      #expect(imported.errors.contains("r.csv:2: note: membership_return a-1/2062-09-30/territorial, as_of: "))
      #expect(imported.errors.contains("r.csv:2: note: org_unit: a-1, A-1 and А-1 look alike"))
      try await folder.sqlite("uz.db", "INSERT INTO org_unit(code) VALUES('a‑1')")
      let synced = try await folder.run(["sync"] + database)
      #expect(synced.status == 0)
      #expect(synced.errors.contains("look alike"))
      #expect(synced.errors.contains("1405 looks like"))
      let again = try await folder.run(["sync"] + database)
      #expect(!again.errors.contains("look alike"))
      let status = try await folder.good("status", "--database", "uz.db")
      #expect(status.output.contains(#/  findings       \d+: `birlik check`\n/#))
      let check = try await folder.run(["check", "--json"] + database)
      #expect(check.status == 65)
      guard case .array(let codes)? = try check.json()["codes"] else { throw TestProblem("no codes") }
      #expect(codes.contains { $0["code"] == "look-alike-keys" && $0["count"] == 1 })
      #expect(codes.contains { $0["code"] == "doubtful-dates" && $0["count"] == 2 })
      let shown = try await folder.run(["check"] + database)
      #expect(shown.status == 65)
      #expect(shown.output.contains("look-alike-keys (1): "))
      #expect(shown.output.contains("doubtful-dates (2): "))
      #expect(
        shown.output.contains(
          "birlik rekey membership_return a-1/2062-09-30/territorial a-1/2026-09-30/territorial --database uz.db"))
    }
  }

  @Test(
    "Keys with what nobody sees are refused by set, import and rekey in one sentence",
    arguments: [
      ("a\u{200B}", "must not hold control or invisible characters"), ("a\u{A0}", "must not begin or end with a blank"),
      (" a", "must not begin or end with a blank"), ("a\u{202E}b", "must not hold control or invisible characters"),
      ("a\tb", "must not hold control or invisible characters"),
    ])
  func refused(_ key: String, _ words: String) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    let database = ["--database", "hq.db"]
    try folder.write("code,name\n\"\(key)\",x\n", to: "u.csv")
    try await folder.good("set", "org_unit", "good", "name=x", "--database", "hq.db")
    for call in [
      ["set", "org_unit", key, "name=x"], ["import", "org_unit", "u.csv"], ["rekey", "org_unit", "good", key],
      ["set", "membership_return", "\(key)/2025/territorial", "members_total=1"],
    ] {
      let result = try await folder.run(call + database)
      #expect(result.status == 65, "\(call) \(result.errors)")
      #expect(result.errors.contains(words), "\(call) \(result.errors)")
    }
    let typed = try await folder.sqlite("hq.db", "INSERT INTO org_unit(code) VALUES('\(key)')")
    #expect(typed.errors.contains("CHECK constraint failed: code \(words)"))
    #expect(try await folder.sqlite("hq.db", "SELECT code FROM org_unit").output == "good\n")
  }
}
