import Consolidation
import SyncCore

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
  /// - Throws: `StoreError` with code `unknown` for another indicator, `invalid` for a date or axis that is none.
  public func totals(indicator id: String, asOf: String, axis: String? = nil) throws -> TotalsAnswer {
    try readTotals(id, asOf, axis) { reader, indicator, request in try reader.answer(indicator, request) }
  }

  /// Opens the figure of one unit to what it is made of.
  ///
  /// - Parameter unit: any unit, a federation, or headquarters, which stands for the whole.
  /// - Throws: as `totals`; `StoreError` with code `unknown` for a unit of which nothing is known.
  public func explain(indicator id: String, unit: String, asOf: String, axis: String? = nil) throws -> OpenedTotal {
    try readTotals(id, asOf, axis) { reader, indicator, request in
      guard case .ratio(let ratio) = indicator.definition else {
        return .figure(try TotalsOpener(reader, indicator, request).open(unit))
      }
      let (over, under) = try reader.parts(of: ratio, id)
      var axial = request
      axial.axis = request.axis ?? TotalsRequest.defaultAxis(reader.catalog)
      return .ratio(
        indicator: id, factor: ratio.factor, numerator: try TotalsOpener(reader, over, request).open(unit),
        denominator: try TotalsOpener(reader, under, axial).open(unit))
    }
  }

  private func readTotals<Value>(
    _ id: String, _ asOf: String, _ axis: String?, _ body: (TotalsReader, Indicator, TotalsRequest) throws -> Value
  ) throws -> Value {
    try refreshTotals()
    return try readSealed { transaction in
      guard let indicator = transaction.catalog.indicator(named: id) else {
        let known = transaction.catalog.indicators.map(\.id).joined(separator: ", ")
        throw StoreError(.unknown, "adding up", "there is no indicator '\(id)'", hint: "there are \(known)")
      }
      let request = try TotalsRequest(indicator, asOf: asOf, axis: axis, transaction.catalog)
      return try body(TotalsReader(transaction), indicator, request)
    }
  }

  /// Whether totals wait to be counted again. Whoever may write the file and has the key counts them when they are asked
  /// for; for others they are as they were.
  public func hasStaleTotals() throws -> Bool { try read { try $0.meta.integer(.staleTotals) } == 1 }

  /// Counts the totals again where a large seal or an upgrade left that for later.
  ///
  /// - Parameter mayWait: whether the answer is of use without it, so that who meets a busy file goes on.
  /// - Throws: `StoreError` with code `notPermitted` for whoever may not count them, where there are none at all yet.
  public func refreshTotals(mayWait: Bool = false, now: Int64 = SystemClock.now()) throws {
    guard try hasStaleTotals() else { return }
    guard maySeal, !isReadOnly else {
      guard try !mayWait && read({ try $0.totals.federations() }).isEmpty else { return }
      throw StoreError(
        .notPermitted, "adding up", "the totals have to be counted again, which this user may not do",
        hint: "`birlik totals` by whoever may read the key does it")
    }
    do {
      try write { transaction in
        try Sealer(transaction, wall: now).sealAll()
        transaction.totalsTracker?.countNow()
      }
    } catch let error as StoreError where mayWait && [.notPermitted, .busy, .full].contains(error.code) {
      // They are counted by whoever writes next.
    }
  }
}
