import Consolidation
import SyncCore
import Wire

/// What stands under a unit along an axis, with what each adds: a total opened to its rows.
public struct TotalsExplanation: Sendable, Equatable {
  /// One child of the unit with everything under it.
  public struct Child: Sendable, Equatable {
    public var unit: String
    public var name: String
    public var sort: String
    /// Sum over everything under the child, itself included.
    public var counted: Int64
    public var unitsExpected: Int64
    public var unitsReported: Int64
    /// The child's own return that stands at the date, if any: its date and value.
    public var ownReturn: (asOf: String, value: Int64)?

    public static func == (a: Self, b: Self) -> Bool {
      a.unit == b.unit && a.name == b.name && a.sort == b.sort && a.counted == b.counted
        && a.unitsExpected == b.unitsExpected && a.unitsReported == b.unitsReported
        && a.ownReturn?.asOf == b.ownReturn?.asOf && a.ownReturn?.value == b.ownReturn?.value
    }
  }

  public var unit: String
  public var asOf: String
  public var axis: String
  public var children: [Child]
  /// Published figures of the unit, all of them: two published totals are two facts.
  public var published: [PublishedFigure]
}

/// A ratio of two indicators; never summed.
public struct RatioRow: Sendable, Equatable {
  public var unit: String
  public var numerator: Int64
  public var denominator: Int64
  public var factor: Int64

  public init(unit: String, numerator: Int64, denominator: Int64, factor: Int64) {
    self.unit = unit
    self.numerator = numerator
    self.denominator = denominator
    self.factor = factor
  }

  /// Tenths of the ratio, rounded half up; nil without a denominator.
  public var tenths: Int64? {
    guard denominator > 0 else { return nil }
    let (scaled, overflow) = numerator.multipliedReportingOverflow(by: factor &* 10)
    return overflow ? nil : (scaled &+ denominator / 2) / denominator
  }
}

/// The answer to `birlik totals`.
public enum TotalsAnswer: Sendable, Equatable {
  case report(TotalsReport)
  /// One row a unit, and the ratio of the sums.
  case ratio(indicator: String, asOf: String, rows: [RatioRow], total: RatioRow)
}

extension Store {
  /// The codes of all indicators, in the catalog's order.
  public func indicators() throws -> [String] { try read { $0.catalog.indicators.map(\.id) } }

  /// A consolidated figure at a date.
  ///
  /// Edits that are captured and not sealed yet are not in it.
  ///
  /// - Parameters:
  ///   - asOf: a date such as `2025-10-31`, or one known in part such as `2025-10`, which means its last day.
  ///   - axis: along which axis a stock is summed; nil for the catalog's.
  /// - Throws: `StoreError` with code `unknown` for another indicator, `invalid` for a date that is none.
  public func totals(indicator id: String, asOf: String, axis: String? = nil) throws -> TotalsAnswer {
    try refreshTotals()
    return try read { engine in
      guard let indicator = engine.catalog.indicator(named: id) else {
        let known = engine.catalog.indicators.map(\.id).joined(separator: ", ")
        throw StoreError(.unknown, "adding up", "there is no indicator '\(id)'", hint: "there are \(known)")
      }
      guard let day = DayRange(date: Array(asOf.utf8))?.last else {
        throw StoreError(.invalid, "adding up", "'\(asOf)' is not a date", hint: "write 2025-10-31 or 2025-10")
      }
      return try engine.answer(indicator, asOf: asOf, day: day, axis: axis)
    }
  }

  /// Counts the totals of a federation again where a large seal left that for later.
  func refreshTotals(now: Int64 = SystemClock.now()) throws {
    guard try read({ try $0.meta(.staleTotals)?.integer }) == 1 else { return }
    try write { engine in
      try Sealer(engine, wall: now).sealAll()
      engine.totals?.countNow()
    }
  }

