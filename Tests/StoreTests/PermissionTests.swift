import SyncCore
import Testing

@testable import Store

/// Edits typed into records that the node may not edit.
@Suite struct PermissionTests {
  private func pair() throws -> (House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try tr.type(
      """
      INSERT INTO org_unit(code, name, area, activity) VALUES('t', 'Bir', 'TR-34', '["x"]');
      INSERT INTO org_unit(code, name) VALUES('u', 'Iki');
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('t', '2025', 'territorial', 9);
      """)
    try Exchange.sync(tr, hq)
    try Exchange.sync(uz, hq)
    return (house, hq, uz)
  }

  private static let before = [["t", "fturk", "Bir", "TR-34", #"["x"]"#], ["u", "fturk", "Iki", "∅", "∅"]]

  @Test(
    "The edit is kept whole and told, and the row shows what it was",
    arguments: [
      ("UPDATE org_unit SET name='Mine', area=NULL WHERE code='t'", "t", "edit", #""name":"Mine""#),
      ("UPDATE org_unit SET activity='[\"y\"]' WHERE code='t'", "t", "edit", #""activity":"[\"y\"]""#),
      ("DELETE FROM org_unit WHERE code='t'", "t", "delete", #""name":"Bir""#),
      (
        "DELETE FROM org_unit WHERE code='t'; INSERT INTO org_unit(code, name) VALUES('t', 'Mine')", "t", "insert",
        "Mine"
      ),
      ("INSERT INTO org_unit(code, federation, name) VALUES('n', 'fturk', 'New')", "n", "insert", #""name":"New""#),
      ("INSERT INTO org_unit(code, federation, name) VALUES('n', 'kfik', 'New')", "n", "insert", "kfik"),
      ("INSERT INTO org_unit(code, federation, name) VALUES('n', 'No Such!', 'New')", "n", "insert", "No Such!"),
      (
        "INSERT OR REPLACE INTO org_unit(code, federation, name) VALUES('t', 'fturk', 'R')", "t", "edit",
        #""name":"R""#
      ),
      (
        "UPDATE org_unit SET name='1' WHERE code='t'; UPDATE org_unit SET area='2' WHERE code='t'", "t", "edit",
        #""area":"2""#
      ),
    ])
  func refused(sql: String, key: String, operation: String, words: String) throws {
    let (house, hq, uz) = try pair()
    try uz.typeUnchecked(sql)
    let report = try uz.seal()
    #expect(report.refused == 1)
    #expect(report.changes == 0)
    #expect(try uz.rows(["code", "federation", "name", "area", "activity"], "org_unit ORDER BY 1") == Self.before)
    let refused = try #require(try uz.store.refusedEdits().first)
    #expect(refused.kind == "org_unit")
    #expect(refused.key == key)
    #expect(refused.operation.rawValue == operation)
    #expect(refused.record.contains(words), "\(refused.record)")
    #expect(!refused.record.contains(#""federation":"""#))
    #expect(!refused.reason.isEmpty)
    #expect(try uz.store.status().refused == 1)
    #expect(try uz.store.verify().problems == [])
    try Exchange.sync(uz, hq)
    try expectEqual(uz, hq, audiences: [.everyone])
    _ = house
  }

  @Test("Moving a record of another's to a new key is refused at both keys")
  func moved() throws {
    let (house, _, uz) = try pair()
    try uz.type("UPDATE org_unit SET code='z' WHERE code='t'")
    #expect(try uz.seal().refused == 2)
    #expect(try uz.rows(["code", "federation", "name", "area", "activity"], "org_unit ORDER BY 1") == Self.before)
    #expect(try uz.store.verify().problems == [])
    _ = house
  }

  @Test("A refused edit does not hold up one that is allowed, nor change totals")
  func besides() throws {
    let (house, hq, uz) = try pair()
    try uz.type(
      """
      UPDATE org_unit SET unit_kind='primary_organization';
      INSERT INTO org_unit(code, unit_kind) VALUES('o', 'primary_organization');
      """)
    let report = try uz.seal()
    #expect(report.refused == 2)
    #expect(report.changes == 1)
    #expect(try uz.value("sum(amount)", "birlik_total WHERE slot='primary_organization'") == "1")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("sum(amount)", "birlik_total WHERE slot='primary_organization'") == "1")
    _ = house
  }

  @Test("Headquarters may edit every record, in its owner's channel")
  func headquarters() throws {
    let (house, hq, uz) = try pair()
    try hq.type("UPDATE org_unit SET name='Central' WHERE code='t'; UPDATE membership_return SET members_total=10")
    #expect(try hq.seal().refused == 0)
    try Exchange.sync(uz, hq)
    #expect(try uz.column("name", "org_unit WHERE code='t'") == ["Central"])
    // What belongs to the federation alone does not come here.
    #expect(try uz.count("membership_return") == 0)
    #expect(try hq.column("members_total", "membership_return") == ["10"])
    #expect(
      try uz.store.frontier(visibleTo: NodeRole(isHeadquarters: true, federation: "otuts")).map(\.channel.description)
        .allSatisfy { $0 != "fturk:home" })
    _ = house
  }

  @Test("Two owners that use one key are a key collision; the earlier is shown; when it goes, the other is")
  func keyCollision() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    for node in [hq, uz, tr] { node.clock = House.start }
    try tr.type("INSERT INTO org_unit(code, name) VALUES('k', 'Bir')")
    uz.clock = House.start + 5
    try uz.type("INSERT INTO org_unit(code, name) VALUES('k', 'Bitta')")
    for node in [hq, uz, tr] { node.clock = House.start + 10 }
    try Exchange.settle(hq, [uz, tr])
    for node in [hq, uz, tr] {
      #expect(try node.rows(["federation", "name"], "org_unit") == [["fturk", "Bir"]])
      let views = try node.store.conflicts()
      #expect(Set(views.map(\.field)) == ["(key)"])
      #expect(try node.store.verify().problems == [])
    }
    try tr.type("DELETE FROM org_unit")
    try Exchange.settle(hq, [uz, tr])
    for node in [hq, uz, tr] {
      #expect(try node.rows(["federation", "name"], "org_unit") == [["ftuu", "Bitta"]])
      #expect(try node.store.openConflictCount() == 0, "\(node.name)")
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(hq, uz)
  }
}
