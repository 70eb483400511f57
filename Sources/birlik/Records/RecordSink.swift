import Store
import SyncCore

/// Writes records in one form, such as CSV.
protocol RecordSink: AnyObject {
  func begin(_ output: Output)
  func write(_ record: RecordView, _ output: Output)
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

  func write(_ record: RecordView, _ output: Output) {
    let bytes = Array((isFirst ? "\n" : ",\n").utf8)
    isFirst = false
    output.write(bytes + json(record).bytes)
  }

  func end(_ output: Output) { output.line(isFirst ? "]" : "\n]") }
}

/// Writes columns between tabs, with their names in the first line.
final class TabSink: RecordSink {
  private var isFirst = true
  private let amounts: AmountText

  init(_ amounts: AmountText) { self.amounts = amounts }

  func write(_ record: RecordView, _ output: Output) {
    if isFirst { output.line(record.columns.map(\.name).joined(separator: "\t")) }
    isFirst = false
    output.line(record.columns.map { Terminal.plain(amounts.text($0, in: record)) }.joined(separator: "\t"))
  }
}

/// Writes a table whose columns and widths the first records decide.
final class TerminalSink: RecordSink {
  private let sample: Int
  private let keyColumns: Int
  private var waiting: [RecordView] = []
  /// Indices of the columns that are shown; nil until the first records have decided.
  private var shown: [Int]?
  private var table = Table([])
  private var widths: [Int] = []

  private let amounts: AmountText

  init(_ amounts: AmountText, sample: Int, keyColumns: Int) {
    self.amounts = amounts
    self.sample = sample
    self.keyColumns = keyColumns
  }

  func write(_ record: RecordView, _ output: Output) {
    waiting.append(record)
    if waiting.count >= sample { flush(output) }
  }

  func end(_ output: Output) {
    flush(output)
    if shown == nil { output.print("There are none.") }
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
      table.add([mark] + shown.map { amounts.text(record.columns[$0], in: record) })
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
