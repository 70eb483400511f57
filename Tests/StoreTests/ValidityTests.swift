import SyncCore
import Testing

@testable import Store

/// Values that the catalog does not allow and that older programs sealed: flagged, reported, shown nowhere, counted
/// nowhere.
@Suite struct ValidityTests {
  struct Wrong: CustomTestStringConvertible, Sendable {
    var kind: String
    var column: String
    var value: String
    var reason: String
    var repair: String
    var testDescription: String { "\(kind).\(column) = \(value)" }
  }

  static let wrongs = [
    Wrong(
      kind: "org_unit", column: "country", value: "'XXX'", reason: "'XXX' is not a code of this field", repair: "'UZB'"),
    Wrong(
      kind: "org_unit", column: "membership_status", value: "'guest'", reason: "it is one of member, observer, none",
      repair: "'member'"),
    Wrong(
      kind: "org_unit", column: "opened_on", value: "'2025-02-30'", reason: "'2025-02-30' is not a date like",
      repair: "'2025-02-28'"),
    Wrong(kind: "org_unit", column: "opened_on", value: "'31.10.2025'", reason: "is not a date like", repair: "'2025'"),
    Wrong(kind: "org_unit", column: "activity", value: "'[1]'", reason: "'[1]' is not a JSON array", repair: "NULL"),
    Wrong(
      kind: "org_unit", column: "name", value: "CAST(x'C328' AS TEXT)", reason: "the text is not UTF-8", repair: "'ok'"),
    Wrong(kind: "aid_operation", column: "beneficiaries", value: "-1", reason: "-1 is less than 0", repair: "0"),
    Wrong(
      kind: "aid_operation", column: "currency", value: "'EURO'", reason: "'EURO' is not a code", repair: "'EUR'"),
  ]

  @Test(
    "A wrong value is flagged, told with its reason, shown as NULL, and repaired by a later edit", arguments: wrongs)
  func value(_ wrong: Wrong) throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let key = wrong.kind == "org_unit" ? "code" : "id"
    try uz.typeUnchecked(
      "INSERT INTO \(wrong.kind)(\(key), remark, \(wrong.column)) VALUES('a', 'r', \(wrong.value))")
    let sealed = try uz.sealedAsOldProgram()
    #expect(sealed.map(\.isFlagged) == [true])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(["remark", wrong.column], wrong.kind) == [["r", "∅"]])
      let listed = try node.store.invalidValues()
      #expect(listed.map(\.field) == [wrong.column])
      #expect(listed.first?.reason.contains(wrong.reason) == true, "\(listed)")
      #expect(try node.store.status().invalid == 1)
      #expect(try node.store.openConflictCount() == 0)
    }
    try uz.type("UPDATE \(wrong.kind) SET remark='s'")
    #expect(try uz.sealedWords() == ["edit \(wrong.kind) a remark=s"])
    let elements = wrong.column == "activity" && wrong.repair == "NULL"
    // A malformed set is shown as none: typing NULL over NULL is no edit, so it takes an element and its removal.
    if elements {
      try uz.type("UPDATE org_unit SET activity='[]'")
    } else {
      try uz.type("UPDATE \(wrong.kind) SET \(wrong.column)=\(wrong.repair)")
    }
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.store.invalidValues() == [])
      let shown = wrong.repair.replacing("'", with: "")
      #expect(try node.rows(["remark", wrong.column], wrong.kind) == [["s", elements ? "∅" : shown]])
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(hq, uz)
  }

  @Test(
    "A record with a wrong key is sealed, shown nowhere, and told",
    arguments: [
      "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025-13', 'territorial', 5)",
      "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025', 'here', 5)",
      "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('', '2025', 'territorial', 5)",
    ])
  func key(sql: String) throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.typeUnchecked(sql)
    #expect(try uz.sealedAsOldProgram().map(\.isFlagged) == [true])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.count("membership_return") == 0)
      #expect(try node.store.invalidValues().count == 1)
      #expect(try node.count("birlik_total WHERE amount<>0") == 0)
      #expect(try node.store.verify().problems == [])
    }
    // The right key typed instead.
    try uz.type("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025', 'territorial', 5)")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("sum(amount)", "birlik_total WHERE indicator='members'") == "5")
    try expectEqual(hq, uz)
  }

  @Test("A key with a bad period, and one that holds a slash or a percent sign")
  func oddKeys() throws {
    let node = try House().addKept("ftuu")
    try node.typeUnchecked(
      """
      INSERT INTO consultation_count(unit, period, topic, people) VALUES('a/b%', '2025-W53', 't', 1), ('a', '2026-W53', 't', 2);
      """)
    try node.sealAsOldProgram()
    #expect(try node.store.invalidValues().map(\.key) == ["a%2Fb%25/2025-W53/t"])
    #expect(try node.column("unit", "consultation_count") == ["a"])
  }

  @Test("Totals skip wrong values")
  func totals() throws {
    let node = try House().addKept("ftuu")
    try node.typeUnchecked(
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('p', 'primary_organization'), ('q', 'primary organisation');
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('p', '2025', 'territorial', -5);
      INSERT INTO membership_return(unit, as_of, axis, members_total, method)
        VALUES('p', '2024', 'territorial', 7, 'guess');
      """)
    try node.sealAsOldProgram()
    #expect(try node.store.invalidValues().map(\.field) == ["unit_kind", "method", "members_total"])
    #expect(try node.value("sum(amount)", "birlik_total WHERE indicator='members'") == "0")
    #expect(try node.value("sum(expected)", "birlik_total WHERE indicator='members'") == "1")
    #expect(try Recount.difference(node) == nil)
  }

  @Test("A value too long to travel is refused and reported, and the row is as before")
  func tooLong() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try node.seal()
    try node.typeUnchecked("UPDATE org_unit SET remark=printf('%.*c', 5000000, 'x')")
    try node.typeUnchecked("INSERT INTO org_unit(code) VALUES(printf('%.*c', 5000, 'k'))")
    let report = try node.seal()
    #expect(report.refused == 2)
    #expect(try node.rows(["code", "name", "remark"], "org_unit") == [["a", "One", "∅"]])
    let refused = try node.store.refusedEdits()
    #expect(refused.count == 2)
    #expect(refused.map(\.reason).contains { $0.contains("key is longer than 4096 bytes") })
    #expect(try node.store.verify().problems == [])
  }

  @Test("A text of more than 64 KiB is flagged and not shown, and not lost")
  func longText() throws {
    let node = try House().addKept("ftuu")
    try node.typeUnchecked("INSERT INTO org_unit(code, remark) VALUES('a', printf('%.*c', 70000, 'x'))")
    try node.sealAsOldProgram()
    #expect(try node.column("remark", "org_unit") == ["∅"])
    #expect(try node.store.invalidValues().map(\.value.display.count) == [70000])
  }
}
