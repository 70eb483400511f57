import ArgumentParser
import Node
import Store
import SyncCore

/// Checks the file.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "birlik verify --database uz.db",
    discussion: """
      Seals what was typed, folds the whole log again, and compares rows, heads, conflicts and totals with it. Two nodes \
      that may see the same and are even have the same digest. It ends with 65 when anything is wrong.

      With --capture it looks for rows that were changed behind the triggers' back, by a program that had switched them \
      off: every row is compared with what the log says it shows, minus what was typed since, and every difference is \
      listed. With --take they are captured as ordinary edits, sealed at the next sync; what may not be edited is put \
      back and kept in `birlik inbox`.
      """)

  @Flag(help: "Look for rows that were changed without being noted.")
  var capture = false

  @Flag(help: "With --capture: capture what differs.")
  var take = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if take && !capture { throw ValidationError("--take goes with --capture.") }
  }

  func run() throws {
    let store = try node.open().store
    if capture { return try RowCheckRun(takes: take, asJSON: output.json).run(store, options: node.repeated) }
    let line = ProgressLine()
    defer { line.clear() }
    let report = try store.verify { count in line.show { "verified \(Words.grouped(count))" } }
    line.clear()
    let output = Output()
    if self.output.json {
      output.line([
        "ok": .bool(report.ok), "records": .number(report.records), "changes": .number(report.changes),
        "changes_not_kept": .integer(report.prunedChanges), "unchecked_records": .number(report.uncheckedRecords),
        "problems": .strings(report.problems), "digest": .string(report.digest),
        "digests": .object(
          report.digests.sorted { $0.key < $1.key }.map { ($0.key.description, .string($0.value)) }),
      ])
    } else {
      for problem in report.problems { output.say(problem) }
      if report.prunedSegments > 0 {
        output.say(
          "\(Words.count(report.prunedChanges, "older change")) in \(Words.count(report.prunedSegments, "segment")) are not kept "
            + "here: their chain and signatures were checked. Of \(Words.count(report.uncheckedRecords, "record")) the "
            + "heads could not be compared with the log, only what is shown with the heads.")
      }
      let counted = "\(Words.count(report.records, "record")) and \(Words.count(report.changes, "change"))"
      output.say(report.ok ? "All is well: \(counted), digest \(report.digest)." : "Not all is well among \(counted).")
    }
    try output.finish()
    if !report.ok { throw ExitStatus.data.exit }
  }
}
