import Foundation
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Other ways in than one shell on one file, and what is refused at once.
@Suite struct CaptureToolTests {
  @Test("Rows copied from an attached database are captured")
  func attach() throws {
    let node = try House().addKept("ftuu")
    let other = try House().addKept("fturk")
    try other.shell("INSERT INTO org_unit(code, name) VALUES('x', 'There');")
    let result = try node.shell(
      "ATTACH '\(other.path)' AS other; INSERT INTO main.org_unit(code, name) SELECT code, name FROM other.org_unit;"
        + "UPDATE other.org_unit SET name='Changed there';")
    #expect(result.errors == "")
    #expect(try node.captured() == ["org_unit x: insert"])
    #expect(try node.sealedWords() == ["insert org_unit x name=There"])
    #expect(try other.captured() == ["org_unit x: insert", "org_unit x: name"])
  }

  @Test("Writing into the file from a connection of another database is captured here")
  func attachedHere() throws {
    let node = try House().addKept("ftuu")
    let folder = try TemporaryFolder()
    let result = try SQLiteShell.run(
      folder.file("other.db"), "ATTACH '\(node.path)' AS node; INSERT INTO node.org_unit(code) VALUES('x');")
    #expect(result.errors == "")
    #expect(try node.sealedWords() == ["insert org_unit x"])
  }

