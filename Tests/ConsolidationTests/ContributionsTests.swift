import SyncCore
import TestSupport
import Testing

@testable import Consolidation

/// The steps of a unit against the definition of a total, asked at many days.
@Suite struct ContributionsTests {
  private static let stock = Indicator.Stock(
    kind: "r", unitColumn: "u", dateColumn: "d", axisColumn: "a", axis: "x", valueField: "v",
    excludedSorts: ["council"], expectedSorts: ["primary"],
    units: Indicator.Units(
      kind: "u", sortField: "s", openedField: "o", closedField: "c", statusField: "t", statuses: [], linkKind: "l",
      parentField: "p", linkEndField: "e"),
    published: Indicator.Published(kind: "f", measure: "m", valueField: "v"))

  private struct Series: Hashable {
    var federation: String
    var slot: String
  }

  private static func steps(_ unit: UnitRecord?, _ returns: [UnitReturn]) -> [TotalKey: TotalDelta] {
    Contributions.stock(stock, unit: unit, code: "u", returns: returns, headquarters: "hq")
  }

  /// The sum of all steps at or before a day.
  private static func sums(_ steps: [TotalKey: TotalDelta], at day: Int32) -> [Series: TotalDelta] {
    var sums: [Series: TotalDelta] = [:]
    for (key, delta) in steps where key.day <= day {
      sums[Series(federation: key.federation, slot: key.slot), default: TotalDelta()] += delta
    }
    return sums.filter { !$0.value.isZero }
  }

  private static func isOpen(_ unit: UnitRecord, _ day: Int32) -> Bool {
    let opened = unit.opened?.first.number ?? .min
    let closed = unit.closed?.last.number ?? .max
    return opened <= day && (day < closed || closed <= opened)
  }

  /// Which return counts, by its definition: one that may speak for the unit before all others, then the latest, then
  /// the unit's own federation before headquarters, then the more exact date.
  private static func standing(_ returns: [UnitReturn], home: String?) -> UnitReturn? {
    func order(_ item: UnitReturn) -> (Int, Int32, Int, Int32) {
      let isOwn = item.federation == home || (home == nil && item.federation != "hq")
      return (
        isOwn || item.federation == "hq" ? 1 : 0, item.asOf.last.number, isOwn ? 1 : 0,
        item.asOf.first.number - item.asOf.last.number
      )
    }
    return returns.max { a, b in order(a) == order(b) ? a.date > b.date : order(a) < order(b) }
  }

  private static func naive(_ unit: UnitRecord?, _ returns: [UnitReturn], at day: Int32) -> [Series: TotalDelta] {
    var sums: [Series: TotalDelta] = [:]
    if let unit, !isOpen(unit, day) { return [:] }
    let home = unit.flatMap { $0.federation == "hq" ? nil : $0.federation }
    let expects = unit?.sort == "primary"
    if let unit, expects { sums[Series(federation: unit.federation, slot: ""), default: TotalDelta()].expected += 1 }
    if unit?.sort == "council" { return sums }
    for axis in Set(returns.map(\.axis)) {
      let known = returns.filter { $0.axis == axis && $0.asOf.last.number <= day && ($0.value != nil || $0.isWithheld) }
      guard let item = standing(known, home: home) else { continue }
      let federation = item.federation == "hq" ? home ?? "hq" : item.federation
      let others = known.filter { $0.asOf.last >= item.asOf.last && $0.value != item.value }
      let owes = expects && federation == (home ?? "hq")
      sums[Series(federation: federation, slot: axis), default: TotalDelta()] += TotalDelta(
        amount: Int128(item.value ?? 0), reported: 1, expected: owes ? 0 : 1, withheld: item.value == nil ? 1 : 0,
        contradicted: others.isEmpty ? 0 : 1,
        astray: unit == nil || (home != nil && home != federation) ? 1 : 0)
      if expects, home == nil, federation != "hq" {
        sums[Series(federation: "hq", slot: axis), default: TotalDelta()].expected -= 1
      }
    }
    return sums.filter { !$0.value.isZero }
  }

  /// Nil for one that nobody has recorded.
  private static func unit(_ random: inout SeededRandom) -> UnitRecord? {
    guard random.below(5) > 0 else { return nil }
    return UnitRecord(
      federation: ["a", "b", "hq"][random.below(3)], sort: ["primary", "council", "other", ""][random.below(4)],
      opened: random.below(2) == 0 ? nil : random.range(), closed: random.below(2) == 0 ? nil : random.range())
  }

  /// A return; one federation has one for each date and axis, as its key demands.
  private static func item(_ random: inout SeededRandom, _ federation: String, _ axis: String = "x") -> UnitReturn {
    let asOf = random.range()
    let value = random.below(4) == 0 ? nil : Int64(random.below(5))
    return UnitReturn(
      federation: federation, axis: axis, date: "\(random.below(1 << 40))", asOf: asOf,
      value: value, isWithheld: value == nil && random.below(2) == 0)
  }

