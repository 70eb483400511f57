import SyncCore
import TestSupport
import Testing

@testable import Store

/// What did not change between two seals is no edit, however often it was typed.
@Suite struct UnchangedRowTests {
  /// A member with a record that headquarters holds as well, and headquarters.
  private func two() throws -> (uz: TestNode, hq: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    uz.house = house
    try uz.type(
      """
      INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'One', 'UZ', '["x","y"]');
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women)
        VALUES('a', '2025', 'territorial', 10, 4);
      """)
    try Exchange.sync(uz, hq)
    return (uz, hq)
  }

  private static let same =
    "INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'One', 'UZ', '[\"y\",\"x\"]');"

  static let statements: [[String]] = [
    ["DELETE FROM org_unit; \(same)"],
    ["DELETE FROM org_unit;", same],
    ["REPLACE INTO org_unit(code, name, area, activity) VALUES('a', 'One', 'UZ', '[\"x\",\"y\"]');"],
    ["UPDATE org_unit SET name='Two';", "UPDATE org_unit SET name='One';"],
    ["UPDATE org_unit SET name='Two', area=NULL; UPDATE org_unit SET area='UZ', name='One';"],
    ["UPDATE org_unit SET activity='[\"z\"]'; UPDATE org_unit SET activity='[\"x\",\"y\"]';"],
    ["UPDATE org_unit SET code='b';", "UPDATE org_unit SET code='a';"],
    ["UPDATE org_unit SET name='Two'; DELETE FROM org_unit; \(same)"],
    ["DELETE FROM org_unit; \(same) DELETE FROM org_unit; \(same)"],
    ["INSERT INTO org_unit(code, name) VALUES('b', 'gone'); DELETE FROM org_unit; \(same)"],
  ]

  @Test("Nothing is sealed, and another office's edit wins", arguments: statements)
  func nothing(_ statements: [String]) throws {
    let (uz, hq) = try two()
    for statement in statements { try uz.type(statement) }
    try hq.type("UPDATE org_unit SET name='Uch', activity='[\"x\"]'")
    try hq.seal()
    #expect(try uz.sealedWords() == [])
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(["name", "area", "activity"], "org_unit") == [["Uch", "UZ", #"["x"]"#]])
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.verify().problems == [])
      #expect(try Recount.difference(node) == nil)
    }
    #expect(try uz.count("birlik_old") == 0)
  }

  @Test("Only what changed of a row that was deleted and inserted again is an edit")
  func partly() throws {
    let (uz, hq) = try two()
    try uz.type(
      """
      DELETE FROM org_unit; INSERT INTO org_unit(code, name, area, activity) VALUES('a', 'Two', 'UZ', '["y","z"]');
      DELETE FROM membership_return;
      INSERT INTO membership_return(unit, as_of, axis, members_total, members_women)
        VALUES('a', '2025', 'territorial', 11, 4);
      """)
    try hq.type("UPDATE org_unit SET area='UZ-1'")
    let sealed = try uz.sealedWords()
    #expect(sealed.count == 2)
    #expect(sealed.first == "edit org_unit a activity-x activity+z name=Two")
    #expect(sealed.last?.contains("members_total=11") == true)
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.rows(["name", "area", "activity"], "org_unit") == [["Two", "UZ-1", #"["y","z"]"#]])
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test("A value shown in a conflict is not confirmed by inserting it again, nor by changing it there and back")
  func conflict() throws {
    let (uz, hq) = try two()
    try uz.type("UPDATE org_unit SET name='Two'")
    try hq.type("UPDATE org_unit SET name='Uch'")
    try Exchange.sync(uz, hq)
    #expect(try uz.store.openConflictCount() == 1)
    let shown = try #require(try uz.value("name", "org_unit"))
    try uz.type("UPDATE org_unit SET name='x'; UPDATE org_unit SET name='\(shown)';")
    #expect(try uz.sealedWords() == [])
    try uz.type(
      "DELETE FROM org_unit; INSERT INTO org_unit(code, name, area, activity) "
        + "VALUES('a', '\(shown)', 'UZ', '[\"x\",\"y\"]')")
    #expect(try uz.sealedWords() == [])
    try Exchange.sync(uz, hq)
    #expect(try uz.store.openConflictCount() == 1)
  }

  @Test("Another owner's unchanged row is no proposal, and of a changed one only the change is proposed")
  func foreign() throws {
    let (hq, uz, _) = try ProposalTests.three(
      "INSERT INTO org_unit(code, name, area, activity) VALUES('t', 'Bir', 'TR-34', '[\"x\"]'), ('u', 'Iki', NULL, NULL);"
    )
    for statement in [
      "UPDATE org_unit SET name='no'; UPDATE org_unit SET name=iif(code='t', 'Bir', 'Iki');",
      """
      DELETE FROM org_unit; INSERT INTO org_unit(code, federation, name, area, activity)
        VALUES('t', 'fturk', 'Bir', 'TR-34', '["x"]'), ('u', 'fturk', 'Iki', NULL, NULL);
      """,
      "REPLACE INTO org_unit(code, federation, name) VALUES('u', 'fturk', 'Iki');",
    ] {
      try uz.type(statement)
      #expect(try uz.seal() == SealReport())
    }
    #expect(try uz.store.refusedEdits() == [])
    try uz.type(
      """
      DELETE FROM org_unit; INSERT INTO org_unit(code, federation, name, area, activity)
        VALUES('t', 'fturk', 'Bir', 'TR-35', '["x"]'), ('u', 'fturk', 'Iki', NULL, NULL);
      """)
    #expect(try uz.seal().refused == 1)
    #expect(try uz.rows(["code", "area"], "org_unit ORDER BY 1") == [["t", "TR-34"], ["u", "∅"]])
    try Exchange.sync(uz, hq)
    let open = try hq.store.proposals()
    #expect(open.map { $0.values.map(\.value) } == [[.text("TR-35")]])
  }

  @Test("A record that was deleted elsewhere does not come back because its row was inserted again unchanged")
  func deletedElsewhere() throws {
    let (uz, hq) = try two()
    try uz.type("DELETE FROM org_unit; \(Self.same)")
    try hq.type("DELETE FROM org_unit")
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      #expect(try node.count("org_unit") == 0)
      #expect(try node.store.openConflictCount() == 0)
    }
    // Typed again after that was known it is a new record.
    try uz.type(Self.same)
    #expect(try uz.sealedWords().map { $0.hasPrefix("insert org_unit a ") } == [true])
  }
}
