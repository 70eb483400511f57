import SyncCore
import TestSupport
import Testing

@testable import Store

/// Rows changed behind the triggers' back are found, reported and captured.
@Suite struct RowCheckTests {
  /// A federation with synced records, and headquarters.
  private func begun() throws -> (house: House, hq: TestNode, uz: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type(
      """
      INSERT INTO org_unit(code, unit_kind, name, activity) VALUES('a', 'council', 'A', '["x"]'), ('b', NULL, 'B', NULL),
        ('c', NULL, 'C', NULL), ('d', NULL, 'D', NULL);
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('a', '2025-10-31', 'territorial', 100);
      INSERT INTO figure(unit, measure, as_of, source, value) VALUES('a', 'members', '2025', 's', 5);
      """)
    try Exchange.sync(uz, hq)
    // One record was edited since, so that its heads have the second form, and one holds an open conflict.
    try uz.type("UPDATE org_unit SET area='UZ' WHERE code='b'; UPDATE org_unit SET name='uz' WHERE code='d'")
    try hq.type("UPDATE org_unit SET name='hq' WHERE code='d'")
    try Exchange.sync(uz, hq)
    return (house, hq, uz)
  }

  private static let off = ".dbconfig enable_trigger off\n"

  private func differences(_ node: TestNode, takes: Bool = false) throws -> [RowDifference] {
    var found: [RowDifference] = []
    let report = try node.store.checkRows(takes: takes) { found.append($0) }
    #expect(report.differences == found.count)
    #expect(report.unknown == 0)
    return found
  }

  private static func words(_ difference: RowDifference) -> String {
    let fields = difference.fields.map { "\($0.name) \($0.old.display)→\($0.new.display)" }
    return ([difference.sort.rawValue, difference.kind, difference.key] + fields).joined(separator: " ")
      + (difference.refusal == nil ? "" : " !")
  }

