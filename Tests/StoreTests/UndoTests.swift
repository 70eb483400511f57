import SyncCore
import TestSupport
import Testing

@testable import Store

/// A batch of this node's own edits is taken back by ordinary edits.
@Suite struct UndoTests {
  private func two() throws -> (uz: TestNode, hq: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    uz.house = house
    try uz.type(
      """
      INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'One', 'UZ', '["x"]'), ('b', 'Two', 'UZ', NULL),
        ('c', 'Three', NULL, NULL), ('d', 'Four', NULL, NULL);
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women)
        VALUES('a', '2025', 'territorial', 10, 4);
      """)
    try sync(uz, hq)
    return (uz, hq)
  }

  /// As a session does it.
  private func sync(_ uz: TestNode, _ hq: TestNode) throws {
    try Exchange.sync(uz, hq)
    try uz.store.rememberSync(at: SystemClock.now())
  }

  private let columns = ["code", "name", "area", "activity"]
  private static let before = [
    ["a", "One", "UZ", #"["x"]"#], ["b", "Two", "UZ", "∅"], ["c", "Three", "∅", "∅"], ["d", "Four", "∅", "∅"],
  ]
  private static let mess =
    """
    UPDATE org_unit SET name='x', area=NULL, activity='["y"]' WHERE code='a';
    UPDATE membership_return SET members_total=NULL;
    DELETE FROM org_unit WHERE code='b';
    INSERT INTO org_unit(code, name) VALUES('new', 'N');
    UPDATE org_unit SET name='x' WHERE code='c'; UPDATE org_unit SET name='y' WHERE code='c';
    """

  private func check(_ nodes: TestNode...) throws {
    for node in nodes {
      #expect(try node.store.verify().problems == [], "\(node.name)")
      #expect(try Recount.difference(node) == nil)
      #expect(try node.store.openConflictCount() == 0)
    }
  }

  @Test("What the last sync sent is as before everywhere; a dry run says the same and changes nothing")
  func lastSync() throws {
    let (uz, hq) = try two()
    try uz.type(Self.mess)
    try sync(uz, hq)
    let messed = try hq.rows(columns, "org_unit ORDER BY 1")
    let segments = try uz.lastSegment()
    let trial = try uz.store.undo(.lastSync, isDryRun: true)
    #expect(try uz.lastSegment() == segments)
    #expect(try uz.rows(columns, "org_unit ORDER BY 1") == messed)
    let report = try uz.store.undo(.lastSync, isDryRun: false)
    #expect(report == trial)
    #expect(report.left == [])
    #expect(
      report.undone.map { "\($0.sort) \($0.key)" }.sorted() == [
        "deleted new", "edited a", "edited a/2025/territorial", "edited c", "inserted b",
      ])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(columns, "org_unit ORDER BY 1") == Self.before)
      #expect(try node.value("members_total", "membership_return") == "10")
    }
    try check(uz, hq)
    // It is undone already.
    let again = try uz.store.undo(.lastSync, isDryRun: false)
    #expect(again.undone == [])
  }

  @Test("Everything since a time, what is not sealed included")
  func since() throws {
    let (uz, hq) = try two()
    let start = SystemClock.now() - 2
    try uz.type(Self.mess)
    let report = try uz.store.undo(.since(start), isDryRun: false)
    #expect(report.undone.count == 5)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] { #expect(try node.rows(columns, "org_unit ORDER BY 1") == Self.before) }
    try check(uz, hq)
    #expect(try uz.store.undo(.since(SystemClock.now() + 1000), isDryRun: false) == UndoReport())
  }

  @Test("What somebody edited later is left, and the rest of the record is as before")
  func later() throws {
    let (uz, hq) = try two()
    try uz.type(Self.mess)
    try sync(uz, hq)
    try hq.type(
      "UPDATE org_unit SET name='HQ' WHERE code IN ('a', 'new'); UPDATE org_unit SET name='HQ' WHERE code='c'")
    try Exchange.sync(uz, hq)
    let report = try uz.store.undo(.lastSync, isDryRun: false)
    #expect(
      report.left.map { "\($0.key): \($0.reason)" } == [
        "a: OTUTS edited it later", "c: OTUTS edited it later", "new: OTUTS edited it later",
      ])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(columns, "org_unit ORDER BY 1") == [
          ["a", "HQ", "UZ", #"["x"]"#], ["b", "Two", "UZ", "∅"], ["c", "HQ", "∅", "∅"], ["d", "Four", "∅", "∅"],
          ["new", "HQ", "∅", "∅"],
        ])
    }
    try check(uz, hq)
  }

  @Test("An import is undone, and records that are written once or fields that are set once are named")
  func imported() throws {
    let (uz, hq) = try two()
    func take(_ kind: String, _ header: [String], _ rows: [[String]]) throws {
      var rest = rows[...]
      var line = 1
      let report = try uz.store.importRows(kind: kind, header: header, isDryRun: false) {
        line += 1
        return rest.popFirst().map { ImportRow(line: line, texts: $0) }
      }
      #expect(report.problems == [])
    }
    #expect(throws: StoreError.self) { try uz.store.undo(.lastImport, isDryRun: true) }
    try take(
      "org_unit", ["code", "name", "unit_kind"],
      [["a", "Imported", "primary_organization"], ["e", "New", ""], ["f", "New", ""], ["d", "Four", ""]])
    try sync(uz, hq)
    try uz.type("UPDATE org_unit SET area='UZ-5' WHERE code='d'")
    let report = try uz.store.undo(.lastImport, isDryRun: false)
    #expect(report.undone.map { "\($0.sort) \($0.key)" } == ["edited a", "deleted e", "deleted f"])
    #expect(report.left.map { "\($0.key): \($0.reason)" } == ["a: unit_kind is set once"])
    #expect(report.editedAgain == 0)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(
        try node.rows(["code", "name", "area"], "org_unit ORDER BY 1") == [
          ["a", "One", "UZ"], ["b", "Two", "UZ"], ["c", "Three", "∅"], ["d", "Four", "UZ-5"],
        ])
    }
    try check(uz, hq)
  }

  @Test("Undoing a large import is not held, and what waits for a person is put back")
  func large() throws {
    let (uz, hq) = try two()
    let start = SystemClock.now() - 2
    try uz.type(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300) INSERT INTO org_unit(code) SELECT 'n'||i FROM n"
    )
    try sync(uz, hq)
    try uz.type("DELETE FROM org_unit")
    #expect(try uz.seal().held == 304)
    let report = try uz.store.undo(.since(start), isDryRun: false)
    #expect(report.undone.count { $0.sort == .inserted } == 304)
    #expect(report.undone.count { $0.sort == .deleted } == 300)
    #expect(try uz.store.heldCount() == 0)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] { #expect(try node.rows(columns, "org_unit ORDER BY 1") == Self.before) }
    try check(uz, hq)
  }
}
