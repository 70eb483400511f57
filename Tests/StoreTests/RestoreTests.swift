import SyncCore
import TestSupport
import Testing

@testable import Store

/// Files put back from a backup, and copies of files that go on by themselves.
@Suite struct RestoreTests {
  /// Headquarters and a federation with one sealed record, and a copy of the federation's file.
  private func begun() throws -> (house: House, hq: TestNode, uz: TestNode, backup: String) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    let backup = house.folder.file("backup")
    try uz.copyFile(to: backup)
    return (house, hq, uz, backup)
  }

  @Test("What a restored node lost comes back, and what it typed since is not lost", arguments: [true, false])
  func restored(notices: Bool) throws {
    let (house, hq, uz, backup) = try begun()
    try uz.type("UPDATE org_unit SET name='Two'; INSERT INTO org_unit(code, name) VALUES('b', 'B')")
    try Exchange.sync(uz, hq)
    try uz.restoreFile(from: backup)
    #expect(try uz.rows(["code", "name"], "org_unit") == [["a", "One"]])
    try uz.type("UPDATE org_unit SET area='UZ' WHERE code='a'; INSERT INTO org_unit(code, name) VALUES('c', 'C')")
    var options = Exchange.Options()
    options.noticesRestoration = notices
    try Exchange.sync(uz, hq, options)
    for node in [uz, hq] {
      #expect(
        try node.rows(["code", "name", "area"], "org_unit") == [
          ["a", "Two", "UZ"], ["b", "B", "∅"], ["c", "C", "∅"],
        ])
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.verify().problems == [])
    }
    #expect(try uz.store.status().notice?.contains("restored from a backup or copied") == true)
    #expect(try hq.store.status().notice == nil)
    // Two streams of one node, the second a branch or under another origin.
    #expect(try hq.count("birlik_stream") >= 2)
    try uz.type("UPDATE org_unit SET name='Three' WHERE code='a'")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "Three")
    try expectEqual(hq, uz)
    _ = house
  }

  /// What a backup holds captured that was sealed since, and what is right afterwards.
  struct Captured: Sendable, CustomTestStringConvertible {
    var inBackup: String
    var since = "SELECT 1"
    var afterwards = "SELECT 1"
    /// Code, name and area.
    var rows: [[String]]
    /// How many changes the node seals after it was put back.
    var sealed: Int
    var testDescription: String { "\(inBackup); \(since); \(afterwards)" }
  }

  @Test(
    "Edits captured in the backup and sealed since are not sealed twice",
    arguments: [
      Captured(inBackup: "UPDATE org_unit SET name='Two'", rows: [["a", "Two", "∅"]], sealed: 0),
      Captured(
        inBackup: "UPDATE org_unit SET name='Two'", since: "UPDATE org_unit SET name='Three'",
        rows: [["a", "Three", "∅"]], sealed: 0),
      Captured(
        inBackup: "UPDATE org_unit SET name='Two'", since: "UPDATE org_unit SET name='Three'",
        afterwards: "UPDATE org_unit SET area='UZ'", rows: [["a", "Three", "UZ"]], sealed: 1),
      Captured(
        inBackup: "UPDATE org_unit SET name='Two', area='UZ'", since: "UPDATE org_unit SET name='Three', area=NULL",
        rows: [["a", "Three", "∅"]], sealed: 0),
      Captured(
        inBackup: "INSERT INTO org_unit(code, name) VALUES('b', 'B')",
        since: "UPDATE org_unit SET name='C' WHERE code='b'",
        rows: [["a", "One", "∅"], ["b", "C", "∅"]], sealed: 0),
      Captured(
        inBackup: "INSERT INTO org_unit(code, name) VALUES('b', 'B')", since: "DELETE FROM org_unit WHERE code='b'",
        rows: [["a", "One", "∅"]], sealed: 0),
      Captured(inBackup: "DELETE FROM org_unit", rows: [], sealed: 0),
      Captured(
        inBackup: "INSERT INTO org_unit(code, name) VALUES('b', 'B')",
        afterwards: "UPDATE org_unit SET name='C' WHERE code='b'",
        rows: [["a", "One", "∅"], ["b", "C", "∅"]], sealed: 1),
      Captured(
        inBackup: "INSERT INTO org_unit(code, name) VALUES('b', 'B')",
        since: "UPDATE org_unit SET name='C' WHERE code='b'",
        afterwards: "UPDATE org_unit SET area='UZ' WHERE code='b'",
        rows: [["a", "One", "∅"], ["b", "C", "UZ"]], sealed: 1),
      Captured(
        inBackup: "INSERT INTO org_unit(code, name) VALUES('b', 'B')",
        afterwards: "DELETE FROM org_unit WHERE code='b'", rows: [["a", "One", "∅"]], sealed: 1),
      Captured(
        inBackup: "UPDATE org_unit SET name='Two'", afterwards: "UPDATE org_unit SET name='Three'",
        rows: [["a", "Three", "∅"]], sealed: 1),
      Captured(
        inBackup: "UPDATE org_unit SET name='Two'", afterwards: "DELETE FROM org_unit", rows: [], sealed: 1),
      Captured(
        inBackup: "DELETE FROM org_unit", since: "INSERT INTO org_unit(code, name) VALUES('a', 'Again')",
        rows: [["a", "Again", "∅"]], sealed: 0),
    ], [true, false])
  func captured(_ captured: Captured, keepsState: Bool) throws {
    let (house, hq, uz, _) = try begun()
    let backup = house.folder.file("captured")
    try uz.type(captured.inBackup)
    try uz.copyFile(to: backup)
    try uz.seal()
    try uz.type(captured.since)
    try Exchange.sync(uz, hq)
    let sealed = try uz.changes().count
    try uz.restoreFile(from: backup, keepsState: keepsState)
    try uz.type(captured.afterwards)
    // As a sync does it: what was lost is taken back before anything is sealed.
    let role = uz.role
    let batch = try hq.store.batch(lackedBy: try uz.store.frontier(visibleTo: role), role: role)
    _ = try uz.store.noticeRestoration(hq.store.frontier(visibleTo: role))
    _ = try uz.store.absorb(segments: batch.segments, cards: batch.cards)
    try Exchange.sync(uz, hq)
    #expect(try uz.changes().count == sealed + captured.sealed)
    for node in [uz, hq] {
      #expect(try node.rows(["code", "name", "area"], "org_unit") == captured.rows)
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.verify().problems == [])
      #expect(try Recount.difference(node) == nil)
    }
    try expectEqual(hq, uz)
  }

  @Test("Headquarters, which cannot forge a segment of a node, cannot make its captured edits disappear")
  func forgedTail() throws {
    let (house, hq, uz, _) = try begun()
    let other = try house.add("ftuu", office: "Samarkand")
    try uz.type("UPDATE org_unit SET name='Two'")
    let captured = Int64(try uz.value("ms", "birlik_capture") ?? "") ?? 0
    // Of the same record, register, time and value, but by another node.
    try Exchange.sync(other, hq)
    try other.type("UPDATE org_unit SET name='Two'")
    try other.execute("UPDATE birlik_capture SET ms=\(captured)")
    try Exchange.sync(other, hq)
    try other.type("UPDATE org_unit SET name='Three'")
    try Exchange.sync(other, hq)
    try Exchange.sync(uz, hq)
    let view = try #require(try hq.store.conflicts().first)
    #expect(Set([view.shown?.display, view.others.first?.display]) == ["Two", "Three"])
  }

  @Test("A node restored before it typed anything takes a fresh origin before it seals again")
  func noticedInTime() throws {
    let (house, hq, uz, backup) = try begun()
    try uz.type("UPDATE org_unit SET name='Two'")
    try Exchange.sync(uz, hq)
    try uz.restoreFile(from: backup)
    let origin = try uz.origin()
    try Exchange.sync(uz, hq)
    #expect(try uz.origin() != origin)
    try uz.type("UPDATE org_unit SET area='UZ'")
    try Exchange.sync(uz, hq)
    #expect(try hq.count("birlik_stream WHERE parent IS NOT NULL") == 0)
    #expect(try hq.rows(["name", "area"], "org_unit") == [["Two", "UZ"]])
    _ = house
  }

  @Test("An edit of the lost time and another of the same field are a conflict on all nodes")
  func conflict() throws {
    let (house, hq, uz, backup) = try begun()
    try uz.type("UPDATE org_unit SET name='Two'")
    try Exchange.sync(uz, hq)
    try uz.restoreFile(from: backup)
    try uz.type("UPDATE org_unit SET name='Zwei'")
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      let view = try #require(try node.store.conflicts().first)
      #expect(Set([view.shown?.display, view.others.first?.display]) == ["Two", "Zwei"])
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(hq, uz)
    _ = house
  }

  @Test("A deletion of the lost time stays a deletion")
  func deletion() throws {
    let (house, hq, uz, backup) = try begun()
    try uz.type("DELETE FROM org_unit")
    try Exchange.sync(uz, hq)
    try uz.restoreFile(from: backup)
    #expect(try uz.count("org_unit") == 1)
    try Exchange.sync(uz, hq)
    #expect(try uz.count("org_unit") == 0)
    try expectEqual(hq, uz)
    _ = house
  }

  @Test("Two clones and a clone of a clone all go on working")
  func clones() throws {
    let (house, hq, uz, _) = try begun()
    let second = try house.clone(uz)
    let third = try house.clone(second)
    let all = [uz, second, third]
    for (number, node) in all.enumerated() {
      try node.type("UPDATE org_unit SET remark='\(number)'; INSERT INTO org_unit(code) VALUES('n\(number)')")
      try node.seal()
      try node.type("UPDATE org_unit SET name='by \(number)' WHERE code='n\(number)'")
    }
    try Exchange.settle(hq, all)
    for node in all {
      try expectEqual(hq, node)
      #expect(try node.count("org_unit") == 4)
      #expect(try node.store.conflicts().map(\.field) == ["remark"])
      #expect(try node.store.conflicts().first?.others.count == 2)
      #expect(try node.store.verify().problems == [])
    }
    for (number, node) in all.enumerated() {
      try node.type("UPDATE org_unit SET remark='later \(number)' WHERE code='a'")
      try Exchange.settle(hq, all)
    }
    #expect(try hq.store.openConflictCount() == 0)
    #expect(try hq.value("remark", "org_unit WHERE code='a'") == "later 2")
    for node in all { try expectEqual(hq, node) }
    // Each goes on under an origin of its own.
    let origins = try Set(all.map { try $0.origin() })
    #expect(origins.count == 3)
  }

  @Test("A headquarters restored from a backup gets back what it lost")
  func headquarters() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.settle(hq, [uz, tr])
    let backup = house.folder.file("backup")
    try hq.copyFile(to: backup)
    try uz.type("UPDATE org_unit SET name='Two'")
    try hq.type("INSERT INTO org_unit(code, name) VALUES('h', 'Central')")
    try tr.type("INSERT INTO org_unit(code) VALUES('t')")
    try Exchange.settle(hq, [uz, tr])
    try hq.restoreFile(from: backup)
    #expect(try hq.column("name", "org_unit") == ["One"])
    try hq.type("INSERT INTO org_unit(code, name) VALUES('i', 'Typed since')")
    try Exchange.settle(hq, [uz, tr])
    for node in [hq, uz, tr] {
      #expect(try node.column("code", "org_unit") == ["a", "h", "i", "t"], "\(node.name)")
      #expect(try node.value("name", "org_unit WHERE code='a'") == "Two")
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test("A headquarters rebuilt empty is filled by its members")
  func emptied() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    let empty = house.folder.file("empty")
    try hq.copyFile(to: empty)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try hq.type("INSERT INTO org_unit(code, name) VALUES('h', 'Central')")
    try tr.type("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('t', '2025', 'territorial', 3)")
    try Exchange.settle(hq, [uz, tr])
    try hq.restoreFile(from: empty)
    #expect(try hq.count("org_unit") == 0)
    try Exchange.settle(hq, [uz, tr])
    for node in [hq, uz, tr] { #expect(try node.column("code", "org_unit") == ["a", "h"], "\(node.name)") }
    #expect(try hq.column("members_total", "membership_return") == ["3"])
    #expect(try Recount.difference(hq) == nil)
    try expectEqual(hq, uz, audiences: [.everyone])
  }
}
