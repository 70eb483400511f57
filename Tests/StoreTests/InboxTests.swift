import Consolidation
import SyncCore
import Testing

@testable import Store

/// What people learn of edits that lost, and how a conflict explains itself.
@Suite struct InboxTests {
  private static let unit =
    "INSERT INTO org_unit(code, unit_kind, membership_status) VALUES('ftuu', 'national_centre', NULL);"
    + "INSERT INTO org_unit(code, unit_kind) VALUES('u', 'primary_organization');"
    + "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u', '2025-10-31', 'territorial', 100)"

  @Test("A conflict gives its reason, in the same words on every node")
  func why() throws {
    let trio = try Trio("INSERT INTO agreement(id) VALUES('k')")
    try trio.type(trio.uz, "UPDATE agreement SET workers_covered=3")
    try trio.type(trio.hq, "UPDATE agreement SET workers_covered=9")
    try trio.settle()
    for node in trio.all {
      let view = try #require(try node.store.conflicts().first)
      #expect(
        view.why.wholeMatch(
          of:
            #/OTUTS changed it at \d{4}-.* UTC without having seen ftuu's change of \d{4}-.* UTC; rule owner shows the owner's value/#
        ) != nil, "\(view.why)")
      #expect(view.shown?.federation == "ftuu")
      #expect(view.others.map(\.federation) == ["otuts"])
    }
  }

  @Test("Every rule has a sentence of its own")
  func everyRule() throws {
    let trio = try Trio(
      "INSERT INTO org_unit(code) VALUES('k'); INSERT INTO dispute(id) VALUES('k'); INSERT INTO agreement(id) VALUES('k')"
    )
    try trio.type(
      trio.hq,
      "UPDATE org_unit SET name='1', closed_on='2025', membership_status='member', unit_kind='council'; UPDATE dispute SET opened_on='2025-01'; UPDATE agreement SET prolonged_to='2030'"
    )
    try trio.type(
      trio.office,
      "UPDATE org_unit SET name='2', closed_on='2024', membership_status='none', unit_kind='sectoral_union'; UPDATE dispute SET opened_on='2025-02'; UPDATE agreement SET prolonged_to='2028'"
    )
    try trio.settle()
    for node in trio.all {
      let why = Dictionary(uniqueKeysWithValues: try node.store.conflicts().map { ($0.field, $0.why) })
      for (field, words) in [
        ("name", "latest shows the later"), ("closed_on", "until a person decides"),
        ("membership_status", "headquarters shows headquarters' value"), ("unit_kind", "is set once"),
        ("opened_on", "min shows the smallest"), ("prolonged_to", "max shows the largest"),
      ] { #expect(why[field]?.contains(words) == true, "\(field): \(why[field] ?? "")") }
    }
  }

  @Test("Taking the other value moves exactly the totals that the conflict names")
  func stakes() throws {
    let trio = try Trio(Self.unit)
    try trio.hq.type("UPDATE org_unit SET membership_status='member' WHERE code='ftuu'")
    try trio.settle()
    try trio.type(
      trio.office,
      "UPDATE membership_return SET members_total=130; UPDATE org_unit SET closed_on='2025-01' WHERE code='u'")
    try trio.type(
      trio.uz, "UPDATE membership_return SET members_total=120; UPDATE org_unit SET closed_on='2030' WHERE code='u'")
    try trio.settle()
    let views = try trio.hq.store.conflicts()
    #expect(views.map(\.field) == ["closed_on", "counts"])
    for view in views {
      let moves = try #require(view.totals.first)
      #expect(!moves.isEmpty)
      for move in moves {
        #expect(try Self.figure(move, trio.hq) == move.from, "\(move)")
      }
    }
    #expect(
      views[1].totals[0] == [
        TotalMove(
          indicator: "members", unit: "ftuu", figure: .counted, asOf: Moment(SystemClock.now()).day.iso, from: 120,
          to: 130)
      ])
    let closing = views[0].totals[0]
    #expect(closing.contains { $0.figure == .counted && $0.to == 0 && $0.indicator == "members" })
    #expect(closing.contains { $0.indicator == "primary_organizations" && $0.from == 1 && $0.to == 0 })
    try trio.office.store.resolve(kind: "org_unit", key: "u", field: "closed_on", decision: .take("2025-01"))
    try trio.settle()
    for move in closing { #expect(try Self.figure(move, trio.hq) == move.to, "\(move)") }
  }

  /// The figure that a move speaks of, as `birlik totals` has it.
  private static func figure(_ move: TotalMove, _ node: TestNode) throws -> Int64? {
    guard case .report(let report) = try node.store.totals(indicator: move.indicator, asOf: move.asOf) else {
      return nil
    }
    let row = report.rows.first { $0.unit == move.unit }
    switch move.figure {
    case .counted: return move.unit == "total" ? report.counted : row?.counted
    case .declared: return row?.declaredSum?.highest
    case .claimed: return report.claimedSum?.highest
    case .expected: return row?.tally.unitsExpected
    case .reported: return row?.tally.unitsReporting
    }
  }

  @Test("A published figure in conflict names what is declared")
  func declared() throws {
    let trio = try Trio(Self.unit)
    try trio.type(
      trio.office,
      "INSERT INTO figure(unit, measure, as_of, source, value) VALUES('ftuu', 'members', '2025-10', 's', 5700010)")
    try trio.type(
      trio.uz,
      "INSERT INTO figure(unit, measure, as_of, source, value) VALUES('ftuu', 'members', '2025-10', 's', 5700000)")
    try trio.settle()
    let view = try #require(try trio.hq.store.conflicts().first)
    let move = try #require(view.totals.first?.first)
    #expect(move.figure == .declared && move.from == 5_700_000 && move.to == 5_700_010 && move.unit == "ftuu")
  }

  @Test("Where only an old table would change it is shown as of that day")
  func oldReturn() throws {
    let trio = try Trio(
      Self.unit
        + "; INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u','2025-11-30','territorial',7)")
    try trio.type(trio.office, "UPDATE membership_return SET members_total=130 WHERE as_of='2025-10-31'")
    try trio.type(trio.uz, "UPDATE membership_return SET members_total=120 WHERE as_of='2025-10-31'")
    try trio.settle()
    let view = try #require(try trio.hq.store.conflicts().first)
    #expect(view.totals[0].map(\.asOf) == ["2025-10-31"])
    #expect(view.totals[0].map(\.from) == [120])
    #expect(view.totals[0].map(\.to) == [130])
  }

  @Test("Whoever's edit lost learns it once, with what is shown and who gave it")
  func lost() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.type(trio.office, "UPDATE org_unit SET name='office', activity='[\"x\"]'")
    try trio.type(trio.uz, "UPDATE org_unit SET name='centre'")
    try trio.settle()
    #expect(try trio.uz.store.inbox() == [])
    #expect(try trio.hq.store.newInboxCount() == 0)
    #expect(try trio.office.store.newInboxCount() == 1)
    let item = try #require(try trio.office.store.inbox().first)
    #expect(item.sort == .lost && item.standing == .open && item.field == "name")
    #expect(item.typed?.display == "office" && item.shown?.display == "centre" && item.shown?.node == "ftuu")
    try trio.office.store.markInboxSeen()
    #expect(try trio.office.store.newInboxCount() == 0)
    try trio.settle()
    #expect(try trio.office.store.inbox() == [])
    #expect(try trio.office.store.inbox(includingSeen: true).map(\.isSeen) == [true])
    try trio.office.store.resolve(kind: "org_unit", key: "k", field: "name", decision: .take("office"))
    try trio.settle()
    #expect(try trio.office.store.inbox(includingSeen: true).map(\.standing) == [.settled])
    // Now the centre's value lost, by a decision that had seen it.
    let other = try #require(try trio.uz.store.inbox().first)
    #expect(other.standing == .decided && other.typed?.display == "centre" && other.shown?.node == "ftuu/Samarkand")
    #expect(try trio.hq.store.inbox() == [])
    for node in trio.all { #expect(try node.store.verify().problems == []) }
  }

  @Test("A conflict that was opened and decided while a node was away is reported as well")
  func decidedMeanwhile() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.type(trio.office, "UPDATE org_unit SET name='office'")
    try Exchange.sync(trio.office, trio.hq)
    try trio.type(trio.hq, "UPDATE org_unit SET area='UZ'")
    try trio.type(trio.uz, "UPDATE org_unit SET name='centre'")
    try Exchange.sync(trio.uz, trio.hq)
    try trio.hq.store.resolve(kind: "org_unit", key: "k", field: "name", decision: .keep)
    try trio.settle()
    #expect(try trio.office.store.openConflictCount() == 0)
    let item = try #require(try trio.office.store.inbox().first)
    #expect(item.standing == .decided && item.typed?.display == "office" && item.shown?.display == "centre")
    let resolved = try #require(try trio.office.store.conflicts(includingResolved: true).first)
    #expect(resolved.resolution?.outcome == .kept)
    #expect(resolved.resolution?.value.node == "OTUTS")
    #expect(resolved.others.map(\.display) == ["office"])
  }

  @Test("How conflicts were resolved stays in history on every node", arguments: ["kept", "taken", "given"])
  func resolutions(_ outcome: String) throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.type(trio.office, "UPDATE org_unit SET name='office'")
    try trio.type(trio.uz, "UPDATE org_unit SET name='centre'")
    try trio.settle()
    switch outcome {
    case "kept": try trio.hq.store.resolve(kind: "org_unit", key: "k", field: "name", decision: .keep)
    case "taken": try trio.hq.store.resolve(kind: "org_unit", key: "k", field: "name", decision: .take("office"))
    default: try trio.hq.type("UPDATE org_unit SET name='new'")
    }
    try trio.settle()
    for node in trio.all {
      let view = try #require(try node.store.conflicts(includingResolved: true).first)
      #expect(view.closedAt != nil)
      #expect(view.resolution?.outcome.rawValue == outcome)
      #expect(view.resolution?.value.node == "OTUTS")
      #expect(view.others.count == (outcome == "given" ? 2 : 1))
    }
  }

  @Test("A deletion that lost, and an edit that lost to a deletion, are reported to whom they belong")
  func existence() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name) VALUES('k', 'One')")
    try trio.type(trio.office, "DELETE FROM org_unit")
    try trio.type(trio.uz, "UPDATE org_unit SET name='Two'")
    try trio.settle()
    let item = try #require(try trio.office.store.inbox().first)
    #expect(item.field == "(record)" && item.typed?.display == "deleted" && item.shown?.node == "ftuu")
    let view = try #require(try trio.hq.store.conflicts().first)
    #expect(view.why.contains("ftuu/Samarkand deleted the record at"))
    #expect(view.why.contains("keeps the record"))
    try trio.hq.store.resolve(kind: "org_unit", key: "k", field: "(record)", decision: .take("deleted"))
    try trio.settle()
    #expect(try trio.uz.store.inbox().map(\.field) == ["(record)"])
    #expect(try trio.office.store.inbox() == [])
    let resolved = try #require(try trio.uz.store.conflicts(includingResolved: true).first { $0.field == "(record)" })
    #expect(resolved.resolution?.outcome == .taken && resolved.resolution?.value.display == "deleted")
  }

  @Test("Wrong values typed here and refused edits are reported here alone, until they are corrected")
  func wrong() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('k')")
    try trio.hq.type("INSERT INTO org_unit(code) VALUES('hq')")
    try trio.settle()
    try trio.office.typeUnchecked("UPDATE org_unit SET country='XYZ' WHERE code='k'")
    try trio.office.type("UPDATE org_unit SET name='mine' WHERE code='hq'")
    try trio.settle()
    #expect(try trio.uz.store.inbox() == [])
    #expect(try trio.office.store.inbox().map(\.sort) == [.refused, .refused])
    let wrong = try #require(try trio.office.store.inbox().first { $0.correction != nil })
    #expect(wrong.reason.contains("XYZ"))
    #expect(try trio.office.store.status().refused == 2)
    _ = try trio.office.store.correct(wrong.correction?.number ?? 0, values: [("country", "UZB")])
    try trio.settle()
    #expect(try trio.hq.column("country", "org_unit WHERE code='k'") == ["UZB"])
    #expect(try trio.office.store.status().refused == 1)
    #expect(try trio.office.store.inbox().map { $0.correction == nil } == [true])
    try trio.office.store.markInboxSeen()
    #expect(try trio.office.store.newInboxCount() == 0)
    #expect(try trio.office.store.inbox(includingSeen: true).count == 2)
  }

  @Test("A file of a program that had no inbox gets one when it is opened")
  func older() throws {
    let node = try House().addKept("ftuu")
    try node.execute("DROP TABLE birlik_inbox")
    try node.store.close()
    try node.open()
    #expect(try node.store.inbox() == [])
    #expect(try node.store.status().notice == nil)
  }
}
