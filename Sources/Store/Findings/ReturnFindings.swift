import Consolidation
import SyncCore

/// Finds returns of one unit of which only one can count, and units whose dates exclude each other.
enum ReturnFindings: FindingCheck {
  static func find(in transaction: Transaction, into report: inout FindingReport) throws {
    let plan = TotalsPlan(transaction)
    var seen: Set<String> = []
    for part in plan.parts {
      if seen.insert(part.units.table.kind.name).inserted { try findReopened(part, transaction, into: &report) }
      guard let stock = part.stock, let returns = part.returns else { continue }
      try findContradictions(stock, part, returns, transaction, into: &report)
    }
  }

  private static func findContradictions(
    _ stock: Indicator.Stock, _ part: TotalsPlan.Part, _ returns: ReturnReader, _ transaction: Transaction,
    into report: inout FindingReport
  ) throws {
    let (unit, date, axis) = (stock.unitColumn.sql, stock.dateColumn.sql, stock.axisColumn.sql)
    let code = part.units.table.kind.key[0].name.sql
    // Only what another one reports, or what is not of one exact day, can say something else.
    let select = try transaction.connection.prepared(
      """
      SELECT r.\(unit) FROM \(stock.kind) r JOIN \(stock.units.kind) u ON u.\(code)=r.\(unit)
        WHERE r.federation<>u.federation
      UNION SELECT r.\(unit) FROM \(stock.kind) r WHERE length(r.\(date))<>10 AND EXISTS(SELECT 1 FROM \(stock.kind) o
        WHERE o.\(unit)=r.\(unit) AND o.\(axis)=r.\(axis) AND o.\(date)<>r.\(date)
        AND substr(o.\(date), 1, 4)=substr(r.\(date), 1, 4))
      """)
    var units: [[UInt8]] = []
    while try select.step() { units.append(select.bytes(0)) }
    for code in units {
      guard let terms = try part.terms(of: code, transaction) else { continue }
      let items = try returns.read(code, transaction, [:]).filter(terms.isCounted)
      for axis in Set(items.map(\.axis)).sorted() {
        let standing = StandingReturns(items, axis: axis, home: terms.home, headquarters: transaction.headquarters)
        guard let span = standing.spans.last(where: { !$0.contradicting.isEmpty }) else { continue }
        let unit = String(decoding: code, as: UTF8.self)
        let counting = standing.returns[span.index]
        for other in span.contradicting.map({ standing.returns[$0] }) {
          let key = { (item: UnitReturn) in "\(unit)/\(item.date)/\(item.axis)" }
          report.add(
            Finding(
              .contradictions, kind: stock.kind, keys: [key(counting), key(other)],
              "of \(unit), \(words(counting)) counts, and \(words(other)) says something else",
              remedy: .advice("whoever is wrong corrects or removes its return")), code: .contradictions)
        }
      }
    }
  }

  private static func words(_ item: UnitReturn) -> String {
    "\(item.value.map { String($0) } ?? "a withheld figure") of \(item.federation) as of \(item.date)"
  }

  private static func findReopened(
    _ part: TotalsPlan.Part, _ transaction: Transaction, into report: inout FindingReport
  ) throws {
    let kind = part.units.table.kind
    let select = try transaction.connection.prepared(part.units.selectReopened)
    while try select.step() {
      let record = part.units.record(select)
      guard record.isReopened, let opened = record.opened, let closed = record.closed else { continue }
      let code = select.string(4)
      report.add(
        Finding(
          .reopenedUnits, kind: kind.name, keys: [code],
          "\(code) was closed on \(closed.last.iso) and opened on \(opened.first.iso): it counts from its opening on, and "
            + "not before", remedy: .advice("remove the date that does not hold any more")), code: .reopenedUnits)
    }
  }
}
