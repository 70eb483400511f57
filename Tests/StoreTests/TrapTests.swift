import SyncCore
import TestSupport
import Testing

@testable import Store

/// The traps of design.md that concern the store and have no test of their own elsewhere.
@Suite struct TrapTests {
  @Test("1: no write-ahead log with this library or beside other programs")
  func journal() throws {
    let node = try House().addKept("ftuu")
    #expect(try node.value("journal_mode", "pragma_journal_mode") == "truncate")
    #expect(try node.value("synchronous", "pragma_synchronous") == "2")
  }

  @Test("1: a file that a clerk's tool put into WAL mode is taken out of it when it is opened")
  func journalOfOthers() throws {
    let node = try House().addKept("ftuu")
    try node.store.close()
    #expect(try node.shell("PRAGMA journal_mode=WAL; INSERT INTO org_unit(code) VALUES('a');").output == "wal\n")
    try node.open()
    #expect(try node.value("journal_mode", "pragma_journal_mode") == "truncate")
    #expect(try node.shell("PRAGMA journal_mode;").output == "delete\n")
    #expect(try node.sealedWords() == ["insert org_unit a"])
  }

  private struct Stop: Error {}

  @Test("4: an error in the middle of a transaction leaves everything as it was, in the file and in memory")
  func errorInTheMiddle() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let stranger = try house.add("kfik")
    try uz.type("INSERT INTO org_unit(code, unit_kind) VALUES('a', 'primary_organization')")
    try Exchange.sync(uz, hq)
    try uz.type(
      "UPDATE org_unit SET name='Two'; INSERT INTO membership_return(unit, as_of, axis) VALUES('a','2025','sectoral')")
    try stranger.type("INSERT INTO org_unit(code) VALUES('s')")
    try stranger.seal()
    let batch = try stranger.store.batch(lackedBy: [], role: stranger.role)
    let before = try Tables(uz)
    let frontier = try uz.store.frontier(visibleTo: uz.role)
    for _ in 0..<2 {
      #expect(throws: Stop.self) {
        try uz.sealAndAbsorb(batch.segments, of: stranger.identity.card, failingWith: Stop()) { report in
          #expect(report.segments == 1)
        }
      }
      #expect(try uz.store.frontier(visibleTo: uz.role) == frontier)
      #expect(try uz.store.card(of: stranger.identity.node) == nil)
      #expect(try Tables(uz) == before)
      #expect(try uz.captured().count == 2)
    }
    #expect(try uz.seal().changes == 2)
    try Exchange.sync(uz, hq)
    try expectEqual(uz, hq)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
  }

  @Test("6: keys, values and elements that only Unicode holds equal are different")
  func canonicalEquivalence() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let composed = "\u{15F}\u{E9}"
    let decomposed = "s\u{327}e\u{301}"
    #expect(composed == decomposed)
    try uz.type(
      """
      INSERT INTO org_unit(code, name, activity)
        VALUES('\(composed)', 'c', '["\(composed)","\(decomposed)"]'), ('\(decomposed)', 'd', NULL), ('x', NULL, NULL);
      """)
    try Exchange.sync(uz, hq)
    #expect(try hq.count("org_unit") == 3)
    #expect(try hq.value("length(CAST(activity AS BLOB))", "org_unit WHERE name='c'") == "17")
    try uz.type("UPDATE org_unit SET name='\(composed)' WHERE code='x'")
    try hq.type("UPDATE org_unit SET name='\(decomposed)' WHERE code='x'")
    try Exchange.sync(uz, hq)
    #expect(try hq.store.conflicts().map(\.field) == ["name"])
    try expectEqual(hq, uz)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
  }

  @Test("6: times and numbers at the ends of what an integer holds stop nothing")
  func extremes() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    for ms in ["9223372036854775807", "-9223372036854775808", "0", "NULL", "'soon'", "1e300"] {
      try uz.type(
        "INSERT INTO org_unit(code, name) VALUES(hex(randomblob(8)), 'x'); UPDATE org_unit SET remark='\(ms.filter { $0 != "'" })'"
      )
      try uz.type("UPDATE birlik_capture SET ms=\(ms)")
      try uz.seal()
    }
    try uz.store.setClockOffset(.max)
    try uz.type("UPDATE org_unit SET remark='z'")
    try uz.seal()
    try uz.store.setClockOffset(.min + 1)
    try uz.type("UPDATE org_unit SET remark='y'")
    try uz.seal()
    try uz.type(
      "INSERT INTO aid_operation(id, amount) VALUES('a', 9223372036854775807), ('b', -9223372036854775808)")
    try Exchange.sync(uz, hq)
    #expect(try hq.column("amount", "aid_operation") == ["9223372036854775807", "-9223372036854775808"])
    #expect(try hq.column("DISTINCT remark", "org_unit") == ["y"])
    try expectEqual(hq, uz)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
  }

  @Test("10: captured edits name keys, which VACUUM does not renumber")
  func vacuum() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code) VALUES('a'), ('b'), ('c')")
    try node.seal()
    try node.type(
      "DELETE FROM org_unit WHERE code='a'; UPDATE org_unit SET name='x' WHERE code='c'; DELETE FROM org_unit WHERE code='b'"
    )
    try node.shell("DELETE FROM birlik_capture WHERE seq<0; VACUUM;")
    #expect(try node.sealedWords() == ["delete org_unit a", "delete org_unit b", "edit org_unit c name=x"])
    #expect(try node.store.verify().problems == [])
  }

  @Test("11: a transaction larger than the cache does not spill, so readers come in until the end")
  func spill() throws {
    let node = try House().addKept("ftuu")
    #expect(try node.value("cache_spill", "pragma_cache_spill") == "0")
    try node.execute("PRAGMA cache_size=10")
    try node.type(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) "
        + "INSERT INTO org_unit(code, name) SELECT 'u' || i, hex(randomblob(50)) FROM n")
    try node.seal {
      let result = try SQLiteShell.run(node.path, "SELECT count(*) FROM org_unit;")
      #expect(result.output == "2000\n")
      #expect(result.errors == "")
    }
    #expect(try node.count("birlik_capture") == 0)
  }
}
