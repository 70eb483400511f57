import ArgumentParser
import Node
import Store
import SyncCore

/// Exports the records of a kind.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "birlik export membership_return > returns.csv",
    discussion: """
      Writes every record with every column to standard output. CSV is UTF-8 after RFC 4180, and `birlik import` reads \
      it back as it was; an empty cell is a value that is missing. Values are left exactly as they are, so one that \
      begins with =, +, - or @ is a formula to a spreadsheet that is told to take it for one: import the columns there \
      as text.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json
  }

  @Argument(help: "The kind, such as membership_return: a table of the file.")
  var kind: String

  @Option(help: "The form.")
  var format: Format?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let known = try store.catalog().kind(named: kind)
    let sink: any RecordSink
    if format ?? (self.output.json ? .json : .csv) == .json {
      let types = ColumnTypes(known)
      sink = JSONArraySink { types.fields($0) }
    } else {
      sink = CSVSink(known)
    }
    let output = Output()
    sink.begin(output)
    try store.eachRecord(kind: kind) { record in
      sink.take(record, output)
      return true
    }
    sink.end(output)
    try output.finish()
  }
}

/// Rows after RFC 4180.
final class CSVSink: RecordSink {
  private let names: [String]

  init(_ kind: Kind?) {
    guard let kind else {
      names = []
      return
    }
    let federation = kind.recordClass == .local ? [] : ["federation"]
    names = kind.key.map(\.name) + federation + kind.fields.map(\.name)
  }

  func begin(_ output: Output) {
    // An unknown kind is told by the first read.
    if !names.isEmpty { output.write(Self.row(names.map { Array($0.utf8) })) }
  }

  func take(_ record: RecordView, _ output: Output) {
    output.write(
      Self.row(
        record.columns.map { column in
          if case .text(let bytes) = column.value { bytes } else { Array(column.value.display.utf8) }
        }))
  }

  private static func row(_ cells: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      guard needsQuotes(cell) else {
        bytes += cell
        continue
      }
      bytes.append(UInt8(ascii: "\""))
      for byte in cell { bytes += byte == UInt8(ascii: "\"") ? [byte, byte] : [byte] }
      bytes.append(UInt8(ascii: "\""))
    }
    return bytes + [UInt8(ascii: "\n")]
  }

  private static func needsQuotes(_ cell: [UInt8]) -> Bool {
    // Many readers drop spaces around a cell that is not quoted.
    if cell.first == UInt8(ascii: " ") || cell.last == UInt8(ascii: " ") { return true }
    return cell.contains { byte in
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte < 0x20
    }
  }
}
