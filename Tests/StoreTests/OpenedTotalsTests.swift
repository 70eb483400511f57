import Consolidation
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Every total is the sum of what people reported, and opens to its last row.
@Suite struct OpenedTotalsTests {
  private static let returns = "membership_return(unit, as_of, axis, members_total)"

  /// Headquarters and two federations; what is typed at each, and sent.
  private func world(_ hqSQL: String, _ uzSQL: String, _ kzSQL: String = "") throws -> (
    hq: TestNode, uz: TestNode, kz: TestNode
  ) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let kz = try house.addKept("fturk")
    if !hqSQL.isEmpty { try hq.type(hqSQL) }
    if !uzSQL.isEmpty { try uz.type(uzSQL) }
    if !kzSQL.isEmpty { try kz.type(kzSQL) }
    try Exchange.settle(hq, [uz, kz])
    if let words = try Recount.difference(hq) { Issue.record("\(words)") }
    let found = try Opened.check(hq, "2026-01")
    if let problem = found.problem { Issue.record("\(problem)") }
    #expect(try hq.store.verify().problems == [])
    return (hq, uz, kz)
  }

  private func row(_ node: TestNode, _ unit: String, _ asOf: String = "2026-01") throws -> TotalsRow {
    try #require(try Opened.report(node, asOf).rows.first { $0.unit == unit })
  }

  @Test("A federation that nobody registered has its row, and says so")
  func unregistered() throws {
    let unit = "INSERT INTO org_unit(code, unit_kind) VALUES('p', 'primary_organization');"
    let item = "INSERT INTO \(Self.returns) VALUES('p', '2025-12-31', 'territorial', 1210);"
    let (hq, uz, last) = try world("", unit + item)
    defer { withExtendedLifetime(last) {} }
    let report = try Opened.report(hq, "2025-12-31")
    #expect(report.counted == 1210)
    #expect(report.rows.map(\.unit) == ["ftuu"])
    #expect(report.rows.map(\.notMember) == [.unregistered])
    #expect(report.rows[0].tally.unitsReported == 1 && report.rows[0].tally.unitsExpected == 1)

    try hq.type("INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'none'), ('fturk', 'member')")
    try hq.seal()
    #expect(try row(hq, "ftuu").notMember == .status("none") && row(hq, "fturk").notMember == nil)
    #expect(try Opened.report(hq, "2025-12-31").counted == 1210)
    try hq.type("DELETE FROM org_unit WHERE code='ftuu'")
    try hq.seal()
    #expect(try row(hq, "ftuu").notMember == .unregistered)
    // What it reports of itself stands above its units, registered or not.
    try uz.type("INSERT INTO \(Self.returns) VALUES('ftuu', '2025-12-31', 'territorial', 5700000)")
    try Exchange.sync(uz, hq)
    #expect(try row(hq, "ftuu").whole?.value == 5_700_000)
    #expect(try Opened.figure(hq, "ftuu", "2026-01").returns.map(\.verdict) == [.notAdded])
    #expect(try Opened.report(hq, "2025-12-31").counted == 1210)
  }

  @Test("A published figure alone makes a row; what is registered as no member is told, and in no sum")
  func published() throws {
    let (hq, _, last) = try world(
      """
      INSERT INTO figure(unit, measure, as_of, source, value, precision) VALUES
        ('ahik', 'members', '2025-10', 'a', 1600000, 'at_least'), ('memur', 'members', '2019', 'b', 5, NULL),
        ('ahik', 'members', '2025-10-31', 'c', 1700000, NULL);
      INSERT INTO org_unit(code, unit_kind, membership_status) VALUES('memur', 'national_centre', 'none');
      """, "")
    defer { withExtendedLifetime(last) {} }
    let report = try Opened.report(hq, "2026-01")
    let ahik = try row(hq, "ahik")
    #expect(ahik.notMember == .unregistered && ahik.declared.map(\.precision) == ["at_least", ""])
    #expect(ahik.gap == nil && ahik.declaredSum?.lowest == 1_600_000 && ahik.declaredSum?.highest == 1_700_000)
    #expect(report.outside.keys.sorted() == ["memur"] && report.declared?.lowest == 1_600_000)
  }

  @Test("What has no place in the tree counts, and is listed by cause")
  func notPlaced() throws {
    let codes = ["p", "q", "c1", "c2", "m", "n"]
    let units = codes.map { "('\($0)', 'primary_organization')" }.joined(separator: ", ")
    let items = (codes + ["unheard", "k"]).enumerated().map { "('\($1)', '2026-01', 'territorial', \(1 << $0))" }
    let (hq, _, last) = try world(
      "INSERT INTO org_unit(code, unit_kind, membership_status) VALUES('ftuu', 'national_centre', 'member')",
      """
      INSERT INTO org_unit(code, unit_kind) VALUES \(units), ('r', 'regional_council');
      INSERT INTO org_link(child, axis, valid_from, parent) VALUES('p', 'territorial', '2020', 'r'),
        ('c1', 'territorial', '2020', 'c2'), ('c2', 'territorial', '2020', 'c1'),
        ('m', 'territorial', '2020', 'nobody'), ('n', 'territorial', '2020', 'k');
      INSERT INTO \(Self.returns) VALUES \(items.joined(separator: ", ")), ('r', '2026-01', 'territorial', 1000);
      """, "INSERT INTO org_unit(code, unit_kind) VALUES('k', 'primary_organization')")
    defer { withExtendedLifetime(last) {} }
    let opened = try Opened.figure(hq, "ftuu", "2026-01")
    #expect(opened.total.sum == 255 && opened.sum == opened.total)
    #expect(opened.children.map(\.unit) == ["q", "r"] && opened.children.map(\.counted) == [2, 1])
    let loose = opened.notPlaced.map { "\($0.cause.rawValue) \($0.units.map(\.unit).joined(separator: " "))" }
    #expect(
      loose == ["unregistered unheard", "foreign k", "circle c1 c2", "unknown_parent m", "foreign_parent n"])
    #expect(try row(hq, "ftuu").tally.unitsAstray == 2)
    #expect(try Opened.report(hq, "2026-01").unitsNotAdded == 1)
    #expect(try Opened.figure(hq, "r", "2026-01").returns.map(\.verdict) == [.notAdded])
    // The tree at an earlier date knew no links.
    #expect(try Opened.figure(hq, "ftuu", "2019").notPlaced == [])
  }

  @Test("One unit, axis and date counts once: the federation's own return before headquarters' and others'")
  func once() throws {
    let (hq, uz, last) = try world(
      """
      INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'member'), ('fturk', 'member');
      INSERT INTO \(Self.returns) VALUES('p', '2025-12-30', 'territorial', 70), ('q', '2025-12-31', 'territorial', 7);
      """,
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('p', 'primary_organization'), ('q', 'primary_organization');
      INSERT INTO \(Self.returns) VALUES('p', '2025-12-31', 'territorial', 100);
      """, "INSERT INTO \(Self.returns) VALUES('p', '2026-01', 'territorial', 90)")
    defer { withExtendedLifetime(last) {} }
    let report = try Opened.report(hq, "2026-01")
    #expect(report.counted == 107)
    let ftuu = try row(hq, "ftuu")
    #expect(ftuu.tally.unitsReporting == 2 && ftuu.tally.unitsExpected == 2 && ftuu.tally.unitsContradicted == 1)
    let verdicts = try Opened.figure(hq, "p", "2026-01").returns.map { "\($0.federation) \($0.verdict.rawValue)" }
    #expect(verdicts == ["otuts earlier", "ftuu carried", "fturk contradicts"])
    // Without one of its own, headquarters' counts; a stranger's only where there is no other.
    try uz.type("DELETE FROM membership_return WHERE unit='p'")
    try Exchange.sync(uz, hq)
    #expect(try row(hq, "ftuu").counted == 77 && row(hq, "fturk").counted == 0)
    try hq.type("DELETE FROM membership_return WHERE unit='p' AND federation='otuts'")
    try hq.seal()
    #expect(try row(hq, "ftuu").counted == 7 && row(hq, "fturk").counted == 90)
    let kz = try Opened.figure(hq, "fturk", "2026-01")
    #expect(kz.notPlaced.map(\.cause) == [.foreign] && kz.sum == kz.total)
  }

  @Test("Returns whose dates end on one day: the one that counts is named as it is, the other contradicts")
  func oneDay() throws {
    let (hq, _, last) = try world(
      "INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'member')",
      """
      INSERT INTO org_unit(code, unit_kind, opened_on, closed_on) VALUES
        ('p', 'primary_organization', '2024-01-01', '2020-12-31');
      INSERT INTO \(Self.returns) VALUES('p', '2025-10', 'territorial', 500), ('p', '2025-10-31', 'territorial', 400);
      """)
    defer { withExtendedLifetime(last) {} }
    let opened = try Opened.figure(hq, "p", "2025-10")
    #expect(opened.total.counted == 400, "a unit that was opened again counts")
    #expect(opened.returns.map(\.asOf) == ["2025-10", "2025-10-31"])
    #expect(opened.returns.map(\.verdict) == [.contradicts, .counts])
    #expect(try Opened.figure(hq, "ftuu", "2025-10").children.map(\.own?.asOf) == ["2025-10-31"])
    #expect(try row(hq, "ftuu", "2023").counted == 0)
  }

  @Test("An old figure is carried forward and not taken for a report")
  func carried() throws {
    let (hq, _, last) = try world(
      "INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'member')",
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('p', 'primary_organization'), ('q', 'primary_organization');
      INSERT INTO \(Self.returns) VALUES('p', '2012-12-31', 'territorial', 500), ('q', '2026-01-15', 'territorial', 4);
      """)
    defer { withExtendedLifetime(last) {} }
    let tally = try row(hq, "ftuu", "2026-01-31").tally
    #expect(tally.counted == 504 && tally.unitsReported == 1 && tally.unitsCarried == 1 && tally.unitsExpected == 2)
    #expect(tally.carriedSince?.iso == "2012-12-31")
    #expect(try row(hq, "ftuu", "2012").tally.unitsReported == 1)
    #expect(try Opened.figure(hq, "p", "2026-01-31").returns.map(\.verdict) == [.carried])
  }

  @Test("Every indicator opens at every level, and what there is none of is an error with what there is")
  func everyIndicator() throws {
    let (hq, _, last) = try world(
      "INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'member')",
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('p', 'primary_organization'), ('r', 'regional_council');
      INSERT INTO org_link(child, axis, valid_from, parent) VALUES('p', 'territorial', '2020', 'r');
      INSERT INTO \(Self.returns) VALUES('p', '2026-01', 'territorial', 500);
      """)
    defer { withExtendedLifetime(last) {} }
    for unit in ["otuts", "ftuu", "r", "p"] {
      #expect(try Opened.figure(hq, unit, "2026-01", "primary_organizations").total.counted == 1, "\(unit)")
      guard
        case .ratio(_, _, let over, let under) = try hq.store.explain(
          indicator: "members_per_primary", unit: unit, asOf: "2026-01")
      else {
        Issue.record("\(unit): no ratio")
        continue
      }
      #expect(over.total.counted == 500 && under.total.counted == 1, "\(unit)")
      #expect(over.children.map(\.unit) == under.children.map(\.unit), "\(unit)")
    }
    func hint(_ unit: String, _ axis: String?, _ asOf: String = "2026-01") -> String {
      do {
        _ = try hq.store.explain(indicator: "members", unit: unit, asOf: asOf, axis: axis)
        return "none"
      } catch let error as StoreError {
        return "\(error.detail): \(error.hint)"
      } catch {
        return "\(error)"
      }
    }
    #expect(hint("nobody", nil).hasPrefix("there is no unit 'nobody': there are the federations ftuu, "))
    #expect(hint("ftuu", "regional") == "there is no axis 'regional': there are sectoral, territorial, affiliation")
    #expect(hint("ftuu", nil, "2026-13").hasPrefix("'2026-13' is not a date"))
  }

  @Test("In random worlds every total is the sum of its explanation at each level and a recount", arguments: 0..<4)
  func random(seed: UInt64) throws {
    let house = try House()
    let hq = try house.add("otuts")
    let others = [try house.add("ftuu"), try house.add("fturk")]
    for node in [hq] + others { try node.hurry() }
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ seed)
    let codes = (0..<7).map { "u\($0)" } + ["ftuu", "fturk"]
    let dates = ["'2021'", "'2025'", "'2025-10'", "'2025-10-31'", "'2025-11-30'", "'2026-02-28'"]
    let sorts = ["'primary_organization'", "'regional_council'", "'member_organization'", "NULL"]
    var figures = 0
    for step in 0..<14 {
      for node in [hq] + others {
        for _ in 0..<4 {
          let (unit, parent, date) = (random.pick(codes), random.pick(codes + ["nobody", "otuts"]), random.pick(dates))
          let sql = random.pick([
            "INSERT INTO \(Self.returns) VALUES('\(unit)', \(date), 'territorial', \(random.below(9))) ON CONFLICT DO NOTHING",
            "INSERT INTO org_unit(code, unit_kind) VALUES('\(unit)', \(random.pick(sorts))) ON CONFLICT DO NOTHING",
            "INSERT INTO org_link(child, axis, valid_from, parent) VALUES('\(unit)', 'territorial', \(date), '\(parent)') "
              + "ON CONFLICT DO NOTHING",
            "UPDATE org_unit SET opened_on=\(random.pick(dates + ["NULL"])), closed_on=\(random.pick(dates + ["NULL"])) "
              + "WHERE code='\(unit)' AND federation='\(node.role.federation)'",
            "DELETE FROM org_unit WHERE code='\(unit)' AND federation='\(node.role.federation)'",
            "DELETE FROM membership_return WHERE unit='\(unit)' AND as_of=\(date) AND federation='\(node.role.federation)'",
          ])
          try node.type([sql])
        }
        try node.seal()
      }
      try Exchange.round(random.pick(others), hq)
      if let words = try Recount.difference(hq) {
        Issue.record("seed \(seed), step \(step): \(words)")
        return
      }
      for asOf in ["2020", "2025-10", "2026-12"] {
        let found = try Opened.check(hq, asOf)
        figures += found.figures
        if let problem = found.problem {
          Issue.record("seed \(seed), step \(step): \(problem)")
          return
        }
      }
    }
    #expect(figures > 500)
    #expect(try hq.store.verify().problems == [])
  }
}
