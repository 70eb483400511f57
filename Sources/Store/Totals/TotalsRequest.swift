import SyncCore

/// What is asked of totals.
struct TotalsRequest {
  /// The date as written.
  var asOf: String
  /// The days for which a return counts as reported: those of the date, or the month of an exact day up to that day.
  var period: DayRange
  var axis: String?

  /// - Throws: `StoreError` with code `invalid` for a date that is none, or an axis that the indicator has not.
  init(_ indicator: Indicator, asOf: String, axis: String?, _ catalog: Catalog) throws {
    guard let days = DayRange(date: Array(asOf.utf8)) else {
      throw StoreError(
        .invalid, "adding up", "'\(asOf)' is not a date", hint: "write 2025-12-31, 2025-12 or 2025")
    }
    self.asOf = asOf
    self.axis = axis
    let month = days.first == days.last ? DayRange(date: Array(days.last.iso.utf8.prefix(7))) : nil
    period = DayRange(first: month?.first ?? days.first, last: days.last)
    guard let axis else { return }
    let axes = Self.axes(indicator, catalog)
    guard axes.contains(axis) else {
      throw StoreError(
        .invalid, "adding up", "there is no axis '\(axis)'",
        hint: axes.isEmpty ? "leave --axis away" : "there are \(axes.joined(separator: ", "))")
    }
  }

  private static func axes(_ indicator: Indicator, _ catalog: Catalog) -> [String] {
    func codes(_ kind: String, _ column: Int) -> [String] {
      guard let key = catalog.kind(named: kind)?.key, key.indices.contains(column),
        case .code(let codes) = key[column].type
      else { return [] }
      return codes
    }
    switch indicator.definition {
    case .stock(let stock): return codes(stock.kind, 2)
    case .openUnits(let open): return codes(open.units.linkKind, 1)
    case .ratio(let ratio): return catalog.indicator(named: ratio.numerator).map { axes($0, catalog) } ?? []
    }
  }

  /// The axis along which units are linked that is taken where none is asked for: that of the catalog's first stock.
  static func defaultAxis(_ catalog: Catalog) -> String? {
    for case .stock(let stock) in catalog.indicators.map(\.definition) { return stock.axis }
    return nil
  }
}
