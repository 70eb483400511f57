import Consolidation
import Store
import SyncCore

/// Totals for scripts.
enum TotalsJSON {
  static func answer(_ answer: TotalsAnswer) -> JSON {
    switch answer {
    case .report(let report): self.report(report)
    case .ratio(let indicator, let asOf, let rows, let total):
      [
        "indicator": .string(indicator), "as_of": .string(asOf),
        "rows": .array(rows.map { .object([(name: "unit", value: .string($0.unit))] + members($0)) }),
        "total": .object(members(total)),
      ]
    }
  }

  private static func members(_ row: RatioRow) -> [(name: String, value: JSON)] {
    [
      ("value", row.tenths.map { .decimal(Words.tenths($0)) } ?? .null), ("numerator", .integer(row.numerator)),
      ("denominator", .integer(row.denominator)),
    ]
  }

  private static func report(_ report: TotalsReport) -> JSON {
    [
      "indicator": .string(report.indicator), "as_of": .string(report.asOf),
      "axis": report.axis.isEmpty ? .null : .string(report.axis),
      "rows": .array(
        report.rows.map { row in
          [
            "unit": .string(row.unit), "counted": .integer(row.counted), "declared": .number(row.declared),
            "declared_as_of": .string(row.declaredAsOf), "gap": .number(row.gap),
            "units_expected": .integer(row.unitsExpected), "units_reported": .integer(row.unitsReported),
            "units_withheld": .integer(row.unitsWithheld),
          ]
        }),
      "total": [
        "counted": .integer(report.counted), "declared": .number(report.declared),
        "claimed": .number(report.claimed?.value), "claimed_as_of": .string(report.claimed?.asOf),
        "residual": .number(report.residual), "units_expected": .integer(report.unitsExpected),
        "units_reported": .integer(report.unitsReported), "units_withheld": .integer(report.unitsWithheld),
      ],
    ]
  }

  static func explanation(_ indicator: String, _ explanation: TotalsExplanation) -> JSON {
    [
      "indicator": .string(indicator), "unit": .string(explanation.unit), "as_of": .string(explanation.asOf),
      "axis": .string(explanation.axis),
      "children": .array(
        explanation.children.map { child in
          [
            "unit": .string(child.unit), "name": .string(child.name), "sort": .string(child.sort),
            "counted": .integer(child.counted), "units_expected": .integer(child.unitsExpected),
            "units_reported": .integer(child.unitsReported),
            "own_return": child.ownReturn.map { ["as_of": .string($0.asOf), "value": .integer($0.value)] } ?? .null,
          ]
        }),
      "published": .array(
        explanation.published.map {
          ["as_of": .string($0.asOf), "value": .integer($0.value), "source": .string($0.source)]
        }),
    ]
  }
}
