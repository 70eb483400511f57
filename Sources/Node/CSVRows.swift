import Glibc
import Limits
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
/// UTF-8 with or without a byte order mark; commas, semicolons or tabs, whichever the header uses; any line end; cells
/// in quotes may hold all of them. Blank lines and rows of empty cells are skipped. Spaces before an unquoted cell do
/// not belong to it.
public final class CSVRows {
  /// The names in the first row.
  public private(set) var header: [String] = []
  /// Why rows could not be read, by line. `next()` gives each of them without cells.
  public private(set) var problems: [Int: String] = [:]
  /// How much of the file was read so far.
  public private(set) var bytesRead = 0
  /// The size of the file; 0 where it has none, such as a pipe.
  public let byteCount: Int

  private static let operation = "reading the file"
  private let file: CSVRecords
  private var delimiter = UInt8(ascii: ",")

  /// Opens the file and reads its header.
  ///
  /// - Throws: `NodeError` with code `data`.
  public init(path: String) throws {
    file = try CSVRecords(path: path)
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
    bytesRead = file.bytesTaken
  }

  /// The next row, or nil at the end.
  ///
  /// - Throws: `NodeError` when the file cannot be read any further.
  public func next() throws -> ImportRow? {
    while let record = try file.next(delimiter: delimiter) {
      bytesRead = file.bytesTaken
      switch Self.cells(record, delimiter) {
      case .cells(let cells):
        if cells.contains(where: { !$0.isEmpty }) { return ImportRow(line: record.line, texts: cells) }
      case .problem(let reason):
        problems[record.line] = reason
        return ImportRow(line: record.line, texts: [])
      }
    }
    bytesRead = file.bytesTaken
    return nil
  }

  // MARK: - Cells

  private enum Parsed {
    case cells([String])
    case problem(String)
  }

  /// Only the first row is wanted, which `CSV` reads as its header.
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

  /// The record as text in which every byte is a character of its own.
  ///
  /// The parser works by characters. A letter with an accent that follows a quote would be one character with it, and
  /// form feeds and the like are line ends to it; so such bytes go through it as private characters, U+E000 and up.
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

/// The records of a CSV file as bytes: what stands between two line ends outside of quotes.
final class CSVRecords {
  struct Record {
    /// The line on which it begins, from 1.
    var line: Int
    var bytes: [UInt8]
    var problem: String?
  }

  private static let chunkBytes = 1 << 16
  private static let operation = "reading the file"

  let byteCount: Int
  private let descriptor: Int32
  private let path: String
  private var chunk: [UInt8] = []
  private var position = 0
  private var bytesBefore = 0
  private var line = 1

  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    var info = stat()
    guard descriptor >= 0, fstat(descriptor, &info) == 0 else {
      let reason = errno == ENOENT ? "there is no file \(path)" : "\(path) cannot be opened"
      throw NodeError(.data, Self.operation, reason, hint: "check its name and its permissions")
    }
    guard info.st_mode & S_IFMT != S_IFDIR else {
      throw NodeError(.data, Self.operation, "\(path) is a folder", hint: "name a CSV file")
    }
    byteCount = info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : 0
    try refill()
    if chunk.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    if chunk.starts(with: [0xFF, 0xFE]) || chunk.starts(with: [0xFE, 0xFF]) {
      throw NodeError(.data, Self.operation, "\(path) is UTF-16", hint: "save it as \"CSV UTF-8\"")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// How far into the file the records given so far reach.
  var bytesTaken: Int { bytesBefore + position }

  /// The next record that is not a blank line.
  ///
  /// - Parameter delimiter: nil for the header, whose delimiter is not known yet.
  func next(delimiter: UInt8?) throws -> Record? {
    while let record = try any(delimiter) {
      if !record.bytes.isEmpty || record.problem != nil { return record }
    }
    return nil
  }

  private func any(_ delimiter: UInt8?) throws -> Record? {
    var record = Record(line: line, bytes: [])
    var isQuoted = false
    var isAtCellStart = true
    var isQuotedCell = false
    while let byte = try take() {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        let isPair = try byte == UInt8(ascii: "\r") && peek() == UInt8(ascii: "\n")
        if isPair { _ = try take() }
        line += 1
        guard isQuoted else { return record }
        record.bytes += isPair ? [byte, UInt8(ascii: "\n")] : [byte]
        continue
      }
      record.bytes.append(byte)
      if isQuoted {
        // A doubled quote closes and opens again.
        if byte == UInt8(ascii: "\"") { isQuoted = false }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted = isAtCellStart || isQuotedCell && record.bytes.dropLast().last == UInt8(ascii: "\"")
        isQuotedCell = isQuoted
      }
      let isDelimiter = delimiter.map { $0 == byte } ?? Self.delimiters.contains(byte)
      if !isQuoted, byte != UInt8(ascii: " ") { isAtCellStart = isDelimiter }
      if record.bytes.count > InputLimits.csvRecordBytes { break }
    }
    if isQuoted {
      // Where it should have been closed nobody can know, so nothing after it can be told apart.
      record.problem = "a quote opens there and is not closed"
      record.bytes = []
      while try take() != nil {}
      return record
    }
    return record.bytes.isEmpty ? nil : record
  }

  private func peek() throws -> UInt8? {
    if position == chunk.count { try refill() }
    return position < chunk.count ? chunk[position] : nil
  }

  private func take() throws -> UInt8? {
    let byte = try peek()
    if byte != nil { position += 1 }
    return byte
  }

  private func refill() throws {
    bytesBefore += chunk.count
    position = 0
    var count = 0
    chunk = Array(unsafeUninitializedCapacity: Self.chunkBytes) { buffer, used in
      repeat { count = read(descriptor, buffer.baseAddress, Self.chunkBytes) } while count < 0 && errno == EINTR
      used = max(count, 0)
    }
    if count < 0 { throw NodeError(.data, Self.operation, "\(path) cannot be read", hint: "check the disk") }
  }

  // MARK: - The delimiter

  private static let delimiters = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]

  /// The delimiter that the header uses most; a comma where it uses none.
  static func delimiter(ofHeader bytes: [UInt8]) -> UInt8 {
    var counts = delimiters.map { _ in 0 }
    var isQuoted = false
    for byte in bytes {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, let index = delimiters.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = counts.max() ?? 0
    return counts.firstIndex(of: most).map { delimiters[$0] } ?? delimiters[0]
  }
}
