import Glibc
import Limits

/// The records of a CSV file as bytes: everything between two line ends outside of quotes.
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

  /// The records of a file that was read already.
  init(bytes: [UInt8], name: String) throws {
    path = name
    descriptor = -1
    byteCount = bytes.count
    chunk = bytes
    try begin()
  }

  /// The records of a file; those of standard input for `-`.
  init(path: String) throws {
    let isStandardInput = path.utf8.elementsEqual("-".utf8)
    self.path = isStandardInput ? CSVRows.standardInput : path
    let opened = isStandardInput ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC)
    var info = stat()
    guard opened >= 0, fstat(opened, &info) == 0 else {
      let reason = errno == ENOENT ? "there is no file \(path)" : "\(self.path) cannot be opened"
      if opened >= 0 { close(opened) }
      throw NodeError(.data, Self.operation, reason, hint: "check its name and its permissions")
    }
    let sort = info.st_mode & S_IFMT
    guard sort != S_IFDIR else {
      close(opened)
      throw NodeError(.data, Self.operation, "\(path) is a folder", hint: "name a CSV file")
    }
    // Rows are read while the database is locked, and whoever writes into a pipe may be slow.
    descriptor = sort == S_IFREG ? opened : try Self.copied(opened, self.path)
    guard fstat(descriptor, &info) == 0 else {
      throw NodeError(.data, Self.operation, "\(self.path) cannot be read", hint: "check the disk")
    }
    byteCount = Int(info.st_size)
    try refill()
    try begin()
  }

  /// An unnamed temporary file with everything that comes from `source`, which is closed.
  private static func copied(_ source: Int32, _ path: String) throws -> Int32 {
    defer { close(source) }
    guard let file = tmpfile() else {
      throw NodeError(.full, operation, "no temporary file can be made", hint: "check the space in /tmp")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: chunkBytes)
    var count = 0
    repeat {
      count = read(source, &bytes, bytes.count)
      guard count >= 0 || errno == EINTR else {
        throw NodeError(.data, operation, "\(path) cannot be read", hint: "check what writes it")
      }
      guard count <= 0 || fwrite(bytes, 1, count, file) == count else {
        throw NodeError(.full, operation, "the temporary file cannot be written", hint: "check the space in /tmp")
      }
    } while count != 0
    guard fflush(file) == 0, case let kept = dup(fileno(file)), kept >= 0, lseek(kept, 0, SEEK_SET) == 0 else {
      throw NodeError(.full, operation, "the temporary file cannot be written", hint: "check the space in /tmp")
    }
    return kept
  }

  private func begin() throws {
    if chunk.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    if chunk.starts(with: [0xFF, 0xFE]) || chunk.starts(with: [0xFE, 0xFF]) {
      throw NodeError(.data, Self.operation, "\(path) is UTF-16", hint: "save it as \"CSV UTF-8\"")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// How far into the file the records given so far reach.
  var bytesConsumed: Int { bytesBefore + position }

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
    while let byte = try readByte() {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        let isPair = try byte == UInt8(ascii: "\r") && peek() == UInt8(ascii: "\n")
        if isPair { _ = try readByte() }
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
      // Nobody can know where it should have been closed, so the rest of the file cannot be split into records.
      record.problem = "a quote opens there and is not closed"
      record.bytes = []
      while try readByte() != nil {}
      return record
    }
    return record.bytes.isEmpty ? nil : record
  }

  private func peek() throws -> UInt8? {
    if position == chunk.count { try refill() }
    return position < chunk.count ? chunk[position] : nil
  }

  private func readByte() throws -> UInt8? {
    let byte = try peek()
    if byte != nil { position += 1 }
    return byte
  }

  private func refill() throws {
    bytesBefore += chunk.count
    position = 0
    guard descriptor >= 0 else {
      chunk = []
      return
    }
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
