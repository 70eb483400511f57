import Foundation
import TestSupport
import Testing

@testable import Store

/// Files that another program switched to WAL mode, in which two programs may damage a file.
@Suite struct JournalModeTests {
  private func mode(_ path: String) throws -> String { try SQLiteShell.answer(path, "PRAGMA journal_mode;") }

  private func node() throws -> TestNode {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    return node
  }

  @Test("While a program keeps the file in WAL mode, reading works, writing says who it is, and nothing is lost")
  func held() throws {
    let node = try node()
    try node.store.close()
    let other = try SQLiteShell(node.path)
    try other.send("PRAGMA journal_mode=WAL; UPDATE org_unit SET name='Two';")
    try node.open()
    #expect(try node.store.record(kind: "org_unit", key: "a") != nil)
    let status = try node.store.status()
    #expect(status.unsealed == 2)
    #expect(status.notice?.contains("sqlite3 (process ") == true)
    let error = try #require(throws: StoreError.self) { try node.seal() }
    #expect(error.code == .busy && error.detail.contains("sqlite3 (process ") && error.detail.contains("WAL mode"))
    #expect(error.hint.contains("journal_mode=DELETE"))
    #expect(try node.lastSegment() == 0)
    // It goes on working meanwhile, and what it writes is seen.
    try other.send("UPDATE org_unit SET name='Three';")
    #expect(try node.value("name", "org_unit") == "Three")
    other.close()
    #expect(try node.sealedWords() == ["insert org_unit a name=Three"])
    #expect(try mode(node.path) == "delete")
    #expect(try node.store.status().notice == nil)
    #expect(try node.store.verify().problems == [])
  }

  @Test("A file that was switched while the store has it open goes back with the next use")
  func switched() throws {
    let node = try node()
    #expect(try node.seal().changes == 1)
    try node.shell("PRAGMA journal_mode=WAL; UPDATE org_unit SET name='Two';")
    #expect(try node.sealedWords() == ["edit org_unit a name=Two"])
    #expect(try mode(node.path) == "delete")
    try node.shell("PRAGMA journal_mode=WAL;")
    _ = try node.store.edit(kind: "org_unit", key: "b", values: [("name", "x")])
    #expect(try mode(node.path) == "delete")
    #expect(try node.seal().changes == 1)
    let other = try SQLiteShell(node.path)
    try other.send("PRAGMA journal_mode=WAL; UPDATE org_unit SET name='Three' WHERE code='a';")
    #expect(throws: StoreError.self) { try node.seal() }
    other.close()
    #expect(try node.sealedWords() == ["edit org_unit a name=Three"])
  }

  @Test("A file that was left in WAL mode, with its log beside it, is whole when it is opened")
  func left() throws {
    let node = try node()
    try node.store.close()
    let script = """
      import sqlite3, sys, os
      db = sqlite3.connect(sys.argv[1])
      db.execute("PRAGMA journal_mode=WAL")
      db.execute("UPDATE org_unit SET name='Two'")
      db.commit()
      os._exit(0)
      """
    #expect(try Program.runBlocking("python3", ["-", node.path], input: script).status == 0)
    let files = [node.path, node.path + "-wal"].map { URL(fileURLWithPath: $0) }
    let before = try files.map { try Data(contentsOf: $0) }
    let reading = try Store(path: node.path, key: node.identity.key, isForReading: true)
    #expect(try reading.status().unsealed == 2)
    try reading.close()
    #expect(try files.map { try Data(contentsOf: $0) } == before, "whoever only reads changes nothing")
    try node.open()
    #expect(try node.sealedWords() == ["insert org_unit a name=Two"])
    #expect(!FileManager.default.fileExists(atPath: node.path + "-wal"))
    #expect(try mode(node.path) == "delete")
  }

  @Test("Programs with other rollback journals work beside the store", arguments: ["DELETE", "PERSIST", "TRUNCATE"])
  func rollback(mode: String) throws {
    let node = try node()
    let other = try SQLiteShell(node.path)
    try other.send("PRAGMA journal_mode=\(mode); UPDATE org_unit SET name='Two';")
    #expect(try node.sealedWords() == ["insert org_unit a name=Two"])
    try other.send("UPDATE org_unit SET name='Three';")
    #expect(try node.sealedWords() == ["edit org_unit a name=Three"])
    other.close()
    #expect(try node.store.verify().problems == [])
  }

  @Test("The versions of SQLite that can write a shared file in WAL mode")
  func repaired() {
    for version: Int32 in [3_044_006, 3_044_009, 3_050_007, 3_051_003, 3_052_000, 4_000_000] {
      #expect(JournalMode.isRepaired(version), "\(version)")
    }
    for version: Int32 in [3_007_000, 3_040_001, 3_044_005, 3_045_000, 3_050_006, 3_051_000, 3_051_002] {
      #expect(!JournalMode.isRepaired(version), "\(version)")
    }
  }
}
