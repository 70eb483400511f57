import SyncCore
import TestSupport
import Testing

@testable import Store

/// A clerk's shell that holds the file.
@Suite struct BusyTests {
  @Test("A clerk's open read transaction makes the store give up after its time, without keeping readers out")
  func reader() throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO org_unit(code) VALUES('a');")
    let clerk = try SQLiteShell(node.path)
    try clerk.send("BEGIN; SELECT count(*) FROM org_unit;")
    let error = try #require(throws: StoreError.self) { try node.seal() }
    #expect(error.code == .busy)
    #expect(error.hint.contains("close an open transaction"))
    #expect(try node.captured() == ["org_unit a: insert"])
    #expect(try node.lastSegment() == 0)
    // Readers and writers come in again.
    #expect(try node.shell("SELECT count(*) FROM org_unit;").output == "1\n")
    try clerk.send("COMMIT;")
    #expect(try node.shell("UPDATE org_unit SET name='x';").errors == "")
    #expect(try node.sealedWords() == ["insert org_unit a name=x"])
    #expect(try node.store.verify().problems == [])
  }

  @Test("A clerk's open write transaction likewise; reading goes on meanwhile")
  func writer() throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO org_unit(code) VALUES('a');")
    let clerk = try SQLiteShell(node.path)
    try clerk.send("BEGIN IMMEDIATE; UPDATE org_unit SET name='y';")
    #expect(try node.store.status().unsealed == 1)
    let error = try #require(throws: StoreError.self) { try node.seal() }
    #expect(error.code == .busy)
    try clerk.send("COMMIT;")
    #expect(try node.sealedWords() == ["insert org_unit a name=y"])
  }

  @Test("Two programs on one file take turns: each sees what the other sealed and absorbed")
  func twoStores() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let other = try Store(path: uz.path, key: uz.identity.key)
    for number in 0..<6 {
      try uz.type("INSERT INTO org_unit(code, name) VALUES('\(number)', 'n')")
      if number % 2 == 0 { try other.seal() } else { try uz.seal() }
      try hq.type("INSERT INTO org_unit(code) VALUES('hq\(number)')")
      try hq.seal()
      let store = number % 3 == 0 ? other : uz.store
      let batch = try hq.store.batch(lackedBy: try store.frontier(visibleTo: uz.role), role: uz.role)
      #expect(batch.segments.count == 1)
      #expect(try store.absorb(segments: batch.segments, cards: batch.cards).segments == 1)
      #expect(try other.frontier(visibleTo: uz.role) == uz.store.frontier(visibleTo: uz.role))
    }
    try Exchange.sync(uz, hq)
    try expectEqual(uz, hq)
    #expect(try uz.count("birlik_stream") == 2)
    #expect(try other.verify().problems == [])
    try other.close()
  }
}
