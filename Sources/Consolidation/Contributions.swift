import SyncCore

/// What one unit adds to totals, as steps in time.
///
/// A total at a date is the sum of all steps at or before it. So any date can be asked, and a change of one record moves
/// only the steps of its unit: the total stays exact in the transaction that absorbs the change.
///
/// ```swift
/// // 120 members from the end of October, 130 from the end of November:
/// // day(2025-10-31): +120, 1 unit reported; day(2025-11-30): +10
/// ```
public enum Contributions {
  /// The day before all days.
  public static let always = Int32.min

  /// The steps of a stock: the last value at or before the date, while the unit is open.
  ///
  /// Returns of excluded sorts are not summed, because those of the units below them are. Returns of a unit that nobody
  /// has recorded yet are summed, and such a unit is expected from its first return on, so that no more units report than
  /// are expected.
  public static func stock(
    _ stock: Indicator.Stock, unit: UnitRecord?, returns: [UnitReturn]
  ) -> [TotalKey: TotalDelta] {
    let terms = ReturnTerms(stock, unit: unit)
    guard terms.isEverOpen else { return [:] }
    var steps: [TotalKey: TotalDelta] = [:]
    if let unit, terms.isExpected {
      func add(_ day: Int32, _ expected: Int64) {
        let key = TotalKey(federation: unit.federation, slot: "", day: day)
        steps[key, default: TotalDelta()] += TotalDelta(expected: expected)
      }
      add(terms.opened, 1)
      if let closed = terms.closed { add(closed, -1) }
    }
    if terms.isCounted {
      for (series, values) in series(of: returns) { add(values, of: series, on: terms, to: &steps) }
    }
    return steps.filter { !$0.value.isZero }
  }

  /// The steps of a count of units by sort.
  public static func openUnits(_ unit: UnitRecord?) -> [TotalKey: TotalDelta] {
    guard let unit, !unit.sort.isEmpty else { return [:] }
    let opened = unit.opened?.first.number ?? always
    var steps = [TotalKey(federation: unit.federation, slot: unit.sort, day: opened): TotalDelta(amount: 1)]
    if let closed = unit.closed?.last.number {
      guard closed > opened else { return [:] }
      steps[TotalKey(federation: unit.federation, slot: unit.sort, day: closed)] = TotalDelta(amount: -1)
    }
    return steps
  }

  /// How many figures that apply at a day are withheld, along one axis, by owner.
  public static func withheld(
    _ stock: Indicator.Stock, unit: UnitRecord?, returns: [UnitReturn], axis: String, at day: CalendarDay
  ) -> [String: Int64] {
    if let opened = unit?.opened?.first, opened > day { return [:] }
    if let closed = unit?.closed?.last, closed <= day { return [:] }
    if let unit, stock.excludedSorts.contains(unit.sort) { return [:] }
    var standing: [String: UnitReturn] = [:]
    for item in returns where item.axis == axis && item.asOf.last <= day && item.amount != nil {
      if let known = standing[item.federation], (known.asOf.last, known.value ?? 0) > (item.asOf.last, item.value ?? 0)
      {
        continue
      }
      standing[item.federation] = item
    }
    return standing.filter { $0.value.isWithheld }.mapValues { _ in 1 }
  }

  private struct Series: Hashable {
    var federation: String
    var axis: String
  }

  /// The values by owner and axis, in ascending order of day; of two for one day the one that is larger counts.
  private static func series(of returns: [UnitReturn]) -> [Series: [(day: Int32, value: Int64)]] {
    var byDay: [Series: [Int32: Int64]] = [:]
    for item in returns {
      guard let value = item.amount else { continue }
      let series = Series(federation: item.federation, axis: item.axis)
      let day = item.asOf.last.number
      byDay[series, default: [:]][day] = max(value, byDay[series]?[day] ?? value)
    }
    return byDay.mapValues { days in days.sorted { $0.key < $1.key }.map { (day: $0.key, value: $0.value) } }
  }

  private static func add(
    _ values: [(day: Int32, value: Int64)], of series: Series, on terms: ReturnTerms,
    to steps: inout [TotalKey: TotalDelta]
  ) {
    var last: Int64?
    for (day, value) in values {
      guard let from = terms.effectiveDay(of: day) else { break }
      let delta = last.map { TotalDelta(amount: value &- $0) } ?? terms.firstStep(value)
      steps[TotalKey(federation: series.federation, slot: series.axis, day: from), default: TotalDelta()] += delta
      last = value
    }
    guard let closed = terms.closed, let last else { return }
    steps[TotalKey(federation: series.federation, slot: series.axis, day: closed), default: TotalDelta()] +=
      -terms.firstStep(last)
  }
}

/// How a unit's own record decides what its returns add to a stock.
public struct ReturnTerms: Sendable {
  /// The first day on which the unit is open.
  public let opened: Int32
  /// The day from which it is closed; nil while it is open.
  public let closed: Int32?
  /// Whether the unit's own record says that it has to report.
  public let isExpected: Bool
  /// False for a unit whose returns are not summed.
  public let isCounted: Bool
  /// False for a unit that closed before it opened.
  public var isEverOpen: Bool { closed.map { $0 > opened } ?? true }

  public init(_ stock: Indicator.Stock, unit: UnitRecord?) {
    opened = unit?.opened?.first.number ?? Contributions.always
    closed = unit?.closed?.last.number
    isExpected = unit.map { stock.expectedSorts.contains($0.sort) } ?? false
    isCounted = unit.map { !stock.excludedSorts.contains($0.sort) } ?? true
  }

  /// From which day on a return of a day counts; nil for one that counts never.
  public func effectiveDay(of day: Int32) -> Int32? {
    let from = max(day, opened)
    return closed.map { from >= $0 } ?? false ? nil : from
  }

  /// What a unit's first value of a series adds: from then on it reported, and is expected to.
  public func firstStep(_ value: Int64) -> TotalDelta {
    TotalDelta(amount: value, reported: 1, expected: isExpected ? 0 : 1)
  }

  /// The steps of a unit's only return, without building what several need: up, and down when the unit closes.
  public func stepsOfOnly(day: Int32, value: Int64) -> [(day: Int32, delta: TotalDelta)] {
    guard isCounted, isEverOpen, let from = effectiveDay(of: day) else { return [] }
    let step = firstStep(value)
    return [(from, step)] + (closed.map { [($0, -step)] } ?? [])
  }
}
