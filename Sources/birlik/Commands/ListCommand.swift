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
      On a terminal a table that is cut to its width; into a pipe or a file, columns between tabs, whole. Columns that \
      are empty in all records are left out on a terminal. ! stands before a record with an open conflict or \
      a value that is not allowed.
      """)

  /// So many records decide how wide the columns are.
  private static let sample = 500

  @Argument(help: "The kind, such as org_unit: a table of the file.")
  var kind: String

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("Only records in which the field is equal; may be given again.", valueName: "field=value"))
  var filters: [Assignment] = []

  @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
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
    let sink: any RecordSink
    if output.json {
      sink = JSONArraySink { types.json($0) }
    } else if Terminal.isTerminal(Terminal.output) {
      sink = TerminalSink(sample: Self.sample, keyColumns: known?.key.count ?? 0)
    } else {
      sink = TabSink()
    }
    var left = limit ?? Int.max
    let output = Output()
    sink.begin(output)
    if left > 0 {
      try store.eachRecord(kind: kind, filters: filters.map { (column: $0.field, text: $0.text) }) { record in
        sink.take(record, output)
        left -= 1
        return left > 0
      }
    }
    sink.end(output)
    try output.finish()
  }
}

/// A form in which records are written.
protocol RecordSink: AnyObject {
  func begin(_ output: Output)
  func take(_ record: RecordView, _ output: Output)
  func end(_ output: Output)
}

extension RecordSink {
  func begin(_ output: Output) {}
  func end(_ output: Output) {}
}

/// A JSON array with one record a line.
final class JSONArraySink: RecordSink {
  private let json: (RecordView) -> JSON
  private var isFirst = true

  init(_ json: @escaping (RecordView) -> JSON) { self.json = json }

  func begin(_ output: Output) { output.write([UInt8(ascii: "[")]) }

  func take(_ record: RecordView, _ output: Output) {
    let bytes = Array((isFirst ? "\n" : ",\n").utf8)
    isFirst = false
    output.write(bytes + json(record).bytes)
  }

  func end(_ output: Output) { output.line(isFirst ? "]" : "\n]") }
}

/// Columns between tabs, with their names in the first line.
final class TabSink: RecordSink {
  private var isFirst = true

  func take(_ record: RecordView, _ output: Output) {
    if isFirst { output.line(record.columns.map(\.name).joined(separator: "\t")) }
    isFirst = false
    output.line(record.columns.map { Terminal.plain($0.value.display) }.joined(separator: "\t"))
  }
}

/// A table of which the first records decide the columns.
final class TerminalSink: RecordSink {
  private let sample: Int
  private let keyColumns: Int
  private var waiting: [RecordView] = []
  /// Indices of the columns that are shown; nil until it is decided.
  private var shown: [Int]?
  private var table = Table([])
  private var widths: [Int] = []

  init(sample: Int, keyColumns: Int) {
    self.sample = sample
    self.keyColumns = keyColumns
  }

  func take(_ record: RecordView, _ output: Output) {
    waiting.append(record)
    if waiting.count >= sample { flush(output) }
  }

  func end(_ output: Output) {
    flush(output)
    if shown == nil { output.say("There are none.") }
  }

  private func flush(_ output: Output) {
    guard let first = waiting.first else { return }
    let isDecided = shown != nil
    let shown = shown ?? first.columns.indices.filter { index in waiting.contains { !$0.columns[index].value.isNull } }
    if !isDecided {
      self.shown = shown
      table = Table(
        [.text("")]
          + shown.map { index in
            let values = waiting.map { $0.columns[index].value }
            let isNumber = values.allSatisfy { $0.isNull || $0.integer != nil }
            let title = first.columns[index].name
            return index < keyColumns ? .name(title) : isNumber ? .number(title) : .text(title)
          })
    }
    for record in waiting {
      let mark = record.conflicts.isEmpty && record.invalid.isEmpty ? "" : "!"
      table.add([mark] + shown.map { record.columns[$0].value.display })
    }
    waiting.removeAll(keepingCapacity: true)
    if !isDecided {
      widths = table.widths(fitting: Terminal.width)
      output.line(table.heading(widths, cuts: true))
    }
    for line in table.lines(widths, cuts: true) { output.line(line) }
    table.removeRows()
  }
}
