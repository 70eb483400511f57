import SyncCore
import TestSupport
import Testing

@testable import Store

/// What came past the tables' constraints: values in another form are brought into the catalog's, values that it does not
/// allow wait in the inbox and never blank what is allowed.
@Suite struct CorrectionTests {
  private static let key = "a/2026-09-30/sectoral"

  private func pair() throws -> (house: House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.type(
      """
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women, method)
        VALUES('a', '2026-09-30', 'sectoral', 502, 115, 'dues')
      """)
    try Exchange.sync(uz, hq)
    return (house, hq, uz)
  }

  private func waiting(_ node: TestNode) throws -> [InboxItem] {
    try node.store.inbox(includingSeen: true).filter { $0.correction != nil }
  }

  @Test("A wrong code beside a right number empties nothing, and is taken whole when it is corrected")
  func wrongCode() throws {
    let (house, hq, uz) = try pair()
    defer { _ = house }
    try uz.typeUnchecked("UPDATE membership_return SET members_total=1210, method='registr', remark='r'")
    let report = try uz.seal()
    #expect(report.refused == 1)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(["members_total", "method", "remark"], "membership_return") == [["502", "dues", "r"]])
      #expect(try node.store.status().invalid == 0)
    }
    let item = try #require(try waiting(uz).first)
    #expect(item.reason.hasPrefix("method: 'registr' is not a code of this field"))
    #expect(item.refused?.record.contains("1210") == true)
    #expect(item.correction?.column == "method")
    #expect(item.correction?.suggestion == "dues")
    let number = item.correction?.number ?? 0
    // What is still wrong goes on waiting.
    #expect(throws: StoreError.self) { try uz.store.correct(number, values: [("method", "guess")]) }
    #expect(throws: StoreError.self) { try uz.store.correct(number, values: [("metod", "dues")]) }
    #expect(try uz.store.openCorrectionCount() == 1)
    _ = try uz.store.correct(number, values: [("method", "register")])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["members_total", "members_women", "method"], "membership_return") == [
          ["1210", "115", "register"]
        ])
      #expect(try node.store.verify().problems == [])
    }
    #expect(try uz.store.openCorrectionCount() == 0)
    #expect(try waiting(uz).isEmpty)
    #expect(throws: StoreError.self) { try uz.store.correct(number, values: [("method", "dues")]) }
    try expectEqual(hq, uz)
  }

  @Test("A negative number typed over a right one changes nothing, once and again")
  func negative() throws {
    let (house, hq, uz) = try pair()
    defer { _ = house }
    for _ in 0..<2 {
      try uz.typeUnchecked("UPDATE membership_return SET members_women=-4")
      try Exchange.sync(uz, hq)
      for node in [uz, hq] {
        #expect(try node.rows(["members_total", "members_women"], "membership_return") == [["502", "115"]])
      }
    }
    #expect(try uz.store.openCorrectionCount() == 2)
    for item in try waiting(uz) { _ = try uz.store.dropCorrection(item.correction?.number ?? 0) }
    #expect(try uz.store.openCorrectionCount() == 0)
    try expectEqual(hq, uz)
  }

  @Test("Of a new record what is allowed is sealed, and the rest waits")
  func newRecord() throws {
    let node = try House().addKept("ftuu")
    try node.typeUnchecked(
      "INSERT INTO org_unit(code, name, country, opened_on) VALUES('a', 'One', 'Uzbekistan', '2026')")
    try node.seal()
    #expect(try node.rows(["name", "country", "opened_on"], "org_unit") == [["One", "∅", "2026"]])
    let item = try #require(try waiting(node).first)
    #expect(item.correction?.column == "country")
    _ = try node.store.correct(item.correction?.number ?? 0, values: [("country", "UZB")])
    try node.seal()
    #expect(try node.rows(["name", "country", "opened_on"], "org_unit") == [["One", "UZB", "2026"]])
    #expect(try node.store.verify().problems == [])
  }

  @Test("A row deleted and typed again with a wrong value keeps the last right one")
  func typedAgain() throws {
    let (house, hq, uz) = try pair()
    defer { _ = house }
    try uz.typeUnchecked(
      """
      DELETE FROM membership_return;
      INSERT INTO membership_return(unit, as_of, axis, members_total, method, remark)
        VALUES('a', '2026-09-30', 'sectoral', -1, 'dues', 'again')
      """)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["members_total", "members_women", "remark"], "membership_return") == [["502", "115", "again"]])
    }
    #expect(try waiting(uz).count == 1)
    try expectEqual(hq, uz)
  }

  @Test("A text that is no set takes no element away")
  func set() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, activity) VALUES('a', '[\"A\",\"B\"]')")
    try node.seal()
    try node.typeUnchecked("UPDATE org_unit SET activity='[1]'")
    try node.seal()
    #expect(try node.column("activity", "org_unit") == ["[\"A\",\"B\"]"])
    #expect(try waiting(node).map { $0.correction?.suggestion } == ["[\"A\",\"B\"]"])
    // As people write one.
    try node.type("UPDATE org_unit SET activity='A; C;'")
    try node.seal()
    #expect(try node.column("activity", "org_unit") == ["[\"A\",\"C\"]"])
    #expect(try waiting(node).count == 1)
    #expect(try node.store.verify().problems == [])
  }

  @Test(
    "A record whose key is not allowed leaves the table and waits whole",
    arguments: [("30.09.2026", "2026-09-30"), ("2026-9-3", "2026-09-03"), ("soon", "RIGHT-VALUE")])
  func key(typed: String, guess: String) throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.typeUnchecked(
      "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '\(typed)', 'sectoral', 7)")
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.count("membership_return") == 0)
      #expect(try node.store.status().invalid == 0)
    }
    let item = try #require(try waiting(uz).first)
    #expect(item.correction?.column == "as_of")
    #expect(item.correction?.suggestion == guess)
    let taken = try uz.store.correct(item.correction?.number ?? 0, values: [("as_of", "2026-09-30")])
    #expect(taken.key == Self.key)
    #expect(taken.outcome == .created)
    try Exchange.sync(uz, hq)
    #expect(try hq.rows(["as_of", "members_total"], "membership_return") == [["2026-09-30", "7"]])
    try expectEqual(hq, uz)
  }

  @Test("Dates as clients write them, empty texts and words are sealed in the catalog's form, in keys as well")
  func forms() throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    let result = try uz.shell(
      """
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women, method, withheld)
        VALUES('a', '2026-03-04 00:00:00', 'sectoral', 7, NULL, '', 'x;y'), ('b', '2026-03-04T00:00:00', 'sectoral', 8, NULL, NULL, NULL);
      INSERT INTO org_unit(code, opened_on, closed_on, name) VALUES('a', '2026-03-04T00:00:00.000Z', '', '');
      """)
    #expect(result.errors == "")
    #expect(try uz.seal().refused == 0)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["unit", "as_of", "members_total", "members_women", "method", "withheld"], "membership_return")
          == [["a", "2026-03-04", "7", "∅", "∅", "[\"x\",\"y\"]"], ["b", "2026-03-04", "8", "∅", "∅", "∅"]])
      #expect(try node.rows(["opened_on", "closed_on", "name"], "org_unit") == [["2026-03-04", "∅", ""]])
      #expect(try node.store.verify().problems == [])
    }
    #expect(try Recount.difference(uz) == nil)
    #expect(try uz.captured() == [])
    try expectEqual(hq, uz)
  }

  @Test("A row under another spelling of a day joins the record of that day, or waits where it says something else")
  func sameDay() throws {
    let (house, hq, uz) = try pair()
    defer { _ = house }
    try uz.type(
      """
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2026-09-30 00:00:00', 'sectoral', 502)
      """)
    #expect(try uz.seal().refused == 0)
    #expect(try uz.count("membership_return") == 1)
    try uz.type(
      """
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2026-09-30T00:00:00', 'sectoral', 600)
      """)
    #expect(try uz.seal().refused == 1)
    #expect(
      try uz.rows(["as_of", "members_total", "members_women"], "membership_return") == [["2026-09-30", "502", "115"]])
    let item = try #require(try waiting(uz).first)
    _ = try uz.store.correct(item.correction?.number ?? 0, values: [])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["as_of", "members_total", "members_women"], "membership_return") == [
          ["2026-09-30", "600", "115"]
        ])
    }
    try expectEqual(hq, uz)
  }

  @Test("Where much is emptied and a value is wrong besides, both wait for a person: first the one, then the other")
  func muchEmptied() throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<150)
      INSERT INTO membership_return(unit, as_of, axis, members_total, method, remark)
        SELECT printf('u%03d', i), '2026', 'sectoral', 5, 'dues', 'r' FROM n;
      """)
    try Exchange.sync(uz, hq)
    func shown(_ node: TestNode) throws -> Set<[String]> {
      Set(try node.rows(["members_total", "method", "remark"], "membership_return"))
    }
    let wrong = "UPDATE membership_return SET remark=NULL, members_total=6, method='registr'"
    try uz.typeUnchecked(wrong)
    #expect(try uz.seal().held == 150)
    #expect(try uz.store.openCorrectionCount() == 0)
    _ = try uz.store.putBackHeld()
    #expect(try shown(uz) == [["5", "dues", "r"]])
    #expect(try uz.store.openCorrectionCount() == 0)
    try uz.typeUnchecked(wrong)
    #expect(try uz.seal().held == 150)
    _ = try uz.store.confirmHeld()
    #expect(try uz.store.openCorrectionCount() == 150)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try shown(node) == [["5", "dues", "∅"]])
      #expect(try node.store.verify().problems == [])
    }
    let first = try #require(try waiting(uz).first?.correction?.number)
    _ = try uz.store.correct(first, values: [("method", "register")])
    try Exchange.sync(uz, hq)
    #expect(try shown(hq) == [["5", "dues", "∅"], ["6", "register", "∅"]])
    #expect(try uz.store.checkRows(takes: false) { _ in }.differences == 0)
    try expectEqual(hq, uz)
  }

  @Test("A deletion is a deletion, whatever was wrong in the record, also where many wait")
  func deletedWhileWrong() throws {
    let (house, hq, uz) = try pair()
    defer { _ = house }
    try uz.typeUnchecked("UPDATE membership_return SET members_women=-4; DELETE FROM membership_return")
    #expect(try uz.seal().refused == 0)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] { #expect(try node.count("membership_return") == 0) }
    #expect(try waiting(uz).isEmpty)
    try expectEqual(hq, uz)
  }
}