  /// Opens a stock's total of one unit to what stands under it.
  public func explain(indicator id: String, unit: String, asOf: String, axis: String? = nil) throws -> TotalsExplanation
  {
    try read { engine in
      guard let indicator = engine.catalog.indicator(named: id), case .stock(let stock) = indicator.definition else {
        throw StoreError(
          .unknown, "opening a total", "'\(id)' is not an indicator that opens to returns", hint: "try members")
      }
      guard let day = DayRange(date: Array(asOf.utf8))?.last else {
        throw StoreError(.invalid, "opening a total", "'\(asOf)' is not a date", hint: "write 2025-10-31 or 2025-10")
      }
      return try engine.explain(stock, unit: unit, asOf: asOf, day: day, axis: axis ?? stock.axis)
    }
  }
}

extension Engine {
  func answer(_ indicator: Indicator, asOf: String, day: CalendarDay, axis: String?) throws -> TotalsAnswer {
    switch indicator.definition {
    case .stock(let stock):
      let axis = axis ?? stock.axis
      return .report(
        try report(
          indicator.id, asOf, day, axis: axis, stock.units, stock.published, withheld: try withheld(stock, axis, day)
        ) { federation in
          var sum = try total(indicator.id, slot: axis, federation: federation, day: day)
          sum += TotalDelta(expected: try total(indicator.id, slot: "", federation: federation, day: day).expected)
          return sum
        })
    case .openUnits(let open):
      return .report(
        try report(indicator.id, asOf, day, axis: "", open.units, open.published) { federation in
          let sum = try total(TotalsPlan.countName(open.units), slot: open.sort, federation: federation, day: day)
          return TotalDelta(amount: sum.amount, reported: sum.amount, expected: sum.amount)
        })
    case .ratio(let ratio):
      return try self.ratio(indicator.id, ratio, asOf: asOf, day: day, axis: axis)
    }
  }

  private func ratio(
    _ id: String, _ ratio: Indicator.Ratio, asOf: String, day: CalendarDay, axis: String?
  ) throws -> TotalsAnswer {
    guard let over = catalog.indicator(named: ratio.numerator), let under = catalog.indicator(named: ratio.denominator),
      case .report(let top) = try answer(over, asOf: asOf, day: day, axis: axis),
      case .report(let bottom) = try answer(under, asOf: asOf, day: day, axis: nil)
    else { throw StoreError(.unknown, "adding up", "the indicator '\(id)' divides by one that is not defined") }
    let rows = top.rows.map { row in
      RatioRow(
        unit: row.unit, numerator: row.counted, denominator: bottom.rows.first { $0.unit == row.unit }?.counted ?? 0,
        factor: ratio.factor)
    }
    let total = RatioRow(unit: "", numerator: top.counted, denominator: bottom.counted, factor: ratio.factor)
    return .ratio(indicator: id, asOf: asOf, rows: rows, total: total)
  }

  private func report(
    _ id: String, _ asOf: String, _ day: CalendarDay, axis: String, _ units: Indicator.Units,
    _ published: Indicator.Published, withheld: [String: Int64] = [:], counted: (String) throws -> TotalDelta
  ) throws -> TotalsReport {
    let figures = try figures(published)
    let rows = try members(units).map { unit in
      let sum = try counted(unit)
      let declared = PublishedFigure.standing(at: day, among: figures[unit] ?? [])
      return TotalsRow(
        unit: unit, counted: sum.amount, declared: declared?.value, declaredAsOf: declared?.asOf,
        unitsExpected: sum.expected, unitsReported: sum.reported, unitsWithheld: withheld[unit] ?? 0)
    }
    let parent = cards.values.first { $0.role.isHeadquarters }?.role.federation ?? ""
    return TotalsReport(
      indicator: id, asOf: asOf, axis: axis, rows: rows,
      claimed: PublishedFigure.standing(at: day, among: figures[parent] ?? []))
  }

  /// How many units have a figure at the day that is withheld, by owner.
  private func withheld(_ stock: Indicator.Stock, _ axis: String, _ day: CalendarDay) throws -> [String: Int64] {
    guard let part = TotalsPlan(catalog, tables).parts.first(where: { $0.stock == stock }), let returns = part.returns
    else { return [:] }
    var counts: [String: Int64] = [:]
    try returns.eachWithheld(self) { unit in
      let found = Contributions.withheld(
        stock, unit: try part.units.read(unit, self, [:]), returns: try returns.read(unit, self, [:]), axis: axis,
        at: day)
      for (federation, count) in found { counts[federation, default: 0] &+= count }
    }
    return counts
  }

