import Consolidation
import Node
import Store

/// The consolidated figures of headquarters in tables.
struct DemoTotals {
  static let asOf = "2025-10"

  let members: TotalsReport
  private let counts: [TotalsReport]
  private let ratio: [RatioRow]
  private let ratioOfAll: RatioRow

  init(_ store: Store) throws {
    members = try Self.report("members", store)
    counts = try ["primary_organizations", "regional_councils", "sectoral_unions", "member_organizations"].map {
      try Self.report($0, store)
    }
    guard case .ratio(_, _, let rows, let total) = try store.totals(indicator: "members_per_primary", asOf: Self.asOf)
    else { throw NodeError(.data, "adding up", "members_per_primary is no ratio") }
    (ratio, ratioOfAll) = (rows, total)
  }

  private static func report(_ indicator: String, _ store: Store) throws -> TotalsReport {
    guard case .report(let report) = try store.totals(indicator: indicator, asOf: asOf) else {
      throw NodeError(.data, "adding up", "\(indicator) is no total")
    }
    return report
  }

  /// The members counted of one federation.
  static func counted(_ store: Store, of unit: String) throws -> Int64 {
    try report("members", store).rows.first { $0.unit == unit }?.counted ?? 0
  }

  func lines() -> [String] { memberLines() + [""] + countLines() + [""] + ratioLines() }

  private func memberLines() -> [String] {
    let table = DemoTable([
      ("members", -10), ("counted", 11), ("declared", 11), ("as of", -7), ("gap", 11), ("returns", 9),
      ("expected", 9), ("complete", 9),
    ])
    var lines = [table.heading, table.rule]
    for row in members.rows {
      lines.append(
        table.row([
          row.unit, Self.words(row.counted), Self.words(row.declaredSum?.value), row.declared.first?.asOf ?? "-",
          Self.words(row.gap), DemoText.grouped(row.tally.unitsReported), DemoText.grouped(row.tally.unitsExpected),
          Self.complete(row.tally.unitsReported, row.tally.unitsExpected),
        ]))
    }
    lines.append(table.rule)
    let all = members.tally
    lines.append(
      table.row([
        "together", Self.words(members.counted), Self.words(members.declared?.value), "", Self.words(members.gap),
        DemoText.grouped(all.unitsReported), DemoText.grouped(all.unitsExpected),
        Self.complete(all.unitsReported, all.unitsExpected),
      ]))
    if let claimed = members.claimed.first, let declared = members.declared?.value, let residual = members.residual {
      lines += [
        "",
        "   claimed by OTUTS    \(Self.padded(claimed.value))  or more (\(claimed.source))",
        "   declared by members \(Self.padded(declared))",
        "   residual            \(Self.padded(residual))  no member accounts for them",
      ]
    }
    return lines
  }

  private func countLines() -> [String] {
    let table = DemoTable(
      [("units", -24), ("counted", 9), ("published", 9)] + members.rows.map { (title: $0.unit, width: 9) })
    return [table.heading, table.rule]
      + counts.map { report in
        let cells = report.rows.map { row in
          row.counted == 0 && row.declared.isEmpty ? "-" : Self.words(row.counted)
        }
        let title = report.indicator.replacing("_", with: " ")
        return table.row([title, Self.words(report.counted), Self.words(report.declared?.value)] + cells)
      }
  }

  private func ratioLines() -> [String] {
    let table = DemoTable(
      [("", -24), ("all", 9), ("", 9)] + ratio.map { (title: $0.unit, width: 9) })
    let cells = ratio.map { $0.tenths.map(DemoText.tenths) ?? "-" }
    return [table.row(["members per primary", ratioOfAll.tenths.map(DemoText.tenths) ?? "-", ""] + cells)]
  }

  private static func words(_ number: Int64?) -> String { number.map { DemoText.grouped($0) } ?? "-" }

  private static func padded(_ number: Int64) -> String {
    let text = DemoText.grouped(number)
    return String(repeating: " ", count: max(0, 11 - text.count)) + text
  }

  /// Rounded down, so that 100 % means all.
  private static func complete(_ reported: Int64, _ expected: Int64) -> String {
    expected > 0 ? DemoText.tenths(reported * 1000 / expected) + " %" : "-"
  }
}
