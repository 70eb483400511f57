import SyncCore
import Testing

@testable import Store

/// From captured edits to changes.
@Suite struct SealTests {
  @Test("Edits of one record are folded, and what was inserted and deleted before is nothing")
  func folded() throws {
    let node = try House().addKept("ftuu")
    try node.type(
      """
      INSERT INTO org_unit(code, name) VALUES('a', 'One');
      UPDATE org_unit SET name='Two';
      UPDATE org_unit SET area='UZ' WHERE code='a';
      INSERT INTO org_unit(code) VALUES('b');
      DELETE FROM org_unit WHERE code='b';
      INSERT INTO org_unit(code) VALUES('c');
      UPDATE org_unit SET code='d' WHERE code='c';
      """)
    #expect(try node.sealedWords() == ["insert org_unit a area=UZ name=Two", "insert org_unit d"])
    #expect(try node.count("birlik_old") == 0)
    #expect(try node.store.verify().problems == [])
  }

  @Test("Sealing nothing writes nothing; sealing twice seals nothing new")
  func empty() throws {
    let node = try House().addKept("ftuu")
    let before = try node.store.dataVersion()
    #expect(try node.seal() == SealReport())
    #expect(try node.lastSegment() == 0)
    #expect(try node.store.dataVersion() == before)
    try node.type("INSERT INTO org_unit(code) VALUES('a')")
    #expect(try node.seal().changes == 1)
    #expect(try node.seal() == SealReport())
    #expect(try node.count("birlik_segment") == 1)
  }