  /// The sum of all steps at or before a day.
  func total(_ indicator: String, slot: String, federation: String, day: CalendarDay) throws -> TotalDelta {
    let statement = try connection.prepared(
      "SELECT amount, reported, expected FROM birlik_total "
        + "WHERE indicator=?1 AND slot=?2 AND federation=?3 AND day<=?4")
    statement.bind(1, text: indicator)
    statement.bind(2, text: slot)
    statement.bind(3, text: federation)
    statement.bind(4, Int64(day.number))
    var sum = TotalDelta()
    while try statement.step() {
      sum += TotalDelta(amount: statement.int64(0), reported: statement.int64(1), expected: statement.int64(2))
    }
    return sum
  }

  /// The units that are rows of the consolidated table, in order of code.
  func members(_ units: Indicator.Units) throws -> [String] {
    guard let kind = catalog.kind(named: units.kind) else { return [] }
    let marks = units.statuses.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let statement = try connection.prepared(
      "SELECT \(kind.key[0].name.sql) FROM \(kind.name) WHERE \(units.statusField.sql) IN (\(marks)) "
        + "ORDER BY \(kind.key[0].name.sql)")
    for (index, status) in units.statuses.enumerated() { statement.bind(index + 1, text: status) }
    var codes: [String] = []
    while try statement.step() { codes.append(statement.string(0)) }
    return codes
  }

  /// Published figures by unit.
  func figures(_ published: Indicator.Published) throws -> [String: [PublishedFigure]] {
    guard let kind = catalog.kind(named: published.kind), kind.key.count == 4 else { return [:] }
    let keys = kind.key.map(\.name.sql)
    let statement = try connection.prepared(
      "SELECT \(keys[0]), \(keys[2]), \(keys[3]), \(published.valueField.sql) FROM \(kind.name) "
        + "WHERE \(keys[1])=?1 AND \(published.valueField.sql) IS NOT NULL")
    statement.bind(1, text: published.measure)
    var figures: [String: [PublishedFigure]] = [:]
    while try statement.step() {
      figures[statement.string(0), default: []].append(
        PublishedFigure(value: statement.int64(3), asOf: statement.string(1), source: statement.string(2)))
    }
    return figures
  }

  // MARK: Opening a total

  fileprivate func explain(
    _ stock: Indicator.Stock, unit: String, asOf: String, day: CalendarDay, axis: String
  ) throws -> TotalsExplanation {
    var tree = try UnitTree(stock.units, axis: axis, day: day, self)
    let plan = TotalsPlan(catalog, tables)
    let parts = plan.parts.first { $0.stock == stock }
    var children: [TotalsExplanation.Child] = []
    for child in tree.children(of: unit) {
      var sum = TotalDelta()
      for descendant in tree.everything(under: child) {
        for (key, delta) in try parts?.contributions(of: Array(descendant.utf8), self, [:]) ?? [:]
        where (key.slot == axis || key.slot.isEmpty) && key.day <= day.number { sum += delta }
      }
      let own = try parts?.returns?.read(Array(child.utf8), self, [:]).filter { $0.axis == axis && $0.asOf.last <= day }
        .filter { $0.value != nil }.max { $0.asOf.last < $1.asOf.last }
      children.append(
        TotalsExplanation.Child(
          unit: child, name: tree.name(of: child), sort: tree.sort(of: child), counted: sum.amount,
          unitsExpected: sum.expected, unitsReported: sum.reported,
          ownReturn: own.flatMap { item in item.value.map { (item.asOf.last.iso, $0) } }))
    }
    let figures = try figures(stock.published)[unit] ?? []
    return TotalsExplanation(
      unit: unit, asOf: asOf, axis: axis, children: children, published: figures.sorted { $0.asOf < $1.asOf })
  }
}
