import Foundation
import Limits
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// A file that somebody prepared: opened with a clear word or mended, never a crash, and nothing of it is run.
@Suite(.timeLimit(.minutes(20))) struct HostileDatabaseTests {
  private func settled() throws -> (house: House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    try uz.type(
      """
      INSERT INTO org_unit(code, name) VALUES('u1', 'One'), ('u2', 'Two');
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u1', '2025-10-31', 'territorial', 7);
      """)
    try Exchange.settle(hq, [uz])
    try uz.type("UPDATE org_unit SET name='Typed' WHERE code='u1'")
    return (house, hq, uz)
  }

  /// Everything that the daemon and the commands do with a file.
  ///
  /// - Returns: their words, where they refused.
  private func use(_ path: String, _ node: TestNode, folds: Bool = true) -> [String] {
    var words: [String] = []
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch let error as StoreError {
        words.append(error.detail)
      } catch let error as WireError {
        words.append(error.detail)
      } catch {
        Issue.record("no sentence: \(error)")
      }
    }
    attempt {
      let store = try Store(path: path, key: node.identity.key)
      defer { try? store.close() }
      attempt { try store.seal() }
      attempt { _ = try store.status() }
      attempt { _ = try store.audit() }
      if folds { attempt { _ = try store.verify() } }
      attempt { try store.checkRows(takes: false) { _ in } }
      attempt { _ = try store.batch(lackedBy: [], role: node.role) }
      attempt { _ = try store.record(kind: "org_unit", key: "u1") }
      attempt { _ = try store.history(kind: "org_unit", key: "u1") }
      attempt { _ = try store.edit(kind: "org_unit", key: "u9", values: [("name", "x")]) }
      attempt { _ = try store.evidence() }
    }
    for word in words { #expect(!word.isEmpty) }
    return words
  }

  private func prepared(_ node: TestNode, _ house: House, _ sql: String) throws -> String {
    let path = house.folder.file("hostile-\(UUID().uuidString).db")
    try node.copyFile(to: path)
    let result = try SQLiteShell.run(path, sql)
    #expect(result.status == 0, "\(sql): \(result)")
    return path
  }

  @Test("Malformed rows in the store's own tables are reported or repaired")
  func rows() throws {
    let (house, hq, uz) = try settled()
    let garbage = [
      "NULL", "x''", "x'FFFFFFFFFFFFFFFFFFFF7F'", "'text'", "-1", "9223372036854775807", "zeroblob(5000000)",
    ]
    var count = 0
    for (node, garbage) in [(uz, garbage), (hq, Array(garbage.suffix(2)))] {
      for value in garbage {
        for sql in [
          "UPDATE birlik_head SET state=\(value == "NULL" ? "x'00'" : value)",
          "UPDATE OR IGNORE birlik_head SET kind=\(value == "NULL" ? "-5" : value)",
          "UPDATE OR IGNORE birlik_head SET key=\(value == "NULL" ? "x'00'" : value) WHERE kind=1",
          "UPDATE birlik_stream SET seen=\(value == "NULL" ? "x'80'" : value)",
          "UPDATE birlik_stream SET tip=\(value == "NULL" ? "0" : value)",
          "UPDATE birlik_stream SET parent=\(value), fork=\(value)",
          "UPDATE birlik_segment SET bytes=\(value == "NULL" ? "x'42525331'" : value)",
          "UPDATE OR IGNORE birlik_segment SET stream=\(value == "NULL" ? "77" : value)",
          "UPDATE birlik_meta SET value=\(value) WHERE name NOT IN ('card', 'headquarters', 'catalog')",
          "UPDATE birlik_meta SET value=\(value) WHERE name='card'",
          "UPDATE birlik_meta SET value=\(value) WHERE name='headquarters'",
          "UPDATE birlik_meta SET value=\(value) WHERE name='catalog'",
          "UPDATE birlik_card SET card=\(value == "NULL" ? "0" : value)",
          "UPDATE OR IGNORE birlik_channel SET name=\(value == "NULL" ? "'x'" : value)",
          "INSERT INTO birlik_receipt(at, receipt) VALUES(9223372036854775807, \(value == "NULL" ? "0" : value))",
          "INSERT OR REPLACE INTO birlik_waiting VALUES(x'00', x'00', \(value == "NULL" ? "0" : value), \(value))",
          "INSERT INTO birlik_capture(seq, kind, mask, ms, k1) VALUES(-5, \(value), \(value), \(value), \(value))",
          "INSERT INTO birlik_capture(kind, mask, ms, k1, k2, k3, k4) VALUES(1, -1, \(value), \(value), 1, 2, 3)",
          "INSERT INTO birlik_capture(kind, mask, ms, k1) VALUES(1, \(value), 1, 'u1'), (70000, 0, 1, NULL)",
          "UPDATE birlik_old SET capture=-1; UPDATE birlik_capture SET k1=\(value)",
        ] {
          // Folding the log again reads little of these tables that the rest does not.
          _ = use(try prepared(node, house, sql), node, folds: count.isMultiple(of: 7))
          count += 1
        }
      }
    }
    #expect(count == 180)
    // The untouched file is as good as before.
    #expect(use(try prepared(uz, house, "SELECT 1"), uz) == [])
  }

  @Test("Nothing in the schema is run, and what is not a table is not taken for one")
  func schema() throws {
    let (house, _, uz) = try settled()
    let marker = "CREATE TABLE ran(x);"
    for sql in [
      // Triggers on the store's own tables run for nobody here.
      """
      \(marker) CREATE TRIGGER evil1 AFTER INSERT ON birlik_segment BEGIN INSERT INTO ran VALUES(1); END;
      CREATE TRIGGER evil2 AFTER UPDATE ON birlik_meta BEGIN INSERT INTO ran VALUES(1); END;
      CREATE TRIGGER evil3 AFTER INSERT ON birlik_head BEGIN SELECT load_extension('evil'); END;
      CREATE TRIGGER evil4 AFTER DELETE ON birlik_capture BEGIN INSERT INTO ran SELECT writefile('/tmp/evil', 'x'); END;
      """,
      "\(marker) CREATE TRIGGER birlik_evil AFTER INSERT ON org_unit BEGIN INSERT INTO ran VALUES(1); END;",
      "\(marker) CREATE VIEW v AS SELECT load_extension('x'), readfile('/etc/passwd');",
      "\(marker) CREATE TABLE g(a, b AS (abs(a)) VIRTUAL, CHECK(a<abs(-9223372036854775808)));",
      "\(marker) CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIRTUAL TABLE r USING rtree(a, b, c);",
    ] {
      let path = try prepared(uz, house, sql)
      #expect(use(path, uz) == [], "\(sql)")
      let ran = try SQLiteShell.run(path, "SELECT count(*) FROM ran")
      #expect(ran.output.trimmingCharacters(in: .whitespacesAndNewlines) == "0", "\(sql)")
      #expect(!FileManager.default.fileExists(atPath: "/tmp/evil"))
    }
    for sql in [
      "ALTER TABLE birlik_head RENAME TO h; CREATE VIEW birlik_head AS SELECT * FROM h;",
      "DROP TABLE birlik_inbox; CREATE VIRTUAL TABLE birlik_inbox USING fts5(at, seen_at);",
      "ALTER TABLE birlik_meta RENAME TO m; CREATE VIEW birlik_meta AS SELECT name, value FROM m;",
    ] {
      let words = use(try prepared(uz, house, sql), uz)
      #expect(words.first?.contains("is not a table of this program's any more") == true, "\(words)")
    }
    for sql in [
      "DROP TABLE birlik_head", "DROP TABLE birlik_segment", "DROP TABLE birlik_meta", "DROP TABLE birlik_capture",
      "DROP TABLE org_unit", "ALTER TABLE birlik_stream RENAME COLUMN tip TO t",
    ] {
      let words = use(try prepared(uz, house, sql), uz)
      // A kind's own table is for the capture to miss; the store's own cannot be.
      #expect(!words.isEmpty || sql.contains("org_unit"), "\(sql)")
    }
  }

  @Test("What clerks build beside the tables goes on working for them")
  func clerksOwn() throws {
    let (house, hq, uz) = try settled()
    let path = try prepared(
      uz, house,
      """
      CREATE TABLE log(at, code);
      CREATE VIEW totals AS SELECT unit, sum(members_total) AS n FROM membership_return GROUP BY unit;
      CREATE TRIGGER noted AFTER INSERT ON org_unit BEGIN INSERT INTO log VALUES(upper('x'), NEW.code); END;
      """)
    #expect(use(path, uz) == [])
    let store = try Store(path: path, key: uz.identity.key)
    defer { try? store.close() }
    _ = try store.edit(kind: "org_unit", key: "own", values: [("name", "Mine")])
    #expect(try SQLiteShell.run(path, "INSERT INTO org_unit(code, name) VALUES('shell', 'x')").status == 0)
    let log = try SQLiteShell.run(path, "SELECT group_concat(code) FROM log; SELECT n FROM totals")
    #expect(log.output.contains("own,shell") && log.output.contains("7"))
    try store.seal()
    #expect(try store.hasCaptured() == false)
    #expect(try store.verify().ok && hq.store.verify().ok)
  }

  @Test("Thirty thousand tables, wide tables, deep expressions and another application's mark")
  func large() throws {
    let (house, _, uz) = try settled()
    let many = (0..<1_000).map { "CREATE TABLE t\($0)(a);" }.joined()
    #expect(use(try prepared(uz, house, "BEGIN;" + many + "COMMIT"), uz) == [])
    // Written into the schema by hand, all of them on one page.
    let more = """
      CREATE TABLE t(a);
      PRAGMA writable_schema=ON;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30000)
      INSERT INTO sqlite_master SELECT 'table', 't'||i, 't'||i, (SELECT rootpage FROM sqlite_master WHERE name='t'),
        'CREATE TABLE t'||i||'(a)' FROM n;
      """
    let path = try prepared(uz, house, more)
    #expect(try SQLiteShell.run(path, "SELECT count(*) FROM sqlite_master WHERE name LIKE 't%'").output > "30000")
    #expect(use(path, uz) == [])
    let wide = (0..<1900).map { "c\($0)" }.joined(separator: ",")
    #expect(use(try prepared(uz, house, "CREATE TABLE wide(\(wide))"), uz) == [])
    let deep = String(repeating: "(", count: 30) + "1" + String(repeating: "+1)", count: 30)
    #expect(use(try prepared(uz, house, "CREATE VIEW deep AS SELECT \(deep)"), uz) == [])
    for sql in [
      "PRAGMA application_id=7", "PRAGMA user_version=99", "PRAGMA user_version=-1", "PRAGMA user_version=0",
      "UPDATE birlik_meta SET value=-1 WHERE name='schema'", "UPDATE birlik_meta SET value='x' WHERE name='schema'",
    ] {
      #expect(use(try prepared(uz, house, sql), uz) == [], "\(sql)")
    }
    let views = (1...40).map { "CREATE VIEW v\($0) AS SELECT a.x FROM v\($0 - 1) a, v\($0 - 1) b;" }.joined()
    #expect(use(try prepared(uz, house, "CREATE VIEW v0 AS SELECT 1 AS x;" + views), uz) == [])
  }

  @Test("SQLite does so much with a file and no more")
  func limits() throws {
    let house = try House()
    let uz = try house.add("ftuu")
    func list(_ count: Int32, _ separator: String = ",", _ word: (Int32) -> String) -> String {
      (0..<count).map(word).joined(separator: separator)
    }
    let forms: [(name: String, limit: Int32, sql: (Int32) -> String)] = [
      ("columns", SQLiteLimits.columns, { "CREATE TEMP TABLE wide(\(list($0) { "c\($0)" }))" }),
      ("depth", SQLiteLimits.expressionDepth, { "SELECT " + list($0, "+") { _ in "1" } }),
      ("selects", SQLiteLimits.combinedSelects, { list($0, " UNION ALL ") { _ in "SELECT 1" } }),
      ("arguments", SQLiteLimits.functionArguments, { "SELECT max(\(list($0) { "\($0)" }))" }),
      ("pattern", SQLiteLimits.patternBytes, { "SELECT 'a' LIKE '\(list($0, "") { _ in "a" })'" }),
      ("value", SQLiteLimits.valueBytes, { "SELECT length(zeroblob(\($0)))" }),
      ("statement", SQLiteLimits.statementBytes, { "SELECT 1" + list($0 - 8, "") { _ in " " } }),
      ("attached", SQLiteLimits.attached, { list($0, ";") { "ATTACH ':memory:' AS other\($0)" } }),
    ]
    try uz.compile("SELECT ?\(SQLiteLimits.variables)")
    #expect(throws: StoreError.self) { try uz.compile("SELECT ?\(SQLiteLimits.variables + 1)") }
    for form in forms {
      try uz.execute(form.sql(form.limit))
      try uz.store.close()
      try uz.open()
      let refusal = #expect(throws: StoreError.self, "\(form.name)") {
        try uz.execute(form.sql(form.limit + 1))
      }
      #expect(refusal?.detail.isEmpty == false)
      try uz.store.close()
      try uz.open()
    }
  }

  @Test("Clerks' triggers may call each other so deep, and an edit that goes deeper is refused whole")
  func triggers() throws {
    let (house, _, uz) = try settled()
    func chain(_ depth: Int32) -> String {
      (0..<depth).map { "CREATE TABLE n\($0)(a);" }.joined()
        + (0..<depth - 1).map {
          "CREATE TRIGGER after\($0) AFTER INSERT ON n\($0) BEGIN INSERT INTO n\($0 + 1) VALUES(1); END;"
        }.joined() + "CREATE TRIGGER first AFTER INSERT ON org_unit BEGIN INSERT INTO n0 VALUES(1); END;"
    }
    for (depth, fits) in [(SQLiteLimits.triggerDepth - 2, true), (SQLiteLimits.triggerDepth + 2, false)] {
      let path = try prepared(uz, house, chain(depth))
      let store = try Store(path: path, key: uz.identity.key)
      defer { try? store.close() }
      if fits {
        _ = try store.edit(kind: "org_unit", key: "u9", values: [("name", "x")])
      } else {
        let refusal = #expect(throws: StoreError.self) {
          try store.edit(kind: "org_unit", key: "u9", values: [("name", "x")])
        }
        #expect(refusal?.detail.isEmpty == false)
      }
      try store.seal()
      #expect(try store.record(kind: "org_unit", key: "u9") != nil || !fits)
      let rows = try SQLiteShell.run(path, "SELECT count(*) FROM org_unit WHERE code='u9'").output
      #expect(rows == (fits ? "1\n" : "0\n"))
    }
  }

  @Test("Damaged pages are reported in a sentence")
  func pages() throws {
    let (house, _, uz) = try settled()
    let path = house.folder.file("whole.db")
    try uz.copyFile(to: path)
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    var random = SeededRandom(seed: 41)
    var refused = 0
    let damaged = house.folder.file("damaged.db")
    for round in 0..<60 {
      var bytes = whole
      switch round % 4 {
      case 0:
        for _ in 0..<40 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
      case 1: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
      case 2:
        let page = 1 + Int(random.next() % UInt64(bytes.count / 4096 - 1))
        for place in (page * 4096)..<(page * 4096 + 4096) { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
      default:
        let page = 1 + Int(random.next() % UInt64(bytes.count / 4096 - 1))
        bytes.replaceSubrange((page * 4096)..<(page * 4096 + 4096), with: bytes[4096..<8192])
      }
      try? FileManager.default.removeItem(atPath: damaged + ".state")
      try? FileManager.default.removeItem(atPath: damaged + "-journal")
      try Data(bytes).write(to: URL(fileURLWithPath: damaged))
      if !use(damaged, uz).isEmpty { refused += 1 }
    }
    #expect(refused > 30, "\(refused)")
  }
}
