import Foundation
import TestSupport
import Testing

@testable import Store

/// Files that a tool copied, which loses the marks of the file's head, triggers or indexes.
@Suite struct CopiedFileTests {
  /// A tool: what it runs with the old path and the new one.
  struct Tool: CustomTestStringConvertible, Sendable {
    var name: String
    var copy: @Sendable (_ old: String, _ new: String) throws -> Void
    var testDescription: String { name }

    static func shell(_ command: String) -> Tool {
      Tool(name: command) { old, new in
        let result = try SQLiteShell.run(old, command.replacing("NEW", with: new))
        guard result.status == 0 else { throw TestProblem("\(result)") }
      }
    }

    static func piped(_ command: String) -> Tool {
      Tool(name: command) { old, new in
        let text = try Program.runBlocking("sqlite3", [old, command])
        let loaded = try SQLiteShell.run(new, text.output)
        guard loaded.status == 0, loaded.errors.isEmpty else { throw TestProblem("\(loaded)") }
      }
    }

    static func python(_ name: String, _ script: String) -> Tool {
      Tool(name: name) { old, new in
        let result = try Program.runBlocking("python3", ["-c", "import sqlite3, sys\n" + script, old, new])
        guard result.status == 0 else { throw TestProblem("\(result)") }
      }
    }

    static let all = [
      shell(".clone 'NEW'"), shell(".backup 'NEW'"), shell("VACUUM INTO 'NEW';"),
      shell("PRAGMA application_id=0; PRAGMA user_version=7;\n.backup 'NEW'"),
      shell("PRAGMA user_version=0;\n.backup 'NEW'"),
      shell("DROP INDEX birlik_segment_hash; DROP INDEX birlik_segment_place;\n.backup 'NEW'"),
      piped(".dump"),
      python(
        "iterdump",
        "sqlite3.connect(sys.argv[2]).executescript('\\n'.join(sqlite3.connect(sys.argv[1]).iterdump()))"),
      python(
        "tables alone",
        """
        old, new = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
        for name, sql in old.execute("SELECT name, sql FROM sqlite_schema WHERE type='table'").fetchall():
            new.execute(sql)
            rows = old.execute(f'SELECT * FROM "{name}"').fetchall()
            if rows:
                new.executemany(f'INSERT INTO "{name}" VALUES({",".join("?" * len(rows[0]))})', rows)
        new.commit()
        """),
    ]
  }

  @Test("A file that a tool copied is the same node with everything in it, and keeps capturing", arguments: Tool.all)
  func copied(tool: Tool) throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One'), ('b', 'Two')")
    try Exchange.settle(hq, [uz])
    try uz.type("UPDATE org_unit SET name='Typed' WHERE code='a'")
    let indexes = "sqlite_master WHERE type='index' AND name LIKE 'birlik_%' ORDER BY name"
    let before = try uz.column("name", indexes)
    #expect(before.count == 3)
    try uz.store.close()
    let copy = uz.path + "-copy"
    try tool.copy(uz.path, copy)
    try FileManager.default.removeItem(atPath: uz.path)
    try FileManager.default.moveItem(atPath: copy, toPath: uz.path)
    // Reading alone changes no byte of it.
    let whole = try Data(contentsOf: URL(fileURLWithPath: uz.path))
    let reading = try Store(path: uz.path, key: uz.identity.key, isForReading: true)
    #expect(try reading.record(kind: "org_unit", key: "a") != nil)
    try reading.close()
    #expect(try Data(contentsOf: URL(fileURLWithPath: uz.path)) == whole)

    try uz.open()
    #expect(try uz.value("application_id", "pragma_application_id") == "\(Schema.applicationID)")
    #expect(try uz.value("user_version", "pragma_user_version") == "\(Schema.version)")
    #expect(try uz.column("name", indexes) == before)
    try uz.shell("UPDATE org_unit SET name='Later' WHERE code='b';")
    try Exchange.settle(hq, [uz])
    #expect(try hq.rows(["name"], "org_unit WHERE code IN ('a', 'b') ORDER BY code") == [["Typed"], ["Later"]])
    try expectEqual(hq, uz)
    #expect(try uz.store.verify().problems == [])
  }
}
