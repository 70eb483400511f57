import Consolidation
import SyncCore
import Wire

/// Reads totals from their steps.
struct TotalsReader {
  let transaction: Transaction
  var catalog: Catalog { transaction.catalog }
  private var headquarters: String { transaction.headquarters }

  init(_ transaction: Transaction) { self.transaction = transaction }

  func answer(_ indicator: Indicator, _ request: TotalsRequest) throws -> TotalsAnswer {
    switch indicator.definition {
    case .stock, .openUnits: return .report(try report(indicator, request))
    case .ratio(let ratio):
      let (over, under) = try parts(of: ratio, indicator.id)
      let top = try report(over, request)
      let bottom = try report(under, request)
      let units = Set(top.rows.map(\.unit)).union(bottom.rows.map(\.unit)).sorted()
      let rows = units.map { unit in
        RatioRow(
          unit: unit, numerator: top.rows.first { $0.unit == unit }.map(\.counted) ?? 0,
          denominator: bottom.rows.first { $0.unit == unit }.map(\.counted) ?? 0, factor: ratio.factor)
      }
      let total = RatioRow(unit: "", numerator: top.counted, denominator: bottom.counted, factor: ratio.factor)
      return .ratio(indicator: indicator.id, asOf: request.asOf, rows: rows, total: total)
    }
  }

  /// The two indicators of a ratio.
  func parts(of ratio: Indicator.Ratio, _ id: String) throws -> (Indicator, Indicator) {
    guard let over = catalog.indicator(named: ratio.numerator), let under = catalog.indicator(named: ratio.denominator)
    else { throw StoreError(.unknown, "adding up", "the indicator '\(id)' divides by one that is not defined") }
    return (over, under)
  }

  func report(_ indicator: Indicator, _ request: TotalsRequest) throws -> TotalsReport {
    guard let source = TotalsSource(indicator, request.axis) else {
      throw StoreError(.unknown, "adding up", "the indicator '\(indicator.id)' divides a ratio")
    }
    let figures = try figures(source.published)
    let part = TotalsPlan(transaction).parts.first { $0.indicator == source.part }
    let rows = try federations(source, figures).map { unit, problem in
      TotalsRow(
        unit: unit, notMember: problem, tally: try tally(source, federation: unit, request.period),
        declared: PublishedFigure.current(at: request.period.last, among: figures[unit] ?? []),
        whole: try whole(unit, source, part, request.period.last))
    }
    var report = TotalsReport(
      indicator: indicator.id, measure: source.measure, asOf: request.asOf,
      period: request.period, axis: source.axis ?? "",
      // What headquarters registered itself is shown where there is any.
      rows: rows.filter { $0.unit != headquarters || $0.tally != Tally() },
      claimed: PublishedFigure.current(at: request.period.last, among: figures[headquarters] ?? []))
    for unit in figures.keys where unit != headquarters && !report.rows.contains(where: { $0.unit == unit }) {
      let current = PublishedFigure.current(at: request.period.last, among: figures[unit] ?? [])
      if try !current.isEmpty && owner(of: unit, source.units) == headquarters { report.outside[unit] = current }
    }
    if let stock = source.stock {
      report.otherAxes = try otherAxes(source, report.rows.map(\.unit), request.period)
      report.unitsNotAdded =
        try unitsNotAdded(stock, axis: source.axis ?? "", request.period.last)
        - Int64(rows.count { $0.whole != nil && $0.notMember != .unregistered })
    }
    let kinds = [source.units.kind, source.stock?.kind].compactMap { $0.flatMap { catalog.kind(named: $0)?.id } }
    report.recordsInConflict = try transaction.conflicts.openRecords(of: kinds)
    return report
  }

  /// What is counted of a federation.
  func tally(_ source: TotalsSource, federation: String, _ period: DayRange) throws -> Tally {
    var tally = try transaction.totals.tally(source.part, slot: source.slot, federation: federation, period: period)
    if source.stock != nil {
      tally += try transaction.totals.tally(source.part, slot: "", federation: federation, period: period)
    }
    return tally
  }

  /// What a federation reports of itself where that is not added.
  private func whole(
    _ unit: String, _ source: TotalsSource, _ part: TotalsPlan.Part?, _ day: CalendarDay
  ) throws -> UnitReturn? {
    let code = Array(unit.utf8)
    guard let part, let returns = part.returns, let terms = try part.terms(of: code, transaction) else { return nil }
    let items = try returns.read(code, transaction, [:]).filter { !terms.isCounted($0) }
    return StandingReturns(items, axis: source.slot, home: terms.home, headquarters: headquarters).standing(at: day)?
      .item
  }

  private func otherAxes(
    _ source: TotalsSource, _ federations: [String], _ period: DayRange
  ) throws -> [TotalsReport.OtherAxis] {
    try transaction.totals.slots(of: source.part).filter { $0 != "" && $0 != source.slot }.compactMap { axis in
      var all = Tally()
      for unit in federations {
        all += try transaction.totals.tally(source.part, slot: axis, federation: unit, period: period)
      }
      let units = all.unitsReported &+ all.unitsCarried
      return units == 0 ? nil : TotalsReport.OtherAxis(axis: axis, sum: all.sum, units: units)
    }
  }

