import Foundation
import TestSupport
import Testing

@testable import Store

/// What a program with a newer SQLite wrote into the file's schema. The shell writes it there by hand.
@Suite struct NewerSQLiteTests {
  private static let view = "CREATE VIEW newer AS SELECT group_concat(code ORDER BY name) FROM org_unit"

  /// A file with one edit that is not sealed, in whose schema something new is.
  private func node(_ sql: String) throws -> (house: House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.settle(hq, [uz])
    try uz.type("UPDATE org_unit SET name='Typed'")
    try uz.store.close()
    let result = try SQLiteShell.run(uz.path, ".dbconfig defensive off\nPRAGMA writable_schema=ON;\n" + sql)
    #expect(result.status == 0, "\(result)")
    return (house, hq, uz)
  }

  private func insert(_ type: String, _ name: String, on table: String? = nil, _ sql: String) -> String {
    "INSERT INTO sqlite_schema VALUES('\(type)', '\(name)', '\(table ?? name)', 0, '\(sql)');"
  }

  @Test("A view and a trigger of a newer SQLite are named, and everything else goes on")
  func view() throws {
    for (name, sql) in [
      ("view newer", insert("view", "newer", Self.view)),
      (
        "trigger newer",
        insert(
          "trigger", "newer", on: "org_unit",
          "CREATE TRIGGER newer AFTER INSERT ON org_unit BEGIN SELECT 1_000; END")
      ),
    ] {
      let (house, hq, uz) = try node(sql)
      defer { withExtendedLifetime(house) {} }
      try uz.open()
      let notice = try #require(try uz.store.status().notice)
      #expect(notice.contains(name) && notice.contains("newer SQLite") && notice.contains("DROP"), "\(notice)")
      #expect(!notice.contains("backup"))
      _ = try uz.store.edit(kind: "org_unit", key: "b", values: [("name", "x")])
      try Exchange.settle(hq, [uz])
      #expect(try hq.value("name", "org_unit WHERE code='a'") == "Typed")
      try expectEqual(hq, uz)
      #expect(try uz.store.verify().problems == [])
      _ = try DryRun(of: uz.store)
      // It stays, byte for byte, for the program that can read it.
      #expect(try uz.count("sqlite_master WHERE name='newer'") == 1)
    }
  }

  @Test("A view that comes while the store has the file open stops nothing, and is gone from status once it is dropped")
  func laterView() throws {
    let (house, hq, uz) = try node("SELECT 1;")
    defer { withExtendedLifetime(house) {} }
    try uz.open()
    let add = ".dbconfig defensive off\nPRAGMA writable_schema=ON;\n" + insert("view", "newer", Self.view)
    #expect(try uz.shell(add + "CREATE TABLE clerks(x);").status == 0)
    try Exchange.settle(hq, [uz])
    #expect(try uz.store.status().notice?.contains("view newer") == true)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "Typed")
    let drop = ".dbconfig defensive off\nPRAGMA writable_schema=ON;\nDELETE FROM sqlite_schema WHERE name='newer';\n"
    #expect(try uz.shell(drop + "DROP TABLE clerks;").status == 0)
    try uz.seal()
    #expect(try uz.store.status().notice == nil)
  }

  @Test("A table that is rebuilt beside such a view is built, and the view stays")
  func rebuiltTable() throws {
    let (house, hq, uz) = try node(
      "CREATE TABLE copy AS SELECT * FROM org_unit; DROP TABLE org_unit; ALTER TABLE copy RENAME TO org_unit; "
        + insert("view", "newer", Self.view))
    defer { withExtendedLifetime(house) {} }
    try uz.open()
    try Exchange.settle(hq, [uz])
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "Typed")
    try expectEqual(hq, uz)
    #expect(try uz.count("sqlite_master WHERE name='newer'") == 1)
    #expect(try uz.count("pragma_index_info('org_unit')") > 0, "it has its key again")
  }

  @Test("With an index of a newer SQLite on a table of ours the file can be read, and nothing is written beside it")
  func index() throws {
    let (house, _, uz) = try node(
      "PRAGMA writable_schema=OFF; CREATE INDEX newer ON org_unit(area) WHERE length(name)>1000; "
        + "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql=replace(sql, '1000', '1_000') WHERE name='newer';")
    defer { withExtendedLifetime(house) {} }
    try uz.open()
    #expect(try uz.store.record(kind: "org_unit", key: "a") != nil)
    #expect(try uz.store.status().unsealed == 1)
    let error = try #require(throws: StoreError.self) { try uz.seal() }
    #expect(error.code == .newerSQLite)
    #expect(error.detail.contains("index newer") && error.detail.contains("newer SQLite"))
    #expect(error.hint.contains("DROP INDEX newer") && !error.hint.contains("backup"))
  }

  @Test("A table of ours that a newer SQLite rewrote is named, and nothing is done to it")
  func table() throws {
    let (house, _, uz) = try node(
      "UPDATE sqlite_schema SET sql=replace(sql, 'TEXT', 'TEXT DEFAULT (1_0)') WHERE name='org_unit';")
    defer { withExtendedLifetime(house) {} }
    let before = try Data(contentsOf: URL(fileURLWithPath: uz.path))
    let error = try #require(throws: StoreError.self) { try uz.open() }
    #expect(error.code == .newerSQLite && error.detail.contains("table org_unit"))
    #expect(!error.hint.contains("backup"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: uz.path)) == before)
  }

  @Test("A function that this SQLite does not know is named, with what uses it")
  func function() throws {
    let (house, _, uz) = try node(
      "PRAGMA writable_schema=OFF; CREATE INDEX newer ON org_unit(length(name)); PRAGMA writable_schema=ON; "
        + "UPDATE sqlite_schema SET sql=replace(sql, 'length', 'octet_length_of') WHERE name='newer';")
    defer { withExtendedLifetime(house) {} }
    try uz.open()
    // An index holds nothing of its own: it goes, with its text, rather than stop everybody.
    #expect(try uz.store.edit(kind: "org_unit", key: "c", values: [("name", "x")]) == .created)
    let told = try #require(try uz.store.status().notice)
    #expect(told.contains("the index newer of yours on org_unit cannot be kept up here"), "\(told)")
    #expect(told.contains("octet_length_of") && !told.contains("backup"), "\(told)")
  }
}
