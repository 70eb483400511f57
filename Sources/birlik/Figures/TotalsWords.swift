import Consolidation
import Store

/// Totals for people.
enum TotalsWords {
  static func print(_ answer: TotalsAnswer, title: String) throws {
    let output = Output()
    switch answer {
    case .report(let report): print(report, title, to: output)
    case .ratio(_, let asOf, let rows, let total):
      output.print("\(title) as of \(asOf)")
      output.print()
      var table = Table([.name("unit"), .number("value"), .number("numerator"), .number("denominator")])
      for row in rows { table.add(cells(row, row.unit)) }
      table.add(cells(total, "all"))
      table.write(to: output)
    }
    try output.finish()
  }

  private static func cells(_ row: RatioRow, _ name: String) -> [String] {
    [
      name, row.tenths.map { Words.tenths($0) } ?? Words.nothing, Words.grouped(row.numerator),
      Words.grouped(row.denominator),
    ]
  }

  private static func print(_ report: TotalsReport, _ title: String, to output: Output) {
    output.print("\(title) as of \(report.asOf)" + (report.axis.isEmpty ? "" : ", along the \(report.axis) axis"))
    output.print()
    var table = Table([
      .name("unit"), .number("counted"), .number("declared"), .text("as of"), .number("gap"), .number("reported"),
      .number("expected"), .number("share"),
    ])
    for row in report.rows {
      table.add([
        row.unit, Words.grouped(row.counted), Words.grouped(row.declared), row.declaredAsOf ?? "",
        Words.grouped(row.gap), Words.grouped(row.unitsReported), Words.grouped(row.unitsExpected),
        Words.percent(row.unitsReported, of: row.unitsExpected),
      ])
    }
    let gap = report.declared.map { $0.subtractingReportingOverflow(report.counted).partialValue }
    table.add([
      "total", Words.grouped(report.counted), Words.grouped(report.declared), "", Words.grouped(gap),
      Words.grouped(report.unitsReported), Words.grouped(report.unitsExpected),
      Words.percent(report.unitsReported, of: report.unitsExpected),
    ])
    table.write(to: output)
    if report.unitsWithheld > 0 {
      let units = Words.count(Int(clamping: report.unitsWithheld), "unit")
      output.print(
        "\(units) of those that reported withheld a figure about too few people; it adds nothing here.")
    }
    output.print()
    guard let claimed = report.claimed else { return output.print("No figure is published for the whole.") }
    output.print(
      "Published for the whole: \(Words.grouped(claimed.value)) (as of \(claimed.asOf), \(claimed.source))"
        + (report.residual.map { "; published minus declared: \(Words.grouped($0))" } ?? ""))
  }

  static func print(_ explanation: TotalsExplanation) throws {
    let output = Output()
    output.print("Under \(explanation.unit) as of \(explanation.asOf), along the \(explanation.axis) axis")
    output.print()
    if explanation.children.isEmpty {
      output.print("No unit belongs to it.")
    } else {
      var table = Table([
        .name("unit"), .text("name"), .text("sort"), .number("counted"), .number("reported"), .number("expected"),
        .number("own return"), .text("as of"),
      ])
      for child in explanation.children {
        table.add([
          child.unit, child.name, child.sort, Words.grouped(child.counted), Words.grouped(child.unitsReported),
          Words.grouped(child.unitsExpected), Words.grouped(child.ownReturn?.value), child.ownReturn?.asOf ?? "",
        ])
      }
      table.write(to: output)
    }
    for figure in explanation.published {
      output.print("Published: \(Words.grouped(figure.value)) as of \(figure.asOf) (\(figure.source))")
    }
    try output.finish()
  }
}