  @Test("The short way for a unit's only return makes the same steps as the long way")
  func onlyReturn() {
    var compared = 0
    for seed in 0..<3000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let unit = Self.unit(&random)
      let item = Self.item(&random, ["a", "b", "hq"][random.below(3)])
      let terms = ReturnTerms(Self.stock, unit: unit, code: "u", headquarters: "hq")
      guard let value = item.value, terms.isPlain(Array(item.federation.utf8)) else { continue }
      compared += 1
      var short = Self.steps(unit, [])
      let day = item.asOf.last.number
      for step in terms.stepsOfOnly(day: day, value: value) {
        let key = TotalKey(federation: item.federation, slot: "x", vintage: day, day: step.day)
        short[key, default: TotalDelta()] += step.delta
      }
      #expect(short == Self.steps(unit, [item]), "seed \(seed): \(String(describing: unit)) \(item)")
    }
    #expect(compared > 500)
  }

  @Test("Steps add up to the definition at every day", arguments: 0..<20)
  func stock(batch: UInt64) {
    for number in 0..<100 as Range<UInt64> {
      let seed = batch * 100 + number
      var random = SeededRandom(seed: seed)
      let unit = Self.unit(&random)
      let returns = (0..<random.below(7)).map { _ in
        Self.item(&random, ["a", "b", "hq"][random.below(3)], ["x", "y"][random.below(2)])
      }
      let steps = Self.steps(unit, returns)
      for day in [Int32.min] + Array(-1...130) + [100_000] {
        let (found, meant) = (Self.sums(steps, at: day), Self.naive(unit, returns, at: day))
        if found != meant {
          Issue.record("seed \(seed), day \(day): \(String(describing: unit)) \(returns): \(found) instead of \(meant)")
          return
        }
        let all = found.values.reduce(into: TotalDelta()) { $0 += $1 }
        for axis in ["x", "y"] {
          let reported = found.filter { $0.key.slot == axis }.values.reduce(0) { $0 + $1.reported }
          #expect(reported <= 1, "seed \(seed), day \(day): one unit counts once")
        }
        #expect(all.reported <= all.expected + (unit?.sort == "primary" ? 1 : 0), "seed \(seed), day \(day)")
      }
      #expect(steps.values.allSatisfy { !$0.isZero }, "seed \(seed): a step of nothing")
      #expect(Self.steps(unit, returns.reversed()) == steps, "seed \(seed): order matters")
    }
  }

  @Test("Every step names the day of its return, and of one return all steps at a day add up to all of it or nothing")
  func vintages() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let returns = (0..<6).map { _ in Self.item(&random, "a") }
      for day in Array(0...130) as [Int32] {
        var byVintage: [Int32: TotalDelta] = [:]
        for (key, delta) in Self.steps(nil, returns) where key.day <= day {
          byVintage[key.vintage, default: TotalDelta()] += delta
        }
        let standing = byVintage.filter { !$0.value.isZero }
        let known = returns.filter { $0.amount != nil && $0.asOf.last.number <= day }
        #expect(standing.keys.max() == known.map(\.asOf.last.number).max() && standing.count == min(1, known.count))
      }
    }
  }

  @Test("A unit counts from the first day of its opening until the last day of its closing, and on when opened again")
  func openUnits() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let unit = UnitRecord(
        federation: "a", sort: ["primary", ""][random.below(2)], opened: random.below(2) == 0 ? nil : random.range(),
        closed: random.below(2) == 0 ? nil : random.range())
      let steps = Contributions.openUnits(unit)
      for day in [Int32.min] + Array(-1...130) + [100_000] {
        let counts = Self.isOpen(unit, day) && !unit.sort.isEmpty
        let expected = counts ? [Series(federation: "a", slot: unit.sort): TotalDelta(amount: 1)] : [:]
        #expect(Self.sums(steps, at: day) == expected, "seed \(seed), day \(day)")
      }
    }
    #expect(Contributions.openUnits(nil).isEmpty)
  }

  private static func item(_ day: Int32, _ value: Int64?, _ federation: String = "a") -> UnitReturn {
    UnitReturn(
      federation: federation, axis: "x", date: "\(day)",
      asOf: DayRange(first: CalendarDay(number: day), last: CalendarDay(number: day)), value: value)
  }

  @Test("NULL is not zero")
  func nullIsNotZero() throws {
    let unknown = Self.steps(nil, [Self.item(5, 4), Self.item(9, nil)])
    #expect(Self.sums(unknown, at: 10).values.map(\.amount) == [4])
    let zero = Self.steps(nil, [Self.item(5, 4), Self.item(9, 0)])
    #expect(Self.sums(zero, at: 10).values.map(\.reported) == [1])
    #expect(Self.sums(zero, at: 10).values.map(\.amount) == [0])
    #expect(Self.steps(nil, [Self.item(5, nil)]).isEmpty)
  }

  @Test("Figures as large as integers go add up without an upper bound")
  func overflow() {
    let steps = Self.steps(nil, [Self.item(5, .max), Self.item(6, .min)])
    #expect(Self.sums(steps, at: 6).values.map(\.amount) == [Int128(Int64.min)])
    var tally = Tally()
    let period = DayRange(first: CalendarDay(number: 0), last: CalendarDay(number: 9))
    for _ in 0..<2 { tally.add(TotalDelta(amount: Int128(Int64.max)), vintage: 5, period: period) }
    #expect(tally.counted == nil && tally.sum == Int128(Int64.max) * 2)
    tally.add(TotalDelta(amount: -Int128(Int64.max)), vintage: 5, period: period)
    #expect(tally.counted == .max)
  }

  @Test("Many returns of strangers take no more than their number")
  func hostile() {
    let returns = [Self.item(0, 1)] + (1..<20_000).map { Self.item(Int32($0), Int64($0), "b") }
    let unit = UnitRecord(federation: "a", sort: "primary", opened: nil, closed: nil)
    #expect(Self.sums(Self.steps(unit, returns), at: .max).values.map(\.amount).reduce(0, +) == 1)
  }
}

extension SeededRandom {
  /// A range of one or of several days within the first hundred.
  fileprivate mutating func range() -> DayRange {
    let first = Int32(below(90))
    return DayRange(
      first: CalendarDay(number: first), last: CalendarDay(number: first + Int32([0, 0, 9, 30][below(4)])))
  }
}
