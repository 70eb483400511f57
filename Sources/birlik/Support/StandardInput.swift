import Glibc

/// Standard input, which `-` names in place of a file.
enum StandardInput {
  /// Tells a person at a terminal what is waited for: nothing on the screen would show it.
  static func explain(_ what: String) {
    guard Terminal.isTerminal(Terminal.input) else { return }
    StandardError.printNote("type or paste \(what), then press Enter and Ctrl-D")
  }

  /// Everything up to its end.
  ///
  /// - Parameter limit: how many bytes it may have.
  /// - Throws: `Failure` if there are more, or it cannot be read.
  static func bytes(limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = try chunk() {
      bytes += more
      guard bytes.count <= limit else {
        throw Failure(.data, "standard input has more than \(limit) bytes", hint: "give only what is asked for")
      }
    }
    return bytes
  }

  /// The text that a person pastes or a file holds, in the encodings in which mails are saved.
  ///
  /// - Parameter isWhole: whether the text so far is all that is needed. At a terminal it is asked after every line, so that
  ///   a person need not mark the end.
  static func text(limit: Int, isWhole: (String) -> Bool) throws -> String {
    guard Terminal.isTerminal(Terminal.input) else { return decoded(try bytes(limit: limit)) }
    var bytes: [UInt8] = []
    while bytes.count <= limit, let more = try chunk() {
      bytes += more
      if isWhole(decoded(bytes)) { break }
    }
    return decoded(bytes)
  }

  /// What comes next, at a terminal one line; nil at the end.
  private static func chunk() throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    repeat { count = read(Terminal.input, &buffer, buffer.count) } while count < 0 && errno == EINTR
    guard count >= 0 else {
      throw Failure(.inputOutput, "standard input cannot be read: \(String(cString: strerror(errno)))")
    }
    return count == 0 ? nil : Array(buffer.prefix(count))
  }

  /// UTF-16 where a byte order mark says so, else UTF-8.
  private static func decoded(_ bytes: [UInt8]) -> String {
    let isBig = bytes.starts(with: [0xFE, 0xFF])
    guard isBig || bytes.starts(with: [0xFF, 0xFE]) else { return String(decoding: bytes, as: UTF8.self) }
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
      return isBig ? first << 8 | second : second << 8 | first
    }
    return String(decoding: units, as: UTF16.self)
  }
}
