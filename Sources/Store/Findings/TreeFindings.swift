import Consolidation
import SyncCore

/// Finds units that have no place in the tree today: parents that nobody registered, that belong to another federation, or
/// that lead back to the unit; and units that report though nobody registered them.
enum TreeFindings: FindingCheck {
  static func find(in transaction: Transaction, into report: inout FindingReport) throws {
    let reader = TotalsReader(transaction)
    var seen: Set<String> = []
    for indicator in transaction.catalog.indicators {
      guard let source = TotalsSource(indicator, nil), seen.insert(source.units.kind).inserted,
        let links = transaction.catalog.kind(named: source.units.linkKind), links.key.count == 3,
        case .code(let axes) = links.key[1].type
      else { continue }
      let rows = try reader.federations(source, try reader.figures(source.published))
      let federations = Set(rows.map(\.unit)).subtracting([transaction.headquarters])
      if transaction.identity.role.isHeadquarters { add(rows, source.units, into: &report) }
      for axis in axes {
        let tree = try UnitTreeReader(source.units, transaction).tree(
          axis: axis, day: CalendarDay(millisecondsSince1970: SystemClock.now()), federations: federations)
        for federation in federations.union([transaction.headquarters]).sorted() {
          let own = tree.units.map(\.code).filter { (tree.home(of: $0) ?? tree.headquarters) == federation }
          let forest = FederationTree(tree, federation: federation, counting: own)
          for (cause, units) in forest.loose.sorted(by: { $0.key < $1.key }) {
            add(cause, units, tree, source.units, axis, into: &report)
          }
        }
      }
    }
    try findUnregistered(transaction, into: &report)
  }

  private static func add(
    _ rows: [(unit: String, problem: NotMember?)], _ units: Indicator.Units, into report: inout FindingReport
  ) {
    for case (let unit, let problem?) in rows {
      let what =
        switch problem {
        case .unregistered: "nobody registered it"
        case .status(let status): status.isEmpty ? "it is registered without a status" : "it is registered as \(status)"
        }
      report.add(
        Finding(
          .unregisteredFederations, kind: units.kind, keys: [unit], "\(unit) has a row in the totals, and \(what)",
          remedy: units.statuses.first.map { .command("set", [units.kind, unit, "\(units.statusField)=\($0)"]) }))
    }
  }

  private static func add(
    _ cause: NotPlaced, _ codes: [String], _ tree: UnitTree, _ units: Indicator.Units, _ axis: String,
    into report: inout FindingReport
  ) {
    func parent(_ code: String) -> String { tree.parent(of: code) ?? "" }
    let advice = "give one the right \(units.parentField) in \(units.linkKind)"
    switch cause {
    case .circle:
      for circle in circles(codes, parent) {
        report.add(
          Finding(
            .circles, kind: units.kind, keys: circle,
            "\(circle.joined(separator: ", ")) \(circle.count == 1 ? "stands above itself" : "stand above each other") along the \(axis) axis",
            remedy: .advice(advice)))
      }
    case .unknownParent, .foreignParent:
      for code in codes {
        let what = cause == .unknownParent ? "nobody registered" : "belongs to another federation"
        report.add(
          Finding(
            cause == .unknownParent ? .absentParents : .foreignParents, kind: units.kind, keys: [code],
            "\(code) stands under \(parent(code)) along the \(axis) axis, which \(what)", remedy: .advice(advice)))
      }
    case .foreign, .unregistered, .unlinked: return
    }
  }

  /// Each circle from its first unit on.
  private static func circles(_ codes: [String], _ parent: (String) -> String) -> [[String]] {
    var left = Set(codes)
    return codes.compactMap { first in
      guard left.contains(first) else { return nil }
      var circle: [String] = []
      var code = first
      while left.remove(code) != nil {
        circle.append(code)
        code = parent(code)
      }
      return circle
    }
  }

  /// Whoever reports a unit registers it.
  private static func remedy(
    _ unit: String, _ federation: String, _ stock: Indicator.Stock, _ transaction: Transaction
  ) -> Finding.Remedy {
    let values =
      [stock.units.kind, unit] + (stock.expectedSorts.first.map { ["\(stock.units.sortField)=\($0)"] } ?? [])
    guard federation == transaction.identity.role.federation else {
      return .advice(
        "\(federation) registers it with `birlik set \(values.joined(separator: " "))`, or corrects its returns")
    }
    return .command("set", values)
  }

  /// Units that report though nobody registered them.
  private static func findUnregistered(_ transaction: Transaction, into report: inout FindingReport) throws {
    for case .stock(let stock) in transaction.catalog.indicators.map(\.definition) {
      guard let key = transaction.catalog.kind(named: stock.units.kind)?.key.first?.name.sql else { continue }
      let unit = stock.unitColumn.sql
      let select = try transaction.connection.prepared(
        "SELECT r.\(unit), count(*), min(r.federation) FROM \(stock.kind) r WHERE NOT EXISTS(SELECT 1 FROM "
          + "\(stock.units.kind) u WHERE u.\(key)=r.\(unit)) GROUP BY r.\(unit)")
      while try select.step() {
        let code = select.string(0)
        let count = select.int(1)
        report.add(
          Finding(
            .unregisteredUnits, kind: stock.kind, keys: [code],
            "\(code) has \(count == 1 ? "a return" : "\(count) returns") of \(select.string(2)), and nobody registered it",
            remedy: remedy(code, select.string(2), stock, transaction)),
          code: .unregisteredUnits)
      }
    }
  }
}
