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
    var figures = 0
    for indicator in try node.store.catalog().indicators {
      if case .ratio = indicator.definition { continue }
      let report = try report(node, asOf, indicator.id)
      let whole = try figure(node, Recount.headquarters, asOf, indicator.id)
      var seen: Set<String> = []
      var open: [(unit: String, tally: Tally?)] = [(Recount.headquarters, report.tally)]
      if whole.total != report.tally {
        return (figures, "\(indicator.id): the whole is \(whole.total), not \(report.tally)")
      }
      while let next = open.popLast() {
        let opened = next.unit == Recount.headquarters ? whole : try figure(node, next.unit, asOf, indicator.id)
        figures += 1
        if let tally = next.tally, opened.total != tally {
          return (figures, "\(indicator.id) \(next.unit) at \(asOf) opens \(opened.total), not \(tally)")
        }
        if opened.sum != opened.total {
          return (figures, "\(indicator.id) \(next.unit) at \(asOf) is \(opened.total), its parts \(opened.sum)")
        }
        if opened.total.unitsReporting > opened.total.unitsExpected {
          return (figures, "\(indicator.id) \(next.unit) at \(asOf): more units report than are expected")
        }
        // What belongs to another federation is opened where it is.
        for child in opened.children where seen.insert(child.unit).inserted { open.append((child.unit, child.tally)) }
        for loose in opened.notPlaced where loose.cause != .foreign {
          for child in loose.units where seen.insert(child.unit).inserted { open.append((child.unit, child.tally)) }
        }
      }
    }
    return (figures, nil)
  }
}
