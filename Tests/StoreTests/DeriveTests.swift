import Consolidation
import SyncCore
import Testing
import Wire

@testable import Store

/// Shared totals are made of personal data where the data is, and small figures do not leave.
@Suite(.timeLimit(.minutes(20))) struct DeriveTests {
  /// A federation with primary organizations and members, so many women and men in each.
  private static func federation(_ units: [(code: String, women: Int, men: Int)], parent: String = "c") throws
    -> TestNode
  {
    let uz = try House().addKept("ftuu")
    try fill(uz, units, parent: parent)
    return uz
  }

  private static func fill(_ uz: TestNode, _ units: [(code: String, women: Int, men: Int)], parent: String) throws {
    var sql = ["INSERT INTO org_unit(code, unit_kind) VALUES('\(parent)', 'regional_council')"]
    for unit in units {
      sql.append("INSERT INTO org_unit(code, unit_kind) VALUES('\(unit.code)', 'primary_organization')")
      sql.append(
        "INSERT INTO org_link(child, axis, valid_from, parent) VALUES('\(unit.code)', 'territorial', '2020', '\(parent)')"
      )
      for (sex, count) in [("female", unit.women), ("male", unit.men)] {
        for number in 0..<count {
          sql.append(
            """
            INSERT INTO member(id, name, sex, employment, birth_date, primary_unit, joined_on)
            VALUES('\(unit.code)-\(sex)-\(number)', 'Secret \(number)', '\(sex)', 'employee', '1980-05-05', '\(unit.code)',
              '2020-01-01')
            """)
        }
      }
    }
    #expect(try uz.type(sql) == sql.count)
  }

  private static let figures = ["unit", "members_total", "members_women", "members_youth", "method", "withheld"]

  private func derive(_ node: TestNode, _ day: String = "2026-09-30", isDryRun: Bool = false) throws -> DeriveReport {
    try node.store.derive("membership", span: day, isDryRun: isDryRun)
  }

  private func returns(_ node: TestNode) throws -> [[String]] {
    try node.rows(Self.figures, "membership_return ORDER BY unit, as_of")
  }

  @Test("members become a return of their organization; what is small is withheld and named")
  func membership() throws {
    let uz = try Self.federation([("a", 20, 20), ("b", 30, 3), ("d", 25, 25), ("e", 12, 30)])
    let report = try derive(uz)
    #expect(report.counted == 165 && report.rows == 165 && report.undecided == 0)
    #expect(report.count(.created) == 4)
    #expect(
      try returns(uz) == [
        ["a", "40", "20", "0", "register", "∅"],
        ["b", "33", "∅", "0", "register", #"["members_women"]"#],
        ["d", "50", "25", "0", "register", "∅"], ["e", "42", "∅", "0", "register", #"["members_women"]"#],
      ])
    // Nobody can compute the 3 men of b from the sum of the men: the women of a second organization are withheld too.
    #expect(report.withheld == 2)
  }

  @Test("a dry run writes nothing, and a second run changes nothing")
  func again() throws {
    let uz = try Self.federation([("a", 20, 20), ("b", 15, 15)])
    #expect(try derive(uz, isDryRun: true).count(.created) == 2)
    #expect(try uz.count("membership_return") == 0)
    #expect(try derive(uz).count(.created) == 2)
    let captured = try uz.count("birlik_capture")
    let second = try derive(uz)
    #expect(second.count(.unchanged) == 2 && second.lines.count == 2)
    #expect(try uz.count("birlik_capture") == captured)
    // Only the record that differs is written.
    try uz.type("DELETE FROM member WHERE id='a-male-0'")
    #expect(try derive(uz).count(.changed) == 1)
    #expect(try uz.count("birlik_capture") == captured + 1)
  }

  @Test("an organization of few gets a return without figures, and so does the smallest other beside it")
  func smallUnits() throws {
    let uz = try Self.federation([("a", 3, 2), ("b", 15, 15), ("d", 40, 40)])
    _ = try derive(uz)
    let all = #"["members_employees","members_retired","members_total","members_women","members_youth"]"#
    #expect(
      try returns(uz) == [
        ["a", "∅", "∅", "∅", "register", all], ["b", "∅", "∅", "∅", "register", all],
        ["d", "80", "40", "0", "register", "∅"],
      ])
    // The others all come back when there are enough of them.
    for number in 0..<9 {
      try uz.type(
        "INSERT INTO member(id, sex, primary_unit, joined_on) VALUES('n\(number)', 'female', 'a', '2021')")
    }
    _ = try derive(uz)
    #expect(
      try uz.rows(["unit", "members_total"], "membership_return ORDER BY unit") == [
        ["a", "14"], ["b", "30"], ["d", "80"],
      ])
  }

  @Test("what a person typed by another method is left alone, and so is a record of another federation")
  func typed() throws {
    let uz = try Self.federation([("a", 20, 20), ("b", 15, 15)])
    try uz.type(
      "INSERT INTO membership_return(unit, as_of, axis, members_total, method) "
        + "VALUES('a', '2026-09-30', 'territorial', 99, 'dues')")
    let report = try derive(uz)
    #expect(report.count(.kept) == 1 && report.count(.created) == 1)
    #expect(try uz.value("members_total", "membership_return WHERE unit='a'") == "99")
    // A return that the derivation wrote and to which nobody counts any more is reported, not emptied.
    try uz.type("DELETE FROM member WHERE primary_unit='b'")
    #expect(try derive(uz).lines.first { $0.key.hasPrefix("b/") }?.outcome == .stale)
  }

  @Test("a unit that does not exist is what somebody typed, and becomes no key")
  func unknownUnits() throws {
    let uz = try Self.federation([("a", 20, 20)])
    try uz.type(
      (0..<12).map { "INSERT INTO member(id, primary_unit, joined_on) VALUES('x\($0)', 'Secret Person', '2020')" })
    let report = try derive(uz)
    #expect(report.count(.unknown) == 1 && report.count(.created) == 1)
    #expect(try uz.column("unit", "membership_return") == ["a"])
  }

  @Test("files become counts by topic; a topic of few is not named")
  func consultations() throws {
    let uz = try House().addKept("ftuu")
    var sql: [String] = []
    for number in 0..<12 {
      sql.append(
        "INSERT INTO case_file(id, opened_on, topics, person) "
          + #"VALUES('f\#(number)', '2026-10-05', '["pay","leave"]', 'Person \#(number)')"#)
      sql.append(
        "INSERT INTO case_file(id, opened_on, topics, person) "
          + #"VALUES('g\#(number)', '2026-10-06', '["pay"]', 'Person \#(number)')"#)
    }
    sql.append(
      "INSERT INTO case_file(id, opened_on, topics, person) "
        + #"VALUES('s', '2026-10-07', '["Secret name"]', 'Person 1')"#)
    sql.append(#"INSERT INTO case_file(id, opened_on, topics) VALUES('n', '2026-11-07', '["pay"]')"#)
    #expect(try uz.type(sql) == sql.count)
    let report = try uz.store.derive("consultations", span: "2026-10")
    // Beside the topic of one the smallest other is hidden, for the files of all topics may be known.
    #expect(report.count(.hidden) == 2)
    let rows = try uz.rows(["unit", "period", "topic", "consultations", "people", "withheld"], "consultation_count")
    #expect(rows == [["ftuu", "2026-10", "pay", "24", "12", "∅"]])
  }

  @Test("the threshold can be raised here, not lowered")
  func threshold() throws {
    let uz = try Self.federation([("a", 20, 20), ("b", 30, 30)])
    let error = #expect(throws: StoreError.self) {
      try uz.store.derive("membership", span: "2026-09-30", threshold: 9)
    }
    #expect(error?.detail.contains("below 9") == true)
    _ = try uz.store.derive("membership", span: "2026-09-30", threshold: 25)
    #expect(
      try uz.rows(["members_total", "members_women"], "membership_return ORDER BY unit") == [
        ["40", "∅"], ["60", "∅"],
      ])
  }

  @Test("a catalog that would disclose too much is refused on the machine that has the data, whoever signed it")
  func hostileCatalog() throws {
    var catalog = try House.shipped.get().catalog
    let sound = catalog.derivations[0]
    func refuses(_ change: (inout Derivation) -> Void) throws {
      var derivation = sound
      change(&derivation)
      catalog.derivations = [derivation]
      let house = try House()
      let uz = try house.add("ftuu", catalog: House.sign(catalog))
      try Self.fill(uz, [("a", 20, 20)], parent: "c")
      #expect(throws: StoreError.self) { try uz.store.derive("membership", span: "2026-09-30") }
      #expect(try uz.count("membership_return") == 0)
    }
    try refuses { $0.threshold = 1 }
    try refuses { $0.key[0] = .field("name") }
    try refuses { $0.key[0] = .field("national_id") }
    try refuses { $0.sums = [.over("name")] }
    try refuses { $0.target = "member" }
    try refuses { $0.measures.removeFirst() }
    try refuses {
      $0.measures.append(
        .init(field: "employees_covered", conditions: [.init(field: "birth_date", test: .younger(than: 30))]))
    }
  }

  @Test("wrong calls are explained", arguments: ["2026-09", "2026", "2026-9-30", "yesterday", "2026-02-30"])
  func wrongSpan(_ span: String) throws {
    let uz = try Self.federation([("a", 20, 20)])
    let error = #expect(throws: StoreError.self) { try uz.store.derive("membership", span: span) }
    #expect(error?.code == .invalid)
    #expect(throws: StoreError.self) { try uz.store.derive("nothing", span: "2026-09-30") }
    let early = #expect(throws: StoreError.self) { try uz.store.derive("membership", span: "1990-01-01") }
    #expect(early?.detail.contains("nothing was written") == true)
  }

  /// Two offices of one federation that both hold members of one organization, and headquarters.
  private func offices() throws -> (hq: TestNode, uz: TestNode, office: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    hq.house = house
    try Self.fill(uz, [("a", 20, 20), ("b", 25, 25)], parent: "c")
    try Exchange.settle(hq, [uz, office])
    for number in 0..<33 {
      try office.type("INSERT INTO member(id, sex, primary_unit, joined_on) VALUES('o\(number)', 'male', 'a', '2021')")
    }
    return (hq, uz, office)
  }

  @Test("What another office derived is not overwritten but listed, unless it is to be replaced")
  func elsewhere() throws {
    let (hq, uz, office) = try offices()
    #expect(try derive(uz).count(.created) == 2)
    try Exchange.settle(hq, [uz, office])
    for isDryRun in [true, false] {
      let report = try derive(office, isDryRun: isDryRun)
      let line = try #require(report.lines.first)
      #expect(report.lines.count == 1 && line.outcome == .elsewhere && line.other == "ftuu" && line.figures.isEmpty)
      #expect(report.others(.elsewhere) == ["ftuu"])
    }
    #expect(try !office.store.hasCaptured())
    try Exchange.settle(hq, [uz, office])
    for node in [hq, uz, office] {
      #expect(try node.value("members_total", "membership_return WHERE unit='a'") == "40")
    }
    // The one that derived them may do so again.
    try uz.type("DELETE FROM member WHERE id='a-male-0'")
    #expect(try derive(uz).count(.changed) == 1)
    try Exchange.settle(hq, [uz, office])

    let replaced = try office.store.derive("membership", span: "2026-09-30", replaces: true)
    #expect(replaced.count(.changed) == 1 && replaced.lines.first?.other == "ftuu")
    // Not sealed yet, they are this node's all the same.
    #expect(try derive(office).count(.unchanged) == 1)
    try office.type("DELETE FROM member WHERE id='o0'")
    #expect(try derive(office).count(.changed) == 1)
    let leaving = try DryRun(of: office.store)
    try leaving.store.seal()
    let summary = try leaving.egress(to: office.store.frontier(visibleTo: office.role), marks: [], role: office.role) {
      _ in
    }
    #expect(summary.replaced.map(\.key) == ["a/2026-09-30/territorial"] && summary.replaced.first?.node == "ftuu")
    try Exchange.settle(hq, [uz, office])
    #expect(try hq.value("members_total", "membership_return WHERE unit='a'") == "32")
    #expect(try derive(uz).lines.first { $0.outcome == .elsewhere }?.other == "ftuu/Samarkand")
    #expect(try hq.store.conflicts().isEmpty)
  }

  @Test("What headquarters or another office typed over a derived figure stays as well")
  func typedElsewhere() throws {
    let (hq, uz, office) = try offices()
    _ = try derive(uz)
    try Exchange.settle(hq, [uz, office])
    try hq.type("UPDATE membership_return SET members_total=41 WHERE unit='a'")
    try office.type("UPDATE membership_return SET remark='seen' WHERE unit='b'")
    try Exchange.settle(hq, [uz, office])
    try uz.type("DELETE FROM member WHERE id IN ('a-male-0', 'b-male-0')")
    let report = try derive(uz)
    #expect(report.lines.first { $0.key.hasPrefix("a/") }?.other == hq.name)
    #expect(report.lines.first { $0.key.hasPrefix("b/") }?.outcome == .changed, "a remark is no figure")
    #expect(try uz.column("members_total", "membership_return ORDER BY unit") == ["41", "49"])
  }

  @Test(
    "Derived by two offices that had not heard of each other, both figures stand as a conflict until somebody decides")
  func concurrently() throws {
    let (hq, uz, office) = try offices()
    _ = try derive(uz)
    _ = try derive(office)
    try Exchange.settle(hq, [uz, office])
    let conflicts = try hq.store.conflicts().filter { $0.kind == "membership_return" }
    #expect(conflicts.contains { $0.key.hasPrefix("a/") && $0.field == "counts" })
    #expect(try uz.store.conflicts().contains { $0.key.hasPrefix("a/") && $0.field == "counts" })
    // Neither closes it by running once more.
    for node in [uz, office] {
      try node.type("INSERT INTO member(id, sex, primary_unit, joined_on) VALUES('n', 'female', 'a', '2021')")
      #expect(try derive(node).lines.first { $0.key.hasPrefix("a/") }?.outcome == .elsewhere)
    }
    try Exchange.settle(hq, [uz, office])
    #expect(try hq.store.conflicts().contains { $0.key.hasPrefix("a/") && $0.field == "counts" })
  }

  @Test("more rows than one batch are all counted once")
  func batches() throws {
    let uz = try Self.federation([("a", 1, 1)])
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<45000)
      INSERT INTO member(id, sex, primary_unit, joined_on) SELECT 'm'||i, 'female', 'a', '2020' FROM n
      """)
    #expect(try derive(uz).counted == 45_002)
    #expect(try uz.value("members_total", "membership_return") == "45002")
  }

  @Test("a unit with a withheld total has reported, adds nothing, and the total shows it, on both sides")
  func completeness() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'none')")
    try hq.type("INSERT INTO org_unit(code, membership_status, federation) VALUES('m', 'member', 'otuts')")
    try Exchange.sync(uz, hq)
    try Self.fill(uz, [("a", 3, 2), ("b", 15, 15), ("d", 40, 40)], parent: "c")
    _ = try derive(uz)
    try Exchange.sync(uz, hq)
    try hq.type("UPDATE org_unit SET membership_status='member' WHERE code='ftuu'")
    try Exchange.sync(uz, hq)
    for node in [uz, hq] {
      guard case .report(let report) = try node.store.totals(indicator: "members", asOf: "2026-10") else { return }
      let row = try #require(report.rows.first { $0.unit == "ftuu" })
      #expect(row.counted == 80 && row.tally.unitsReporting == 3 && row.tally.unitsExpected == 3)
      #expect(row.tally.unitsWithheld == 2)
      #expect(try node.store.verify().problems == [])
    }
    // Told again, it counts again; and a later return that is withheld adds nothing from its day on.
    for number in 0..<30 {
      try uz.type("INSERT INTO member(id, primary_unit, joined_on) VALUES('n\(number)', 'a', '2021')")
    }
    _ = try derive(uz)
    try Exchange.sync(uz, hq)
    guard case .report(let report) = try hq.store.totals(indicator: "members", asOf: "2026-10") else { return }
    #expect(report.counted == 145 && report.tally.unitsWithheld == 0)
    #expect(try hq.store.verify().problems == [])
  }
}
