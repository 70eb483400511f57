import Consolidation
import Store
import SyncCore

/// An opened total for people.
struct OpenedTotalWords {
  private let output = Output()

  func print(_ opened: OpenedTotal, title: String) throws {
    switch opened {
    case .figure(let explanation): print(explanation, title)
    case .ratio(_, let factor, let numerator, let denominator):
      let row = RatioRow(
        unit: numerator.unit, numerator: numerator.total.counted, denominator: denominator.total.counted, factor: factor
      )
      output.print(
        "\(title) of \(numerator.unit) as of \(numerator.asOf): \(row.tenths.map { Words.tenths($0) } ?? Words.nothing), which is "
          + "\(TotalsWords.figure(numerator.total)) divided by \(TotalsWords.figure(denominator.total))"
          + (factor == 1 ? "" : ", times \(Words.grouped(factor))"))
      for part in [numerator, denominator] {
        output.print()
        print(part, part.indicator)
      }
    }
    try output.finish()
  }

  private func print(_ explanation: TotalsExplanation, _ title: String) {
    output.print(
      "\(title) of \(explanation.unit)\(explanation.name.isEmpty ? "" : ", \(explanation.name),") as of \(explanation.asOf)"
        + (explanation.axis.isEmpty ? "" : ", along the \(explanation.axis) axis")
        + ": \(TotalsWords.figure(explanation.total))")
    output.print()
    if !explanation.children.isEmpty {
      table(explanation.children, explanation.measure)
    } else if explanation.notPlaced.isEmpty {
      output.print("No unit stands below it.")
    }
    for loose in explanation.notPlaced {
      output.print()
      output.print("Not placed, because \(TotalsWords.reason(loose.cause)): \(TotalsWords.figure(loose.tally))")
      table(loose.units, explanation.measure)
    }
    if !explanation.returns.isEmpty {
      if !explanation.children.isEmpty || !explanation.notPlaced.isEmpty { output.print() }
      output.print("Its own returns:")
      var table = Table([.name("as of"), .name("of"), .number("figure"), .text("")])
      for item in explanation.returns {
        table.add([
          item.asOf, item.federation, item.isWithheld ? "withheld" : Words.grouped(item.value),
          Self.words(item.verdict),
        ])
      }
      table.write(to: output)
    }
    for figure in explanation.published {
      output.print("Published: \(TotalsWords.figure(figure)) as of \(figure.asOf) (\(figure.source))")
    }
    if explanation.sum.sum != explanation.total.sum {
      output.print(
        "These parts add up to \(TotalsWords.figure(explanation.sum)), which is wrong: run `birlik verify`, and send what it says to "
          + "headquarters' administrator.")
    }
  }

  private func table(_ children: [TotalsExplanation.Child], _ measure: TotalsReport.Measure) {
    let reports = measure == .reporting
    var table = Table(
      [.name("unit"), .text("name"), .text("sort"), .number("counted")]
        + (reports
          ? [
            .number("reported"), .number("carried"), .number("expected"), .number("own return"), .text("as of"),
          ] : []))
    for child in children {
      table.add(
        [child.unit, child.name, child.sort, TotalsWords.figure(child.tally)]
          + (reports ? Self.completeness(child) : []))
    }
    table.write(to: output)
  }

  private static func completeness(_ child: TotalsExplanation.Child) -> [String] {
    let own = child.own
    return [
      Words.grouped(child.tally.unitsReported), Words.grouped(child.tally.unitsCarried),
      Words.grouped(child.tally.unitsExpected),
      (own?.isWithheld == true ? "withheld" : Words.grouped(own?.value))
        + (own?.verdict == .notAdded ? ", not added" : ""),
      own?.asOf ?? "",
    ]
  }

  private static func words(_ verdict: TotalsExplanation.Item.Verdict) -> String {
    switch verdict {
    case .counts: "counts"
    case .carried: "counts, carried forward"
    case .contradicts: "says something else than the one that counts"
    case .earlier: "a later one counts"
    case .later: "after the date asked for"
    case .notCollected: "holds no figure"
    case .closed: "the unit is not open"
    case .notAdded: "not added: the units below report the same people"
    }
  }
}

extension TotalsWords {
  /// Why something has no place, for people.
  static func reason(_ cause: NotPlaced) -> String {
    switch cause {
    case .unregistered: "nobody registered these units"
    case .foreign: "these units belong to another federation"
    case .circle: "their parents lead back to themselves"
    case .unknownParent: "nobody registered their parent"
    case .foreignParent: "their parent belongs to another federation"
    case .unlinked: "headquarters registered them, and no link leads to the federation"
    }
  }
}
