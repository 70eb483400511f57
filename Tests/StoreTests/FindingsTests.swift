import Consolidation
import Limits
import SyncCore
import TestSupport
import Testing

@testable import Store

/// What `birlik check` lists.
@Suite struct FindingsTests {
  /// The sorts that are about single records as they were typed; those of the tree and of returns have tests of their own.
  private static let ofEntry: [Finding.Code] = [.lookAlikeKeys, .hiddenCharacters, .doubtfulDates]

  private func findings(_ node: TestNode, _ code: Finding.Code) throws -> [Finding] {
    try node.store.findings().listed(code)
  }

  @Test("A file in order has no finding")
  func none() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name, opened_on) VALUES('a-1', 'A', '1991'), ('a-2', 'B', '2012-05')")
    try node.type("INSERT INTO membership_return(unit, as_of, axis) VALUES('a-1', '2025-12-31', 'territorial')")
    try node.type("INSERT INTO agreement(id, valid_to) VALUES('g', '2031-12-31')")
    let report = try node.store.findings()
    for code in Self.ofEntry { #expect(report.listed(code) == []) }
    #expect(try node.store.findingTally() == FindingTally(count: report.count, countedAt: nil))
  }

  @Test("One unit under two keys that look alike", arguments: ["А-1", "a-1", "A‑1", "Ａ-1"])
  func lookAlikes(_ other: String) throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('A-1'), ('\(other)'), ('A-2')")
    let found = try findings(node, .lookAlikeKeys)
    #expect(found.count == 1)
    #expect(Set(found.first?.keys ?? []) == ["A-1", other])
    #expect(found.first?.kind == "org_unit")
    #expect(found.first?.sentence.contains("look alike") == true)
    #expect(found.first?.remedy != nil)
  }

  @Test("A return for a look-alike of a registered unit is moved to it by the printed command")
  func reference() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('A-1')")
    try node.type("INSERT INTO membership_return(unit, as_of, axis) VALUES('А-1', '2025', 'territorial')")
    let found = try findings(node, .lookAlikeKeys)
    #expect(
      found.first?.remedy == .command("rekey", ["membership_return", "А-1/2025/territorial", "A-1/2025/territorial"]))
    #expect(found.first?.sentence.contains("only A-1 is registered") == true)
    try node.store.rekey(kind: "membership_return", key: "А-1/2025/territorial", to: "A-1/2025/territorial")
    #expect(try findings(node, .lookAlikeKeys) == [])
    // A parent is no part of a key, and is found as well.
    try node.type("INSERT INTO org_link(child, axis, valid_from, parent) VALUES('A-1', 'sectoral', '2020', 'a-1')")
    #expect(try findings(node, .lookAlikeKeys).first?.keys == ["A-1", "a-1"])
  }

  @Test("Words of a key that look alike, and texts that several columns use once each")
  func words() throws {
    let node = try House().addKept("ftuu")
    try node.type(
      "INSERT INTO figure(unit, measure, as_of, source) VALUES('u', 'members', '2025', 's'), ('u', 'Members', '2024', 's')"
    )
    try node.type("INSERT INTO membership_return(unit, as_of, axis) VALUES('u', '2025', 'territorial')")
    let found = try findings(node, .lookAlikeKeys)
    #expect(found.map(\.keys) == [["Members", "members"]])
    #expect(found.first?.sentence.hasPrefix("figure.measure: ") == true)
  }

  @Test("Many findings are counted, and the first ones are listed")
  func bounded() throws {
    let node = try House().addKept("ftuu")
    let count = StoreLimits.findingsPerCode + 20
    for number in 0..<count {
      try node.type("INSERT INTO org_unit(code, opened_on) VALUES('u\(number)', '1405'), ('U\(number)', NULL)")
    }
    let report = try node.store.findings()
    #expect(Self.ofEntry.map { report.counts[$0] } == [count, nil, count])
    #expect(report.listed(.lookAlikeKeys).count == StoreLimits.findingsPerCode)
    #expect(report.listed(.doubtfulDates).count == StoreLimits.findingsPerCode)
    #expect(report.count >= 2 * count)
  }

  @Test("A key with what nobody sees that came past the constraints is sealed, arrives, and is named on both sides")
  func hidden() throws {
    let house = try House()
    let (headquarters, member) = (try house.add("otuts"), try house.add("ftuu"))
    let past = "PRAGMA ignore_check_constraints=1; "
    try member.shell(
      past + "INSERT INTO org_unit(code, name) VALUES('a'||char(0x200B), 'A'), ('b ', 'B'); "
        + "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES(char(0xA0)||'c', '2025', 'territorial', 7)"
    )
    try Exchange.sync(headquarters, member)
    for node in [headquarters, member] {
      #expect(try node.count("org_unit") == 2)
      let found = try findings(node, .hiddenCharacters)
      #expect(found.map(\.keys) == [["a\u{200B}"], ["b "], ["\u{A0}c/2025/territorial"]])
      #expect(found.first?.sentence.contains("org_unit a‹U+200B›: the key must not hold control or invisible") == true)
      #expect(found.first?.remedy == .command("rekey", ["org_unit", "a\u{200B}", "a"]))
    }
    // The record is edited, and put right by the printed command.
    _ = try member.store.edit(kind: "org_unit", key: "a\u{200B}", values: [(field: "name", text: "Aa")])
    try member.store.rekey(kind: "org_unit", key: "a\u{200B}", to: "a")
    #expect(try findings(member, .hiddenCharacters).count == 2)
  }

  @Test("A file from before the constraints gets them, and keeps its rows")
  func earlier() throws {
    let node = try House().addKept("ftuu")
    try node.store.close()
    let present = ColumnChecks.key(KeyColumn(name: "code", type: .text))
    let earlier = " CONSTRAINT \"code must be text\" CHECK(\"code\"<x'')"
    try node.shell(
      """
      PRAGMA writable_schema=1;
      UPDATE sqlite_master SET sql=replace(sql, '\(present.replacing("'", with: "''"))', \
      '\(earlier.replacing("'", with: "''"))') WHERE name='org_unit';
      PRAGMA writable_schema=0;
      DELETE FROM birlik_meta WHERE name IN ('checked_form', 'checked_schema');
      """)
    let before = try node.shell("INSERT INTO org_unit(code) VALUES('a ')")
    #expect(before.errors == "")
    try node.open()
    #expect(
      try node.shell("INSERT INTO org_unit(code) VALUES('b ')").errors.contains("must not begin or end with a blank"))
    #expect(try node.column("code", "org_unit") == ["a "])
    #expect(try findings(node, .hiddenCharacters).map(\.keys) == [["a "]])
  }

  @Test("Dates of another calendar, and of years to come")
  func dates() throws {
    let node = try House().addKept("ftuu")
    try node.type(
      "INSERT INTO membership_return(unit, as_of, axis) VALUES('u', '1405-07-08', 'territorial'), ('u', '9026', 'territorial')"
    )
    try node.type("INSERT INTO org_unit(code, opened_on, status_since) VALUES('u', '2099', '2031')")
    try node.type("INSERT INTO agreement(id, valid_to) VALUES('g', '9999-12-31')")
    try node.type("INSERT INTO consultation_count(unit, period, topic) VALUES('u', '1405-Q1', 't')")
    try node.type("INSERT INTO member(id, birth_date) VALUES('m', '1366-01-01')")
    let found = try findings(node, .doubtfulDates).map(\.sentence)
    #expect(
      found.contains { $0.hasPrefix("membership_return u/1405-07-08/territorial, as_of: 1405-07-08: 1405 looks like") })
    #expect(
      found.contains { $0.hasPrefix("membership_return u/9026/territorial, as_of: 9026 is more than a year from now") })
    #expect(found.contains { $0.hasPrefix("org_unit u, opened_on: 2099") })
    #expect(found.contains { $0.hasPrefix("agreement g, valid_to: 9999-12-31 is more than 30 years") })
    #expect(found.contains { $0.hasPrefix("consultation_count u/1405-Q1/t, period: 1405-Q1: 1405 looks like") })
    // Personal data is named, and not repeated.
    #expect(found.contains("member m, birth_date: the date is hardly meant"))
    #expect(found.count == 6, "\(found)")
  }
}
