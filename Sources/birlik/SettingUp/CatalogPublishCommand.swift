import ArgumentParser
import CatalogFiles
import Node
import SyncCore

/// Publishes a catalog.
struct CatalogPublishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "birlik catalog publish Config/catalog --dry-run --database hq.db",
    discussion: """
      At headquarters: checks the files, by themselves and against the catalog in use, signs them, and switches to them \
      in one transaction. The other nodes follow at their next sync. A change that would break existing records, such as \
      removing a column or changing its type, is refused with advice on how to do it instead; the command ends with 65.
      """)

  @Argument(help: ArgumentHelp("The catalog's folder.", valueName: "dir"), completion: .directory)
  var folder = "Config/catalog"

  @Flag(help: "Show what would change, and change nothing.")
  var dryRun = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = try node.open(isForReading: dryRun, needsKey: !dryRun).publishCatalog(folder, isDryRun: dryRun)
    let output = Output()
    if self.output.json { output.line(json(report)) } else { print(report, to: output) }
    try output.finish()
    if !report.findings.isEmpty { throw ExitStatus.data.exit }
  }

  private func json(_ report: PublicationReport) -> JSON {
    [
      "ok": .bool(report.findings.isEmpty), "published": .bool(report.isPublished), "dry_run": .bool(dryRun),
      "from": .number(report.from), "to": .number(report.to),
      "changes": .array(
        report.changes.map {
          [
            "what": .string($0.sort.rawValue), "kind": $0.kind.isEmpty ? .null : .string($0.kind),
            "words": .string($0.words),
          ]
        }), "findings": .array(report.findings.map(CatalogCheckCommand.json)),
      "warnings": .array(report.warnings.map(CatalogCheckCommand.json)),
    ]
  }

  private func print(_ report: PublicationReport, to output: Output) {
    for finding in report.findings { output.print(finding.description) }
    for warning in report.warnings { output.print(CatalogCheckCommand.words(warning: warning)) }
    guard report.findings.isEmpty else { return output.print("Nothing was published.") }
    guard report.to != report.from else {
      return output.print("Version \(report.from) is in use already; there is nothing to publish.")
    }
    for change in report.changes { output.print("  " + change.description) }
    output.print(
      report.isPublished
        ? "Version \(report.to) is published; the others follow at their next sync."
        : "A dry run: version \(report.to) can replace version \(report.from); nothing was published.")
  }
}
