import Store
import SyncCore

/// Writes records as CSV (RFC 4180).
final class CSVSink: RecordSink {
  private let names: [String]
  private let amounts: AmountText

  init(_ kind: Kind?) {
    // The currency has a column of its own.
    amounts = AmountText(kind, namesCurrency: false)
    guard let kind else {
      names = []
      return
    }
    let federation = kind.recordClass == .local ? [] : ["federation"]
    names = kind.key.map(\.name) + federation + kind.fields.map(\.name)
  }

  func begin(_ output: Output) {
    // The first read reports an unknown kind.
    if !names.isEmpty { output.write(Self.row(names.map { Array($0.utf8) })) }
  }

  func write(_ record: RecordView, _ output: Output) {
    output.write(
      Self.row(
        record.columns.map { column in
          if case .text(let bytes) = column.value { bytes } else { Array(amounts.text(column, in: record).utf8) }
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
