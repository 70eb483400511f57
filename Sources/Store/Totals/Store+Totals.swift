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
  /// - Throws: `StoreError` with code `unknown` for another indicator, `invalid` for a date that is none.
  public func totals(indicator id: String, asOf: String, axis: String? = nil) throws -> TotalsAnswer {
    try refreshTotals()
    return try readSealed { transaction in
      guard let indicator = transaction.catalog.indicator(named: id) else {
        let known = transaction.catalog.indicators.map(\.id).joined(separator: ", ")
        throw StoreError(.unknown, "adding up", "there is no indicator '\(id)'", hint: "there are \(known)")
      }
      guard let day = DayRange(date: Array(asOf.utf8))?.last else {
        throw StoreError(.invalid, "adding up", "'\(asOf)' is not a date", hint: "write 2025-10-31 or 2025-10")
      }
      return try TotalsReader(transaction).answer(indicator, asOf: asOf, day: day, axis: axis)
    }
  }

  /// Whether totals wait to be counted again. Whoever may write the file and has the key counts them when they are asked
  /// for; for others they are as they were.
  public func hasStaleTotals() throws -> Bool { try read { try $0.meta.integer(.staleTotals) } == 1 }

  /// Counts the totals of a federation again where a large seal left that for later.
  func refreshTotals(now: Int64 = SystemClock.now()) throws {
    guard try hasStaleTotals(), identity.keyProblem == nil, !isReadOnly else { return }
    try write { transaction in
      try Sealer(transaction, wall: now).sealAll()
      transaction.totalsTracker?.countNow()
    }
  }

  /// Opens a stock's total of one unit to the units below it.
  public func explain(indicator id: String, unit: String, asOf: String, axis: String? = nil) throws -> TotalsExplanation
  {
    try readSealed { transaction in
      guard let indicator = transaction.catalog.indicator(named: id), case .stock(let stock) = indicator.definition
      else {
        throw StoreError(
          .unknown, "opening a total", "'\(id)' is not an indicator that opens to returns", hint: "try members")
      }
      guard let day = DayRange(date: Array(asOf.utf8))?.last else {
        throw StoreError(.invalid, "opening a total", "'\(asOf)' is not a date", hint: "write 2025-10-31 or 2025-10")
      }
      return try TotalsReader(transaction).explain(stock, unit: unit, asOf: asOf, day: day, axis: axis ?? stock.axis)
    }
  }
}
