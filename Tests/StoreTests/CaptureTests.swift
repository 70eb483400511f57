import TestSupport
import Testing

@testable import Store

/// Every way in which a clerk may write a row, through the real `sqlite3` shell: what is captured and what is sealed.
@Suite struct CaptureTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    var name: String
    var before = "INSERT INTO org_unit(code, name, area) VALUES('a', 'One', 'UZ-TK');"
    var sql: String
    var captured: [String]
    var sealed: [String]
    var testDescription: String { name }
  }

  static let shapes: [Shape] = [
    Shape(
      name: "insert", sql: "INSERT INTO org_unit(code, name) VALUES('b', 'Two');", captured: ["org_unit b: insert"],
      sealed: ["insert org_unit b name=Two"]),
    Shape(
      name: "multi-row insert", sql: "INSERT INTO org_unit(code, name) VALUES('c', 'Three'), ('b', 'Two');",
      captured: ["org_unit c: insert", "org_unit b: insert"],
      sealed: ["insert org_unit b name=Two", "insert org_unit c name=Three"]),
    Shape(
      name: "update of one column", sql: "UPDATE org_unit SET name='Zwei';", captured: ["org_unit a: name"],
      sealed: ["edit org_unit a name=Zwei"]),
    Shape(
      name: "update to NULL", sql: "UPDATE org_unit SET area=NULL;", captured: ["org_unit a: area"],
      sealed: ["edit org_unit a area=∅"]),
    Shape(
      name: "update from NULL", sql: "UPDATE org_unit SET website='x';", captured: ["org_unit a: website"],
      sealed: ["edit org_unit a website=x"]),
    Shape(
      name: "update of two columns", sql: "UPDATE org_unit SET name='Zwei', area=NULL;",
      captured: ["org_unit a: area", "org_unit a: name"], sealed: ["edit org_unit a area=∅ name=Zwei"]),
    Shape(
      name: "the whole row rewritten with one difference",
      sql: "UPDATE org_unit SET code=code, federation=federation, name='Zwei', area=area, activity=activity;",
      captured: ["org_unit a: name"], sealed: ["edit org_unit a name=Zwei"]),
    Shape(
      name: "update of a group",
      before: "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025', 'sectoral', 7);",
      sql: "UPDATE membership_return SET members_total=8, members_women=3;",
      captured: ["membership_return a/2025/sectoral: counts"],
      sealed: [
        "edit membership_return a/2025/sectoral members_total=8 members_employees=∅ members_women=3 members_youth=∅ "
          + "members_retired=∅ primaries=∅ employees_covered=∅ method=∅"
      ]),
    Shape(name: "update of nothing", sql: "UPDATE org_unit SET name='One', area='UZ-TK';", captured: [], sealed: []),
    Shape(name: "update without a row", sql: "UPDATE org_unit SET name='x' WHERE code='b';", captured: [], sealed: []),
    Shape(
      name: "delete", sql: "DELETE FROM org_unit;", captured: ["org_unit a: delete"], sealed: ["delete org_unit a"]),
    Shape(
      name: "INSERT OR REPLACE of a new row", sql: "INSERT OR REPLACE INTO org_unit(code, name) VALUES('b', 'Two');",
      captured: ["org_unit b: insert"], sealed: ["insert org_unit b name=Two"]),
    Shape(
      name: "INSERT OR REPLACE with the same values",
      sql: "INSERT OR REPLACE INTO org_unit(code, name, area) VALUES('a', 'One', 'UZ-TK');",
      captured: ["org_unit a: insert"], sealed: []),
    Shape(
      name: "INSERT OR REPLACE with other values",
      sql: "REPLACE INTO org_unit(code, name) VALUES('a', 'Zwei');", captured: ["org_unit a: insert"],
      sealed: ["edit org_unit a area=∅ name=Zwei"]),
    Shape(
      name: "upsert of a new row",
      sql: "INSERT INTO org_unit(code, name) VALUES('b', 'Two') ON CONFLICT(code) DO UPDATE SET name=excluded.name;",
      captured: ["org_unit b: insert"], sealed: ["insert org_unit b name=Two"]),
    Shape(
      name: "upsert over a row",
      sql: "INSERT INTO org_unit(code, name) VALUES('a', 'Zwei') ON CONFLICT(code) DO UPDATE SET name=excluded.name;",
      captured: ["org_unit a: name"], sealed: ["edit org_unit a name=Zwei"]),
    Shape(
      name: "upsert that does nothing",
      sql: "INSERT INTO org_unit(code, name) VALUES('a', 'Zwei') ON CONFLICT DO NOTHING;", captured: [], sealed: []),
    Shape(
      name: "key change", sql: "UPDATE org_unit SET code='b';", captured: ["org_unit a: delete", "org_unit b: insert"],
      sealed: ["delete org_unit a", "insert org_unit b area=UZ-TK name=One"]),
    Shape(
      name: "key change with another column", sql: "UPDATE org_unit SET code='b', name='Two';",
      captured: ["org_unit a: delete", "org_unit b: insert", "org_unit b: name"],
      sealed: ["delete org_unit a", "insert org_unit b area=UZ-TK name=Two"]),
    Shape(
      name: "outer OR IGNORE",
      sql: """
        INSERT OR IGNORE INTO org_unit(code, name) VALUES('a', 'Zwei'), ('b', 'Two');
        UPDATE OR IGNORE org_unit SET name='Deux' WHERE code='b';
        """,
      captured: ["org_unit b: insert", "org_unit b: name"], sealed: ["insert org_unit b name=Deux"]),
    Shape(
      name: "UPDATE OR REPLACE onto another key",
      before: "INSERT INTO org_unit(code, name, area) VALUES('a', 'One', 'UZ-TK'), ('b', 'Two', NULL);",
      sql: "UPDATE OR REPLACE org_unit SET code='b' WHERE code='a';",
      captured: ["org_unit a: delete", "org_unit b: insert"],
      sealed: ["delete org_unit a", "edit org_unit b area=UZ-TK name=One"]),
    Shape(
      name: "a transaction rolled back",
      sql: "BEGIN; UPDATE org_unit SET name='x'; DELETE FROM org_unit; ROLLBACK;", captured: [], sealed: []),
    Shape(
      name: "a savepoint rolled back",
      sql: """
        BEGIN; UPDATE org_unit SET name='Zwei'; SAVEPOINT s; UPDATE org_unit SET area='x'; DELETE FROM org_unit;
        ROLLBACK TO s; RELEASE s; COMMIT;
        """, captured: ["org_unit a: name"], sealed: ["edit org_unit a name=Zwei"]),
    Shape(
      name: "VACUUM", sql: "UPDATE org_unit SET name='Zwei'; VACUUM; INSERT INTO org_unit(code) VALUES('b'); VACUUM;",
      captured: ["org_unit a: name", "org_unit b: insert"], sealed: ["edit org_unit a name=Zwei", "insert org_unit b"]),
    Shape(
      name: "INSERT ... SELECT",
      sql: "INSERT INTO org_unit(code, name) SELECT code || '2', name FROM org_unit;",
      captured: ["org_unit a2: insert"],
      sealed: ["insert org_unit a2 name=One"]),
    Shape(
      name: "a set element by element",
      before: #"INSERT INTO org_unit(code, activity) VALUES('a', '["x","y"]');"#,
      sql: #"UPDATE org_unit SET activity='["y","z"]';"#, captured: ["org_unit a: activity"],
      sealed: ["edit org_unit a activity-x activity+z"]),
    Shape(
      name: "a local column",
      before: "INSERT INTO dispute(id, employer, area) VALUES('d', 'ACME', 'UZ');",
      sql: "UPDATE dispute SET employer='Other';", captured: [], sealed: []),
    Shape(
      name: "a local kind", before: "INSERT INTO member(id, name) VALUES('m', 'Anna');",
      sql: "UPDATE member SET name='Berta'; INSERT INTO member(id) VALUES('n'); DELETE FROM member WHERE id='m';",
      captured: [], sealed: []),
  ]

  @Test("Each shape of edit is captured and sealed exactly", arguments: shapes)
  func shape(_ shape: Shape) throws {
    let node = try House().addKept("ftuu")
    #expect(try node.shell(shape.before).errors == "")
    try node.seal()
    #expect(try node.shell(shape.sql).errors == "")
    // SQLite does not define in which order it fires the triggers of one event.
    let captured = try node.captured()
    #expect(captured.sorted() == shape.captured.sorted())
    let sealed = try node.sealedWords()
    #expect(sealed.sorted() == shape.sealed.sorted())
    #expect(try node.captured() == [])
    #expect(try node.sealedWords() == [])
    #expect(try node.store.verify().problems == [])
  }
}