  @Test("A file that was edited with triggers only has no differences, sealed or not")
  func sound() throws {
    let (house, hq, uz) = try begun()
    try uz.shell(
      "UPDATE org_unit SET name='typed', activity='[\"x\",\"y\"]'; DELETE FROM org_unit WHERE code='c'; INSERT INTO org_unit(code) VALUES('new')"
    )
    try uz.shell(
      "INSERT OR REPLACE INTO org_unit(code, name) VALUES('b', 'again'); UPDATE org_unit SET code='moved' WHERE code='new'"
    )
    #expect(try differences(uz) == [])
    #expect(try uz.captured().count > 4)
    try uz.seal()
    for node in [hq, uz] { #expect(try differences(node) == []) }
    _ = house
  }

  @Test("What was inserted, edited and deleted with triggers off is found, captured, sealed and sent")
  func switchedOff() throws {
    let (house, hq, uz) = try begun()
    try uz.shell(
      Self.off
        + """
        INSERT INTO org_unit(code, name) VALUES('e', 'E');
        UPDATE org_unit SET name='A2', activity='["x","z"]' WHERE code='a';
        UPDATE org_unit SET name='B2', area=NULL WHERE code='b';
        UPDATE org_unit SET remark='behind' WHERE code='d';
        DELETE FROM org_unit WHERE code='c';
        UPDATE membership_return SET members_total=130;
        """)
    try uz.shell("UPDATE org_unit SET website='seen' WHERE code='a'")
    #expect(try uz.captured() == ["org_unit a: website"])
    let expected = [
      #"edited org_unit a activity ["x"]→["x","z"] name A→A2 website →seen"#, "edited org_unit b area UZ→ name B→B2",
      "deleted org_unit c name C→", "edited org_unit d remark →behind", "inserted org_unit e name →E",
      "edited membership_return a/2025-10-31/territorial members_total 100→130",
    ]
    #expect(try differences(uz).map(Self.words) == expected)
    #expect(try uz.captured() == ["org_unit a: website"])
    #expect(try differences(uz, takes: true).map(Self.words) == expected)
    #expect(try differences(uz) == [])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["code", "name", "area", "activity", "website", "remark"], "org_unit ORDER BY code") == [
          ["a", "A2", "∅", #"["x","z"]"#, "seen", "∅"], ["b", "B2", "∅", "∅", "∅", "∅"],
          ["d", try uz.value("name", "org_unit WHERE code='d'") ?? "", "∅", "∅", "∅", "behind"],
          ["e", "E", "∅", "∅", "∅", "∅"],
        ])
      #expect(try node.value("members_total", "membership_return") == "130")
      #expect(try differences(node) == [])
      #expect(try node.store.verify().problems == [], "\(node.name)")
    }
    try expectEqual(hq, uz)
    #expect(try Recount.difference(uz) == nil)
    _ = house
  }

  @Test("What triggers would have refused is put back and kept as a refused edit")
  func putBack() throws {
    let (house, hq, uz) = try begun()
    try uz.shell(
      Self.off
        + """
        UPDATE org_unit SET unit_kind='sectoral_union', name='A2' WHERE code='a';
        UPDATE org_unit SET federation='fprk' WHERE code='b';
        UPDATE figure SET value=6;
        """)
    let found = try differences(uz, takes: true)
    #expect(found.map(Self.words).map { $0.hasSuffix("!") } == [true, true, true])
    #expect(try differences(uz) == [])
    #expect(try uz.rows(["unit_kind", "name"], "org_unit WHERE code='a'") == [["council", "A2"]])
    #expect(try uz.value("federation", "org_unit WHERE code='b'") == "ftuu")
    #expect(try uz.value("value", "figure") == "5")
    let refused = try uz.store.refusedEdits()
    #expect(refused.count == 3)
    #expect(refused.contains { $0.record.contains("sectoral_union") && $0.reason.contains("set once") })
    #expect(try uz.store.inbox().count { $0.sort == .refused } == 3)
    try uz.shell(Self.off + "DELETE FROM figure;")
    #expect(try differences(uz, takes: true).map(\.sort) == [.deleted])
    #expect(try uz.count("figure") == 1)
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "A2")
    try expectEqual(hq, uz)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
    _ = house
  }

  @Test("An absorbed edit between the change and the check hides nothing of the other fields")
  func absorbedBetween() throws {
    let (house, hq, uz) = try begun()
    try uz.shell(Self.off + "UPDATE org_unit SET name='behind' WHERE code IN ('a', 'b')")
    try hq.type("UPDATE org_unit SET area='KZ', website='hq' WHERE code IN ('a', 'b')")
    try uz.type("UPDATE org_unit SET website='uz' WHERE code='b'")
    try Exchange.sync(uz, hq)
    #expect(try differences(uz).map(\.key) == ["a", "b"])
    _ = try differences(uz, takes: true)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.column("name", "org_unit WHERE code IN ('a', 'b')") == ["behind", "behind"])
      #expect(try node.store.verify().problems == [])
    }
    _ = house
  }

  @Test(
    "A value that a conflict's heads took over from a changed row is kept as a refused edit, and heads are corrected"
  )
  func tainted() throws {
    let (house, hq, uz) = try begun()
    // Sealed here before headquarters' edit is known, so that both are heads.
    try uz.type("UPDATE org_unit SET name='uz' WHERE code='a'")
    try uz.seal()
    try uz.shell(Self.off + "UPDATE org_unit SET name='behind' WHERE code='a'")
    try hq.type("UPDATE org_unit SET name='hq' WHERE code='a'")
    try Exchange.sync(uz, hq)
    #expect(try uz.value("name", "org_unit WHERE code='a'") == "hq")
    #expect(try differences(uz, takes: true).map(Self.words) == ["edited org_unit a name uz→behind !"])
    #expect(try differences(uz) == [])
    #expect(try uz.store.refusedEdits().first?.record == #"{"name":"behind"}"#)
    #expect(try uz.store.conflicts().first { $0.key == "a" }?.others.map(\.display) == ["uz"])
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
    _ = house
  }

  struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var sql: String
  }

  static let damages = [
    Damage(testDescription: "dropped", sql: "DROP TRIGGER birlik_org_unit_5; DROP TRIGGER birlik_org_unit_delete;"),
    Damage(
      testDescription: "changed",
      sql:
        "DROP TRIGGER birlik_org_unit_5; CREATE TRIGGER birlik_org_unit_5 AFTER UPDATE OF name ON org_unit BEGIN SELECT 1; END;"
    ),
    Damage(
      testDescription: "dropped, with the schema's version put back",
      sql:
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_master WHERE name='birlik_org_unit_5'; PRAGMA writable_schema=OFF;"
    ),
    Damage(
      testDescription: "the table copied and renamed",
      sql: "CREATE TABLE t AS SELECT * FROM org_unit; DROP TABLE org_unit; ALTER TABLE t RENAME TO org_unit;"),
  ]

  @Test(
    "Triggers that were missing are built again, and what was written without them waits for a person",
    arguments: damages)
  func damaged(_ damage: Damage) throws {
    let (house, hq, uz) = try begun()
    let version = try uz.value("schema_version", "pragma_schema_version") ?? ""
    try uz.store.close()
    try uz.shell(damage.sql)
    if damage.testDescription.contains("put back") {
      #expect(try SQLiteShell.run(uz.path, "PRAGMA schema_version").output == version + "\n")
    }
    try uz.shell("UPDATE org_unit SET name='behind' WHERE code='a';")
    if !damage.testDescription.contains("put back") { try uz.shell(Self.off + "DELETE FROM org_unit WHERE code='c';") }
    try uz.open()
    // What was typed into a table that a tool built anew counts; what is gone from it waits.
    let isRebuilt = damage.testDescription.contains("copied")
    #expect(try uz.store.held().first?.key == (isRebuilt ? "c" : "a"))
    let notice = try #require(try uz.store.status().notice)
    #expect(notice.contains("built again"))
    #expect(notice.contains("without being noted"), "\(notice)")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == (isRebuilt ? "behind" : "A"))
    #expect(try hq.count("org_unit WHERE code='c'") == 1)
    _ = try uz.store.confirmHeld()
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.value("name", "org_unit WHERE code='a'") == "behind")
      #expect(try node.count("org_unit WHERE code='c'") == (damage.testDescription.contains("put back") ? 1 : 0))
      #expect(try node.store.verify().problems == [])
    }
    // The form is whole again: a clerk's tools, and others' edits, work as before.
    try uz.shell("INSERT INTO org_unit(code, name) VALUES('z', 'Z'); UPDATE org_unit SET name='Z2' WHERE code='z'")
    #expect(try uz.captured() == ["org_unit z: insert", "org_unit z: name"])
    try Exchange.sync(uz, hq)
    try expectEqual(hq, uz)
    _ = house
  }

  @Test(
    "A daemon that had the file open all the while finds the damage before it absorbs, even where it was hidden",
    arguments: [false, true])
  func whileOpen(isHidden: Bool) throws {
    let (house, hq, uz) = try begun()
    let version = try uz.value("schema_version", "pragma_schema_version") ?? ""
    try uz.shell("DROP TRIGGER birlik_org_unit_5")
    if isHidden { try uz.shell("PRAGMA schema_version=\(version);") }
    try uz.shell("UPDATE org_unit SET name='behind' WHERE code='a'")
    try hq.type("UPDATE org_unit SET name='hq' WHERE code='a'")
    try hq.seal()
    try Exchange.carry(from: hq, to: uz)
    try Exchange.sync(uz, hq)
    // Until a person decided, the row is as it was typed, and headquarters' edit is not overwritten.
    #expect(try uz.value("name", "org_unit WHERE code='a'") == "behind")
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "hq")
    #expect(try uz.store.confirmHeld().changedSince.map(\.key) == ["a"])
    #expect(try uz.store.confirmHeld(kind: "org_unit", key: "a").records == 1)
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "behind")
    #expect(try uz.store.status().notice?.contains("1 record had been edited") == true)
    _ = house
  }

  @Test("A program that has the file open and nothing to seal finds the damage all the same")
  func whileIdle() throws {
    let (house, hq, uz) = try begun()
    try uz.shell("DROP TRIGGER birlik_org_unit_5; UPDATE org_unit SET name='behind' WHERE code='a';")
    #expect(try uz.store.hasCaptured() == false)
    #expect(try uz.seal() == SealReport())
    #expect(try uz.store.confirmHeld().records == 1)
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "behind")
    _ = house
  }

  @Test("A table that was dropped comes back from the log, and a unique index that would refuse others' edits goes")
  func tables() throws {
    let (house, hq, uz) = try begun()
    try uz.store.close()
    try uz.shell("DROP TABLE org_unit; CREATE UNIQUE INDEX one ON membership_return(members_total);")
    try uz.open()
    #expect(try uz.column("code", "org_unit ORDER BY code") == ["a", "b", "c", "d"])
    #expect(try uz.captured() == [])
    let notice = try uz.store.status().notice ?? ""
    #expect(notice.contains("org_unit was missing"))
    #expect(notice.contains("unique index one"))
    try hq.type(
      "INSERT INTO membership_return(unit, as_of, axis, members_total, federation) VALUES('b', '2025', 'territorial', 100, 'ftuu')"
    )
    try Exchange.sync(uz, hq)
    #expect(try uz.count("membership_return") == 2)
    // One that a tool hides by putting the schema's version back is found too.
    let version = try uz.value("schema_version", "pragma_schema_version") ?? ""
    try uz.shell("CREATE UNIQUE INDEX two ON org_unit(name); PRAGMA schema_version=\(version);")
    try uz.store.setUpstream("http://127.0.0.1:2")
    #expect(try uz.count("sqlite_master WHERE name='two'") == 0)
    try expectEqual(hq, uz)
    #expect(try uz.store.verify().problems == [])
    _ = house
  }

  @Test("A rebuilt table keeps a clerk's own columns; rows that do not fit into it are kept as refused edits")
  func ownColumns() throws {
    let (house, hq, uz) = try begun()
    try uz.store.close()
    try uz.shell(
      """
      ALTER TABLE org_unit ADD COLUMN shelf TEXT;
      UPDATE org_unit SET shelf='3b' WHERE code='a';
      CREATE TABLE t AS SELECT * FROM org_unit;
      INSERT INTO t(code, name, federation) VALUES('a', 'twice', 'ftuu'), (NULL, 'no key', 'ftuu');
      DROP TABLE org_unit; ALTER TABLE t RENAME TO org_unit;
      """)
    try uz.open()
    #expect(try uz.rows(["name", "shelf"], "org_unit WHERE code='a'") == [["twice", "∅"]])
    #expect(try uz.store.refusedEdits().contains { $0.record.contains("3b") })
    #expect(Set(try uz.store.refusedEdits().map(\.key)) == ["a", ""])
    #expect(try uz.store.refusedEdits().contains { $0.record.contains("no key") })
    try uz.shell("INSERT INTO org_unit(code) VALUES('n')")
    #expect(try uz.value("federation", "org_unit WHERE code='n'") == "ftuu")
    // The later row empties fields of the record, which somebody has to confirm.
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "A")
    #expect(try uz.store.confirmHeld().records == 1)
    try Exchange.sync(uz, hq)
    try expectEqual(hq, uz)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
    _ = house
  }

  @Test("A rebuilt table keeps what clerks built on it, and a broken view or one of endless views stops nothing")
  func built() throws {
    let (house, hq, uz) = try begun()
    try uz.store.close()
    let endless = (1...40).map { "CREATE VIEW v\($0) AS SELECT a.x FROM v\($0 - 1) a, v\($0 - 1) b;" }.joined()
    try uz.shell(
      """
      CREATE VIEW names AS SELECT code, name FROM org_unit;
      CREATE VIEW broken AS SELECT x FROM nowhere;
      CREATE VIEW v0 AS SELECT 1 AS x; \(endless)
      CREATE TABLE mine(code TEXT REFERENCES org_unit(code), name TEXT);
      CREATE TABLE t AS SELECT * FROM org_unit;
      DROP TABLE org_unit; PRAGMA legacy_alter_table=ON; ALTER TABLE t RENAME TO org_unit;
      CREATE INDEX by_name ON org_unit(name);
      CREATE TRIGGER noting AFTER UPDATE ON org_unit BEGIN INSERT INTO mine VALUES(NEW.code, NEW.name); END;
      """)
    try uz.open()
    #expect(try uz.store.status().notice?.contains("org_unit had lost its form") == true)
    #expect(try uz.value("name", "pragma_index_info('org_unit')") == "code")
    #expect(
      try uz.column("name", "sqlite_master WHERE name IN ('by_name', 'noting') ORDER BY 1") == ["by_name", "noting"])
    try uz.shell("UPDATE org_unit SET name='after' WHERE code='a'")
    #expect(try uz.rows(["code", "name"], "mine") == [["a", "after"]])
    #expect(try uz.value("name", "names WHERE code='a'") == "after")
    #expect(try uz.count("sqlite_master WHERE sql LIKE '%birlik_new%' OR sql LIKE '%birlik_was%'") == 0)
    try Exchange.sync(uz, hq)
    try expectEqual(hq, uz)
    for node in [uz, hq] { #expect(try node.store.verify().problems == []) }
    _ = house
  }

  @Test("A sound file is not written when it is opened")
  func quiet() throws {
    let node = try House().addKept("ftuu")
    try node.store.close()
    let other = try Store(path: node.path, key: node.identity.key)
    let before = try other.dataVersion()
    try node.open()
    #expect(try other.dataVersion() == before)
    #expect(try node.store.status().notice == nil)
    try other.close()
  }

  @Test("More records than a batch holds, and a check beside a clerk at work")
  func batches() throws {
    let node = try House().addKept("ftuu")
    let count = RowCheck.batchLimit * 2 + 3
    try node.type(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<\(count)) "
        + "INSERT INTO org_unit(code, name) SELECT printf('u%06d', i), 'x' FROM n")
    try node.seal()
    try node.shell(
      Self.off
        + "UPDATE org_unit SET name='y' WHERE code IN ('u000001', 'u008192', 'u008193', 'u016384', 'u016387'); INSERT INTO org_unit(code) VALUES('a'), ('z'), ('u008192x'); DELETE FROM org_unit WHERE code='u000002'"
    )
    var records = 0
    var keys: [String] = []
    records = try node.store.checkRows(takes: false) { keys.append($0.key) }.records
    #expect(records == count + 3)
    #expect(keys == ["a", "u000001", "u000002", "u008192", "u008192x", "u008193", "u016384", "u016387", "z"])
  }
}
