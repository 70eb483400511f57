import Consolidation
import Store
import SyncCore

/// Totals for people.
struct TotalsWords {
  /// What is typed after a command so that it reads the same database.
  let options: String
  private let output = Output()

  /// What stands in place of a figure that is none.
  private static let tooLarge = "too large"

  static func figure(_ tally: Tally) -> String { tally.counted.map { Words.grouped($0) } ?? tooLarge }

  /// `at least 5,700,000`
  static func figure(_ figure: PublishedFigure) -> String { qualified(figure.value, [figure.precision]) }

  /// `1,638,182 to 1,640,000` where figures differ.
  private static func figure(_ sum: DeclaredSum?) -> String {
    guard let sum else { return Words.nothing }
    guard sum.value == nil else { return qualified(sum.lowest, sum.precisions) }
    return "\(qualified(sum.lowest, sum.precisions)) to \(Words.grouped(sum.highest))"
  }

  private static func qualified(_ value: Int64, _ precisions: [String]) -> String {
    let words = precisions.filter { !$0.isEmpty && $0 != "exact" }.map { $0.replacing("_", with: " ") }
    return (words + [Words.grouped(value)]).joined(separator: " ")
  }

  /// Why a federation that counts is no member.
  static func problem(_ unit: String, _ problem: NotMember) -> String {
    switch problem {
    case .unregistered: "\(unit) is not registered"
    case .status(let status): "\(unit) is registered \(status.isEmpty ? "without a status" : "as \(status)")"
    }
  }

  /// - Parameter findings: how many there are that make figures doubtful.
  func print(_ answer: TotalsAnswer, title: String, units: Indicator.Units?, findings: Int) throws {
    switch answer {
    case .report(let report): print(report, title, units)
    case .ratio(_, let asOf, let rows, let total):
      output.print("\(title) as of \(asOf)")
      output.print()
      var table = Table([.name("unit"), .number("value"), .number("numerator"), .number("denominator")])
      for row in rows { table.add(Self.cells(row, row.unit)) }
      table.add(Self.cells(total, "all"))
      table.write(to: output)
    }
    if findings > 0 {
      output.print("\(Words.count(findings, "finding")) may make figures doubtful: `birlik check\(options)`.")
    }
    try output.finish()
  }

  private static func cells(_ row: RatioRow, _ name: String) -> [String] {
    [
      name, row.tenths.map { Words.tenths($0) } ?? Words.nothing, row.numerator.map { Words.grouped($0) } ?? tooLarge,
      row.denominator.map { Words.grouped($0) } ?? tooLarge,
    ]
  }

  // MARK: The table

  private func print(_ report: TotalsReport, _ title: String, _ units: Indicator.Units?) {
    output.print("\(title) as of \(report.asOf)" + (report.axis.isEmpty ? "" : ", along the \(report.axis) axis"))
    output.print()
    let counts = report.measure == .registering
    var table = Table(
      [.name("unit"), .number("counted"), .number("declared"), .text("as of"), .number("gap")]
        + (counts ? [] : [.number("reported"), .number("carried"), .number("expected")]) + [.number("share")])
    for row in report.rows {
      let first = row.declared.first
      table.add(
        [
          row.unit, Self.figure(row.tally), first.map(Self.figure) ?? Words.nothing, first?.asOf ?? "",
          Words.grouped(row.gap),
        ] + Self.completeness(row.tally, of: row.declaredSum, report))
      for other in row.declared.dropFirst() {
        table.add(["", "", Self.figure(other), other.asOf, ""] + (counts ? [""] : ["", "", "", ""]))
      }
    }
    table.add(
      ["total", Self.figure(report.tally), Self.figure(report.declared), "", Words.grouped(report.gap)]
        + Self.completeness(report.tally, of: report.declared, report))
    table.write(to: output)
    output.print()
    for note in notes(report, units) { output.print(note) }
  }

  private static func completeness(_ tally: Tally, of declared: DeclaredSum?, _ report: TotalsReport) -> [String] {
    guard report.measure == .reporting else {
      guard let counted = tally.counted, let declared = declared?.value else { return [Words.nothing] }
      return [Words.percent(counted, of: declared)]
    }
    return [
      Words.grouped(tally.unitsReported), Words.grouped(tally.unitsCarried), Words.grouped(tally.unitsExpected),
      Words.percent(tally.unitsReported, of: tally.unitsExpected),
    ]
  }

