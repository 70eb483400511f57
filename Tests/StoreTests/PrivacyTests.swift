import SyncCore
import Testing
import Wire

@testable import Store

/// Personal data stays home.
@Suite struct PrivacyTests {
  @Test("A local column and a local kind are in no segment, and a foreign edit leaves them alone")
  func localData() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.shell(
      """
      INSERT INTO dispute(id, employer, area) VALUES('d', 'Secret Works', 'UZ'), ('e', 'Hidden Ltd', 'UZ');
      INSERT INTO member(id, name, national_id) VALUES('m', 'Private Person', '123');
      UPDATE dispute SET employer='Secret Works 2' WHERE id='d';
      DELETE FROM dispute WHERE id='e';
      UPDATE member SET name='Other Person';
      """)
    try uz.seal()
    try uz.shell("UPDATE dispute SET area='UZ-TK', employer='Secret Works 3'; DELETE FROM member;")
    try Exchange.sync(uz, hq)
    try hq.type("UPDATE dispute SET area='UZ-SA', workers_peak=7")
    try Exchange.sync(uz, hq)
    #expect(try uz.rows(["employer", "area", "workers_peak"], "dispute") == [["Secret Works 3", "UZ-SA", "7"]])
    #expect(try hq.rows(["employer", "area", "workers_peak"], "dispute") == [["∅", "UZ-SA", "7"]])
    let catalog = try uz.store.catalog()
    let local = try #require(catalog.kind(named: "dispute")?.field(named: "employer")?.id)
    for change in try uz.changes() {
      let kind = try #require(catalog.kind(change.kind))
      #expect(kind.recordClass != .local)
      #expect(!change.registers.contains { $0.content.cells.contains { $0.field == local } })
    }
    #expect(try hq.count("member") == 0)
    #expect(try uz.store.verify().problems == [])
  }

  @Test("A catalog that would share what is local is refused, whoever signed it")
  func hostileCatalog() throws {
    func refuses(_ change: (inout Catalog) -> Void) throws {
      let uz = try House().addKept("ftuu")
      try uz.type("INSERT INTO member(id, name) VALUES('m', 'Private Person')")
      var catalog = try uz.store.catalog()
      catalog.version += 1
      change(&catalog)
      let signed = try House.sign(catalog)
      let error = #expect(throws: StoreError.self) { try uz.store.adopt(signed) }
      #expect(error?.code == .notPermitted && error?.detail.contains("personal data") == true)
      #expect(try uz.store.catalog().version == catalog.version - 1)
      try uz.type("UPDATE member SET name='Still Private'")
      #expect(try uz.sealed() == [])
    }
    func place(_ name: String, _ catalog: Catalog) -> Int { catalog.kinds.firstIndex { $0.name == name } ?? 0 }
    try refuses { $0.kinds[place("member", $0)].recordClass = .everyone }
    try refuses { $0.kinds[place("member", $0)].recordClass = .federation }
    try refuses { catalog in
      let kind = place("dispute", catalog)
      for field in catalog.kinds[kind].fields.indices { catalog.kinds[kind].fields[field].isLocal = false }
    }
  }

  @Test("A catalog that would disclose what a derivation withheld so far is refused, whoever signed it")
  func lowerThreshold() throws {
    let uz = try House().addKept("ftuu")
    var catalog = try uz.store.catalog()
    catalog.version += 1
    catalog.derivations[0].threshold -= 1
    let lower = try House.sign(catalog)
    let error = #expect(throws: StoreError.self) { try uz.store.adopt(lower) }
    #expect(error?.detail.contains(catalog.derivations[0].id) == true)
    catalog.derivations[0].threshold += 5
    try uz.store.adopt(House.sign(catalog))
    #expect(try uz.store.catalog() == catalog)
  }

  @Test("What triggers capture of a deletion leaves local columns out")
  func oldValues() throws {
    let uz = try House().addKept("ftuu")
    try uz.shell("INSERT INTO dispute(id, employer, area) VALUES('d', 'Secret Works', 'UZ'); DELETE FROM dispute;")
    let noted = try uz.rows((1...61).map { "v\($0)" }, "birlik_old").flatMap { $0 }
    #expect(noted.contains("UZ"))
    #expect(!noted.contains("Secret Works"))
  }

  @Test("A federation's own channel reaches headquarters and its offices, nobody else")
  func channels() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    let tr = try house.add("fturk")
    try uz.type(
      """
      INSERT INTO agreement(id, title) VALUES('a', 'Home');
      INSERT INTO org_unit(code, name) VALUES('u', 'Open');
      """)
    try hq.type("INSERT INTO agreement(id, title) VALUES('h', 'Of headquarters')")
    try Exchange.settle(hq, [uz, office, tr])
    #expect(try office.column("title", "agreement") == ["Home"])
    #expect(try tr.column("title", "agreement") == [])
    #expect(try tr.column("name", "org_unit") == ["Open"])
    for node in [uz, office, tr] {
      let seen = try node.store.frontier(visibleTo: hq.role).map(\.channel)
      #expect(seen.filter { !node.role.mayRead($0) } == [])
    }
  }
}
