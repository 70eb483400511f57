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
      it back unchanged; an empty cell is a missing value. Values are written exactly as they are. A spreadsheet may \
      take one that begins with =, +, - or @ for a formula: import the columns there as text.

      The output is meant for this machine: it includes local columns. With --shared they are left out, and a local kind \
      is refused, so that the file can be given to anybody who may read the records.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json
  }

  @Argument(help: "The kind, such as membership_return: a table of the file.")
  var kind: String

  @Option(help: "The form.")
  var format: Format?

  @Flag(help: "Leave out personal data, for a file that others will get.")
  var shared = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    var known = try store.catalog().kind(named: kind)
    if shared, let local = known, local.recordClass == .local {
      throw Failure(
        .notPermitted, "\(kind) is personal data, which stays on this machine",
        hint: "birlik derive makes totals of it that may be shared")
    }
    if shared { known?.fields.removeAll(where: \.isLocal) }
    let hidden = shared ? try store.catalog().kind(named: kind)?.fields.filter(\.isLocal).map(\.name) ?? [] : []
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
      var record = record
      record.columns.removeAll { column in hidden.contains { $0.sameBytes(as: column.name) } }
      sink.write(record, output)
      return true
    }
    sink.end(output)
    try output.finish()
  }
}
