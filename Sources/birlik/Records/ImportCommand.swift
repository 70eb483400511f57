import ArgumentParser
import Node
import Store
import SyncCore

/// Imports records from a file.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "birlik import membership_return returns.csv --dry-run",
    discussion: """
      The first row names the columns: the key's and any of the kind's fields, federation among them. The file is UTF-8 \
      with commas, semicolons or tabs; an empty cell empties the field. It is all or nothing: if any row is wrong, each \
      wrong row is listed with its line and the reason, and nothing is imported. `birlik undo --last-import` takes an \
      import back.

      With --template it prints the header of such a file, without columns that are deprecated, and imports nothing.
      """)

  /// How many wrong rows are listed one by one; the rest are counted.
  private static let shown = 100

  @Argument(help: "The kind, such as membership_return: a table of the file.")
  var kind: String

  @Argument(
    help: ArgumentHelp("The CSV file, or - for standard input.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var file: String?

  @Flag(help: "Check every row and import nothing.")
  var dryRun = false

  @Flag(help: "Print the header of a file to fill in.")
  var template = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if template == (file != nil) { throw ValidationError("Give either a file or --template.") }
  }

  func run() throws {
    guard let file else { return try writeTemplate() }
    if file == "-" { StandardInput.explain("the rows") }
    let rows = try CSVRows(path: file)
    let store = try node.open().store
    Deprecated.warn(rows.header, try store.catalog().kind(named: kind))
    let line = ProgressLine()
    defer { line.clear() }
    var count = 0
    var report = try store.importRows(kind: kind, header: rows.header, isDryRun: dryRun) {
      count += 1
      line.show {
        let bar = rows.byteCount > 0 ? ProgressLine.bar(rows.bytesRead, of: rows.byteCount) + "  " : ""
        return bar + Words.count(count, "row")
      }
      return try rows.next()
    }
    line.clear()
    for index in report.problems.indices {
      if let reason = rows.problems[report.problems[index].line] { report.problems[index].reason = reason }
    }
    if output.json {
      try Output.answer(json(report))
    } else {
      try print(report, file == "-" ? CSVRows.standardInput : file)
    }
    if !report.problems.isEmpty { throw ExitStatus.data.exit }
  }

  private func json(_ report: ImportReport) -> JSON {
    [
      "kind": .string(kind), "rows": .number(report.rows), "imported": .bool(report.problems.isEmpty && !dryRun),
      "dry_run": .bool(dryRun), "created": .number(report.created), "changed": .number(report.changed),
      "unchanged": .number(report.unchanged),
      "notes": .array(report.notes.listed.map { ["line": .number($0.line), "note": .string($0.words)] }),
      "note_count": .number(report.notes.count),
      "problems": .array(report.problems.map { ["line": .number($0.line), "reason": .string($0.reason)] }),
    ]
  }

  private func writeTemplate() throws {
    let store = try node.open().store
    // The first read reports an unknown kind.
    try store.eachRecord(kind: kind) { _ in false }
    guard let known = try store.catalog().kind(named: kind) else { return }
    let names = known.key.map(\.name) + known.fields.filter { !$0.isDeprecated }.map(\.name)
    if output.json { return try Output.answer(.strings(names)) }
    try Output.print(names.joined(separator: ","))
  }

  private func print(_ report: ImportReport, _ file: String) throws {
    guard report.problems.isEmpty else {
      for problem in report.problems.prefix(Self.shown) {
        StandardError.write("\(file):\(problem.line): \(problem.reason)")
      }
      let rest = report.problems.count - Self.shown
      if rest > 0 { StandardError.write("and \(Words.count(rest, "further row"))") }
      StandardError.write(
        "birlik: \(Words.grouped(report.problems.count)) of \(Words.count(report.rows, "row")) cannot be imported; "
          + "nothing was imported. Hint: correct the file and import it again.")
      return
    }
    for note in report.notes.listed {
      StandardError.write("\(file)\(note.line > 0 ? ":\(note.line)" : ""): note: \(note.words)")
    }
    let rest = report.notes.count - report.notes.listed.count
    if rest > 0 { StandardError.write("and \(Words.count(rest, "further note")): `birlik check` lists them") }
    let verb = dryRun ? "Would import" : "Imported"
    try Output.print(
      "\(verb) \(Words.count(report.rows, "row")): \(Words.grouped(report.created)) created, "
        + "\(Words.grouped(report.changed)) changed, \(Words.grouped(report.unchanged)) unchanged.")
  }
}
