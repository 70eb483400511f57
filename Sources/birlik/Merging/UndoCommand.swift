import ArgumentParser
import Node
import Store
import SyncCore

/// Takes a batch of this node's own edits back.
struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo",
    abstract: "birlik undo --last-import --dry-run",
    discussion: """
      Undoes edits of this node, and of nobody else: those of the last import, those that the last sync sent, or all that \
      were typed since a time, such as 2026-11-27 or "2026-11-27 18:30" (UTC, as `birlik history` shows it). Edited fields \
      get back what they held before, deleted records come back, created ones are deleted. These are ordinary edits, which \
      the next sync sends.

      What somebody edited later is left and listed, and so are records of kinds that are written once. Columns that stay \
      on this machine are not in the log and do not come back. --dry-run lists what would happen and changes nothing.
      """)

  /// How many records are listed one by one.
  private static let shown = 20

  @Option(help: ArgumentHelp("Undo what was typed since then.", valueName: "time"))
  var since: String?

  @Flag(help: "Undo what the last sync sent that sent anything.")
  var lastSync = false

  @Flag(help: "Undo the last import.")
  var lastImport = false

  @Flag(help: "List what would happen, and change nothing.")
  var dryRun = false

  @Flag(help: "List every record, however many there are.")
  var each = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard [since != nil, lastSync, lastImport].count(where: { $0 }) == 1 else {
      throw ValidationError("Give one of --since, --last-sync and --last-import.")
    }
    if let since, Moment(written: since) == nil {
      throw ValidationError("'\(since)' is not a time: write 2026-11-27 or \"2026-11-27 18:30\".")
    }
  }

  private var batch: UndoBatch {
    if let moment = since.flatMap({ Moment(written: $0) }) { return .since(moment.sinceEpoch) }
    return lastSync ? .lastSync : .lastImport
  }

  func run() throws {
    let report = try node.open().store.undo(batch, isDryRun: dryRun)
    if output.json { return try Output.answer(json(report)) }
    let output = Output()
    print(report, to: output)
    try output.finish()
  }

  private func print(_ report: UndoReport, to output: Output) {
    if let at = report.at {
      output.print("The last \(lastSync ? "sync that sent edits" : "import") was \(Moment(at).words).")
    }
    let undone = each ? report.undone[...] : report.undone.prefix(Self.shown)
    for difference in undone { output.print("  \(Self.words(difference))") }
    rest(report.undone.count - undone.count, to: output)
    if !report.left.isEmpty { output.print("Left as they are (\(Words.grouped(report.left.count))):") }
    let left = each ? report.left[...] : report.left.prefix(Self.shown)
    for one in left { output.print("  \(one.kind) \(one.key): \(one.reason)") }
    rest(report.left.count - left.count, to: output)
    if report.editedAgain > 0 {
      output.print(
        "\(Words.count(report.editedAgain, "record")) of the import \(report.editedAgain == 1 ? "was" : "were") edited again "
          + "before being sent; `birlik undo --since` undoes both.")
    }
    let count = { (sort: RowDifference.Sort) in Words.grouped(report.undone.count { $0.sort == sort }) }
    output.print(
      report.undone.isEmpty
        ? "Nothing is undone."
        : "\(dryRun ? "Would undo" : "Undid") edits of \(Words.count(report.undone.count, "record")): "
          + "\(count(.edited)) as before, \(count(.inserted)) back, \(count(.deleted)) deleted."
          + (dryRun ? "" : " `birlik sync` sends that."))
  }

  private func rest(_ count: Int, to output: Output) {
    if count > 0 { output.print("  and \(Words.count(count, "more record")): add --each") }
  }

  private static func words(_ difference: RowDifference) -> String {
    let value = { (value: Value) in value.isNull ? Words.nothing : value.display }
    let name = "\(difference.kind) \(difference.key)"
    switch difference.sort {
    case .inserted: return "\(name)  comes back"
    case .deleted: return "\(name)  is deleted"
    case .edited:
      let fields = difference.fields.map { "\($0.name): \(value($0.old)) → \(value($0.new))" }
      return "\(name)  \(fields.joined(separator: ", "))"
    }
  }

  private func json(_ report: UndoReport) -> JSON {
    let types = ColumnTypes(nil)
    return [
      "dry_run": .bool(dryRun), "at": report.at.map { .string(Moment($0).iso) } ?? .null,
      "edits": .number(report.edits),
      "edited_again": .number(report.editedAgain),
      "undone": .array(
        report.undone.map { difference in
          [
            "kind": .string(difference.kind), "key": .string(difference.key),
            "what": .string(difference.sort == .inserted ? "back" : difference.sort == .deleted ? "deleted" : "edited"),
            "fields": .array(
              difference.fields.map { field in
                [
                  "field": .string(field.name), "old": types.json(field.old, of: field.name),
                  "new": types.json(field.new, of: field.name),
                ]
              }),
          ]
        }),
      "left": .array(
        report.left.map { ["kind": .string($0.kind), "key": .string($0.key), "reason": .string($0.reason)] }),
    ]
  }
}
