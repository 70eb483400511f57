import Consolidation
import SyncCore
import Testing

@testable import Store

/// Totals as people ask for them, and the proof that they open to their last row.
enum Opened {
  static func report(_ node: TestNode, _ asOf: String, _ indicator: String = "members") throws -> TotalsReport {
    guard case .report(let report) = try node.store.totals(indicator: indicator, asOf: asOf) else {
      throw StoreError(.failed, "adding up", "\(indicator) is a ratio")
    }
    return report
  }

  static func figure(
    _ node: TestNode, _ unit: String, _ asOf: String, _ indicator: String = "members"
  ) throws -> TotalsExplanation {
    guard case .figure(let explanation) = try node.store.explain(indicator: indicator, unit: unit, asOf: asOf) else {
      throw StoreError(.failed, "opening a total", "\(indicator) is a ratio")
    }
    return explanation
  }

  /// Opens every figure of every indicator down to the last unit.
  ///
  /// - Returns: how many figures were compared, and where the parts do not add up to the whole; nil when nowhere.
  static func check(_ node: TestNode, _ asOf: String) throws -> (figures: Int, problem: String?) {
    try node.store.refreshTotals()
    return try node.store.readSealed { transaction in
      var figures = 0
      for indicator in transaction.catalog.indicators {
        if case .ratio = indicator.definition { continue }
        let request = try TotalsRequest(indicator, asOf: asOf, axis: nil, transaction.catalog)
        let reader = TotalsReader(transaction)
        let opener = try TotalsOpener(reader, indicator, request)
        let words = try problem(opener, try reader.report(indicator, request).tally, &figures)
        if let words { return (figures, "\(indicator.id) at \(asOf): \(words)") }
      }
      return (figures, nil)
    }
  }

  private static func problem(_ opener: TotalsOpener, _ whole: Tally, _ figures: inout Int) throws -> String? {
    var seen: Set<String> = []
    var open: [(unit: String, tally: Tally)] = [(Recount.headquarters, whole)]
    while let next = open.popLast() {
      let opened = try opener.open(next.unit)
      figures += 1
      if opened.total != next.tally { return "\(next.unit) opens \(opened.total), not \(next.tally)" }
      if opened.sum != opened.total { return "\(next.unit) is \(opened.total), its parts \(opened.sum)" }
      if opened.total.unitsReporting > opened.total.unitsExpected {
        return "\(next.unit): more report than are expected"
      }
      for child in opened.children where seen.insert(child.unit).inserted { open.append((child.unit, child.tally)) }
      // What belongs to another federation is opened where it is.
      for loose in opened.notPlaced where loose.cause != .foreign && loose.cause != .unlinked {
        for child in loose.units where seen.insert(child.unit).inserted { open.append((child.unit, child.tally)) }
      }
    }
    return nil
  }
}
