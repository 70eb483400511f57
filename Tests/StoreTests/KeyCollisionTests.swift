import SyncCore
import Testing

@testable import Store

/// Two owners use one key: both records are told with their values, each owner acts on its own alone, and one command
/// takes another key.
@Suite struct KeyCollisionTests {
  /// A record of fturk and a later one of ftuu under one key. The one that is shown is that of fturk.
  private func begun() throws -> (hq: TestNode, uz: TestNode, tr: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    hq.house = house
    for node in house.nodes { node.clock = House.start }
    try tr.type("INSERT INTO org_unit(code, name, activity) VALUES('k', 'Türk', '[\"x\"]')")
    for node in house.nodes { node.clock = House.start + 5000 }
    try uz.type("INSERT INTO org_unit(code, name, area, activity) VALUES('k', 'O''zbek', 'UZ', '[\"y\"]')")
    try settle((hq, uz, tr))
    return (hq, uz, tr)
  }

  private func settle(_ nodes: (hq: TestNode, uz: TestNode, tr: TestNode)) throws {
    for node in [nodes.hq, nodes.uz, nodes.tr] { node.clock = (node.clock ?? 0) + 1000 }
    try Exchange.settle(nodes.hq, [nodes.uz, nodes.tr])
  }

  private func check(_ nodes: (hq: TestNode, uz: TestNode, tr: TestNode)) throws {
    for node in [nodes.uz, nodes.tr] { try expectEqual(nodes.hq, node, audiences: [.everyone]) }
    for node in [nodes.hq, nodes.uz, nodes.tr] { #expect(try node.store.verify().problems == []) }
  }

  private func field(_ view: RecordView?, _ name: String) -> String? {
    view?.columns.first { $0.name == name }?.value.display
  }

  @Test("Both records are shown, listed and told as a conflict, with owners and values")
  func both() throws {
    let nodes = try begun()
    for node in [nodes.hq, nodes.uz, nodes.tr] {
      let view = try #require(try node.store.record(kind: "org_unit", key: "k"))
      #expect(field(view, "federation") == "fturk" && field(view, "name") == "Türk")
      #expect(view.hidden.map { field($0, "federation") } == ["ftuu"])
      #expect(view.hidden.map { field($0, "name") } == ["O'zbek"] && field(view.hidden.first, "area") == "UZ")
      var listed: [String?] = []
      try node.store.eachRecord(kind: "org_unit", includesHidden: true) { record in
        if record.key == "k" { listed.append(field(record, "name")) }
        return true
      }
      #expect(listed == ["Türk", "O'zbek"])
      listed = []
      try node.store.eachRecord(
        kind: "org_unit", filters: [(column: "federation", text: "ftuu")], includesHidden: true
      ) { record in
        listed.append(field(record, "name"))
        return true
      }
      #expect(listed == ["O'zbek"])
      let conflicts = try node.store.conflicts().filter { $0.field == RecordNotes.keyCollision }
      #expect(conflicts.count == 2)
      for conflict in conflicts {
        #expect(conflict.shown?.record.first { $0.field == "name" }?.value == .text("Türk"))
        #expect(conflict.others.first?.record.first { $0.field == "name" }?.value == .text("O'zbek"))
      }
    }
    #expect(try nodes.uz.store.status().collisions == 1 && nodes.tr.store.status().collisions == 1)
    let item = try #require(
      try nodes.uz.store.inbox(includingSeen: true).first { $0.field == RecordNotes.keyCollision })
    #expect(item.newKey == "k-ftuu" && item.federation == "ftuu")
    #expect(try nodes.uz.store.conflicts().first?.rekeyable.map(\.federation) == ["ftuu"])
    #expect(try nodes.hq.store.conflicts().first?.rekeyable.map(\.federation) == ["ftuu", "fturk"])
    #expect(try nodes.uz.count("org_unit") == nodes.hq.count("org_unit"))
  }

