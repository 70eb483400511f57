import ArgumentParser
import Node
import Store
import SyncCore

/// Lists the records of a kind.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "birlik list org_unit --where country=UZB --limit 20",
    discussion: """
      On a terminal it prints a table that is cut to the terminal's width, without columns that are empty in all records; \
      into a pipe or a file, whole columns between tabs. A ! marks a record with an open conflict or with a value that \
      the catalog does not allow. Where two owners use one key, both records are listed, the one that is shown first.
      """)

  /// How many records decide the columns' widths.
  private static let sample = 500

  @Argument(help: "The kind, such as org_unit: a table of the file.")
  var kind: String

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("Only records in which the field is equal; may be given again.", valueName: "field=value"))
  var filters: [Assignment] = []

  @Option(help: ArgumentHelp("List at most this many.", valueName: "count"))
  var limit: Int?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("The limit cannot be negative.") }
  }

  func run() throws {
    let store = try node.open().store
    let known = try store.catalog().kind(named: kind)
    let types = ColumnTypes(known)
    let amounts = AmountText(known, namesCurrency: true)
    let sink: any RecordSink
    if output.json {
      sink = JSONArraySink { types.json($0) }
    } else if Terminal.isTerminal(Terminal.output) {
      sink = TerminalSink(amounts, sample: Self.sample, keyColumns: known?.key.count ?? 0)
    } else {
      sink = TabSink(amounts)
    }
    var left = limit ?? Int.max
    let output = Output()
    sink.begin(output)
    if left > 0 {
      try store.eachRecord(kind: kind, filters: filters.map { (column: $0.field, text: $0.text) }, includesHidden: true)
      {
        record in
        sink.write(record, output)
        left -= 1
        return left > 0
      }
    }
    sink.end(output)
    try output.finish()
    if let words = Words.ownColumns(try store.ownColumns(of: kind)) { StandardError.printNote(words) }
  }
}
