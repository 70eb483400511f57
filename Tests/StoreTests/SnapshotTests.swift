import SyncCore
import Testing
import Wire

@testable import Store

/// Nodes that begin, or go on, from a snapshot of heads.
@Suite struct SnapshotTests {
  /// Headquarters with two federations that have edited, deleted and disagreed.
  private func filled() throws -> (house: House, hq: TestNode, uz: TestNode, tr: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try uz.type(
      """
      INSERT INTO org_unit(code, name, activity) VALUES('a', 'One', '["x","y"]'), ('b', 'Two', NULL), ('c', 'Three', NULL);
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025-10-31', 'territorial', 7);
      INSERT INTO org_link(child, axis, valid_from, remark) VALUES('a', 'territorial', '2026-01-01', 'home');
      """)
    try tr.type("INSERT INTO org_unit(code, name) VALUES('t', 'Turk-Is'), ('u', 'Other')")
    try Exchange.settle(hq, [uz, tr])
    try uz.type(
      "UPDATE org_unit SET name='Uno', activity='[\"y\",\"z\"]' WHERE code='a'; DELETE FROM org_unit WHERE code='c'")
    try hq.type("UPDATE org_unit SET name='Eins' WHERE code='a'; INSERT INTO org_unit(code, name) VALUES('hq', 'HQ')")
    try tr.type("UPDATE org_unit SET name='Renamed' WHERE code='t'")
    try Exchange.settle(hq, [uz, tr])
    return (house, hq, uz, tr)
  }

