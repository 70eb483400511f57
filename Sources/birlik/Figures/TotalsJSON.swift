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
      ("value", row.tenths.map { .decimal(Words.tenths($0)) } ?? .null), ("numerator", .number(row.numerator)),
      ("denominator", .number(row.denominator)),
    ]
  }

  private static func report(_ report: TotalsReport) -> JSON {
    [
      "indicator": .string(report.indicator), "as_of": .string(report.asOf),
      "period": ["first": .string(report.period.first.iso), "last": .string(report.period.last.iso)],
      "axis": report.axis.isEmpty ? .null : .string(report.axis),
      "rows": .array(
        report.rows.map { row in
          .object(
            [(name: "unit", value: .string(row.unit)), ("member", .bool(row.notMember == nil))]
              + [("problem", .string(row.notMember.map { TotalsWords.problem(row.unit, $0) }))]
              + tally(row.tally, declared: row.declaredSum) + [
                ("declared_as_of", .string(row.declared.first?.asOf)), ("declared_figures", figures(row.declared)),
                ("gap", .number(row.gap)),
                (
                  "whole",
                  row.whole.map { ["as_of": .string($0.date), "value": .number($0.value)] } ?? .null
                ),
              ])
        }),
      "total": .object(
        tally(report.tally, declared: report.declared) + [
          ("gap", .number(report.gap)), ("claimed", .number(report.claimedSum?.value)),
          ("claimed_as_of", .string(report.claimed.first?.asOf)), ("claimed_figures", figures(report.claimed)),
          ("residual", .number(report.residual)),
        ]),
      "other_axes": .array(
        report.otherAxes.map {
          ["axis": .string($0.axis), "counted": .number(Int64(exactly: $0.sum)), "units": .integer($0.units)]
        }),
      "units_not_added": .integer(report.unitsNotAdded), "records_in_conflict": .number(report.recordsInConflict),
      "no_members": .array(
        report.outside.sorted { $0.key < $1.key }.map {
          ["unit": .string($0.key), "declared_figures": figures($0.value)]
        }),
    ]
  }

  private static func tally(_ tally: Tally, declared: DeclaredSum?) -> [(name: String, value: JSON)] {
    self.tally(tally) + [
      ("declared", .number(declared?.value)), ("declared_lowest", .number(declared?.lowest)),
      ("declared_highest", .number(declared?.highest)),
      ("declared_precision", .strings(declared?.precisions ?? [])),
    ]
  }

  /// `counted` is null where the sum is too large for a number, which `too_large` says.
  private static func tally(_ tally: Tally) -> [(name: String, value: JSON)] {
    [
      ("counted", .number(tally.counted)), ("too_large", .bool(tally.counted == nil)),
      ("units_expected", .integer(tally.unitsExpected)), ("units_reported", .integer(tally.unitsReported)),
      ("units_carried", .integer(tally.unitsCarried)), ("carried_since", .string(tally.carriedSince?.iso)),
      ("units_withheld", .integer(tally.unitsWithheld)), ("units_contradicted", .integer(tally.unitsContradicted)),
      ("units_astray", .integer(tally.unitsAstray)),
    ]
  }

  private static func figures(_ figures: [PublishedFigure]) -> JSON {
    .array(
      figures.map {
        [
          "as_of": .string($0.asOf), "value": .integer($0.value), "source": .string($0.source),
          "precision": $0.precision.isEmpty ? .null : .string($0.precision),
        ]
      })
  }

  // MARK: Opened

  static func opened(_ opened: OpenedTotal) -> JSON {
    switch opened {
    case .figure(let explanation): self.explanation(explanation)
    case .ratio(let indicator, let factor, let numerator, let denominator):
      [
        "indicator": .string(indicator), "unit": .string(numerator.unit), "as_of": .string(numerator.asOf),
        "total": .object(
          members(
            RatioRow(
              unit: numerator.unit, numerator: numerator.total.counted, denominator: denominator.total.counted,
              factor: factor))),
        "numerator": self.explanation(numerator), "denominator": self.explanation(denominator),
      ]
    }
  }

  private static func explanation(_ explanation: TotalsExplanation) -> JSON {
    [
      "indicator": .string(explanation.indicator), "unit": .string(explanation.unit),
      "name": .string(explanation.name), "sort": .string(explanation.sort), "as_of": .string(explanation.asOf),
      "axis": explanation.axis.isEmpty ? .null : .string(explanation.axis),
      "total": .object(tally(explanation.total)), "own": .object(tally(explanation.own)),
      "returns": .array(explanation.returns.map(item)), "children": .array(explanation.children.map(child)),
      "not_placed": .array(
        explanation.notPlaced.map { loose in
          .object(
            [("cause", .string(loose.cause.rawValue)), ("reason", .string(TotalsWords.reason(loose.cause)))]
              + tally(loose.tally) + [("units", .array(loose.units.map(child)))])
        }),
      "published": figures(explanation.published),
    ]
  }

  private static func child(_ child: TotalsExplanation.Child) -> JSON {
    .object(
      [("unit", .string(child.unit)), ("name", .string(child.name)), ("sort", .string(child.sort))]
        + tally(child.tally) + [("own_return", child.own.map(item) ?? .null)])
  }

  private static func item(_ item: TotalsExplanation.Item) -> JSON {
    [
      "as_of": .string(item.asOf), "federation": .string(item.federation), "value": .number(item.value),
      "withheld": .bool(item.isWithheld), "verdict": .string(item.verdict.rawValue),
    ]
  }
}
