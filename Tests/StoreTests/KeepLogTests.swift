import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Nodes that do not keep the bodies of old segments.
@Suite struct KeepLogTests {
  @discardableResult
  private func drop(_ node: TestNode, _ headquarters: TestNode) throws -> DropReport {
    try node.store.dropBodies(
      sealedBefore: Int64.max, heldBy: try headquarters.store.frontier(visibleTo: node.role))
  }

  private func bodies(_ node: TestNode) throws -> Int { try node.count("birlik_segment WHERE body=1") }

  @Test("What is shown, what is in conflict and what is summed stays; the chains go on")
  func goesOn() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    try uz.type(
      """
      INSERT INTO org_unit(code, name, activity) VALUES('a', 'One', '["x","y"]'), ('b', 'Two', NULL), ('c', 'Three', NULL);
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025-10-31', 'territorial', 7);
      """)
    try Exchange.settle(hq, [uz, office])
    try uz.type("UPDATE org_unit SET name='Uno' WHERE code='b'; DELETE FROM org_unit WHERE code='c'")
    try office.type("UPDATE org_unit SET name='Due' WHERE code='b'")
    try Exchange.settle(hq, [uz, office])
    let before = try Tables(uz)
    #expect(before.conflicts.count == 1)
    let report = try drop(uz, hq)
    #expect(report.segments > 2 && report.changes >= 7)
    #expect(try bodies(uz) == 0 && uz.store.logSummary().prunedChanges == report.changes)
    #expect(before.difference(try Tables(uz)) == nil)
    // Edits that are found only by comparing with what was sealed: elements of a set, a row written whole over another.
    try uz.type(
      """
      UPDATE org_unit SET activity='["y","z"]' WHERE code='a';
      INSERT OR REPLACE INTO membership_return(unit, as_of, axis, members_total, method)
        VALUES('a', '2025-10-31', 'territorial', 7, 'register');
      """)
    let words = try uz.sealedWords()
    #expect(words.contains("edit org_unit a activity-x activity+z"))
    #expect(words.contains { $0.hasPrefix("edit membership_return") && $0.contains("method=register") })
    try Exchange.settle(hq, [uz, office])
    for node in [uz, office] { try expectEqual(hq, node) }
    for node in [hq, uz, office] {
      #expect(try node.store.verify().problems == [], "\(node.name)")
      #expect(try node.store.channelDigests() == hq.store.channelDigests())
    }
    let verified = try uz.store.verify()
    #expect(verified.prunedSegments == report.segments && verified.prunedChanges == report.changes)
    #expect(verified.uncheckedRecords > 0)
  }

  @Test("An edit of another's record is undone although the log no longer holds its values")
  func refusedEdit() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try tr.type("INSERT INTO org_unit(code, name) VALUES('t', 'Turk-Is')")
    try Exchange.settle(hq, [uz, tr])
    #expect(try drop(uz, hq).segments == 1)
    try uz.type("UPDATE org_unit SET name='Mine' WHERE code='t'")
    #expect(try uz.seal().refused == 1)
    #expect(try uz.value("name", "org_unit") == "Turk-Is")
    #expect(try uz.store.verify().problems == [])
  }

  @Test("A deleted row stays deleted, and comes back with a conflict when somebody edited it meanwhile")
  func deleted() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let away = try house.add("ftuu", office: "Samarkand")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One'), ('b', 'Two')")
    try Exchange.settle(hq, [uz, away])
    try away.type("UPDATE org_unit SET name='Edited away' WHERE code='b'")
    try uz.type("DELETE FROM org_unit")
    try Exchange.sync(uz, hq)
    #expect(try drop(uz, hq).segments == 2)
    // A year passes.
    try Exchange.sync(away, hq)
    #expect(try hq.column("code", "org_unit") == ["b"])
    try Exchange.sync(uz, hq)
    #expect(try uz.rows(["code", "name"], "org_unit") == [["b", "Edited away"]])
    #expect(try uz.store.conflicts().map(\.field) == ["(record)"])
    try expectEqual(hq, uz)
    #expect(try uz.store.verify().problems == [])
  }

  @Test("History shows which part of the log is not kept here, and only of records that it may hold")
  func history() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    #expect(try uz.store.logGaps(kind: "org_unit", key: "a").isEmpty)
    try drop(uz, hq)
    try uz.type("UPDATE org_unit SET name='Uno'; INSERT INTO org_unit(code, name) VALUES('b', 'Two')")
    try uz.seal()
    #expect(try uz.store.history(kind: "org_unit", key: "a").map(\.isInsertion) == [false])
    let gaps = try uz.store.logGaps(kind: "org_unit", key: "a")
    #expect(gaps.map(\.changes) == [1] && gaps.map(\.channel.description) == ["ftuu:open"])
    #expect(try uz.store.logGaps(kind: "org_unit", key: "b").isEmpty)
    #expect(try hq.store.logGaps(kind: "org_unit", key: "a").isEmpty)
  }

  @Test("Nothing goes that headquarters does not hold, that is not old, or whose body could not be read")
  func kept() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    uz.clock = House.start
    try uz.type("INSERT INTO org_unit(code) VALUES('a')")
    try uz.seal()
    #expect(try drop(uz, hq).segments == 0)
    try Exchange.sync(uz, hq)
    uz.clock = House.start + 1000
    try uz.type("INSERT INTO org_unit(code) VALUES('b')")
    try uz.seal()
    let held = try hq.store.frontier(visibleTo: uz.role)
    #expect(try uz.store.dropBodies(sealedBefore: House.start - 5000, heldBy: held).segments == 0)
    #expect(try uz.store.dropBodies(sealedBefore: House.start, heldBy: held).segments == 0)
    #expect(try drop(uz, hq).segments == 1)
    #expect(try bodies(uz) == 1)
    try Exchange.sync(uz, hq)
    #expect(try drop(uz, hq).segments == 1)
    try expectEqual(hq, uz)
  }

  @Test("Headquarters keeps everything")
  func headquarters() throws {
    let hq = try House().addKept("otuts")
    #expect {
      try hq.store.dropBodies(sealedBefore: Int64.max, heldBy: [])
    } throws: {
      ($0 as? StoreError)?.code == .notPermitted
    }
  }

  @Test("An emptied headquarters gets what can be given, and learns what cannot")
  func emptied() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    let empty = house.folder.file("empty.db")
    try hq.copyFile(to: empty)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try office.type("INSERT INTO org_unit(code, name) VALUES('b', 'Two')")
    try Exchange.settle(hq, [uz, office])
    try drop(uz, hq)
    try uz.type("UPDATE org_unit SET name='Uno' WHERE code='a'")
    try Exchange.settle(hq, [uz])
    try hq.restoreFile(from: empty)
    // Its own later edit builds on what it cannot give, and what nobody can place is not sent.
    let (batch, taken) = try Exchange.carry(from: uz, to: hq)
    #expect(batch.segments.isEmpty && taken.segments == 0)
    #expect(Set(batch.unkept.map(\.node)) == ["ftuu", "ftuu/Samarkand"])
    #expect(try hq.store.frontier(visibleTo: uz.role) != uz.store.frontier(visibleTo: uz.role))
    // The office has the bodies, and then the rest can be given.
    try Exchange.settle(hq, [office, uz, office])
    for node in [uz, office] { try expectEqual(hq, node) }
    #expect(try Exchange.carry(from: uz, to: hq).batch.unkept.isEmpty)
    for node in [hq, uz, office] { #expect(try node.store.verify().problems == []) }
  }

  @Test("A branch goes over although its stem is not kept here")
  func fork() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    for name in ["a", "b", "c"] {
      try uz.type("INSERT INTO org_unit(code) VALUES('\(name)')")
      try Exchange.sync(uz, hq)
    }
    let clone = try house.clone(uz)
    try drop(uz, hq)
    try uz.type("INSERT INTO org_unit(code) VALUES('mine')")
    try clone.type("INSERT INTO org_unit(code) VALUES('clone')")
    try uz.seal()
    var options = Exchange.Options()
    options.noticesRestoration = false
    try Exchange.sync(clone, hq, options)
    try Exchange.sync(uz, hq, options)
    try Exchange.sync(clone, hq, options)
    #expect(try hq.count("org_unit") == 5)
    for node in [uz, clone] { try expectEqual(hq, node) }
    for node in [hq, uz, clone] { #expect(try node.store.verify().problems == []) }
  }

  @Test("Verifying finds a header that was altered, and a head that does not show in its row")
  func damaged() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    try drop(uz, hq)
    #expect(try uz.store.verify().problems == [])
    // Behind the triggers' back.
    try uz.execute("UPDATE org_unit SET name='Zero'")
    #expect(try uz.store.verify().problems.contains { $0.hasPrefix("rows of org_unit") })
    var bytes = try #require(try uz.log().first)
    bytes[bytes.count - 1] ^= 1
    try uz.execute("UPDATE birlik_segment SET bytes=x'\(Hex.string(bytes))'")
    #expect(try uz.store.verify().problems.contains { $0.contains("its signature is not that of origin") })
  }
}