  /// A node is as one that came by the log, and exchange goes on from there.
  private func expectEven(_ hq: TestNode, _ nodes: TestNode...) throws {
    try Exchange.settle(hq, nodes)
    let all = try hq.store.channelDigests()
    for node in nodes {
      for (channel, digest) in try node.store.channelDigests() { #expect(all[channel] == digest, "\(channel)") }
      #expect(try node.store.verify().problems == [], "\(node.name)")
    }
  }

  @Test("A new node is as one that fetched the log")
  func fresh() throws {
    let (house, hq, uz, tr) = try filled()
    let byLog = try house.add("ftuu", office: "Bukhara")
    let bySnapshot = try house.add("ftuu", office: "Samarkand")
    try Exchange.sync(byLog, hq)
    #expect(try bySnapshot.store.wantsSnapshot())
    let report = try Snapshots.carry(from: hq, to: bySnapshot, pageBytes: 300)
    #expect(report.records == 8 && report.segments > 3 && report.conflictsOpened == 1)
    #expect(try !bySnapshot.store.wantsSnapshot())
    try expectEqual(byLog, bySnapshot)
    #expect(try byLog.store.channelDigests() == bySnapshot.store.channelDigests())
    let role = bySnapshot.role
    #expect(try hq.store.frontier(visibleTo: role) == bySnapshot.store.frontier(visibleTo: role))
    #expect(try bySnapshot.count("birlik_piece") == 0 && bySnapshot.count("birlik_snapshot") == 0)
    // Its own clerk and the others go on.
    try bySnapshot.type("UPDATE org_unit SET activity='[\"z\"]' WHERE code='a'; DELETE FROM org_unit WHERE code='b'")
    try bySnapshot.type("UPDATE org_unit SET name='no right' WHERE code='t'")
    try uz.type("UPDATE org_unit SET name='Concurrent' WHERE code='b'")
    try expectEven(hq, uz, bySnapshot, byLog, tr)
    try expectEqual(byLog, bySnapshot)
    #expect(try bySnapshot.value("name", "org_unit WHERE code='t'") == "Renamed")
    #expect(try bySnapshot.store.conflicts().contains { $0.field == "(record)" && $0.key == "b" })
  }

  @Test("Edits that headquarters does not have yet are kept, captured, sealed and in conflict")
  func ownEdits() throws {
    let (house, hq, uz, _) = try filled()
    let office = try house.add("ftuu", office: "Samarkand")
    try office.type("INSERT INTO org_unit(code, name) VALUES('mine', 'Sealed before')")
    try office.seal()
    try office.type("INSERT INTO org_unit(code, name) VALUES('a', 'The same key'), ('late', 'Captured')")
    try Snapshots.carry(from: hq, to: office, pageBytes: 200)
    #expect(try !office.store.hasCaptured())
    #expect(try office.column("code", "org_unit ORDER BY code") == ["a", "b", "hq", "late", "mine", "t", "u"])
    #expect(try office.store.conflicts().contains { $0.key == "a" && $0.field == "name" })
    try expectEven(hq, office, uz)
    #expect(try hq.value("name", "org_unit WHERE code='late'") == "Captured")
    #expect(try hq.value("name", "org_unit WHERE code='mine'") == "Sealed before")
    try expectEqual(uz, office)
  }

  @Test("A node that holds a part already, with and without bodies, joins it with the rest")
  func behind() throws {
    let (house, hq, uz, tr) = try filled()
    let office = try house.add("ftuu", office: "Samarkand")
    try Exchange.sync(office, hq)
    try office.store.dropBodies(sealedBefore: Int64.max, heldBy: hq.store.frontier(visibleTo: office.role))
    try uz.type("UPDATE org_unit SET name='Tre' WHERE code='a'; INSERT INTO org_unit(code) VALUES('new')")
    try tr.type("DELETE FROM org_unit WHERE code='t'")
    try office.type("UPDATE org_unit SET name='By the office' WHERE code='a'")
    try Exchange.settle(hq, [uz, tr])
    try Snapshots.carry(from: hq, to: office)
    try expectEven(hq, office, uz, tr)
    try expectEqual(uz, office)
    #expect(try office.store.conflicts().map(\.key).contains("a"))
    #expect(try office.column("code", "org_unit WHERE code='t'") == [])
  }

  @Test("What others edit while it is taken is in it or comes later, and nothing is torn")
  func whileOthersEdit() throws {
    let (house, hq, uz, tr) = try filled()
    for number in 0..<40 { try uz.type("INSERT INTO org_unit(code, name) VALUES('n\(number)', 'first')") }
    try Exchange.settle(hq, [uz, tr])
    let office = try house.add("ftuu", office: "Samarkand")
    var step = 0
    try Snapshots.carry(from: hq, to: office, pageBytes: 200) {
      step += 1
      try hq.type("UPDATE org_unit SET name='at headquarters \(step)' WHERE code='n\(step % 40)'")
      try uz.type("UPDATE org_unit SET name='typed meanwhile' WHERE code='n\((step * 7) % 40)'")
      try uz.type("INSERT INTO org_unit(code) VALUES('meanwhile\(step)')")
      try Exchange.sync(uz, hq)
    }
    #expect(step > 5)
    #expect(try office.store.verify().problems == [])
    try expectEven(hq, office, uz)
    try expectEqual(uz, office)
  }

  @Test("Fields and kinds of a later catalog are kept and shown after the upgrade")
  func laterCatalog() throws {
    let (house, hq, uz, _) = try filled()
    let later = try House.later.get()
    try hq.store.adopt(later)
    try hq.type("UPDATE org_unit SET phone='+998' WHERE code='b'")
    try hq.type("INSERT INTO facility(id, federation, name, beds) VALUES('f', 'ftuu', 'Rest', 40)")
    let office = try house.add("ftuu", office: "Samarkand")
    try Snapshots.carry(from: hq, to: office)
    try office.store.adopt(later)
    try uz.store.adopt(later)
    try expectEven(hq, office, uz)
    try expectEqual(uz, office)
    #expect(try office.value("phone", "org_unit WHERE code='b'") == "+998")
    #expect(try office.value("beds", "facility") == "40")
  }

  @Test("Branches of a copied node are as by the log")
  func forks() throws {
    let (house, hq, uz, _) = try filled()
    var options = Exchange.Options()
    options.noticesRestoration = false
    let clone = try house.clone(uz)
    for (number, node) in [uz, clone, uz, clone].enumerated() {
      try node.type("UPDATE org_unit SET name='\(node === uz ? "mine" : "clone") \(number)' WHERE code='a'")
      try node.seal()
    }
    try Exchange.sync(clone, hq, options)
    try Exchange.sync(uz, hq, options)
    let office = try house.add("ftuu", office: "Samarkand")
    try Snapshots.carry(from: hq, to: office, pageBytes: 250)
    // On the node itself the branches came in another order.
    try Snapshots.carry(from: hq, to: uz)
    try expectEven(hq, office, uz, clone)
    try expectEqual(uz, office)
    #expect(try hq.count("birlik_stream WHERE parent IS NOT NULL") > 0)
  }

  @Test("Nothing but the heads comes along: no key, no identity, nothing of other homes")
  func privacy() throws {
    let (house, hq, uz, tr) = try filled()
    try tr.type(
      #"INSERT INTO org_link(child, axis, valid_from, remark) VALUES('t', 'territorial', '2026-01-01', 'SECRET')"#)
    try Exchange.settle(hq, [tr])
    let (manifest, pages) = try Snapshots.take(from: hq, for: uz)
    let office = try house.add("ftuu", office: "Samarkand")
    let before = try office.origin()
    try Snapshots.carry(from: hq, to: office)
    #expect(try office.origin() == before)
    for (page, entry) in zip(pages, manifest.pages) {
      guard case .heads(let heads) = try SnapshotPage(bytes: page, entry) else { continue }
      #expect(heads.allSatisfy { uz.role.mayRead($0.channel) })
    }
    #expect(try office.column("remark", "org_link") == ["home"])
    #expect(manifest.frontier.allSatisfy { uz.role.mayRead($0.channel) })
  }
}
