import SyncCore

@testable import Store

/// Totals counted by their definition from the rows as they are sealed, without any of the store's code for totals.
enum Recount {
  struct Figure: Hashable, CustomStringConvertible {
    var indicator: String
    var slot: String
    var federation: String
    var description: String { "\(indicator)/\(slot)/\(federation)" }
  }

  struct Amounts: Equatable {
    var amount: Int64 = 0
    var reported: Int64 = 0
    var expected: Int64 = 0
    var isZero: Bool { self == Amounts() }
  }

  private struct Unit {
    var federation: String
    var sort: String
    var opened: DayRange?
    var closed: DayRange?

    func isOpen(_ day: Int32) -> Bool {
      (opened.map { $0.first.number <= day } ?? true) && (closed.map { $0.last.number > day } ?? true)
    }

    /// Closed before it was opened: it never was.
    var isReal: Bool {
      guard let opened, let closed else { return true }
      return closed.last > opened.first
    }
  }

  private struct Return {
    var unit: String
    var axis: String
    var federation: String
    var day: Int32
    var value: Int64
  }

  static let days: [Int32] = [
    "0001-01-01", "2021-01-01", "2023-12-31", "2024-01-01", "2024-12-31", "2025-10-01",
    "2025-10-31", "2025-11-29", "2025-11-30", "2025-12-31", "2026-02-28", "9999-01-01",
  ].compactMap { DayRange(date: Array($0.utf8))?.first.number }

  static let excluded = ["international", "council", "national_centre", "sectoral_union", "regional_council"]

  /// Where the table of totals is not what a recount gives; nil when nowhere.
  static func difference(_ node: TestNode) throws -> String? {
    try node.store.refreshTotals()
    let units = try units(node)
    let returns = try returns(node)
    let steps = try node.rows(
      ["indicator", "slot", "federation", "day", "amount", "reported", "expected"], "birlik_total")
    for day in days {
      var standing: [Figure: Amounts] = [:]
      for row in steps where Int32(row[3]).map({ $0 <= day }) ?? false {
        var sum = standing[Figure(indicator: row[0], slot: row[1], federation: row[2])] ?? Amounts()
        sum.amount += Int64(row[4]) ?? 0
        sum.reported += Int64(row[5]) ?? 0
        sum.expected += Int64(row[6]) ?? 0
        standing[Figure(indicator: row[0], slot: row[1], federation: row[2])] = sum
      }
      standing = standing.filter { !$0.value.isZero }
      let naive = naive(units, returns, at: day)
      if naive != standing {
        let wrong = Set(naive.keys).union(standing.keys).filter { naive[$0] != standing[$0] }
        return wrong.map { "day \(day) \($0): counted \(naive[$0] ?? Amounts()), kept \(standing[$0] ?? Amounts())" }
          .sorted().joined(separator: "; ")
      }
    }
    return nil
  }

  private static func units(_ node: TestNode) throws -> [String: Unit] {
    var units: [String: Unit] = [:]
    for row in try node.rows(
      ["code", "federation", "coalesce(unit_kind,'')", "coalesce(opened_on,'')", "coalesce(closed_on,'')"], "org_unit")
    {
      let unit = Unit(
        federation: row[1], sort: row[2], opened: DayRange(date: Array(row[3].utf8)),
        closed: DayRange(date: Array(row[4].utf8)))
      units[row[0]] = unit
    }
    return units
  }

  private static func returns(_ node: TestNode) throws -> [Return] {
    try node.rows(
      ["unit", "axis", "federation", "as_of", "members_total"],
      "membership_return WHERE members_total IS NOT NULL"
    ).compactMap { row in
      guard let day = DayRange(date: Array(row[3].utf8))?.last.number, let value = Int64(row[4]) else { return nil }
      return Return(unit: row[0], axis: row[1], federation: row[2], day: day, value: value)
    }
  }

  private static func naive(_ units: [String: Unit], _ returns: [Return], at day: Int32) -> [Figure: Amounts] {
    var figures: [Figure: Amounts] = [:]
    for unit in units.values where unit.isReal && unit.isOpen(day) {
      if !unit.sort.isEmpty {
        figures[Figure(indicator: "#org_unit", slot: unit.sort, federation: unit.federation), default: Amounts()]
          .amount += 1
      }
      if unit.sort == "primary_organization" {
        figures[Figure(indicator: "members", slot: "", federation: unit.federation), default: Amounts()].expected += 1
      }
    }
    let series = Set(returns.map { [$0.unit, $0.axis, $0.federation] })
    for name in series {
      let unit = units[name[0]]
      if let unit, !unit.isReal || !unit.isOpen(day) || excluded.contains(unit.sort) { continue }
      let known = returns.filter { [$0.unit, $0.axis, $0.federation] == name && $0.day <= day }
      guard let last = known.max(by: { ($0.day, $0.value) < ($1.day, $1.value) }) else { continue }
      let figure = Figure(indicator: "members", slot: name[1], federation: name[2])
      figures[figure, default: Amounts()].amount += last.value
      figures[figure, default: Amounts()].reported += 1
      // A unit that nobody expected is expected once it reports.
      if unit?.sort != "primary_organization" { figures[figure, default: Amounts()].expected += 1 }
    }
    return figures.filter { !$0.value.isZero }
  }
}