  @Test("An owner edits its own record although it is hidden, and nobody else's")
  func edits() throws {
    let nodes = try begun()
    #expect(
      try nodes.uz.store.edit(
        kind: "org_unit", key: "k", values: [("name", "Yangi"), ("activity", "y;z"), ("unit_kind", "council")])
        == .changed)
    #expect(try nodes.uz.store.edit(kind: "org_unit", key: "k", values: [("name", "Yangi")]) == .unchanged)
    for (field, text) in [("unit_kind", "sectoral_union"), ("federation", "fturk")] {
      #expect(throws: StoreError.self) { try nodes.uz.store.edit(kind: "org_unit", key: "k", values: [(field, text)]) }
    }
    #expect(throws: StoreError.self) {
      try nodes.uz.store.edit(kind: "org_unit", key: "k", values: [("name", "x")], owner: "otuts")
    }
    try settle(nodes)
    let view = try nodes.hq.store.record(kind: "org_unit", key: "k")
    #expect(field(view, "name") == "Türk" && field(view?.hidden.first, "name") == "Yangi")
    #expect(field(view?.hidden.first, "activity") == "[\"y\",\"z\"]" && field(view?.hidden.first, "area") == "UZ")
    #expect(try nodes.uz.store.refusedEdits() == [] && nodes.hq.store.proposals().isEmpty)
    // Headquarters says whose it means.
    _ = try nodes.hq.store.edit(kind: "org_unit", key: "k", values: [("area", "HQ")], owner: "ftuu")
    try settle(nodes)
    #expect(field(try nodes.uz.store.record(kind: "org_unit", key: "k")?.hidden.first, "area") == "HQ")
    try check(nodes)
  }

  @Test("An owner removes its own record alone, shown or hidden", arguments: ["ftuu", "fturk"])
  func removes(owner: String) throws {
    let nodes = try begun()
    let node = owner == "ftuu" ? nodes.uz : nodes.tr
    try node.store.remove(kind: "org_unit", key: "k")
    try settle(nodes)
    for node in [nodes.hq, nodes.uz, nodes.tr] {
      let view = try node.store.record(kind: "org_unit", key: "k")
      #expect(field(view, "federation") == (owner == "ftuu" ? "fturk" : "ftuu") && view?.hidden == [])
      #expect(try node.store.openConflictCount() == 0)
    }
    #expect(try nodes.hq.store.proposals().isEmpty)
    try check(nodes)
  }

  @Test("One command takes another key, of a hidden record or of the shown one", arguments: ["ftuu", "fturk"])
  func rekey(owner: String) throws {
    let nodes = try begun()
    let node = owner == "ftuu" ? nodes.uz : nodes.tr
    #expect(throws: StoreError.self) { try node.store.rekey(kind: "org_unit", key: "k", to: "") }
    #expect(throws: StoreError.self) { try node.store.rekey(kind: "org_unit", key: "k", to: "k") }
    try node.store.rekey(kind: "org_unit", key: "k", to: "k2")
    try settle(nodes)
    for node in [nodes.hq, nodes.uz, nodes.tr] {
      let names = try node.rows(["code", "federation", "name"], "org_unit WHERE code IN ('k', 'k2') ORDER BY 1")
      let (uz, tr) = ("O'zbek", "Türk")
      #expect(
        names
          == (owner == "ftuu"
            ? [["k", "fturk", tr], ["k2", "ftuu", uz]] : [["k", "ftuu", uz], ["k2", "fturk", tr]]))
      #expect(try node.store.openConflictCount() == 0)
    }
    #expect(try nodes.hq.value("activity", "org_unit WHERE code='k2'") == (owner == "ftuu" ? "[\"y\"]" : "[\"x\"]"))
    #expect(throws: StoreError.self) {
      try nodes.uz.store.rekey(kind: "org_unit", key: owner == "ftuu" ? "k" : "k2", to: "k3")
    }
    try check(nodes)
  }

  @Test("Plain SQL that deletes the shown record of another is a proposal; the hidden one stays")
  func plainDelete() throws {
    let nodes = try begun()
    try nodes.uz.type("DELETE FROM org_unit WHERE code='k'")
    #expect(try nodes.uz.seal().refused == 1)
    try settle(nodes)
    #expect(try nodes.hq.store.proposals().map(\.operation) == [.delete])
    #expect(field(try nodes.uz.store.record(kind: "org_unit", key: "k")?.hidden.first, "name") == "O'zbek")
    try check(nodes)
  }

  @Test("A conflict within a hidden record is decided there")
  func resolves() throws {
    let nodes = try begun()
    let house = try #require(nodes.hq.house)
    let office = try house.add("ftuu", office: "Samarkand")
    office.clock = nodes.hq.clock
    try Exchange.sync(office, nodes.hq)
    _ = try nodes.uz.store.edit(kind: "org_unit", key: "k", values: [("name", "Bir")])
    _ = try office.store.edit(kind: "org_unit", key: "k", values: [("name", "Iki")])
    try settle(nodes)
    try Exchange.settle(nodes.hq, [nodes.uz, office])
    let conflict = try #require(try nodes.uz.store.conflicts().first { $0.field == "name" })
    #expect(conflict.federation == "ftuu" && conflict.collides)
    let other = try #require(conflict.others.first)
    try nodes.uz.store.resolve(kind: "org_unit", key: "k", field: "name", decision: .from(other.node), owner: "ftuu")
    try settle(nodes)
    try Exchange.settle(nodes.hq, [nodes.uz, office])
    let view = try nodes.hq.store.record(kind: "org_unit", key: "k")
    #expect(field(view, "name") == "Türk" && field(view?.hidden.first, "name") == other.display)
    #expect(try nodes.hq.store.conflicts().allSatisfy { $0.field == RecordNotes.keyCollision })
    try check(nodes)
  }
}
