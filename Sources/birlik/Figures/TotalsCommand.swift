import ArgumentParser
import Consolidation
import Node
import Store
import SyncCore

/// Shows consolidated figures.
struct TotalsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "totals",
    abstract: "birlik totals --as-of 2025-12-31",
    discussion: """
      Shows an indicator at a date: what was counted, what the federations declare, and how complete it is. A unit's last \
      figure at or before the date counts. REPORTED are the units with a return for the period: the month of the date, or \
      the whole month or year when --as-of 2025-12 or 2025 is asked for. CARRIED are those whose last figure is older. Notes \
      below the table say what a reader has to know.

      --explain opens a figure to what it is made of: of headquarters to the federations, of a federation or unit to the \
      units below it, and of every unit to its returns with what becomes of each. What counts and has no place in the tree \
      is listed as not placed, with the cause.
      """)

  @Option(help: "The indicator; `birlik totals --indicator help` lists them.")
  var indicator = "members"

  @Option(help: ArgumentHelp("The date, such as 2025-12-31 or 2025-12 (else today, UTC).", valueName: "date"))
  var asOf: String?

  @Option(help: "Sum along this axis, such as territorial or sectoral (else the catalog's).")
  var axis: String?

  @Option(help: ArgumentHelp("Open the figure of this unit.", valueName: "unit"))
  var explain: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    if indicator == "help" { return try list(store.catalog().indicators) }
    try TypedEdits.include(in: store)
    let asOf = asOf ?? Moment.today
    let catalog = try store.catalog()
    let title = catalog.indicator(named: indicator)?.title ?? indicator
    if let explain {
      let opened = try store.explain(indicator: indicator, unit: explain, asOf: asOf, axis: axis)
      if output.json { return try Output.answer(TotalsJSON.opened(opened)) }
      return try OpenedTotalWords().print(opened, title: title)
    }
    let answer = try store.totals(indicator: indicator, asOf: asOf, axis: axis)
    if try store.hasStaleTotals() {
      StandardError.printNote(
        "these totals are from before the last large edit; `birlik totals` by whoever may read the key counts them again"
      )
    }
    if output.json {
      try Output.answer(TotalsJSON.answer(answer))
    } else {
      try TotalsWords(options: node.repeated).print(
        answer, title: title, units: units(catalog), findings: store.findingTally()?.count ?? 0)
    }
    // A figure that is none is no success.
    if case .report(let report) = answer, report.rows.contains(where: { $0.counted == nil }) || report.counted == nil {
      throw ExitStatus.data.exit
    }
  }

  private func units(_ catalog: Catalog) -> Indicator.Units? {
    switch catalog.indicator(named: indicator)?.definition {
    case .stock(let stock): stock.units
    case .openUnits(let open): open.units
    case .ratio, nil: nil
    }
  }

  private func list(_ indicators: [Indicator]) throws {
    if output.json {
      return try Output.answer(.array(indicators.map { ["indicator": .string($0.id), "title": .string($0.title)] }))
    }
    var table = Table([.name("indicator"), .text("title")])
    for indicator in indicators { table.add([indicator.id, indicator.title]) }
    let output = Output()
    table.write(to: output)
    try output.finish()
  }
}
