import Glibc
import Store
import SwiftCSV
import SyncCore

/// The rows of a CSV file with the lines on which they begin, read in chunks however large the file is.
///
/// ```swift
/// let rows = try CSVRows(path: "returns.csv")
/// rows.header                      // ["unit", "as_of", "axis", "members_total"]
/// try rows.next()?.line            // 2
/// ```
///
/// The file is UTF-8 with or without a byte order mark; it uses commas, semicolons or tabs, whichever the header uses, and
/// any line end; cells in quotes may hold all of them. Blank lines and rows of empty cells are skipped. Spaces before an
/// unquoted cell are dropped.
public final class CSVRows {
  /// The names in the first row.
  public private(set) var header: [String] = []
  /// Why rows could not be read, by line. `next()` gives each of them without cells.
  public private(set) var problems: [Int: String] = [:]
  /// How many bytes of the file were read so far.
  public private(set) var bytesRead = 0
  /// The size of the file in bytes; 0 if it has none, such as a pipe.
  public let byteCount: Int

  /// What messages call standard input.
  public static let standardInput = "standard input"

  private static let operation = "reading the file"
  private let file: CSVRecords
  private var delimiter = UInt8(ascii: ",")

  /// Opens the file, or standard input for `-`, and reads its header.
  ///
  /// - Throws: `NodeError` with code `data`.
  public convenience init(path: String) throws {
    try self.init(CSVRecords(path: path), path.utf8.elementsEqual("-".utf8) ? Self.standardInput : path)
  }

  /// Reads the header of a file that was read already.
  ///
  /// - Throws: `NodeError` with code `data`.
  public convenience init(bytes: [UInt8], name: String) throws {
    try self.init(CSVRecords(bytes: bytes, name: name), name)
  }

  private init(_ file: CSVRecords, _ path: String) throws {
    self.file = file
    byteCount = file.byteCount
    guard let first = try file.next(delimiter: nil) else {
      throw NodeError(.data, Self.operation, "\(path) is empty", hint: "its first row has to name the columns")
    }
    delimiter = CSVRecords.delimiter(ofHeader: first.bytes)
    switch Self.cells(first, delimiter) {
    case .cells(let cells): header = cells
    case .problem(let reason):
      throw NodeError(.data, Self.operation, "line \(first.line) of \(path) cannot be read: \(reason)")
    }
    if let empty = header.firstIndex(of: "") {
      throw NodeError(
        .data, Self.operation, "column \(empty + 1) of \(path) has no name",
        hint: "the first row has to name every column")
    }
    bytesRead = file.bytesConsumed
  }

  /// The next row, or nil at the end.
  ///
  /// - Throws: `NodeError` when the file cannot be read any further.
  public func next() throws -> ImportRow? {
    while let record = try file.next(delimiter: delimiter) {
      bytesRead = file.bytesConsumed
      switch Self.cells(record, delimiter) {
      case .cells(let cells):
        if cells.contains(where: { !$0.isEmpty }) { return ImportRow(line: record.line, texts: cells) }
      case .problem(let reason):
        problems[record.line] = reason
        return ImportRow(line: record.line, texts: [])
      }
    }
    bytesRead = file.bytesConsumed
    return nil
  }

  // MARK: - Cells

  private enum Parsed {
    case cells([String])
    case problem(String)
  }

  /// Each record is parsed by itself: `CSV` reads it as a header.
  private struct NoRows: CSVView {
    let rows: [String] = []
    let columns: [String]? = nil
    init(header: [String], text: String, delimiter: CSVDelimiter, loadColumns: Bool, rowLimit: Int?) throws {}
    func serialize(header: [String], delimiter: CSVDelimiter) -> String { "" }
  }

  private static func cells(_ record: CSVRecords.Record, _ delimiter: UInt8) -> Parsed {
    if let problem = record.problem { return .problem(problem) }
    if !Validity.isUTF8(record.bytes) { return .problem("it is not UTF-8: save the file as \"CSV UTF-8\"") }
    do {
      let character = Character(Unicode.Scalar(delimiter))
      let csv = try CSV<NoRows>(
        string: shielded(record.bytes), delimiter: .init(unicodeScalarLiteral: character), loadColumns: false)
      return .cells(csv.header.map(unshielded))
    } catch {
      return .problem("its quotes do not pair: a quote inside a quoted cell is written \"\"")
    }
  }

  /// The record as text in which every byte is one character.
  ///
  /// The parser works on characters. An accent right after a quote would form one character with it, and the parser takes
  /// form feeds and the like for line ends. So such bytes pass through it as private characters from U+E000.
  private static func shielded(_ bytes: [UInt8]) -> String {
    guard bytes.contains(where: isShielded) else { return String(decoding: bytes, as: UTF8.self) + "\n" }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      if isShielded(byte) { text += [0xEE, 0x80 | byte >> 6, 0x80 | byte & 0x3F] } else { text.append(byte) }
    }
    return String(decoding: text, as: UTF8.self) + "\n"
  }

  private static func isShielded(_ byte: UInt8) -> Bool {
    byte >= 0x7F || byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D
  }

  private static func unshielded(_ cell: String) -> String {
    guard cell.utf8.contains(0xEE) else { return cell }
    var bytes: [UInt8] = []
    var rest = Array(cell.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == 0xEE, let high = rest.popFirst(), let low = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      bytes.append((high & 0x03) << 6 | low & 0x3F)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
