import SyncCore

/// What one unit adds to totals, as steps in time.
///
/// A total at a date is the sum of all steps at or before it. So any date can be asked, and a change of one record moves
/// only the steps of its unit: the total stays exact in the transaction that absorbs the change. Every step names the day
/// of the return from which it stems, so that a total can tell what was reported for a period from what is carried
/// forward.
///
/// ```swift
/// // 120 members at the end of October, 130 at the end of November:
/// // 2025-10-31, of October's return: +120, 1 unit reported
/// // 2025-11-30, of October's return: -120, -1; of November's return: +130, +1
/// ```
public enum Contributions {
  /// The day before all days.
  public static let always = Int32.min

  /// The steps of a stock: the last value at or before the date, while the unit is open.
  ///
  /// Returns of excluded sorts are not summed, because those of the units below them are. Returns of a unit that nobody
  /// has recorded yet are summed, and such a unit is expected from its first return on, so that no more units report than
  /// are expected. A federation that nobody registered may report itself. That is not summed: it is the sum of its units.
  ///
  /// - Parameter code: the unit's; asked for where nobody recorded it.
  public static func stock(
    _ stock: Indicator.Stock, unit: UnitRecord?, code: String, returns: [UnitReturn], headquarters: String
  ) -> [TotalKey: TotalDelta] {
    let terms = ReturnTerms(stock, unit: unit, code: code, headquarters: headquarters)
    let returns = returns.filter(terms.isCounted)
    var steps: [TotalKey: TotalDelta] = [:]
    func add(_ federation: String, _ slot: String, _ vintage: Int32, _ day: Int32, _ delta: TotalDelta) {
      steps[TotalKey(federation: federation, slot: slot, vintage: vintage, day: day), default: TotalDelta()] += delta
    }
    if let unit, terms.isExpected {
      add(unit.federation, "", always, terms.opened, TotalDelta(expected: 1))
      if let closed = terms.closed { add(unit.federation, "", always, closed, TotalDelta(expected: -1)) }
    }
    for axis in Set(returns.map(\.axis)) {
      let standing = StandingReturns(returns, axis: axis, home: terms.home, headquarters: headquarters)
      var last: StandingReturns.Span?
      func move(to next: StandingReturns.Span?, on day: Int32) {
        for (span, isAfter) in [(last, false), (next, true)] {
          guard let span else { continue }
          let item = standing.returns[span.index]
          let federation = terms.counts(for: item.federation)
          var delta = terms.delta(item, for: federation)
          delta.contradicted = span.contradicting.isEmpty ? 0 : 1
          add(federation, axis, item.day, day, isAfter ? delta : -delta)
          if terms.isExpected, terms.home == nil, federation != headquarters {
            add(headquarters, axis, item.day, day, TotalDelta(expected: isAfter ? -1 : 1))
          }
        }
        last = next
      }
      for span in standing.spans {
        guard let from = terms.effectiveDay(of: span.day) else { break }
        move(to: span, on: from)
      }
      if let closed = terms.closed { move(to: nil, on: closed) }
    }
    return steps.filter { !$0.value.isZero }
  }

  /// The steps of a count of units by sort.
  public static func openUnits(_ unit: UnitRecord?) -> [TotalKey: TotalDelta] {
    guard let unit, !unit.sort.isEmpty else { return [:] }
    let opened = unit.opened?.first.number ?? always
    var steps = [TotalKey(federation: unit.federation, slot: unit.sort, day: opened): TotalDelta(amount: 1)]
    if let closed = unit.closed?.last.number, !unit.isReopened {
      steps[TotalKey(federation: unit.federation, slot: unit.sort, day: closed)] = TotalDelta(amount: -1)
    }
    return steps
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
  /// The federation to which the unit belongs; nil where headquarters registered it, or nobody.
  public let home: String?
  private let isRegistered: Bool
  private let isExcluded: Bool
  private let code: String
  private let headquarters: String

  /// - Parameter code: the unit's; asked for where nobody recorded it.
  public init(_ stock: Indicator.Stock, unit: UnitRecord?, code: String, headquarters: String) {
    opened = unit?.opened?.first.number ?? Contributions.always
    closed = unit?.isReopened == true ? nil : unit?.closed?.last.number
    isExpected = unit.map { stock.expectedSorts.contains($0.sort) } ?? false
    isExcluded = unit.map { stock.excludedSorts.contains($0.sort) } ?? false
    home = unit.flatMap { $0.federation == headquarters ? nil : $0.federation }
    isRegistered = unit != nil
    self.code = code
    self.headquarters = headquarters
  }

  /// Whether a return is summed at all: not where those of the units below report the same people.
  public func isCounted(_ item: UnitReturn) -> Bool { isCounted(item.federation.utf8) }

  private func isCounted(_ owner: some Collection<UInt8>) -> Bool {
    !isExcluded && (isRegistered || !code.utf8.elementsEqual(owner))
  }

  /// In whose total a return counts: headquarters reports for the federation to which the unit belongs.
  public func counts(for owner: String) -> String { owner == headquarters ? home ?? owner : owner }

  /// From which day on a return of a day counts; nil for one that counts never.
  public func effectiveDay(of day: Int32) -> Int32? {
    let from = max(day, opened)
    return closed.map { from >= $0 } ?? false ? nil : from
  }

  /// What a return adds while it counts. A unit that need not report is expected from the moment it does.
  public func delta(_ item: UnitReturn, for federation: String) -> TotalDelta {
    TotalDelta(
      amount: Int128(item.amount ?? 0), reported: 1,
      expected: isExpected && federation == (home ?? headquarters) ? 0 : 1, withheld: item.isWithheld ? 1 : 0,
      astray: !isRegistered || (home != nil && home != federation) ? 1 : 0)
  }

  /// Whether a return of this owner counts in its own total, and nothing of it in another's.
  public func isPlain(_ owner: some Collection<UInt8>) -> Bool {
    guard isRegistered else { return isCounted(owner) }
    guard let home else { return !isExpected }
    return home.utf8.elementsEqual(owner)
  }

  /// The steps of a unit's only return where it is plain, without building what several need: up, and down when the unit
  /// closes.
  public func stepsOfOnly(day: Int32, value: Int64) -> [(day: Int32, delta: TotalDelta)] {
    guard !isExcluded, let from = effectiveDay(of: day) else { return [] }
    let step = TotalDelta(
      amount: Int128(value), reported: 1, expected: isExpected ? 0 : 1, astray: isRegistered ? 0 : 1)
    return [(from, step)] + (closed.map { [($0, -step)] } ?? [])
  }
}