  /// How many units above those that are summed report at the day.
  private func unitsNotAdded(_ stock: Indicator.Stock, axis: String, _ day: CalendarDay) throws -> Int64 {
    guard let kind = catalog.kind(named: stock.units.kind), let key = kind.key.first?.name.sql else { return 0 }
    let marks = stock.excludedSorts.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
    let statement = try transaction.connection.prepared(
      "SELECT count(*) FROM \(kind.name) u WHERE \(stock.units.sortField.sql) IN (\(marks)) AND EXISTS(SELECT 1 FROM "
        + "\(stock.kind) r WHERE r.\(stock.unitColumn.sql)=u.\(key) AND r.\(stock.axisColumn.sql)=?1 "
        + "AND r.\(stock.valueField.sql) IS NOT NULL AND substr(r.\(stock.dateColumn.sql), 1, 10)<=?2)")
    statement.bind(1, text: axis)
    statement.bind(2, text: day.iso)
    for (index, sort) in stock.excludedSorts.enumerated() { statement.bind(index + 3, text: sort) }
    defer { statement.reset() }
    return try statement.step() ? statement.int64(0) : 0
  }

  // MARK: Federations

  /// The rows of the table in order of code: members by the register of units, and whatever else has a node, a record or
  /// a published figure, so that nothing that was reported is left out.
  func federations(
    _ source: TotalsSource, _ figures: [String: [PublishedFigure]]
  ) throws -> [(unit: String, problem: NotMember?)] {
    var found = knownFederations().union(try transaction.totals.federations())
    let statuses = try statuses(source.units, also: found)
    found.formUnion(statuses.filter { source.units.statuses.contains($0.value) }.keys)
    // A figure of a unit below a federation is no row of the table.
    for unit in figures.keys where try owner(of: unit, source.units) == nil { found.insert(unit) }
    found.insert(headquarters)
    found.remove("")
    return found.sorted().map { unit in
      guard unit != headquarters else { return (unit, nil) }
      guard let known = statuses[unit] else { return (unit, .unregistered) }
      return (unit, source.units.statuses.contains(known) ? nil : .status(known))
    }
  }

  /// Every federation that has a node or a record.
  private func knownFederations() -> Set<String> {
    Set(transaction.directory.cards.values.map(\.role.federation))
      .union(transaction.directory.allChannels.map(\.owner))
  }

  /// The codes of all federations.
  func federationCodes(_ source: TotalsSource) throws -> Set<String> {
    Set(try federations(source, try figures(source.published)).map(\.unit)).subtracting([headquarters])
  }

  /// The status of every unit that has one, and of the units of these federations, empty where they have none.
  private func statuses(_ units: Indicator.Units, also federations: Set<String>) throws -> [String: String] {
    guard let kind = catalog.kind(named: units.kind), let key = kind.key.first?.name.sql else { return [:] }
    let marks = (1...max(1, federations.count)).map { "?\($0)" }.joined(separator: ", ")
    let statement = try transaction.connection.prepared(
      "SELECT \(key), \(units.statusField.sql) FROM \(kind.name) "
        + "WHERE \(units.statusField.sql)<>'' OR \(key) IN (\(marks))")
    for (index, code) in federations.enumerated() { statement.bind(index + 1, text: code) }
    var found: [String: String] = [:]
    while try statement.step() { found[statement.string(0)] = statement.string(1) }
    return found
  }

  /// Who registered a unit; nil where nobody did.
  private func owner(of unit: String, _ units: Indicator.Units) throws -> String? {
    guard let kind = catalog.kind(named: units.kind), let key = kind.key.first?.name.sql else { return nil }
    let statement = try transaction.connection.prepared("SELECT federation FROM \(kind.name) WHERE \(key)=?1")
    statement.bind(1, text: unit)
    defer { statement.reset() }
    return try statement.step() ? statement.string(0) : nil
  }

  // MARK: Published figures

  /// Published figures by unit.
  func figures(_ published: Indicator.Published) throws -> [String: [PublishedFigure]] {
    guard let kind = catalog.kind(named: published.kind), kind.key.count == 4 else { return [:] }
    let keys = kind.key.map(\.name.sql)
    let precision = kind.field(named: Indicator.Published.precisionField)?.name.sql ?? "''"
    let statement = try transaction.connection.prepared(
      "SELECT \(keys[0]), \(keys[2]), \(keys[3]), \(published.valueField.sql), \(precision) FROM \(kind.name) "
        + "WHERE \(keys[1])=?1 AND \(published.valueField.sql) IS NOT NULL")
    statement.bind(1, text: published.measure)
    var figures: [String: [PublishedFigure]] = [:]
    while try statement.step() {
      figures[statement.string(0), default: []].append(
        PublishedFigure(
          value: statement.int64(3), asOf: statement.string(1), source: statement.string(2),
          precision: statement.string(4)))
    }
    return figures
  }
}

/// Where the figures of an indicator are kept.
struct TotalsSource {
  /// The name under which `birlik_total` keeps them.
  let part: String
  let slot: String
  /// The axis of the returns, or of the links where units are counted and one was asked for.
  let axis: String?
  let units: Indicator.Units
  let published: Indicator.Published
  let stock: Indicator.Stock?
  var measure: TotalsReport.Measure { stock == nil ? .registering : .reporting }

  /// - Returns: nil for a ratio.
  init?(_ indicator: Indicator, _ axis: String?) {
    switch indicator.definition {
    case .stock(let stock):
      let axis = axis ?? stock.axis
      self.init(
        part: indicator.id, slot: axis, axis: axis, units: stock.units, published: stock.published, stock: stock)
    case .openUnits(let open):
      self.init(
        part: TotalsPlan.countName(open.units), slot: open.sort, axis: axis, units: open.units,
        published: open.published, stock: nil)
    case .ratio: return nil
    }
  }

  private init(
    part: String, slot: String, axis: String?, units: Indicator.Units, published: Indicator.Published,
    stock: Indicator.Stock?
  ) {
    self.part = part
    self.slot = slot
    self.axis = axis
    self.units = units
    self.published = published
    self.stock = stock
  }
}