  /// What a reader has to know to defend the figures.
  private func notes(_ report: TotalsReport, _ units: Indicator.Units?) -> [String] {
    var notes: [String] = []
    func open(_ row: TotalsRow) -> String {
      "birlik totals --indicator \(report.indicator) --as-of \(report.asOf) --explain \(row.unit)\(options)"
    }
    for row in report.rows {
      if let problem = row.notMember, let units, let status = units.statuses.first {
        notes.append(
          "\(Self.problem(row.unit, problem)), and counts all the same. Headquarters makes it a member with "
            + "`birlik set \(units.kind) \(row.unit) \(units.statusField)=\(status)`.")
      }
      if row.tally.counted == nil {
        notes.append("What \(row.unit) reports is too large to be a number: `\(open(row))` shows by whom.")
      }
      if row.tally.unitsAstray > 0 {
        notes.append(
          "\(Words.count(row.tally.unitsAstray, "unit")) that \(row.unit) reports "
            + "\(row.tally.unitsAstray == 1 ? "is" : "are") not registered, or belong\(row.tally.unitsAstray == 1 ? "s" : "") "
            + "to another federation: `\(open(row))` lists \(row.tally.unitsAstray == 1 ? "it" : "them").")
      }
      if row.tally.unitsContradicted > 0 {
        notes.append(
          "Of \(Words.count(row.tally.unitsContradicted, "unit")) of \(row.unit) another return says something else: "
            + "`birlik check\(options)` lists both.")
      }
      if let whole = row.whole {
        notes.append(
          "\(row.unit) reports \(whole.value.map { Words.grouped($0) } ?? "a withheld figure") of itself as a whole (as of "
            + "\(whole.date)); that is not added, for only what the units below it report is.")
      }
      if row.declared.count > 1, row.declaredSum?.value == nil {
        notes.append(
          "\(row.unit) publishes different figures for one date: "
            + row.declared.map { "\(Self.figure($0)) (\($0.source))" }.joined(separator: ", ") + ".")
      }
    }
    if let since = report.tally.carriedSince {
      let carried = Words.count(report.tally.unitsCarried, "unit")
      notes.append(
        "\(carried) did not report between \(report.period.first.iso) and \(report.period.last.iso): "
          + "older figures are carried forward, the oldest of \(since.iso) (\(Self.age(since, report.period.last))).")
    }
    if report.tally.unitsWithheld > 0 {
      notes.append(
        "\(Words.count(report.tally.unitsWithheld, "unit")) of those that reported withheld a figure about too few "
          + "people; it adds nothing here.")
    }
    if report.unitsNotAdded > 0 {
      notes.append(
        "\(Words.count(report.unitsNotAdded, "unit")) above those that are summed report\(report.unitsNotAdded == 1 ? "s" : "") "
          + "as well; that is not added, for it would count the same people twice. --explain shows it.")
    }
    if report.recordsInConflict > 0 {
      let records = Words.count(report.recordsInConflict, "record")
      notes.append("Of \(records) behind these figures different values were given: `birlik conflicts\(options)`.")
    }
    for other in report.otherAxes {
      notes.append(
        "Along the \(other.axis) axis: \(Words.grouped(other.sum)) of \(Words.count(other.units, "unit")) (`--axis \(other.axis)`)."
      )
    }
    for (unit, figures) in report.outside.sorted(by: { $0.key < $1.key }) {
      notes.append(
        "\(unit) is registered as no member; what it publishes is in no sum: "
          + figures.map { "\(Self.figure($0)) (as of \($0.asOf), \($0.source))" }.joined(separator: ", ") + ".")
    }
    return notes + [claimed(report)]
  }

  private func claimed(_ report: TotalsReport) -> String {
    guard !report.claimed.isEmpty else { return "No figure is published for the whole." }
    let figures = report.claimed.map { "\(Self.figure($0)) (as of \($0.asOf), \($0.source))" }.joined(separator: ", ")
    return "Published for the whole: \(figures)"
      + (report.residual.map { "; published minus declared: \(Words.grouped($0))" } ?? "")
  }

  /// `14 years`, `58 days`
  private static func age(_ day: CalendarDay, _ now: CalendarDay) -> String {
    let years = now.years(since: day)
    return years > 0 ? "\(Words.count(years, "year")) old" : "\(Words.count(now.number &- day.number, "day")) old"
  }
}