  @Test("Several moments in one record are several changes, each with its time, in order")
  func times() throws {
    let node = try House().addKept("ftuu")
    node.clock = House.start
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try node.seal()
    node.clock = House.start + 1000
    try node.type("UPDATE org_unit SET name='Two'")
    node.clock = House.start + 3000
    try node.type("UPDATE org_unit SET area='UZ'")
    node.clock = House.start + 2000
    try node.type("UPDATE org_unit SET name='Three', website='w'")
    node.clock = House.start + 10_000
    let sealed = try node.sealed()
    let catalog = try node.store.catalog()
    #expect(
      sealed.map { TestNode.words($0, catalog) } == [
        "edit org_unit a name=Three website=w", "edit org_unit a area=UZ",
      ])
    #expect(sealed.map { $0.captured - House.start } == [2000, 3000])
    #expect(sealed.map { $0.time - House.start } == [2000, 3000])
  }

  @Test("A time lies between the seal before and now, and after what it replaces")
  func clamped() throws {
    let node = try House().addKept("ftuu")
    node.clock = House.start
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'One'), ('b', 'One')")
    try node.seal()
    node.clock = House.start - 86_400_000
    try node.type("UPDATE org_unit SET name='Two' WHERE code='a'")
    node.clock = House.start + 86_400_000
    try node.type("UPDATE org_unit SET name='Two' WHERE code='b'")
    node.clock = House.start + 1000
    #expect(try node.sealed().map { $0.time - House.start } == [1, 1000])
  }

  @Test("An edit and then a deletion are sealed as both, and a concurrent edit elsewhere brings the row back whole")
  func editThenDelete() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name, activity) VALUES('a', 'One', '[\"x\",\"y\"]')")
    try Exchange.sync(uz, hq)
    try hq.type("UPDATE org_unit SET area='UZ'")
    try uz.type("UPDATE org_unit SET name='Two', activity='[\"y\",\"z\"]'")
    try uz.type("DELETE FROM org_unit")
    #expect(try uz.sealedWords() == ["edit org_unit a activity-x activity+z name=Two", "delete org_unit a"])
    #expect(try uz.count("org_unit") == 0)
    try Exchange.sync(uz, hq)
    for node in [hq, uz] {
      #expect(
        try node.rows(["name", "area", "activity"], "org_unit") == [["Two", "UZ", #"["y","z"]"#]], "\(node.name)")
      #expect(try node.column("field", "birlik_conflict WHERE closed_at IS NULL") == ["(record)"])
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(hq, uz)
  }

  @Test("A row rewritten whole and then deleted comes back as it was written last")
  func replaceThenDelete() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'One', 'UZ', '[\"x\"]')")
    try Exchange.sync(uz, hq)
    try hq.type("UPDATE org_unit SET website='w'")
    try uz.type("INSERT OR REPLACE INTO org_unit(code, name, area) VALUES('a', 'Two', 'UZ')")
    try uz.type("DELETE FROM org_unit")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'Gone before it was seen')")
    try uz.type("DELETE FROM org_unit")
    #expect(try uz.sealedWords() == ["edit org_unit a activity-x name=Two", "delete org_unit a"])
    try Exchange.sync(uz, hq)
    for node in [hq, uz] {
      #expect(try node.rows(["name", "area", "activity", "website"], "org_unit") == [["Two", "UZ", "∅", "w"]])
    }
    try expectEqual(hq, uz)
  }

  @Test("Deleted and typed again is an edit of what differs; after its deletion was sealed it is an insertion")
  func reinsertion() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name, area) VALUES('a', 'One', 'UZ')")
    try Exchange.sync(uz, hq)
    try uz.type("DELETE FROM org_unit; INSERT INTO org_unit(code, website) VALUES('a', 'w')")
    #expect(try uz.sealedWords() == ["edit org_unit a area=∅ name=∅ website=w"])
    try Exchange.sync(uz, hq)
    #expect(try hq.rows(["name", "area", "website"], "org_unit") == [["∅", "∅", "w"]])
    try uz.type("DELETE FROM org_unit")
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit") == 0)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'Again')")
    #expect(try uz.sealedWords() == ["insert org_unit a name=Again"])
    try Exchange.sync(uz, hq)
    #expect(try hq.rows(["name", "area", "website"], "org_unit") == [["Again", "∅", "∅"]])
    try expectEqual(hq, uz)
    #expect(try hq.store.verify().problems == [])
    #expect(try uz.store.verify().problems == [])
  }

  @Test("Sets merge element by element")
  func sets() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, activity) VALUES('a', '[\"b\",\"a\"]')")
    #expect(try uz.sealedWords() == ["insert org_unit a activity+a activity+b"])
    // Shown in its canonical form.
    #expect(try uz.column("activity", "org_unit") == [#"["a","b"]"#])
    try Exchange.sync(uz, hq)
    try uz.type("UPDATE org_unit SET activity='[\"a\",\"b\",\"c\",\"c\"]'")
    try hq.type("UPDATE org_unit SET activity='[\"b\", \"d\"]'")
    #expect(try uz.sealedWords() == ["edit org_unit a activity+c"])
    #expect(try hq.sealedWords() == ["edit org_unit a activity-a activity+d"])
    try Exchange.sync(uz, hq)
    #expect(try hq.column("activity", "org_unit") == [#"["b","c","d"]"#])
    try expectEqual(hq, uz)
    try uz.type("UPDATE org_unit SET activity=NULL")
    #expect(try uz.sealedWords() == ["edit org_unit a activity-b activity-c activity-d"])
    #expect(try uz.column("activity", "org_unit") == ["∅"])
  }

  @Test("What headquarters deletes and types again for another owner is a deletion and an insertion")
  func movedToAnotherOwner() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    try hq.type("DELETE FROM org_unit; INSERT INTO org_unit(code, federation, name) VALUES('a', 'fturk', 'Bir')")
    let sealed = try hq.sealedWords()
    #expect(sealed.sorted() == ["delete org_unit a", "insert org_unit a name=Bir"])
    #expect(try hq.rows(["federation", "name"], "org_unit") == [["fturk", "Bir"]])
    try Exchange.sync(uz, hq)
    #expect(try uz.rows(["federation", "name"], "org_unit") == [["fturk", "Bir"]])
    #expect(try hq.store.openConflictCount() == 0)
    try expectEqual(hq, uz)
    let problems = try hq.store.verify().problems
    #expect(problems == [])
  }

  @Test("More than one segment holds, in several new streams at once")
  func bulk() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    for node in [hq, uz] { try node.hurry() }
    try hq.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<33000)
      INSERT INTO org_unit(code, federation) SELECT 'u' || i, iif(i%2, 'ftuu', 'fturk') FROM n;
      INSERT INTO org_unit(code, name) VALUES('late', 'of headquarters');
      INSERT INTO membership_return(unit, as_of, axis, federation) VALUES('u1', '2025', 'territorial', 'ftuu');
      """)
    #expect(try hq.seal().changes == 33_002)
    let streams = try hq.column("tip", "birlik_stream ORDER BY id")
    #expect(streams.sorted() == ["1", "1", "16500", "16500"])
    #expect(try hq.count("birlik_segment") == 6)
    try hq.type("UPDATE org_unit SET name='n' WHERE code IN ('u1', 'u2', 'late')")
    #expect(try hq.seal().changes == 3)
    try Exchange.sync(uz, hq)
    #expect(try uz.count("org_unit") == 33_001)
    #expect(try uz.count("org_unit WHERE name='n'") == 3)
    #expect(try hq.store.channelDigests() == uz.store.channelDigests())
    #expect(try Recount.difference(hq) == nil)
    let batch = try hq.store.batch(lackedBy: [], role: uz.role, limit: Store.BatchLimit(bytes: 1000, changes: 10))
    #expect(batch.segments.count == 1)
    #expect(batch.hasMore)
    #expect(batch.lacking == 33_005)
  }

  @Test("Sealed in parts, nothing is lost of a record whose edits lie in several", arguments: [1, 2, 4, 7])
  func parts(limit: Int) throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type(
      """
      INSERT INTO org_unit(code, name) VALUES('a', '1'), ('b', '1'), ('c', '1'), ('d', '1'), ('e', '1');
      """)
    try Exchange.sync(uz, hq)
    try uz.typeUnchecked(
      """
      UPDATE org_unit SET activity='["x"]' WHERE code IN ('a', 'b');
      INSERT OR REPLACE INTO org_unit(code, area) VALUES('c', 'UZ');
      UPDATE org_unit SET country='no' WHERE code='d';
      UPDATE org_unit SET name='2';
      INSERT INTO org_unit(code) VALUES('f');
      DELETE FROM org_unit WHERE code='e';
      UPDATE org_unit SET website='w';
      DELETE FROM org_unit WHERE code='b';
      INSERT INTO org_unit(code) VALUES('g');
      """)
    try uz.sealInPasses(of: limit)
    let expected = [
      ["a", "2", "∅", "w", #"["x"]"#], ["c", "2", "UZ", "w", "∅"], ["d", "2", "∅", "w", "∅"],
      ["f", "∅", "∅", "w", "∅"], ["g", "∅", "∅", "∅", "∅"],
    ]
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(["code", "name", "area", "website", "activity"], "org_unit ORDER BY 1") == expected)
      #expect(try node.store.verify().problems == [])
    }
  }
}
