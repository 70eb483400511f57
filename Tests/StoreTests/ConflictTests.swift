import SyncCore
import Testing

@testable import Store

/// Concurrent edits: who is shown, what stays readable, and how a decision closes a conflict everywhere.
@Suite struct ConflictTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var rule: String
    var before: String
    var kind: String
    var field: String
    var edits: [String?]
    var shown: String
    var others: [String]
    var testDescription: String { rule }
  }

  static let cases = [
    Case(
      rule: "latest", before: "INSERT INTO org_unit(code) VALUES('k')", kind: "org_unit", field: "name",
      edits: ["'hq'", "'uz'", "'office'"], shown: "office", others: ["uz", "hq"]),
    Case(
      rule: "headquarters", before: "INSERT INTO org_unit(code) VALUES('k')", kind: "org_unit",
      field: "membership_status",
      edits: ["'member'", "'observer'", "'none'"], shown: "member", others: ["none", "observer"]),
    Case(
      rule: "owner", before: "INSERT INTO agreement(id) VALUES('k')", kind: "agreement", field: "workers_covered",
      edits: ["9", nil, "3"], shown: "3", others: ["9"]),
    Case(
      rule: "owner", before: "INSERT INTO agreement(id) VALUES('k')", kind: "agreement", field: "workers_covered",
      edits: [nil, "5", "3"], shown: "3", others: ["5"]),
    Case(
      rule: "max", before: "INSERT INTO agreement(id) VALUES('k')", kind: "agreement", field: "prolonged_to",
      edits: ["'2027'", "'2030'", "'2028'"], shown: "2030", others: ["2028", "2027"]),
    Case(
      rule: "max of numbers", before: "INSERT INTO training_event(id, attended) VALUES('k', 50)",
      kind: "training_event",
      field: "attended", edits: ["100", "99", "NULL"], shown: "100", others: ["", "99"]),
    Case(
      rule: "min", before: "INSERT INTO dispute(id) VALUES('k')", kind: "dispute", field: "opened_on",
      edits: ["'2025-02-01'", "'2025-01-31'", "'2025-03-01'"], shown: "2025-01-31",
      others: ["2025-03-01", "2025-02-01"]),
    Case(
      rule: "review", before: "INSERT INTO org_unit(code) VALUES('k')", kind: "org_unit", field: "closed_on",
      edits: ["'2025'", "'2024'", nil], shown: "2024", others: ["2025"]),
    Case(
      rule: "frozen", before: "INSERT INTO org_unit(code) VALUES('k')", kind: "org_unit", field: "unit_kind",
      edits: ["'council'", nil, "'sectoral_union'"], shown: "sectoral_union", others: ["council"]),
    Case(
      rule: "equal values", before: "INSERT INTO org_unit(code) VALUES('k')", kind: "org_unit", field: "name",
      edits: ["'same'", "'same'", "'same'"], shown: "same", others: []),
  ]

  @Test(
    "Every rule chooses alike everywhere, every other value stays readable, and a decision closes it", arguments: cases)
  func rules(_ item: Case) throws {
    let trio = try Trio(item.before)
    let edits = item.edits.map { $0.map { "UPDATE \(item.kind) SET \(item.field)=\($0)" } }
    try trio.edit(hq: edits[0], uz: edits[1], office: edits[2])
    for node in trio.all {
      #expect(try node.value(item.field, item.kind) == item.shown, "\(node.name)")
      let views = try node.store.conflicts()
      #expect(views.map(\.field) == (item.others.isEmpty ? [] : [item.field]))
      #expect(views.first?.shown?.display ?? item.shown == item.shown)
      #expect(views.first?.others.map(\.display) ?? [] == item.others)
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(trio.uz, trio.office)
    guard let loser = item.others.first, item.rule != "frozen" else { return }
    try trio.office.store.resolve(kind: item.kind, key: "k", field: item.field, decision: .take(loser))
    try trio.settle()
    for node in trio.all {
      #expect(try node.value("coalesce(\(item.field), '')", item.kind) == loser, "\(node.name)")
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.conflicts(includingResolved: true).map(\.field) == [item.field])
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test("Keeping what is shown is an edit that has seen all, also of a frozen field")
  func keep() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.edit(
      hq: "UPDATE org_unit SET unit_kind='council', name='1'",
      uz: "UPDATE org_unit SET unit_kind='sectoral_union', name='2'",
      office: nil)
    for field in ["unit_kind", "name"] {
      try trio.hq.store.resolve(kind: "org_unit", key: "k", field: field, decision: .keep)
    }
    try trio.settle()
    for node in trio.all {
      #expect(try node.rows(["unit_kind", "name"], "org_unit") == [["sectoral_union", "2"]])
      #expect(try node.store.openConflictCount() == 0)
    }
  }

  @Test("A group wins or loses as a whole, and the loser can be taken as a whole")
  func group() throws {
    let trio = try Trio("INSERT INTO membership_return(unit, as_of, axis) VALUES('u', '2025', 'territorial')")
    try trio.edit(
      hq: "UPDATE membership_return SET members_total=10, members_women=4",
      uz: "UPDATE membership_return SET members_total=12, method='dues'", office: nil)
    for node in trio.all {
      #expect(
        try node.rows(["members_total", "members_women", "method"], "membership_return") == [["12", "∅", "dues"]])
      #expect(try node.store.conflicts().map(\.field) == ["counts"])
    }
    try trio.uz.store.resolve(
      kind: "membership_return", key: "u/2025/territorial", field: "counts", decision: .take("OTUTS"))
    try trio.settle()
    for node in trio.all {
      #expect(try node.rows(["members_total", "members_women", "method"], "membership_return") == [["10", "4", "∅"]])
      #expect(try node.store.openConflictCount() == 0)
      #expect(try Recount.difference(node) == nil)
    }
  }

  @Test("Of an element added and removed at once the addition is shown; it can be removed for good")
  func element() throws {
    let trio = try Trio("INSERT INTO org_unit(code, activity) VALUES('k', '[\"x\"]')")
    try trio.edit(
      hq: "UPDATE org_unit SET activity='[]'", uz: "UPDATE org_unit SET activity='[\"x\",\"y\"]'", office: nil)
    for node in trio.all { #expect(try node.column("activity", "org_unit") == [#"["y"]"#]) }
    // Removed and added again at the centre while headquarters removes it.
    try trio.edit(hq: nil, uz: nil, office: "UPDATE org_unit SET activity='[\"x\",\"y\"]'")
    try trio.uz.type("UPDATE org_unit SET activity='[\"y\"]'")
    try trio.uz.seal()
    try trio.uz.type("UPDATE org_unit SET activity='[\"x\",\"y\"]'")
    try trio.edit(hq: "UPDATE org_unit SET activity='[\"y\"]'", uz: nil, office: nil)
    for node in trio.all {
      #expect(try node.column("activity", "org_unit") == [#"["x","y"]"#])
      #expect(try node.store.conflicts().map(\.field) == ["activity[x]"])
    }
    try trio.hq.store.resolve(kind: "org_unit", key: "k", field: "activity[x]", decision: .take("removed"))
    try trio.settle()
    for node in trio.all {
      #expect(try node.column("activity", "org_unit") == [#"["y"]"#])
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test(
    "A deletion that meets an edit keeps the row and opens a conflict; either way it can be decided",
    arguments: [true, false])
  func existence(isDeleted: Bool) throws {
    let trio = try Trio("INSERT INTO org_unit(code, name, area) VALUES('k', 'One', 'UZ')")
    try trio.edit(hq: "UPDATE org_unit SET name='Two'", uz: "DELETE FROM org_unit", office: nil)
    for node in trio.all {
      #expect(try node.rows(["name", "area"], "org_unit") == [["Two", "UZ"]])
      let view = try #require(try node.store.conflicts().first)
      #expect(view.field == "(record)")
      #expect(view.shown?.node == "OTUTS")
      #expect(view.others.map(\.node) == ["ftuu"])
    }
    try trio.office.store.resolve(
      kind: "org_unit", key: "k", field: "(record)", decision: isDeleted ? .take("deleted") : .keep)
    try trio.settle()
    for node in trio.all {
      #expect(try node.count("org_unit") == (isDeleted ? 0 : 1))
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.store.verify().problems == [])
    }
    try expectEqual(trio.uz, trio.office)
  }

  @Test("Two insertions of one key by one owner are one record whose fields may conflict")
  func twoInsertions() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('other')")
    try trio.edit(
      hq: nil, uz: "INSERT INTO org_unit(code, name, area) VALUES('k', 'One', 'UZ')",
      office: "INSERT INTO org_unit(code, name, website) VALUES('k', 'One', 'w')")
    for node in trio.all {
      #expect(try node.rows(["name", "area", "website"], "org_unit WHERE code='k'") == [["One", "∅", "w"]])
      let fields = try node.store.conflicts().map(\.field)
      #expect(fields == ["area", "website"])
    }
    try expectEqual(trio.uz, trio.office)
  }

  @Test("An edit of something else leaves a conflict open; an edit that saw it closes it")
  func openUntilDecided() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.edit(hq: "UPDATE org_unit SET name='1'", uz: "UPDATE org_unit SET name='2'", office: nil)
    try trio.edit(hq: nil, uz: nil, office: "UPDATE org_unit SET area='UZ'")
    #expect(try trio.hq.store.conflicts().map(\.field) == ["name"])
    try trio.edit(hq: nil, uz: nil, office: "UPDATE org_unit SET name='3'")
    for node in trio.all {
      #expect(try node.store.openConflictCount() == 0)
      #expect(try node.value("name", "org_unit") == "3")
      let history = try node.store.history(kind: "org_unit", key: "k")
      #expect(history.count == 5)
      #expect(history.flatMap { $0.fields.filter { $0.name == "name" }.map(\.value.display) } == ["1", "2", "3"])
    }
  }
}
