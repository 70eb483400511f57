import ArgumentParser
import Node
import Store
import SyncCore

/// Checks that rows, conflicts and totals match the log.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "birlik verify --database uz.db",
    discussion: """
      Adds what was typed to the log, works everything out again from the whole log, and compares rows, conflicts and \
      totals with the result. Two nodes that may read the same and are in sync have the same digest. It ends with 65 when \
      anything is wrong.

      With --capture it looks for rows that a program changed with the triggers switched off: it compares every row with \
      the log and with what was typed since, and lists every difference. With --take they become ordinary edits, which \
      the next sync sends; a row that may not be edited is restored, and its edit is kept in `birlik inbox`.
      """)

  @Flag(help: "Look for rows that were changed unseen by the triggers.")
  var capture = false

  @Flag(help: "With --capture: turn the differences into edits.")
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
      for problem in report.problems { output.print(problem) }
      if report.prunedSegments > 0 {
        output.print(
          "\(Words.count(report.prunedChanges, "older change")) in \(Words.count(report.prunedSegments, "segment")) are no longer "
            + "kept here; their hashes and signatures were checked. \(Words.count(report.uncheckedRecords, "record")) could "
            + "be compared only in part.")
      }
      let counted = "\(Words.count(report.records, "record")) and \(Words.count(report.changes, "change"))"
      output.print(
        report.ok ? "All is well: \(counted), digest \(report.digest)." : "Something is wrong: \(counted) checked.")
    }
    try output.finish()
    if !report.ok { throw ExitStatus.data.exit }
  }
}
