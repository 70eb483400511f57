import SyncCore
import TestSupport
import Testing

@testable import Store

/// What another program does to the form of a table is no edit: the form comes back, and what was typed counts.
@Suite struct TableFormTests {
  /// Two offices' worth of one federation: headquarters and two nodes, in sync, each with three returns.
  private func begun() throws -> (house: House, hq: TestNode, uz: TestNode, office: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    try uz.type(
      """
      INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'A', 'UZ', '["x"]'), ('b', 'B', NULL, NULL);
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women) VALUES
        ('a', '2025-10-31', 'territorial', 100, 40), ('b', '2025-10-31', 'territorial', 200, NULL),
        ('c', '2025-10-31', 'territorial', 300, 1);
      """)
    try Exchange.settle(hq, [uz, office])
    return (house, hq, uz, office)
  }

  private func returns(_ node: TestNode) throws -> [[String]] {
    try node.rows(["unit", "federation", "members_total", "members_women"], "membership_return ORDER BY unit")
  }

  private func notice(_ node: TestNode) throws -> String { try node.store.status().notice ?? "" }

  /// Everybody shows the same, and the log, the rows and the capture of everybody are sound.
  private func expectSettled(_ nodes: [TestNode], _ expected: [[String]]) throws {
    for node in nodes {
      #expect(try returns(node) == expected, "\(node.name)")
      #expect(try node.store.verify().problems == [], "\(node.name)")
      #expect(try node.store.checkRows(takes: false) { _ in }.differences == 0, "\(node.name)")
      #expect(try node.store.conflicts().isEmpty, "\(node.name)")
    }
  }

  private static let whole = [
    ["a", "ftuu", "100", "40"], ["b", "ftuu", "200", "∅"], ["c", "ftuu", "300", "1"],
  ]
  private static let edited = [
    ["a", "ftuu", "101", "40"], ["b", "ftuu", "200", "∅"], ["c", "ftuu", "300", "1"],
  ]

  /// A table as pandas and others write it: without key, default and checks.
  private static func rebuilt(
    _ columns: String = "unit TEXT, as_of TEXT, axis TEXT, members_total INTEGER, members_women REAL"
  )
    -> String
  {
    let names = columns.split(separator: ", ").map { $0.split(separator: " ")[0] }.joined(separator: ", ")
    return """
      CREATE TABLE fresh(\(columns));
      INSERT INTO fresh SELECT \(names) FROM membership_return;
      DROP TABLE membership_return;
      ALTER TABLE fresh RENAME TO membership_return;

      """
  }

  // MARK: Columns

