import Consolidation
import SyncCore
import Wire

/// Reads totals from their steps, and opens them to rows.
struct TotalsReader {
  private let transaction: Transaction
  private var catalog: Catalog { transaction.catalog }
  private var connection: Connection { transaction.connection }

  init(_ transaction: Transaction) { self.transaction = transaction }

  func answer(_ indicator: Indicator, asOf: String, day: CalendarDay, axis: String?) throws -> TotalsAnswer {
    switch indicator.definition {
    case .stock(let stock):
      let axis = axis ?? stock.axis
      return .report(
        try report(
          indicator.id, asOf, day, axis: axis, stock.units, stock.published, withheld: try withheld(stock, axis, day)
        ) { federation in
          var sum = try transaction.totals.sum(indicator.id, slot: axis, federation: federation, day: day)
          sum += TotalDelta(
            expected: try transaction.totals.sum(indicator.id, slot: "", federation: federation, day: day).expected)
          return sum
        })
    case .openUnits(let open):
      return .report(
        try report(indicator.id, asOf, day, axis: "", open.units, open.published) { federation in
          let sum = try transaction.totals.sum(
            TotalsPlan.countName(open.units), slot: open.sort, federation: federation, day: day)
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
      let declared = PublishedFigure.current(at: day, among: figures[unit] ?? [])
      return TotalsRow(
        unit: unit, counted: sum.amount, declared: declared?.value, declaredAsOf: declared?.asOf,
        unitsExpected: sum.expected, unitsReported: sum.reported, unitsWithheld: withheld[unit] ?? 0)
    }
    let parent = transaction.directory.headquartersCard?.role.federation ?? ""
    return TotalsReport(
      indicator: id, asOf: asOf, axis: axis, rows: rows,
      claimed: PublishedFigure.current(at: day, among: figures[parent] ?? []))
  }

  /// How many units have a figure at the day that is withheld, by owner.
  private func withheld(_ stock: Indicator.Stock, _ axis: String, _ day: CalendarDay) throws -> [String: Int64] {
    guard let part = TotalsPlan(catalog, transaction.adopted.tables).parts.first(where: { $0.stock == stock }),
      let returns = part.returns
    else { return [:] }
    var counts: [String: Int64] = [:]
    try returns.eachWithheld(transaction) { unit in
      let found = Contributions.withheld(
        stock, unit: try part.units.read(unit, transaction, [:]), returns: try returns.read(unit, transaction, [:]),
        axis: axis,
        at: day)
      for (federation, count) in found { counts[federation, default: 0] &+= count }
    }
    return counts
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

  func explain(
    _ stock: Indicator.Stock, unit: String, asOf: String, day: CalendarDay, axis: String
  ) throws -> TotalsExplanation {
    var tree = try UnitTree(stock.units, axis: axis, day: day, transaction)
    let plan = TotalsPlan(catalog, transaction.adopted.tables)
    let parts = plan.parts.first { $0.stock == stock }
    var children: [TotalsExplanation.Child] = []
    for child in tree.children(of: unit) {
      var sum = TotalDelta()
      for descendant in tree.everything(under: child) {
        for (key, delta) in try parts?.contributions(of: Array(descendant.utf8), transaction, [:]) ?? [:]
        where (key.slot == axis || key.slot.isEmpty) && key.day <= day.number { sum += delta }
      }
      let own = try parts?.returns?.read(Array(child.utf8), transaction, [:]).filter {
        $0.axis == axis && $0.asOf.last <= day
      }
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
