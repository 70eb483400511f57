import SyncCore
import Testing
import Wire

@testable import Store

/// Nodes with different catalogs.
@Suite struct UpgradeTests {
  private func later() throws -> PublishedCatalog { try House.later.get() }

  @Test("An older node keeps and passes on what it does not know, and shows it after the upgrade")
  func opaque() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.settle(hq, [uz, office])
    try hq.store.adopt(later())
    try hq.type(
      """
      UPDATE org_unit SET phone='+998', languages='["uz","kaa"]', seats=5, membership_status='partner';
      INSERT INTO org_unit(code, federation, name, phone) VALUES('b', 'ftuu', 'Two', '+1');
      INSERT INTO facility(id, federation, name, beds) VALUES('f', 'ftuu', 'Rest', 40);
      """)
    try Exchange.settle(hq, [uz, office])
    #expect(
      try uz.rows(["code", "name", "membership_status"], "org_unit") == [["a", "One", "∅"], ["b", "Two", "∅"]])
    #expect(try uz.store.invalidValues().map(\.value.display) == ["partner"])
    // Edits with the older catalog leave alone what it does not know.
    try uz.type("UPDATE org_unit SET name='Uno', activity='[\"x\"]' WHERE code='a'")
    try uz.type("INSERT OR REPLACE INTO org_unit(code, name) VALUES('b', 'Due')")
    try Exchange.settle(hq, [uz, office])
    let expected = [
      ["a", "Uno", "+998", #"["kaa","uz"]"#, "5", "partner"], ["b", "Due", "+1", "∅", "∅", "∅"],
    ]
    let columns = ["code", "name", "phone", "languages", "seats", "membership_status"]
    #expect(try hq.rows(columns, "org_unit") == expected)
    for node in [uz, office] {
      try node.type("UPDATE org_unit SET remark='typed before the upgrade'")
      try node.store.adopt(later())
      #expect(try node.rows(columns, "org_unit") == expected)
      #expect(try node.rows(["id", "federation", "name", "beds"], "facility") == [["f", "ftuu", "Rest", "40"]])
      #expect(try node.store.invalidValues() == [])
    }
    try uz.type("UPDATE org_unit SET phone='+7' WHERE code='a'; UPDATE facility SET beds=41")
    #expect(try uz.captured() == ["org_unit a: phone", "facility f: beds"])
    try Exchange.settle(hq, [uz, office])
    try expectEqual(hq, uz, audiences: [.everyone])
    try expectEqual(uz, office)
    for node in [hq, uz, office] {
      #expect(try node.value("phone", "org_unit WHERE code='a'") == "+7")
      #expect(try node.store.verify().problems == [], "\(node.name)")
    }
  }

  @Test(
    "Whoever types a row anew with an older catalog keeps the fields that he cannot see, unless its deletion was sealed"
  )
  func reinsertion() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try hq.store.adopt(later())
    try hq.type("INSERT INTO org_unit(code, federation, phone) VALUES('a', 'ftuu', '+998')")
    try Exchange.sync(uz, hq)
    try uz.type("DELETE FROM org_unit; INSERT INTO org_unit(code, name) VALUES('a', 'New')")
    try Exchange.sync(uz, hq)
    #expect(try hq.rows(["name", "phone"], "org_unit") == [["New", "+998"]])
    try uz.type("DELETE FROM org_unit")
    try Exchange.sync(uz, hq)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'New')")
    try Exchange.sync(uz, hq)
    #expect(try hq.rows(["name", "phone"], "org_unit") == [["New", "∅"]])
    try uz.store.adopt(later())
    try expectEqual(hq, uz)
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
  }

  @Test("Conflicts in a field unknown so far are listed once it is known")
  func conflicts() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    for node in [hq, office] { try node.store.adopt(later()) }
    try hq.type("INSERT INTO org_unit(code, federation) VALUES('a', 'ftuu')")
    try Exchange.settle(hq, [uz, office])
    try hq.type("UPDATE org_unit SET phone='1'")
    try office.type("UPDATE org_unit SET phone='2'")
    try Exchange.settle(hq, [uz, office])
    #expect(try hq.store.conflicts().map(\.field) == ["phone"])
    #expect(try uz.store.conflicts() == [])
    try uz.store.adopt(later())
    #expect(try uz.store.conflicts().map(\.field) == ["phone"])
    try expectEqual(hq, uz)
  }

  @Test("A program that had the file open sees the catalog that another one adopted")
  func otherProcess() throws {
    let house = try House()
    let uz = try house.add("ftuu")
    let other = try Store(path: uz.path, key: uz.identity.key)
    try uz.store.adopt(later())
    #expect(try other.catalog().version == later().catalog.version)
    try uz.type("INSERT INTO facility(id, name) VALUES('f', 'Rest')")
    #expect(try other.seal().changes == 1)
    #expect(try other.history(kind: "facility", key: "f").count == 1)
    #expect(try uz.store.verify().problems == [])
    try other.close()
  }

  @Test("An older or equal catalog is passed over")
  func older() throws {
    let uz = try House().addKept("ftuu")
    try uz.store.adopt(later())
    let before = try uz.store.dataVersion()
    try uz.store.adopt(House.shipped.get())
    try uz.store.adopt(later())
    #expect(try uz.store.catalog().version == later().catalog.version)
    #expect(try uz.store.dataVersion() == before)
  }
}
