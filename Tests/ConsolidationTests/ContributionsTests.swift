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
    return opened < closed && opened <= day && day < closed
  }

  private static func naive(_ unit: UnitRecord?, _ returns: [UnitReturn], at day: Int32) -> [Series: TotalDelta] {
    var sums: [Series: TotalDelta] = [:]
    if let unit, !isOpen(unit, day) { return [:] }
    if let unit, unit.sort == "primary" {
      sums[Series(federation: unit.federation, slot: ""), default: TotalDelta()].expected += 1
    }
    if unit?.sort == "council" { return sums }
    for series in Set(returns.map { Series(federation: $0.federation, slot: $0.axis) }) {
      let known = returns.filter {
        $0.federation == series.federation && $0.axis == series.slot && $0.asOf.last.number <= day && $0.value != nil
      }
      guard let last = known.max(by: { ($0.asOf.last.number, $0.value ?? 0) < ($1.asOf.last.number, $1.value ?? 0) })
      else { continue }
      sums[series, default: TotalDelta()].amount += last.value ?? 0
      sums[series, default: TotalDelta()].reported += 1
      if unit?.sort != "primary" { sums[series, default: TotalDelta()].expected += 1 }
    }
    return sums.filter { !$0.value.isZero }
  }

  /// Nil for one that nobody has recorded.
  private static func unit(_ random: inout SeededRandom) -> UnitRecord? {
    guard random.below(5) > 0 else { return nil }
    return UnitRecord(
      federation: ["a", "b"][random.below(2)], sort: ["primary", "council", "other", ""][random.below(4)],
      opened: random.below(2) == 0 ? nil : random.range(), closed: random.below(2) == 0 ? nil : random.range())
  }

  @Test("The short way for a unit's only return makes the same steps as the long way")
  func onlyReturn() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let unit = Self.unit(&random)
      let item = UnitReturn(federation: "b", axis: "x", asOf: random.range(), value: Int64(random.below(5)))
      var short = Contributions.stock(Self.stock, unit: unit, returns: [])
      let terms = ReturnTerms(Self.stock, unit: unit)
      for step in terms.stepsOfOnly(day: item.asOf.last.number, value: item.value ?? 0) {
        short[TotalKey(federation: "b", slot: "x", day: step.day), default: TotalDelta()] += step.delta
      }
      let long = Contributions.stock(Self.stock, unit: unit, returns: [item])
      #expect(short == long, "seed \(seed): \(String(describing: unit)) \(item)")
    }
  }

  @Test("Steps add up to the definition at every day", arguments: 0..<20)
  func stock(batch: UInt64) {
    for number in 0..<100 as Range<UInt64> {
      let seed = batch * 100 + number
      var random = SeededRandom(seed: seed)
      let unit = Self.unit(&random)
      let returns = (0..<random.below(7)).map { _ in
        UnitReturn(
          federation: ["a", "b"][random.below(2)], axis: ["x", "y"][random.below(2)], asOf: random.range(),
          value: random.below(4) == 0 ? nil : Int64(random.below(5)))
      }
      let steps = Contributions.stock(Self.stock, unit: unit, returns: returns)
      for day in [Int32.min] + Array(-1...130) + [100_000] {
        if Self.sums(steps, at: day) != Self.naive(unit, returns, at: day) {
          Issue.record("seed \(seed), day \(day): \(String(describing: unit)) \(returns)")
          return
        }
      }
      #expect(steps.values.allSatisfy { !$0.isZero }, "seed \(seed): a step of nothing")
      #expect(
        Contributions.stock(Self.stock, unit: unit, returns: returns.reversed()) == steps, "seed \(seed): order matters"
      )
    }
  }

  @Test("A unit counts from the first day of its opening until the last day of its closing")
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

  @Test("NULL is not zero")
  func nullIsNotZero() throws {
    let day = DayRange(first: CalendarDay(number: 5), last: CalendarDay(number: 5))
    let later = DayRange(first: CalendarDay(number: 9), last: CalendarDay(number: 9))
    let known = UnitReturn(federation: "a", axis: "x", asOf: day, value: 4)
    let unknown = Contributions.stock(
      Self.stock, unit: nil, returns: [known, UnitReturn(federation: "a", axis: "x", asOf: later, value: nil)])
    #expect(Self.sums(unknown, at: 10).values.map(\.amount) == [4])
    let zero = Contributions.stock(
      Self.stock, unit: nil, returns: [known, UnitReturn(federation: "a", axis: "x", asOf: later, value: 0)])
    #expect(Self.sums(zero, at: 10).values.map(\.reported) == [1])
    #expect(Self.sums(zero, at: 10).values.map(\.amount) == [0])
    let alone = Contributions.stock(
      Self.stock, unit: nil, returns: [UnitReturn(federation: "a", axis: "x", asOf: day, value: nil)])
    #expect(alone.isEmpty)
  }

  @Test("Figures as large as integers go wrap instead of trapping")
  func overflow() {
    let day = DayRange(first: CalendarDay(number: 5), last: CalendarDay(number: 5))
    let next = DayRange(first: CalendarDay(number: 6), last: CalendarDay(number: 6))
    let steps = Contributions.stock(
      Self.stock, unit: nil,
      returns: [
        UnitReturn(federation: "a", axis: "x", asOf: day, value: .max),
        UnitReturn(federation: "a", axis: "x", asOf: next, value: .min),
      ])
    #expect(Self.sums(steps, at: 6).values.map(\.amount) == [.min])
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