  @Test(
    "A renamed column gets its name again, and empties nothing anywhere",
    arguments: ["headquarters", "office"], ["", "UPDATE membership_return SET jami=101 WHERE unit='a';"])
  func renamedColumn(place: String, edit: String) throws {
    let (house, hq, uz, office) = try begun()
    let node = place == "office" ? uz : hq
    let result = try node.shell("ALTER TABLE membership_return RENAME COLUMN members_total TO jami;" + edit)
    #expect(result.errors == "")
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], edit.isEmpty ? Self.whole : Self.edited)
    let told = try #require(try node.store.reportNotice())
    #expect(told.contains("the column jami of membership_return is called members_total again"))
    #expect(try node.store.reportNotice() == nil)
    #expect(try notice(node) == told)
    try node.store.dismissNotice()
    #expect(try node.store.status().notice == nil)
    _ = house
  }

  @Test("A column that is renamed and edited without triggers is told by its constraint")
  func renamedUnseen() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell(
      """
      ALTER TABLE membership_return RENAME COLUMN members_total TO jami;
      DROP TRIGGER birlik_membership_return_insert;
      .dbconfig enable_trigger off
      UPDATE membership_return SET jami=101 WHERE unit='a';
      """)
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited)
    _ = house
  }

  @Test("A dropped column is filled from the log, and its unsent edits are reported")
  func droppedColumn() throws {
    let (house, hq, uz, office) = try begun()
    let triggers = try uz.column("name", "sqlite_master WHERE type='trigger' AND tbl_name='org_unit'")
    let drops = triggers.map { "DROP TRIGGER \($0);" }.joined()
    let result = try uz.shell(
      "UPDATE org_unit SET area='KZ' WHERE code='a'; UPDATE org_unit SET name='BB' WHERE code='b';"
        + drops + "ALTER TABLE org_unit DROP COLUMN area;")
    #expect(result.errors == "")
    let before = try uz.lastSegment()
    try Exchange.settle(hq, [uz, office])
    for node in [hq, uz, office] {
      #expect(try node.rows(["code", "name", "area"], "org_unit") == [["a", "A", "UZ"], ["b", "BB", "∅"]])
    }
    #expect(try uz.changes(after: before).map(\.key.display) == ["b"])
    #expect(try notice(uz).contains("area of org_unit had been dropped and is back, filled from the log"))
    #expect(try notice(uz).contains("1 edit that had not been sent went with it"))
    try expectSettled([hq, uz, office], Self.whole)
    _ = house
  }

  @Test("A tool that renames a column while it builds the table anew renames it, and one that adds a column does not")
  func renamedWhileRebuilt() throws {
    let (house, hq, uz, office) = try begun()
    func copy(_ table: String, _ columns: [(from: String, to: String)]) -> String {
      let list = columns.map { "\($0.from) AS \($0.to)" }.joined(separator: ", ")
      return "CREATE TABLE f AS SELECT \(list) FROM \(table); DROP TABLE \(table); ALTER TABLE f RENAME TO \(table);"
    }
    let all = try uz.column("name", "pragma_table_info('membership_return')")
    try uz.shell(
      copy("membership_return", all.map { ($0, $0 == "members_total" ? "jami" : $0) })
        + "UPDATE membership_return SET jami=101 WHERE unit='a';")
    try office.shell(
      copy("membership_return", all.filter { $0 != "remark" }.map { ($0, $0) })
        + "ALTER TABLE membership_return ADD COLUMN mine TEXT; UPDATE membership_return SET mine='m' WHERE unit='b';")
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited)
    #expect(try office.column("mine", "membership_return ORDER BY unit") == ["∅", "m", "∅"])
    #expect(try hq.column("remark", "membership_return") == ["∅", "∅", "∅"])
    _ = house
  }

  @Test("Names in other letters are the same names", arguments: ["ALTER", "rebuilt"])
  func otherCase(how: String) throws {
    let (house, hq, uz, office) = try begun()
    let alter = """
      ALTER TABLE membership_return RENAME COLUMN members_total TO Members_Total;
      ALTER TABLE membership_return RENAME TO other;
      ALTER TABLE other RENAME TO Membership_Return;

      """
    let columns = "Unit TEXT, AS_OF TEXT, Axis TEXT, Federation TEXT, MEMBERS_TOTAL INTEGER, Members_Women INTEGER"
    try uz.shell(
      (how == "ALTER" ? alter : Self.rebuilt(columns))
        + "UPDATE MEMBERSHIP_RETURN SET MEMBERS_TOTAL=101 WHERE UNIT='a';")
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited)
    _ = house
  }

  @Test("A renamed local column keeps its values and stays at home")
  func localColumn() throws {
    let (house, hq, uz, _) = try begun()
    let column = try #require(
      try uz.store.catalog().kinds.first { $0.name == "member" }?.fields.first { $0.name == "sex" }?.name)
    try uz.shell(
      "INSERT INTO member(id, sex) VALUES('1', 'female'); ALTER TABLE member RENAME COLUMN \(column) TO gender;")
    try Exchange.settle(hq, [uz])
    #expect(try uz.rows(["id", "sex"], "member") == [["1", "female"]])
    _ = house
  }

  // MARK: Tables

  @Test("A renamed table gets its name again, and what was typed there counts", arguments: [false, true])
  func renamedTable(besideView: Bool) throws {
    let (house, hq, uz, office) = try begun()
    let view = "CREATE VIEW Membership_Return AS SELECT unit, members_total FROM returns;"
    let result = try uz.shell(
      "ALTER TABLE membership_return RENAME TO returns;" + (besideView ? view : "")
        + "UPDATE returns SET members_total=101 WHERE unit='a';")
    #expect(result.errors == "")
    try uz.store.close()
    try uz.open()
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited)
    #expect(try notice(uz).contains("the table returns is called membership_return again"))
    if besideView {
      #expect(try notice(uz).contains("the view Membership_Return of yours is called Membership_Return_own now"))
      #expect(try uz.column("members_total", "Membership_Return_own ORDER BY unit") == ["101", "200", "300"])
    }
    _ = house
  }

  @Test("A table that was renamed and replaced by an empty one deletes nothing that nobody confirmed")
  func replacedByEmpty() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell(
      """
      ALTER TABLE membership_return RENAME TO returns;
      CREATE TABLE membership_return(unit TEXT, as_of TEXT, axis TEXT, members_total INTEGER);
      UPDATE returns SET members_total=101 WHERE unit='a';
      INSERT INTO membership_return VALUES('d', '2025-10-31', 'territorial', 4);
      """)
    try Exchange.settle(hq, [uz, office])
    #expect(try returns(hq).last == ["d", "ftuu", "4", "∅"])
    #expect(try uz.column("members_total", "returns ORDER BY unit") == ["101", "200", "300"])
    _ = house
  }

  @Test("A dropped table comes back from the log; a deletion that waits to be sent stays one")
  func droppedTable() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell(
      """
      DELETE FROM membership_return WHERE unit='c';
      UPDATE membership_return SET members_women=7 WHERE unit='a';
      DROP TABLE membership_return;
      """)
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Array(Self.whole.dropLast()))
    #expect(try notice(uz).contains("was missing and was built again from the log; 1 edit that had not been sent"))
    _ = house
  }

  @Test("Rows typed into a table that a tool built anew are taken, with their owner")
  func rebuiltTable() throws {
    let (house, hq, uz, office) = try begun()
    let result = try uz.shell(
      Self.rebuilt() + """
        INSERT INTO membership_return VALUES('d', '2025-10-31', 'territorial', 4, 2.0), ('e', '2025-10-31', NULL, 5, 1);
        UPDATE membership_return SET members_total=101 WHERE unit='a';
        CREATE INDEX by_unit ON membership_return(unit);
        ALTER TABLE membership_return ADD COLUMN note TEXT NOT NULL DEFAULT 'mine';
        """)
    #expect(result.errors == "")
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited + [["d", "ftuu", "4", "2"]])
    #expect(try uz.column("note", "membership_return WHERE unit='a'") == ["mine"])
    #expect(try uz.column("name", "sqlite_master WHERE name='by_unit'") == ["by_unit"])
    let refused = try uz.store.refusedEdits()
    #expect(refused.map(\.reason) == ["its axis is empty, which is part of its key"])
    #expect(
      try uz.shell("INSERT INTO membership_return(unit, as_of, axis) VALUES('f', '2025-10-31', 'territorial')").errors
        == "")
    #expect(try uz.value("federation", "membership_return WHERE unit='f'") == "ftuu")
    _ = house
  }

  @Test("Of two rows of one key in a table without a key the later one counts, and the other is kept")
  func twiceTheSameKey() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell(
      Self.rebuilt()
        + "INSERT INTO membership_return VALUES('a', '2025-10-31', 'territorial', 101, 40), ('b', '2025-10-31', 'territorial', 200, NULL)"
    )
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.edited)
    #expect(try uz.store.refusedEdits().map(\.key) == ["a/2025-10-31/territorial"])
    _ = house
  }

  @Test("A rebuilt table without one of the key's columns is set aside, and nothing of it is lost")
  func withoutKey() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell(
      "CREATE TABLE f AS SELECT unit, members_total + 1 AS members_total FROM membership_return; DROP TABLE membership_return; ALTER TABLE f RENAME TO membership_return;"
    )
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.whole)
    #expect(try uz.column("members_total", "membership_return_own ORDER BY unit") == ["101", "201", "301"])
    _ = house
  }

  @Test("A column of a clerk's own that would refuse others' records may be empty afterwards")
  func requiredColumn() throws {
    let (house, hq, uz, office) = try begun()
    let columns = "unit TEXT, as_of TEXT, axis TEXT, members_total INTEGER, members_women INTEGER"
    try uz.shell(
      """
      CREATE TABLE fresh(\(columns), mine TEXT NOT NULL, twice INTEGER AS (members_total * 2));
      INSERT INTO fresh SELECT unit, as_of, axis, members_total, members_women, 'x' FROM membership_return;
      DROP TABLE membership_return; ALTER TABLE fresh RENAME TO membership_return;
      """)
    try hq.type("INSERT INTO org_unit(code, federation) VALUES('q', 'otuts')")
    try office.type("INSERT INTO membership_return(unit, as_of, axis) VALUES('z', '2025-10-31', 'territorial')")
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.whole + [["z", "ftuu", "∅", "∅"]])
    #expect(try uz.rows(["mine", "twice"], "membership_return ORDER BY unit").first == ["x", "200"])
    _ = house
  }

  // MARK: A new catalog

  @Test(
    "Whatever of a clerk's has a name that a new catalog needs gets another one, and the catalog is adopted",
    arguments: [
      ("CREATE TABLE Facility(own TEXT)", "the table Facility of yours is called Facility_own"),
      ("CREATE VIEW FACILITY AS SELECT 1 AS x", "the view FACILITY of yours is called FACILITY_own"),
      (
        "CREATE VIEW facility AS SELECT code FROM org_unit; CREATE VIEW second AS SELECT * FROM facility",
        "the view facility of yours is called facility_own"
      ),
      ("CREATE INDEX facility ON org_unit(name)", "the index facility of yours is called facility_own"),
      ("CREATE VIRTUAL TABLE facility USING fts5(text)", "the table facility of yours is called facility_own"),
      (
        "CREATE TABLE facility(x); CREATE TRIGGER birlik_facility_insert AFTER INSERT ON facility BEGIN SELECT 1; END",
        "the trigger birlik_facility_insert of yours is called own_birlik_facility_insert"
      ),
      ("ALTER TABLE org_unit ADD COLUMN Phone TEXT", "the column Phone of yours in org_unit is called phone_own"),
      (
        "ALTER TABLE org_unit ADD COLUMN phone TEXT AS (upper(name))",
        "the column phone of yours in org_unit is called phone_own"
      ),
    ])
  func inTheWay(sql: String, words: String) throws {
    let (house, hq, uz, _) = try begun()
    #expect(try uz.shell(sql).errors == "")
    let names = "sqlite_master WHERE name NOT LIKE 'birlik%' AND name NOT LIKE 'sqlite%'"
    let before = try uz.count(names)
    for node in [hq, uz] { try node.store.adopt(House.later.get()) }
    try hq.type(
      "INSERT INTO facility(id, name) VALUES('f', 'F'); UPDATE org_unit SET phone='1' WHERE federation='otuts'")
    try Exchange.settle(hq, [uz])
    #expect(try uz.column("name", "facility") == ["F"])
    #expect(try uz.count(names) > before)
    let told = try notice(uz)
    #expect(told.contains(words), "\(told)")
    #expect(try uz.shell("PRAGMA integrity_check; SELECT count(*) FROM facility;").output == "ok\n1\n")
    try uz.store.close()
    try uz.open()
    #expect(try uz.store.verify().problems == [])
    _ = house
  }

  // MARK: Constraints of an older program

  @Test("A table with an older program's constraints gets the catalog's, and no row is touched")
  func olderConstraints() throws {
    let (house, hq, uz, office) = try begun()
    try uz.shell("ALTER TABLE membership_return ADD COLUMN mine TEXT; UPDATE membership_return SET mine='m';")
    try uz.store.close()
    // As an older program wrote it: no constraint at all on one column, another one on the next.
    let older = try SQLiteShell.run(
      uz.path,
      """
      .dbconfig defensive off
      PRAGMA writable_schema=ON;
      UPDATE sqlite_master SET sql=replace(replace(sql, 'CONSTRAINT "members_women must', 'CONSTRAINT "members_women has to'),
        'CONSTRAINT "remark must', 'CONSTRAINT "remark has to') WHERE name='membership_return';
      UPDATE birlik_meta SET value='older' WHERE name='checked_form';
      """)
    #expect(older.errors == "")
    #expect(
      try SQLiteShell.answer(uz.path, "SELECT sql FROM sqlite_master WHERE name='membership_return'").contains("has to")
    )
    try uz.open()
    let sql = try SQLiteShell.answer(uz.path, "SELECT sql FROM sqlite_master WHERE name='membership_return'")
    #expect(!sql.contains("has to"))
    #expect(sql.contains("members_women must"))
    #expect(try SQLiteShell.answer(uz.path, "PRAGMA integrity_check") == "ok")
    #expect(
      try SQLiteShell.run(uz.path, "UPDATE membership_return SET members_women='x'").errors.contains(
        "members_women must"))
    #expect(try uz.column("mine", "membership_return") == ["m", "m", "m"])
    #expect(try uz.captured() == [])
    try Exchange.settle(hq, [uz, office])
    try expectSettled([hq, uz, office], Self.whole)
    _ = house
  }

  @Test(
    "What a clerk built with a function of another program is taken away with its text, and stops nobody",
    arguments: [
      "CREATE INDEX mine ON org_unit(name COLLATE uint)", "CREATE INDEX mine ON org_unit(regexp('a', name))",
      "ALTER TABLE org_unit ADD COLUMN mine TEXT AS (regexp('a', name))",
    ])
  func unusableObject(statement: String) throws {
    let (house, hq, uz, office) = try begun()
    let result = try uz.shell("\(statement); UPDATE org_unit SET name='AA' WHERE code='a';")
    #expect(result.errors == "")
    try office.type("UPDATE org_unit SET name='BB' WHERE code='b'")
    try Exchange.settle(hq, [uz, office])
    for node in [hq, uz, office] {
      #expect(try node.rows(["code", "name", "area"], "org_unit") == [["a", "AA", "UZ"], ["b", "BB", "∅"]])
    }
    let text = statement.replacing("ALTER TABLE org_unit ADD COLUMN ", with: "")
    let told = try notice(uz)
    #expect(told.contains(text), "\(told)")
    try expectSettled([hq, uz, office], Self.whole)
    _ = house
  }
}
