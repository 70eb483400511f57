import Consolidation
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Files that an older Birlik made.
@Suite struct SchemaUpgradeTests {
  /// Takes back what later versions added: the tables as version 1 made them.
  private let toVersion1 = """
    PRAGMA writable_schema=OFF;
    CREATE TABLE old(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, first INTEGER NOT NULL,
      last INTEGER NOT NULL, hash BLOB NOT NULL, problem TEXT, bytes BLOB NOT NULL);
    INSERT INTO old SELECT id, stream, first, last, hash, problem, bytes FROM birlik_segment;
    DROP TABLE birlik_segment;
    ALTER TABLE old RENAME TO birlik_segment;
    CREATE UNIQUE INDEX birlik_segment_hash ON birlik_segment(hash);
    CREATE INDEX birlik_segment_place ON birlik_segment(stream, last);
    DROP TABLE birlik_snapshot;
    DROP TABLE birlik_piece;
    ALTER TABLE birlik_waiting DROP COLUMN author;
    DROP TABLE birlik_total;
    CREATE TABLE birlik_total(indicator TEXT NOT NULL, slot TEXT NOT NULL, federation TEXT NOT NULL,
      day INTEGER NOT NULL, amount INTEGER NOT NULL, reported INTEGER NOT NULL, expected INTEGER NOT NULL,
      PRIMARY KEY(indicator, slot, federation, day)) WITHOUT ROWID;
    PRAGMA user_version=1;
    DELETE FROM birlik_meta WHERE name='schema';
    """

  @Test(
    "A file of version 1 is upgraded when it is opened, with all that is in it, also one that a tool copied",
    arguments: ["", "PRAGMA user_version=0; PRAGMA application_id=0;", "PRAGMA user_version=7;"])
  func upgrade(marks: String) throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name, unit_kind) VALUES('a', 'One', 'primary_organization')")
    try Exchange.sync(uz, hq)
    try uz.type("UPDATE org_unit SET name='typed before the upgrade'")
    let schema = "sqlite_master WHERE name LIKE 'birlik_%' ORDER BY name"
    let new = try uz.column("name", schema)
    try uz.store.close()
    #expect(try SQLiteShell.run(uz.path, toVersion1 + marks).status == 0)
    try uz.open()
    #expect(try uz.value("user_version", "pragma_user_version") == "4")
    #expect(try uz.column("name", schema) == new)
    // Totals have another form: they are counted again when somebody asks for them.
    let units = try Opened.report(uz, "2026", "primary_organizations")
    #expect(units.counted == 1 && units.rows.map(\.unit) == ["ftuu"])
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit") == "typed before the upgrade")
    let held = try hq.store.frontier(visibleTo: uz.role)
    #expect(try uz.store.dropBodies(sealedBefore: Int64.max, heldBy: held).segments == 2)
    #expect(try uz.store.verify().problems == [])
    try uz.store.close()
    try uz.open()
    #expect(try uz.store.logSummary().prunedSegments == 2)
  }

  @Test("An upgrade that is cut leaves the file as it was")
  func cut() throws {
    let house = try House()
    let uz = try house.add("ftuu")
    try uz.store.close()
    // A table of that name is in the way in the middle of the upgrade.
    #expect(try SQLiteShell.run(uz.path, toVersion1 + "CREATE TABLE birlik_snapshot(x);").status == 0)
    #expect(throws: StoreError.self) { try uz.open() }
    #expect(try SQLiteShell.run(uz.path, "PRAGMA user_version;").output == "1\n")
    #expect(try SQLiteShell.run(uz.path, "SELECT count(*) FROM pragma_table_info('birlik_segment');").output == "7\n")
    #expect(try SQLiteShell.run(uz.path, "DROP TABLE birlik_snapshot;").status == 0)
    try uz.open()
  }
}
