import SyncCore
import Testing
import Wire

@testable import Store

/// What a later catalog adds, changes, deprecates and retires.
@Suite struct CatalogEvolutionTests {
  /// The shipped catalog at a later version, changed by `body`.
  private func later(_ version: Int = 2, _ body: (inout Catalog) throws -> Void) throws -> PublishedCatalog {
    var catalog = try House.shipped.get().catalog
    catalog.version = version
    try body(&catalog)
    return try House.sign(catalog)
  }

  private func change(_ catalog: inout Catalog, _ kind: String, _ body: (inout Kind) -> Void) {
    for index in catalog.kinds.indices where catalog.kinds[index].name == kind { body(&catalog.kinds[index]) }
  }

  private func begun() throws -> (house: House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type(
      """
      INSERT INTO org_unit(code, name, area, remark) VALUES('a', 'A', 'UZ', 'old'), ('b', 'B', 'KZ', NULL);
      INSERT INTO document(code, title) VALUES('d', 'Charter');
      """)
    try Exchange.sync(uz, hq)
    try uz.type("UPDATE org_unit SET area='TR' WHERE code='b'")
    try Exchange.sync(uz, hq)
    return (house, hq, uz)
  }

  @Test("Adoption seals nothing of its own: what is new is empty, and no edit")
  func nothingIsBackfilled() throws {
    let (house, hq, uz) = try begun()
    let catalog = try House.later.get()
    for node in [hq, uz] {
      let before = try node.lastSegment()
      try node.store.adopt(catalog)
      #expect(try node.captured() == [])
      #expect(try node.sealed() == [])
      #expect(try node.lastSegment() == before)
      #expect(try node.column("coalesce(phone, 'none')", "org_unit") == ["none", "none"])
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(hq, uz)
    _ = house
  }

  @Test("Values of a retired column stay in the heads of every node, older ones too, and its column goes")
  func retiredField() throws {
    let (house, hq, uz) = try begun()
    let catalog = try later {
      change(&$0, "org_unit") { kind in
        kind.fields.removeAll { $0.name == "area" }
        kind.retiredFields = [3]
      }
    }
    try hq.store.adopt(catalog)
    #expect(try hq.column("name", "pragma_table_info('org_unit')").contains("area") == false)
    #expect(try hq.store.verify().problems == [])
    // An older node goes on filling it; nothing is lost on the way.
    try uz.type("UPDATE org_unit SET area='AZ' WHERE code='a'")
    try hq.type("UPDATE org_unit SET name='B2' WHERE code='b'")
    try Exchange.sync(uz, hq)
    #expect(try uz.rows(["name", "area"], "org_unit ORDER BY code") == [["A", "AZ"], ["B2", "TR"]])
    let history = try hq.store.history(kind: "org_unit", key: "a")
    #expect(history.flatMap { $0.fields.filter { $0.name == "field 3" }.map(\.value.display) } == ["UZ", "AZ"])
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    #expect(try hq.store.channelDigests() == uz.store.channelDigests())
    try uz.store.adopt(catalog)
    try Exchange.sync(uz, hq)
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    try expectEqual(hq, uz)
    _ = house
  }

  @Test("A column retired out of a group stays in the heads of the group")
  func retiredGroupField() throws {
    let (house, hq, uz) = try begun()
    try uz.type(
      "INSERT INTO membership_return(unit, as_of, axis, members_total, primaries) VALUES('a', '2025', 'territorial', 7, 3)"
    )
    try Exchange.sync(uz, hq)
    let catalog = try later {
      change(&$0, "membership_return") { kind in
        kind.fields.removeAll { $0.name == "primaries" }
        kind.retiredFields = [7]
      }
    }
    try hq.store.adopt(catalog)
    #expect(try hq.store.verify().problems == [])
    try hq.type("UPDATE membership_return SET remark='later'")
    try Exchange.sync(uz, hq)
    #expect(try uz.rows(["members_total", "primaries", "remark"], "membership_return") == [["7", "3", "later"]])
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    _ = house
  }

  @Test("Records of a retired kind stay in the heads, and its table is no longer taken for one")
  func retiredKind() throws {
    let (house, hq, uz) = try begun()
    let catalog = try later { catalog in
      catalog.kinds.removeAll { $0.name == "document" }
      catalog.retiredKinds = [4]
    }
    try hq.store.adopt(catalog)
    #expect(try hq.column("title", "document_retired") == ["Charter"])
    try uz.type("UPDATE document SET title='Statute'; INSERT INTO document(code, title) VALUES('e', 'E')")
    try Exchange.sync(uz, hq)
    #expect(try hq.store.channelDigests() == uz.store.channelDigests())
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    try uz.store.adopt(catalog)
    try Exchange.sync(uz, hq)
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    _ = house
  }

  @Test("A rule, a code, a bound and a deprecation change what is shown and what is allowed, on the same heads")
  func changes() throws {
    let (house, hq, uz) = try begun()
    for node in [hq, uz] { node.clock = House.start }
    try hq.type("UPDATE org_unit SET name='hq', country='UZB', closed_on='2025' WHERE code='a'")
    uz.clock = House.start + 10
    try uz.typeUnchecked("UPDATE org_unit SET name='uz', country='XXX', closed_on='2024' WHERE code='a'")
    _ = try uz.sealedAsOldProgram()
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "uz")
    #expect(try hq.value("country", "org_unit WHERE code='a'") == "UZB")
    let catalog = try later {
      change(&$0, "org_unit") { kind in
        for index in kind.fields.indices {
          switch kind.fields[index].name {
          case "name": kind.fields[index].rule = .min
          case "country":
            guard case .code(let codes) = kind.fields[index].type else { continue }
            kind.fields[index].type = .code(codes + ["XXX"])
          case "remark": kind.fields[index].isDeprecated = true
          case "closed_on": kind.fields[index].rule = .max
          default: continue
          }
        }
      }
    }
    for node in [hq, uz] { try node.store.adopt(catalog) }
    for node in [hq, uz] {
      #expect(
        try node.rows(["name", "country", "closed_on", "remark"], "org_unit WHERE code='a'") == [
          ["hq", "XXX", "2025", "old"]
        ])
      #expect(try node.store.invalidValues() == [])
      #expect(try node.store.conflicts().map(\.field) == ["closed_on", "country", "name"])
      #expect(try node.store.verify().problems == [], "\(node.name)")
    }
    try expectEqual(hq, uz)
    // What is deprecated merges as before.
    try uz.type("UPDATE org_unit SET remark='new' WHERE code='a'")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("remark", "org_unit WHERE code='a'") == "new")
    _ = house
  }

  @Test(
    "A clerk's own column, table or view of a name that the catalog takes gets another name and loses nothing",
    arguments: [false, true])
  func roomIsMade(besideBrokenView: Bool) throws {
    let (house, hq, uz) = try begun()
    // SQLite renames nothing where a view is broken.
    if besideBrokenView { try uz.shell("CREATE VIEW broken AS SELECT x FROM nowhere") }
    try uz.shell(
      """
      ALTER TABLE org_unit ADD COLUMN phone TEXT;
      UPDATE org_unit SET phone='clerk' WHERE code='a';
      CREATE TABLE facility(own TEXT);
      INSERT INTO facility VALUES('clerk');
      """)
    try hq.store.adopt(House.later.get())
    try hq.type("UPDATE org_unit SET phone='hq' WHERE code='a'; INSERT INTO facility(id, name) VALUES('f', 'F')")
    try Exchange.sync(uz, hq)
    try uz.store.adopt(House.later.get())
    #expect(try uz.rows(["phone", "phone_own"], "org_unit ORDER BY code") == [["hq", "clerk"], ["∅", "∅"]])
    #expect(try uz.column("own", "facility_own") == ["clerk"])
    #expect(try uz.column("name", "facility") == ["F"])
    #expect(try uz.captured() == [])
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    _ = house
  }

  @Test("A view of a clerk's that names a retired column, and one of a new kind's name, stop no adoption")
  func views() throws {
    let (house, hq, uz) = try begun()
    try uz.shell("CREATE VIEW areas AS SELECT code, area FROM org_unit; CREATE VIEW facility AS SELECT 1 AS x")
    let catalog = try later(3) { catalog in
      catalog = try House.later.get().catalog
      catalog.version = 3
      change(&catalog, "org_unit") { kind in
        kind.fields.removeAll { $0.name == "area" }
        kind.retiredFields = [3]
      }
    }
    for node in [hq, uz] { try node.store.adopt(catalog) }
    try uz.type("INSERT INTO facility(id, name) VALUES('f', 'F')")
    try Exchange.sync(uz, hq)
    try expectEqual(hq, uz)
    for node in [hq, uz] { #expect(try node.store.verify().problems == [], "\(node.name)") }
    _ = house
  }
}
