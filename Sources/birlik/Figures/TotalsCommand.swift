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
      Shows an indicator at a date: what was counted, what the members declare, and how many units reported. --explain \
      lists the units below one unit, and what each of them adds to its figure.
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
    if let explain {
      let answer = try store.explain(indicator: indicator, unit: explain, asOf: asOf, axis: axis)
      if output.json { return try Output.answer(TotalsJSON.explanation(indicator, answer)) }
      return try TotalsWords.print(answer)
    }
    let answer = try store.totals(indicator: indicator, asOf: asOf, axis: axis)
    if output.json { return try Output.answer(TotalsJSON.answer(answer)) }
    let title = try store.catalog().indicator(named: indicator)?.title ?? indicator
    try TotalsWords.print(answer, title: title)
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
