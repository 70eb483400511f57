import Consolidation
import SyncCore

/// Opens a figure to the units below, the unit's own returns, and what has no place.
///
/// What each unit adds is worked out anew from its rows, so that an explanation proves the total that it opens.
final class TotalsOpener {
  private let reader: TotalsReader
  private let transaction: Transaction
  private let indicator: Indicator
  private let source: TotalsSource
  private let request: TotalsRequest
  private let part: TotalsPlan.Part
  private let tree: UnitTree
  private let federations: Set<String>
  /// Whether rows are as they were sealed: only then do they have to add up to the total that is kept.
  private let isSealed: Bool
  private var forests: [String: FederationTree] = [:]

  /// - Throws: `StoreError` for a ratio, which opens to its two figures.
  init(_ reader: TotalsReader, _ indicator: Indicator, _ request: TotalsRequest) throws {
    guard let source = TotalsSource(indicator, request.axis),
      let part = TotalsPlan(reader.transaction).parts.first(where: { $0.indicator == source.part })
    else { throw StoreError(.unknown, "opening a total", "the catalog does not define what '\(indicator.id)' adds up") }
    self.reader = reader
    transaction = reader.transaction
    self.indicator = indicator
    self.source = source
    self.request = request
    self.part = part
    isSealed = try transaction.capture.isEmpty() && transaction.meta.integer(.staleTotals) != 1
    federations = try reader.federationCodes(source)
    tree = try UnitTreeReader(source.units, transaction).tree(
      axis: source.axis ?? TotalsRequest.defaultAxis(transaction.catalog), day: request.period.last,
      federations: federations)
  }

  // MARK: What is opened

  /// - Throws: `StoreError` with code `unknown` for a unit of which nothing is known.
  func open(_ unit: String) throws -> TotalsExplanation {
    if unit == tree.headquarters { return try openAll() }
    if federations.contains(unit) { return try openFederation(unit) }
    let returns = try part.returns?.read(Array(unit.utf8), transaction, [:]) ?? []
    guard tree.unit(unit) != nil || !returns.isEmpty else {
      let known = federations.sorted().joined(separator: ", ")
      throw StoreError(
        .unknown, "opening a total", "there is no unit '\(unit)'",
        hint: "\(known.isEmpty ? "" : "there are the federations \(known), and ")units below them: "
          + "`birlik list \(source.units.kind)`")
    }
    var federation = tree.home(of: unit)
    if tree.unit(unit) == nil {
      // What nobody registered counts for whoever reports it.
      federation = try amounts(of: unit).filter { $0.value.unitsReporting != 0 }.keys.min()
    }
    return try explanation(
      unit, federation ?? tree.headquarters, forest(of: federation ?? tree.headquarters), notPlaced: [])
  }

  /// The whole: every federation, and what headquarters registered itself.
  private func openAll() throws -> TotalsExplanation {
    let report = try reader.report(indicator, request)
    var opened = try openFederation(tree.headquarters)
    let others = report.rows.filter { $0.unit != tree.headquarters }
    opened.children =
      others.map { row in
        TotalsExplanation.Child(
          unit: row.unit, name: tree.unit(row.unit)?.name ?? "", sort: tree.unit(row.unit)?.sort ?? "",
          tally: row.tally, own: nil)
      } + opened.children
    opened.total = isSealed ? report.tally : opened.sum
    return opened
  }

  private func openFederation(_ federation: String) throws -> TotalsExplanation {
    let forest = try forest(of: federation)
    let loose = try forest.loose.sorted { $0.key < $1.key }.compactMap { cause, tops -> TotalsExplanation.Loose? in
      let units = try tops.map { try child($0, federation, forest) }.filter { $0.tally != Tally() }
      return units.isEmpty ? nil : TotalsExplanation.Loose(cause: cause, units: units)
    }
    return try explanation(federation, federation, forest, notPlaced: loose)
  }

  private func forest(of federation: String) throws -> FederationTree {
    if let known = forests[federation] { return known }
    let forest = try FederationTree(tree, federation: federation, counting: codes(of: federation))
    forests[federation] = forest
    return forest
  }