  @Test("Python's sqlite3 is a client like any other", .enabled(if: Program.find("python3") != nil))
  func python() throws {
    let node = try House().addKept("ftuu")
    let script = """
      import sqlite3, sys
      db = sqlite3.connect(sys.argv[1])
      db.execute("INSERT INTO org_unit(code, name) VALUES(?, ?)", ("p", "Şirin"))
      db.executemany("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES(?, '2025', 'sectoral', ?)",
                     [("p", 5), ("q", None)])
      db.commit()
      try:
          db.execute("UPDATE membership_return SET members_total = 2.5")
      except sqlite3.IntegrityError as error:
          print(error)
      db.rollback()
      db.execute("UPDATE org_unit SET name = 'Şükrü'")
      db.commit()
      """
    let result = try Program.runBlocking("python3", ["-", node.path], input: script)
    #expect(result.errors == "")
    #expect(result.output.contains("members_total must be a whole number or NULL"))
    #expect(
      try node.sealedWords() == [
        "insert org_unit p name=Şükrü", "insert membership_return p/2025/sectoral members_total=5",
        "insert membership_return q/2025/sectoral",
      ])
  }

  @Test(
    "A wrong type is refused at once with a sentence",
    arguments: [
      (
        "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a','2025','sectoral','many');",
        "members_total"
      ),
      (
        "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a','2025','sectoral',1.5);",
        "members_total"
      ),
      (
        "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a','2025','sectoral','');",
        "members_total"
      ),
      ("INSERT INTO membership_return(unit, as_of, axis, primaries) VALUES('a','2025','sectoral',x'01');", "primaries"),
      ("UPDATE aid_operation SET amount='a lot';", "amount"),
      ("INSERT OR IGNORE INTO aid_operation(id, beneficiaries) VALUES('b', 'all');", ""),
      ("INSERT OR REPLACE INTO aid_operation(id, beneficiaries) VALUES('a', 'all');", "beneficiaries"),
    ])
  func wrongType(sql: String, column: String) throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO aid_operation(id, amount) VALUES('a', 100);")
    try node.seal()
    let result = try node.shell(sql)
    if column.isEmpty {
      #expect(result.errors == "")
    } else {
      #expect(result.errors.contains("\(column) must be a whole number or NULL"))
    }
    #expect(try node.captured() == [])
    #expect(try node.count("membership_return") == 0)
    #expect(try node.rows(["id", "amount"], "aid_operation") == [["a", "100"]])
  }

  @Test("A number typed as text into an integer column is taken as the number")
  func numberAsText() throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO aid_operation(id, amount, place) VALUES('a', '100', 7);")
    #expect(try node.sealedWords() == ["insert aid_operation a place=7 amount=100"])
  }

  @Test(
    "What is set once stays, also under OR REPLACE",
    arguments: [
      ("UPDATE org_unit SET federation='fturk';", "org_unit.federation is set once"),
      ("INSERT OR REPLACE INTO org_unit(code, federation) VALUES('a', 'fturk');", "org_unit.federation is set once"),
      ("UPDATE OR REPLACE org_unit SET federation='x', name='y';", "org_unit.federation is set once"),
      (
        "INSERT INTO org_unit(code) VALUES('a') ON CONFLICT DO UPDATE SET federation='fturk';",
        "org_unit.federation is set once"
      ),
      ("UPDATE OR REPLACE org_unit SET code='f' WHERE code='a';", "org_unit.federation is set once"),
      ("UPDATE org_unit SET unit_kind='council';", "org_unit.unit_kind is set once"),
      ("UPDATE org_unit SET unit_kind=NULL;", "org_unit.unit_kind is set once"),
      ("INSERT OR REPLACE INTO org_unit(code, unit_kind) VALUES('a', 'council');", "org_unit.unit_kind is set once"),
      ("UPDATE figure SET value=2;", "figure is written once"),
      ("UPDATE figure SET measure='x';", "figure is written once"),
      ("DELETE FROM figure;", "figure is written once"),
      (
        "INSERT OR REPLACE INTO figure(unit, measure, as_of, source, value) VALUES('a', 'members', '2025', 's', 2);",
        "figure is written once"
      ),
    ])
  func setOnce(sql: String, message: String) throws {
    let node = try House().addKept("otuts")
    try node.shell(
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('a', 'sectoral_union');
      INSERT INTO org_unit(code, federation) VALUES('f', 'fturk');
      INSERT INTO figure(unit, measure, as_of, source, value) VALUES('a', 'members', '2025', 's', 1);
      """)
    try node.seal()
    let result = try node.shell(sql)
    #expect(result.status != 0)
    #expect(result.errors.contains(message))
    #expect(try node.captured() == [])
    #expect(try node.rows(["federation", "unit_kind"], "org_unit") == [["otuts", "sectoral_union"], ["fturk", "∅"]])
    #expect(try node.rows(["value"], "figure") == [["1"]])
  }

  @Test("A frozen field may be filled once, and the same may be written again")
  func frozenOnce() throws {
    let node = try House().addKept("ftuu")
    let result = try node.shell(
      """
      INSERT INTO org_unit(code) VALUES('a');
      UPDATE org_unit SET unit_kind='council';
      UPDATE org_unit SET unit_kind='council', federation='ftuu';
      INSERT OR REPLACE INTO org_unit(code, unit_kind, name) VALUES('a', 'council', 'N');
      INSERT OR REPLACE INTO figure(unit, measure, as_of, source, value) VALUES('a', 'members', '2025', 's', 1);
      INSERT OR REPLACE INTO figure(unit, measure, as_of, source, value) VALUES('a', 'members', '2025', 's', 1);
      """)
    #expect(result.errors == "")
    #expect(
      try node.sealedWords() == [
        "insert org_unit a unit_kind=council name=N", "insert figure a/members/2025/s value=1",
      ])
  }

  @Test("An upsert need not name a frozen field, and what OR REPLACE empties of one comes back")
  func frozenUpsert() throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO org_unit(code, unit_kind, name) VALUES('a', 'council', 'M'), ('b', 'council', 'M');")
    try node.seal()
    let result = try node.shell(
      """
      INSERT INTO org_unit(code, name) VALUES('a', 'N') ON CONFLICT(code) DO UPDATE SET name=excluded.name;
      INSERT OR REPLACE INTO org_unit(code, name) VALUES('b', 'O');
      INSERT OR IGNORE INTO org_unit(code, name) VALUES('b', 'P');
      """)
    #expect(result.errors == "")
    #expect(try node.sealedWords() == ["edit org_unit a name=N", "edit org_unit b name=O"])
    #expect(try node.column("unit_kind", "org_unit") == ["council", "council"])
    #expect(try node.store.verify().problems == [])
  }

  @Test("Append-only facts are captured as insertions")
  func appendOnly() throws {
    let node = try House().addKept("ftuu")
    try node.shell(
      "INSERT INTO dispute_week(dispute, week, reporter, tension) VALUES('d', '2025-W01', 'r', 3), ('d', '2025-W02', 'r', 4);"
    )
    #expect(
      try node.sealedWords() == [
        "insert dispute_week d/2025-W01/r tension=3", "insert dispute_week d/2025-W02/r tension=4",
      ])
  }

  @Test("Without triggers nothing is captured; opening builds them again, and what was typed waits for a person")
  func droppedTriggers() throws {
    let node = try House().addKept("ftuu")
    try node.shell("DROP TRIGGER birlik_org_unit_insert; INSERT INTO org_unit(code) VALUES('lost');")
    try node.store.close()
    try node.open()
    #expect(try node.store.status().notice?.contains("triggers were missing") == true)
    try node.shell("INSERT INTO org_unit(code) VALUES('found');")
    #expect(try node.captured() == ["org_unit found: insert"])
    #expect(try node.store.held().map(\.key) == ["lost"])
    #expect(try node.store.confirmHeld().records == 1)
    #expect(try node.changes().map(\.key.display) == ["found", "lost"])
  }

  @Test("No function in the schema stops a client that trusts no schema, and no kind has a rowid")
  func schema() throws {
    let node = try House().addKept("ftuu")
    let result = try SQLiteShell.run(
      node.path, "PRAGMA trusted_schema=0; INSERT INTO org_unit(code, name) VALUES('a', 'b'); DELETE FROM org_unit;")
    #expect(result.errors == "")
    #expect(try node.captured() == ["org_unit a: insert", "org_unit a: delete"])
    let tables = try node.column("sql", "sqlite_master WHERE type='table' AND name NOT LIKE 'birlik%'")
    #expect(tables.count == 22)
    for sql in tables {
      #expect(sql.hasSuffix("WITHOUT ROWID"))
      for word in ["NOCASE", "json", "STRICT", "UNIQUE", "REFERENCES"] { #expect(!sql.contains(word)) }
    }
    #expect(try node.count("sqlite_master WHERE type='trigger' AND (sql LIKE '%json%' OR sql LIKE '%CONFLICT%')") == 0)
  }
}
