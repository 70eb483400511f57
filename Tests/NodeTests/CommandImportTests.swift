import Foundation
import TestSupport
import Testing

/// Files in and out.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandImportTests {
  @Test("Every bad row is named with its line, and nothing is imported")
  func badRows() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try folder.write(
      """
      unit;as_of;axis;members_total;method
      ftuu-1;2025-10-01;territorial;12;register
      ftuu-2;2025-13-01;territorial;12;register

      ftuu-3;2025-10-01;territorial;twelve;register
      ftuu-4;2025-10-01;nowhere;12;guess
      ftuu-5;2025-10-01;territorial;12
      ftuu-6;2025-10-01;territorial;"12"x;register
      ;2025-10-01;territorial;12;register

      """, to: "bad.csv")
    let result = try await folder.run("import", "membership_return", "bad.csv", "--database", "hq.db")
    #expect(result.status == 65)
    #expect(result.output.isEmpty)
    let named = result.errors.split(separator: "\n").compactMap { $0.prefixMatch(of: #/bad\.csv:(\d+): /#)?.1 }
    #expect(named == ["3", "5", "6", "7", "8", "9"])
    #expect(result.errors.contains("6 of 7 rows cannot be imported; nothing was imported"))
    let json = try await folder.run("import", "membership_return", "bad.csv", "--json", "--database", "hq.db")
    #expect(json.status == 65)
    #expect(try json.json()["imported"] == false)
    #expect(try json.json()["problems"]?.elements.compactMap { $0["line"]?.integer } == [3, 5, 6, 7, 8, 9])
    let list = try await folder.good("list", "membership_return", "--database", "hq.db", "--json")
    #expect(try list.json() == .array([]))
    #expect(try await folder.good("status", "--database", "hq.db", "--json").json()["unsealed"] == 0)
  }

  @Test("Headers that name no such column, a column twice or no key are refused")
  func badHeaders() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    let files = [
      "code,colour\nx,red\n": "colour", "name\nx\n": "'code' is missing", "code,name,name\nx,a,b\n": "twice",
      "": "empty", "code,\nx,y\n": "no name",
    ]
    for (text, words) in files {
      try folder.write(text, to: "file.csv")
      let result = try await folder.run("import", "org_unit", "file.csv", "--database", "hq.db")
      #expect(result.status == 65)
      #expect(result.errors.contains(words), "\(result.errors)")
    }
    #expect(try await folder.run("import", "org_unit", "none.csv", "--database", "hq.db").status == 65)
  }

  @Test("What is exported is imported back as it was")
  func roundTrip() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder)
    try await folder.sqlite(
      "hq.db",
      """
      INSERT INTO org_unit(code, federation, name, activity, remark) VALUES
        ('a', 'otuts', 'Say "hi", all;' || char(10) || 'two lines' || char(13,10) || 'three', '["A","B,C"]', '  spaces  '),
        ('b', 'ftuu', '=1+1', NULL, char(0x301) || 'accent first'), ('c,"d', 'ftuu', char(0x2028) || char(11), NULL, ' ');
      INSERT INTO membership_return(unit, as_of, axis, federation, members_total)
        VALUES('a/b%c', '2025', 'territorial', 'ftuu', 9223372036854775807);
      """)
    for kind in ["org_unit", "membership_return", "figure"] {
      let exported = try await folder.good("export", kind, "--database", "hq.db")
      try folder.write(exported.output, to: "\(kind).csv")
      let again = try await folder.good("import", kind, "\(kind).csv", "--json", "--database", "hq.db")
      #expect(try again.json()["created"] == 0)
      #expect(try again.json()["changed"] == 0, "\(kind)")
      // Into an empty file as well.
      let fresh = try CommandFolder()
      defer { fresh.remove() }
      _ = try await CommandHeadquarters.make(in: fresh, figures: [])
      try await fresh.good("import", kind, folder.file("\(kind).csv"), "--database", "hq.db")
      #expect(try await fresh.good("export", kind, "--database", "hq.db").output == exported.output)
    }
    let json = try await folder.good("export", "org_unit", "--format", "json", "--database", "hq.db")
    let record = try #require(try json.json().elements.first { $0["code"] == "a" })
    #expect(record["activity"] == .array(["A", "B,C"]))
    #expect(record["name"] == "Say \"hi\", all;\ntwo lines\r\nthree")
    let list = try await folder.good("list", "membership_return", "--json", "--database", "hq.db")
    #expect(try list.json()[0]?["key"] == "a%2Fb%25c/2025/territorial")
    let show = try await folder.good(
      "show", "membership_return", "a%2Fb%25c/2025/territorial", "--json", "--database", "hq.db")
    #expect(try show.json()["fields"]?["members_total"] == .integer(Int64.max))
  }

  @Test("A dry run imports nothing")
  func dryRun() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    let file = CommandFolder.figures("org_unit")
    let dryRun = try await folder.good("import", "org_unit", file, "--dry-run", "--json", "--database", "hq.db")
    #expect(try dryRun.json()["created"] == 8)
    #expect(try dryRun.json()["imported"] == false)
    #expect(try await folder.good("list", "org_unit", "--json", "--database", "hq.db").json() == .array([]))
    let imported = try await folder.good("import", "org_unit", file, "--json", "--database", "hq.db")
    #expect(try imported.json()["imported"] == true)
    #expect(try await folder.good("list", "org_unit", "--json", "--database", "hq.db").json().elements.count == 8)
  }

  @Test("Values cannot command a terminal, and tables keep one line a record")
  func hostileValues() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try await folder.sqlite(
      "hq.db", "INSERT INTO org_unit(code, name) VALUES('x', char(27) || '[2J' || char(10) || char(9) || char(0x202E))")
    let list = try await folder.good("list", "org_unit", "--database", "hq.db")
    #expect(list.lines.count == 2)
    let show = try await folder.good("show", "org_unit", "x", "--database", "hq.db")
    for text in [list.output, show.output] {
      #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }
    let json = try await folder.good("show", "org_unit", "x", "--json", "--database", "hq.db")
    #expect(try json.json()["fields"]?["name"] == "\u{1B}[2J\n\t\u{202E}")
  }

  @Test("A full disk under standard output is reported")
  func fullOutput() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder)
    let line = "'\(CommandFolder.program)' export figure --database hq.db > /dev/full"
    let result = try await folder.start("sh", ["-c", line]).result()
    #expect(result.status == 74)
    #expect(result.errors.contains("No space left"))
  }
}
