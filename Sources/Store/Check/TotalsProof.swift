import Consolidation
import SyncCore

/// The proof that totals open to their rows: what every unit adds is worked out anew, and has to add up to the figure that
/// is kept.
struct TotalsProof {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Opens the whole and every federation, of every indicator, at each of the dates.
  ///
  /// - Parameter most: how many differences are reported.
  func run(at dates: [String], into report: inout VerifyReport, most: Int) throws {
    let reader = TotalsReader(transaction)
    var left = most
    for date in dates {
      for indicator in transaction.catalog.indicators {
        if case .ratio = indicator.definition { continue }
        let request = try TotalsRequest(indicator, asOf: date, axis: nil, transaction.catalog)
        let opener = try TotalsOpener(reader, indicator, request)
        for row in try [transaction.headquarters] + reader.report(indicator, request).rows.map(\.unit) {
          let opened = try opener.open(row)
          guard opened.sum != opened.total, left > 0 else { continue }
          left -= 1
          report.problems.append(
            "totals: \(indicator.id) of \(row) at \(date) is \(opened.total.sum), and its rows add up to \(opened.sum.sum)"
          )
        }
      }
    }
  }
}
