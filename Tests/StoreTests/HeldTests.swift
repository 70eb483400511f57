import SyncCore
import TestSupport
import Testing

@testable import Store

/// Much that would be deleted or emptied at once, and what no trigger saw, waits for a person.
@Suite struct HeldTests {
  /// A member with so many records, which headquarters holds as well.
  private func two(_ count: Int = 300) throws -> (uz: TestNode, hq: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    uz.house = house
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<\(count))
      INSERT INTO org_unit(code, name, area) SELECT printf('u%04d', i), 'n' || i, 'UZ' FROM n;
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women)
        SELECT code, '2025', 'territorial', 10, 4 FROM org_unit;
      """)
    try Exchange.sync(uz, hq)
    return (uz, hq)
  }

  private func check(_ nodes: TestNode...) throws {
    for node in nodes {
      #expect(try node.store.verify().problems == [], "\(node.name)")
      #expect(try node.store.checkRows(takes: false) { _ in }.differences == 0)
      #expect(try Recount.difference(node) == nil)
    }
  }

  @Test("Records that get other keys are not taken away, however many")
  func moved() throws {
    let (uz, hq) = try two()
    try uz.type("UPDATE membership_return SET as_of='2026'")
    #expect(try uz.seal().held == 0)
    try Exchange.sync(uz, hq)
    #expect(try hq.count("membership_return WHERE as_of='2026'") == 300)
    #expect(try hq.count("membership_return") == 300)
    try check(uz, hq)
  }

  @Test("A bulk deletion waits, everything else is sealed and absorbed, and one call confirms it")
  func confirmed() throws {
    let (uz, hq) = try two()
    try uz.type("DELETE FROM org_unit WHERE code<='u0150'; UPDATE org_unit SET area='UZ-1' WHERE code='u0200'")
    let report = try uz.seal()
    #expect(report.held == 150)
    #expect(report.changes == 1)
    #expect(report.deletions == 0)
    #expect(try uz.store.status().held == 150)
    #expect(try uz.store.hasCaptured() == false)
    try hq.type("UPDATE org_unit SET area='UZ-2' WHERE code='u0201'")
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit") == 300)
    #expect(try hq.value("area", "org_unit WHERE code='u0200'") == "UZ-1")
    #expect(try uz.value("area", "org_unit WHERE code='u0201'") == "UZ-2")
    // As it was typed.
    #expect(try uz.count("org_unit") == 150)
    let waiting = try uz.store.held()
    #expect(waiting.counts == [HeldCount(kind: "org_unit", deleted: 150)])
    #expect(Set(waiting[0].difference.fields.map(\.old.display)) == ["n1", "UZ"])
    #expect(try uz.seal() == SealReport())
    try check(hq)
    let decision = try uz.store.confirmHeld()
    #expect(decision.records == 150)
    #expect(decision.changedSince == [])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] { #expect(try node.count("org_unit") == 150) }
    #expect(try uz.count("birlik_held_edit") == 0)
    #expect(try uz.count("birlik_old") == 0)
    try check(uz, hq)
    try expectEqual(uz, hq)
  }

  @Test("What waits can be put back, one record or all")
  func putBack() throws {
    let (uz, hq) = try two()
    try uz.type("DELETE FROM org_unit")
    #expect(try uz.seal().held == 300)
    try check(hq)
    #expect(try uz.store.putBackHeld(kind: "org_unit", key: "u0001").records == 1)
    #expect(try uz.rows(["code", "name", "area"], "org_unit") == [["u0001", "n1", "UZ"]])
    #expect(throws: StoreError.self) { try uz.store.putBackHeld(kind: "org_unit", key: "u0001") }
    #expect(try uz.store.putBackHeld().records == 299)
    #expect(try uz.count("org_unit") == 300)
    #expect(try uz.store.heldCount() == 0)
    #expect(try uz.seal() == SealReport())
    try Exchange.sync(uz, hq)
    try check(uz, hq)
    try expectEqual(uz, hq)
  }

  @Test(
    "Emptying is removing: of a field, of one in a group, of a set, by REPLACE",
    arguments: [
      "UPDATE org_unit SET name=NULL", "UPDATE membership_return SET members_women=NULL",
      "UPDATE membership_return SET members_total=NULL, members_women=5",
      "INSERT OR REPLACE INTO org_unit(code, area) SELECT code, area FROM org_unit",
      "UPDATE org_unit SET activity=NULL", "DELETE FROM org_unit; INSERT INTO org_unit(code) VALUES('new')",
    ])
  func emptied(_ sql: String) throws {
    let (uz, hq) = try two(150)
    try uz.type("UPDATE org_unit SET activity='[\"x\"]'")
    try Exchange.sync(uz, hq)
    try uz.type(sql)
    #expect(try uz.seal().held == 150)
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit WHERE name IS NULL AND code<>'new'") == 0)
    #expect(try hq.count("membership_return WHERE members_women<>4") == 0)
    try check(hq)
    #expect(try uz.store.verify().problems == [])
    #expect(try uz.store.confirmHeld().records == 150)
    try Exchange.sync(uz, hq)
    try expectEqual(uz, hq)
    try check(uz, hq)
  }

  @Test(
    "Within the bound, or where nothing is emptied, nothing waits",
    arguments: [
      "DELETE FROM org_unit WHERE code<='u0100'", "UPDATE membership_return SET members_women=5",
      "UPDATE org_unit SET activity='[\"y\"]'", "UPDATE membership_return SET members_youth=6",
      "UPDATE org_unit SET code='x' || code WHERE code<='u0050'",
    ])
  func within(_ sql: String) throws {
    let (uz, hq) = try two(150)
    try uz.type(sql)
    #expect(try uz.seal().held == 0)
    try Exchange.sync(uz, hq)
    try check(uz, hq)
    try expectEqual(uz, hq)
  }

  @Test("More than a hundred records that are less than a tenth go")
  func share() throws {
    let (uz, _) = try two(1200)
    try uz.type("DELETE FROM org_unit WHERE code<='u0110'")
    let report = try uz.seal()
    #expect(report.held == 0)
    #expect(report.deletions == 110)
  }

  @Test("A refresh whose rows come back in a later transaction ends the waiting")
  func refreshed() throws {
    let (uz, hq) = try two(200)
    try uz.type("DELETE FROM org_unit")
    #expect(try uz.seal().held == 200)
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200)
      INSERT INTO org_unit(code, name, area) SELECT printf('u%04d', i), iif(i=7, 'new', 'n' || i), 'UZ' FROM n;
      """)
    #expect(try uz.sealedWords() == ["edit org_unit u0007 name=new"])
    #expect(try uz.store.heldCount() == 0)
    #expect(try uz.count("birlik_old") == 0)
    try Exchange.sync(uz, hq)
    try check(uz, hq)
    try expectEqual(uz, hq)
  }

  @Test("What others change meanwhile is absorbed, shown, and not confirmed with the rest")
  func changedSince() throws {
    let (uz, hq) = try two(150)
    try uz.type("UPDATE org_unit SET name=NULL")
    #expect(try uz.seal().held == 150)
    try hq.type(
      "UPDATE org_unit SET area='UZ-9' WHERE code='u0001'; UPDATE org_unit SET name='hq' WHERE code='u0002'; "
        + "DELETE FROM org_unit WHERE code='u0003'")
    try Exchange.sync(uz, hq)
    #expect(
      try uz.rows(["code", "name", "area"], "org_unit ORDER BY 1 LIMIT 3") == [
        ["u0001", "∅", "UZ-9"], ["u0002", "∅", "UZ"], ["u0003", "∅", "UZ"],
      ])
    let decision = try uz.store.confirmHeld()
    #expect(decision.records == 147)
    #expect(decision.changedSince.map(\.key) == ["u0001", "u0002", "u0003"])
    #expect(decision.changedSince.map { $0.difference.fields.map(\.old) }.prefix(2) == [[.text("n1")], [.text("hq")]])
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit WHERE name IS NULL") == 147)
    #expect(try uz.store.confirmHeld(kind: "org_unit", key: "u0002").records == 1)
    #expect(try uz.store.putBackHeld().records == 2)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["code", "name", "area"], "org_unit ORDER BY 1 LIMIT 2") == [
          ["u0001", "n1", "UZ-9"], ["u0002", "∅", "UZ"],
        ])
      #expect(try node.count("org_unit") == 149)
    }
    try check(uz, hq)
    try expectEqual(uz, hq)
  }

  @Test("An edit before the deletion waits with it, and both are sealed")
  func editedBefore() throws {
    let (uz, hq) = try two(150)
    try uz.type("UPDATE org_unit SET name='last'; DELETE FROM org_unit;")
    #expect(try uz.seal().held == 150)
    #expect(try uz.seal() == SealReport())
    let before = try uz.lastSegment()
    _ = try uz.store.confirmHeld(kind: "org_unit")
    let changes = try uz.changes(after: before)
    #expect(changes.count { $0.operation == .edit } == 150)
    #expect(changes.count { $0.operation == .deletion } == 150)
    #expect(try uz.count("birlik_old") == 0)
    try Exchange.sync(uz, hq)
    try check(uz, hq)
  }

  @Test("What was typed while triggers were missing waits, with columns that stay here, and is sealed when confirmed")
  func unnoticed() throws {
    let (uz, hq) = try two(5)
    try uz.type("ALTER TABLE org_unit ADD COLUMN mine REAL")
    try uz.type(
      """
      DROP TRIGGER birlik_org_unit_insert; DROP TRIGGER birlik_org_unit_delete;
      INSERT INTO org_unit(code, name, mine) VALUES('new', 'N', 1.5); DELETE FROM org_unit WHERE code='u0001';
      """)
    try uz.open()
    #expect(try uz.store.status().notice?.contains("birlik held") == true)
    #expect(try uz.store.held().map { "\($0.difference.sort) \($0.key)" } == ["inserted new", "deleted u0001"])
    try uz.type("UPDATE org_unit SET name='N2' WHERE code='new'; UPDATE org_unit SET name='x' WHERE code='u0002'")
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit") == 5)
    #expect(try hq.value("name", "org_unit WHERE code='u0002'") == "x")
    #expect(try uz.rows(["name", "mine"], "org_unit WHERE code='new'") == [["N2", "1.5"]])
    try check(hq)
    #expect(try uz.store.verify().problems == [])
    #expect(try uz.store.confirmHeld().records == 2)
    #expect(try uz.rows(["name", "mine"], "org_unit WHERE code='new'") == [["N2", "1.5"]])
    try Exchange.sync(uz, hq)
    #expect(try hq.column("code", "org_unit ORDER BY 1") == ["new", "u0002", "u0003", "u0004", "u0005"])
    try check(uz, hq)
    try expectEqual(uz, hq)
  }
}
