import Consolidation
import SyncCore
import TestSupport
import Testing

@testable import Store

/// What is told at entry of what was typed.
@Suite struct EntryNotesTests {
  private func notes(_ node: TestNode, _ kind: String, _ key: String, _ values: (field: String, text: String)...) throws
    -> [String]
  {
    try node.store.editNoting(kind: kind, key: key, values: values).notes.listed.map(\.words)
  }

  @Test("A new key that looks like another is told, and an edit of either record is not")
  func typing() throws {
    let node = try House().addKept("ftuu")
    #expect(try notes(node, "org_unit", "A-1", ("name", "x")) == [])
    let told = try notes(node, "org_unit", "А-1", ("name", "x"))
    #expect(told.count == 1)
    #expect(told.first?.contains("org_unit: А-1 and A-1 look alike: character 1 is U+0410") == true)
    #expect(try notes(node, "org_unit", "А-1", ("name", "y")) == [])
    #expect(try notes(node, "membership_return", "A-1/2025/territorial", ("members_total", "1")) == [])
    #expect(try notes(node, "membership_return", "a-1/2025/territorial", ("members_total", "1")).count == 1)
    #expect(try notes(node, "org_link", "A-1/sectoral/2020", ("parent", "a–1")).count == 1)
  }

  @Test("A doubtful date is told when it is typed, once")
  func dates() throws {
    let node = try House().addKept("ftuu")
    #expect(
      try notes(node, "membership_return", "u/1405-07-08/territorial", ("members_total", "1")).first?.contains(
        "Solar Hijri") == true)
    #expect(try notes(node, "membership_return", "u/1405-07-08/territorial", ("members_total", "2")) == [])
    #expect(
      try notes(node, "org_unit", "u", ("opened_on", "1370")).first?.contains("org_unit u, opened_on: 1370") == true)
    #expect(try notes(node, "member", "m", ("birth_date", "1370")) == ["member, birth_date: the date is hardly meant"])
  }

  @Test("An import tells by line, against the table and within itself; a dry run as well")
  func importing() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('A-1')")
    for isDryRun in [true, false] {
      let lines = [["А-1", ""], ["b-1", "1405"], ["B-1", "2012"], ["c-1", ""]]
      var rows = lines.enumerated().map { ImportRow(line: $0 + 2, texts: $1) }[...]
      let report = try node.store.importRows(kind: "org_unit", header: ["code", "opened_on"], isDryRun: isDryRun) {
        rows.popFirst()
      }
      #expect(report.problems == [])
      #expect(report.notes.count == 3, "\(report.notes)")
      #expect(report.notes.listed.map(\.line).sorted() == [2, 3, 3])
    }
  }

  @Test("What was typed by SQL is told by the seal, and what was there before is not")
  func sealing() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('A-1'), ('b')")
    #expect(try node.store.notes(on: node.seal().typed).listed == [])
    try node.type("INSERT INTO org_unit(code) VALUES('А-1')")
    try node.type("UPDATE org_unit SET opened_on='1405-01-01' WHERE code='b'")
    try node.type("INSERT INTO membership_return(unit, as_of, axis) VALUES('B', '2062-09-30', 'territorial')")
    let words = try node.store.notes(on: node.seal().typed).listed.map(\.words)
    #expect(words.count == 4, "\(words)")
    #expect(words.contains { $0.contains("А-1 and A-1 look alike") })
    #expect(words.contains { $0.contains("B and b look alike") })
    #expect(words.contains { $0.hasPrefix("org_unit b, opened_on: 1405-01-01") })
    #expect(words.contains { $0.hasPrefix("membership_return B/2062-09-30/territorial, as_of: 2062-09-30") })
    try node.type("UPDATE org_unit SET name='x'")
    #expect(try node.store.notes(on: node.seal().typed).listed == [])
  }

  @Test("A reader who may not write gets the same findings")
  func reading() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('A-1'), ('А-1')")
    let reader = try Store(path: node.path, key: node.identity.key, isForReading: true)
    #expect(try reader.findings().counts[.lookAlikeKeys] == 1)
    try reader.close()
  }
}
