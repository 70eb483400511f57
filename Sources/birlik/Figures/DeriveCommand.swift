import ArgumentParser
import CatalogFiles
import Node
import Settings
import Store
import SyncCore

/// Makes shared totals of personal data.
struct DeriveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "derive",
    abstract: "birlik derive membership --as-of 2026-09-30 --dry-run",
    discussion: """
      Counts records that never leave this machine, such as members, and writes the totals, such as membership returns, \
      which do. The catalog says how. The totals are ordinary edits of this node, as if a clerk had typed them; the next \
      sync sends them. Records that a person typed by another method are left alone.

      A figure about fewer people than the catalog allows is withheld, and so is every figure from which it could be \
      computed; a federation may raise that number with withhold_below in its settings. Run it on the one machine that has \
      the records: another machine would count only what is there. Figures that another node of the federation counted or \
      typed are left alone and listed, unless --replace is given.

      Without a name it lists the derivations.
      """)

  @Argument(help: "The derivation, such as membership.")
  var name: String?

  @Option(help: ArgumentHelp("The day that is counted, for derivations of a day.", valueName: "date"))
  var asOf: String?

  @Option(help: ArgumentHelp("The month that is counted, for derivations of a month.", valueName: "month"))
  var period: String?

  @Flag(help: "Write over figures that another node of the federation counted or typed.")
  var replace = false

  @Flag(help: "Show what would be written, and write nothing.")
  var dryRun = false

  @Option(help: "How many records to show.")
  var limit = 20

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is a number from 0.") }
    guard name != nil else {
      if asOf != nil || period != nil || dryRun || replace { throw ValidationError("Say which derivation to run.") }
      return
    }
    if (asOf == nil) == (period == nil) { throw ValidationError("Give either --as-of or --period.") }
  }

  func run() throws {
    let store = try node.open(isForReading: dryRun || name == nil).store
    let derivations = try store.derivations()
    guard let name else { return try list(derivations) }
    if let derivation = derivations.first(where: { $0.id == name }), (derivation.span == .day) != (asOf != nil) {
      let option = derivation.span == .day ? "--as-of with a day" : "--period with a month"
      throw Failure(.usage, "the derivation \(name) takes \(option)", hint: "see birlik help derive")
    }
    let threshold = try node.settings().withholdBelow.map { Int64($0) }
    let report = try store.derive(
      name, span: asOf ?? period ?? "", threshold: threshold, replaces: replace, isDryRun: dryRun)
    try DeriveText(report, isDryRun: dryRun, limit: limit).answer(asJSON: output.json)
  }

  private func list(_ derivations: [Derivation]) throws {
    if output.json {
      return try Output.answer(
        .array(
          derivations.map {
            [
              "id": .string($0.id), "title": .string($0.title), "from": .string($0.source), "into": .string($0.target),
              "span": .string($0.span.rawValue), "withhold_below": .integer($0.threshold),
            ]
          }))
    }
    let output = Output()
    if derivations.isEmpty { output.print("The catalog has no derivations.") }
    for derivation in derivations {
      output.print("\(derivation.id): \(derivation.title)")
      output.print(
        "  counts \(derivation.source) into \(derivation.target) by \(derivation.span.rawValue), "
          + "withholds below \(derivation.threshold)")
    }
    try output.finish()
  }
}
