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
    var amount: Int128 = 0
    var reported: Int64 = 0
    var expected: Int64 = 0
    var contradicted: Int64 = 0
    var astray: Int64 = 0
    var isZero: Bool { self == Amounts() }
  }

  private struct Unit {
    var federation: String
    var sort: String
    var opened: DayRange?
    var closed: DayRange?

    /// A unit that was opened again counts though the date of its earlier closing stands.
    func isOpen(_ day: Int32) -> Bool {
      let from = opened?.first.number ?? .min
      let to = closed?.last.number ?? .max
      return from <= day && (day < to || to <= from)
    }
  }

  private struct Return {
    var unit: String
    var axis: String
    var federation: String
    var date: String
    var days: DayRange
    var value: Int64
    var day: Int32 { days.last.number }
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
      [
        "indicator", "slot", "federation", "day", "amount_high", "amount", "reported", "expected", "contradicted",
        "astray",
      ],
      "birlik_total")
    for day in days {
      var standing: [Figure: Amounts] = [:]
      for row in steps where Int32(row[3]).map({ $0 <= day }) ?? false {
        var sum = standing[Figure(indicator: row[0], slot: row[1], federation: row[2])] ?? Amounts()
        let numbers = row[4...].map { Int64($0) ?? 0 }
        sum.amount += Int128(numbers[0]) << 64 | Int128(UInt64(bitPattern: numbers[1]))
        sum.reported += numbers[2]
        sum.expected += numbers[3]
        sum.contradicted += numbers[4]
        sum.astray += numbers[5]
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
      guard let days = DayRange(date: Array(row[3].utf8)), let value = Int64(row[4]) else { return nil }
      return Return(unit: row[0], axis: row[1], federation: row[2], date: row[3], days: days, value: value)
    }
  }

  static let headquarters = "otuts"

  /// Which return counts: one that may speak for the unit before all others, then the latest, then the unit's own
  /// federation before headquarters, then the more exact date.
  private static func standing(_ returns: [Return], home: String?) -> Return? {
    func order(_ item: Return) -> (Int, Int32, Int, Int32) {
      let isOwn = item.federation == home || (home == nil && item.federation != headquarters)
      return (
        isOwn || item.federation == headquarters ? 1 : 0, item.day, isOwn ? 1 : 0,
        item.days.first.number - item.days.last.number
      )
    }
    return returns.max { a, b in order(a) == order(b) ? a.date > b.date : order(a) < order(b) }
  }

  private static func naive(_ units: [String: Unit], _ returns: [Return], at day: Int32) -> [Figure: Amounts] {
    var figures: [Figure: Amounts] = [:]
    for unit in units.values where unit.isOpen(day) {
      if !unit.sort.isEmpty {
        figures[Figure(indicator: "#org_unit", slot: unit.sort, federation: unit.federation), default: Amounts()]
          .amount += 1
      }
      if unit.sort == "primary_organization" {
        figures[Figure(indicator: "members", slot: "", federation: unit.federation), default: Amounts()].expected += 1
      }
    }
    for name in Set(returns.map { [$0.unit, $0.axis] }) {
      let unit = units[name[0]]
      if let unit, !unit.isOpen(day) || excluded.contains(unit.sort) { continue }
      let home = unit.flatMap { $0.federation == headquarters ? nil : $0.federation }
      // What a federation that nobody registered reports of itself stands above its units.
      let known = returns.filter {
        [$0.unit, $0.axis] == name && $0.day <= day && (unit != nil || $0.federation != $0.unit)
      }
      guard let item = standing(known, home: home) else { continue }
      let federation = item.federation == headquarters ? home ?? headquarters : item.federation
      let figure = Figure(indicator: "members", slot: name[1], federation: federation)
      let isExpected = unit?.sort == "primary_organization"
      figures[figure, default: Amounts()].amount += Int128(item.value)
      figures[figure, default: Amounts()].reported += 1
      if known.contains(where: { $0.day >= item.day && $0.value != item.value }) {
        figures[figure, default: Amounts()].contradicted += 1
      }
      if unit == nil || (home != nil && home != federation) { figures[figure, default: Amounts()].astray += 1 }
      // A unit that nobody expected is expected once it reports.
      if !isExpected || federation != (home ?? headquarters) { figures[figure, default: Amounts()].expected += 1 }
      // What headquarters registered is expected of whoever reports it.
      if isExpected, home == nil, federation != headquarters {
        let own = Figure(indicator: "members", slot: name[1], federation: headquarters)
        figures[own, default: Amounts()].expected -= 1
      }
    }
    return figures.filter { !$0.value.isZero }
  }
}
