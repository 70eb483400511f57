import Glibc
import SyncCore

/// Standard output.
///
/// Rows are read in a transaction, and clerks cannot write while it is open. So nothing is written before `finish()`: the
/// reader may be slow, such as a pager. A large output waits in an unnamed temporary file.
final class Output {
  static let memoryLimit = 1 << 25
  private var buffer: [UInt8] = []
  private var spool: UnsafeMutablePointer<FILE>?

  deinit {
    if let spool { fclose(spool) }
  }

  func line(_ text: String) { write(Array(text.utf8) + [UInt8(ascii: "\n")]) }

  /// Adds a line for people; harmful characters are replaced.
  func print(_ text: String = "") { line(Terminal.plain(text)) }

  func line(_ json: JSON) {
    buffer += json.bytes
    write([UInt8(ascii: "\n")])
  }

  func write(_ bytes: [UInt8]) {
    buffer += bytes
    guard buffer.count > Self.memoryLimit else { return }
    if spool == nil { spool = tmpfile() }
    if let spool, fwrite(buffer, 1, buffer.count, spool) == buffer.count { buffer.removeAll(keepingCapacity: true) }
  }

  /// Writes everything.
  ///
  /// - Throws: `Failure` if standard output cannot be written, as with a full disk.
  func finish() throws {
    if let spool {
      rewind(spool)
      var chunk = [UInt8](repeating: 0, count: 1 << 20)
      while case let count = fread(&chunk, 1, chunk.count, spool), count > 0 { try Self.put(chunk[..<count]) }
      guard ferror(spool) == 0 else { throw Failure(.inputOutput, "the temporary file cannot be read") }
      fclose(spool)
      self.spool = nil
    }
    try Self.put(buffer[...])
    buffer = []
  }

  private static func put(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(Terminal.output, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw Failure(.inputOutput, "standard output cannot be written: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes one JSON document.
  static func answer(_ json: JSON) throws {
    let output = Output()
    output.line(json)
    try output.finish()
  }

  /// Writes lines for people, those that are not nil.
  static func print(_ lines: String?...) throws {
    let output = Output()
    for case let line? in lines { output.print(line) }
    try output.finish()
  }
}