  private func explanation(
    _ unit: String, _ federation: String, _ forest: FederationTree, notPlaced: [TotalsExplanation.Loose]
  ) throws -> TotalsExplanation {
    let children = try forest.children(of: unit).map { try child($0, federation, forest) }
    let own = try amounts(of: unit)[federation] ?? Tally()
    var total = own
    if unit == federation && isSealed {
      total = try reader.tally(source, federation: federation, request.period)
    } else {
      for child in children { total += child.tally }
      for loose in notPlaced { total += loose.tally }
    }
    let figures = try reader.figures(source.published)[unit] ?? []
    return TotalsExplanation(
      indicator: indicator.id, measure: source.measure, unit: unit, name: tree.unit(unit)?.name ?? "",
      sort: tree.unit(unit)?.sort ?? "",
      asOf: request.asOf, axis: source.axis ?? "", total: total, own: own, returns: try items(of: unit),
      children: children, notPlaced: notPlaced,
      published: figures.sorted { ($0.asOf, $0.source) < ($1.asOf, $1.source) })
  }

  private func child(_ code: String, _ federation: String, _ forest: FederationTree) throws -> TotalsExplanation.Child {
    var tally = Tally()
    for unit in forest.everything(under: code) { tally += try amounts(of: unit)[federation] ?? Tally() }
    let unit = tree.unit(code)
    return TotalsExplanation.Child(
      unit: code, name: unit?.name ?? "", sort: unit?.sort ?? "", tally: tally,
      own: try items(of: code).first { $0.verdict == .counts || $0.verdict == .carried || $0.verdict == .notAdded })
  }

  // MARK: What a unit adds

  /// What a unit adds at the date, by federation.
  private func amounts(of unit: String) throws -> [String: Tally] {
    var byVintage: [String: [Int32: TotalDelta]] = [:]
    for (key, delta) in try part.contributions(of: Array(unit.utf8), transaction, [:])
    where key.day <= request.period.last.number
      && (key.slot == source.slot || (key.slot.isEmpty && source.stock != nil))
    {
      byVintage[key.federation, default: [:]][key.vintage, default: TotalDelta()] += delta
    }
    return byVintage.mapValues { vintages in
      var tally = Tally()
      for (vintage, delta) in vintages { tally.add(delta, vintage: vintage, period: request.period) }
      return tally
    }
  }

  /// The units that belong to a federation, and those of which something counts for it all the same.
  private func codes(of federation: String) throws -> Set<String> {
    var codes: Set<String> = []
    var others: Set<String> = []
    for unit in tree.units {
      if tree.home(of: unit.code) ?? tree.headquarters == federation {
        codes.insert(unit.code)
      } else if unit.owner == federation || unit.owner == tree.headquarters {
        // What headquarters registered counts for whoever reports it, and is expected of headquarters until then.
        others.insert(unit.code)
      }
    }
    codes.remove(federation)
    if let returns = part.returns {
      others.formUnion(try returns.unitsElsewhere(federation, source.units, transaction))
    }
    for code in others where try (amounts(of: code)[federation] ?? Tally()) != Tally() { codes.insert(code) }
    return codes
  }

  /// A unit's returns along the axis, each with what becomes of it.
  private func items(of unit: String) throws -> [TotalsExplanation.Item] {
    let code = Array(unit.utf8)
    guard let terms = try part.terms(of: code, transaction), let reader = part.returns, let axis = source.axis else {
      return []
    }
    let returns = try reader.read(code, transaction, [:]).filter { $0.axis == axis }
    let day = request.period.last
    func standing(_ returns: [UnitReturn]) -> (item: UnitReturn, contradicting: [UnitReturn])? {
      StandingReturns(returns, axis: axis, home: terms.home, headquarters: tree.headquarters).standing(at: day)
    }
    let counting = standing(returns.filter(terms.isCounted))
    let notAdded = standing(returns.filter { !terms.isCounted($0) })?.item
    let isOpen = terms.opened <= day.number && terms.closed.map { $0 > day.number } ?? true
    return returns.sorted { ($0.asOf.last, $0.date, $0.federation) < ($1.asOf.last, $1.date, $1.federation) }.map {
      item in
      let verdict: TotalsExplanation.Item.Verdict
      if item.amount == nil {
        verdict = .notCollected
      } else if item.asOf.last > day {
        verdict = .later
      } else if !isOpen {
        verdict = .closed
      } else if !terms.isCounted(item) {
        verdict = item == notAdded ? .notAdded : .earlier
      } else if item == counting?.item {
        verdict = item.asOf.last.number < request.period.first.number ? .carried : .counts
      } else {
        verdict = counting?.contradicting.contains(item) == true ? .contradicts : .earlier
      }
      return TotalsExplanation.Item(
        asOf: item.date, federation: item.federation, value: item.value, isWithheld: item.isWithheld, verdict: verdict)
    }
  }
}
