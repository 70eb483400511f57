import Glibc

/// Standard error: error messages, notes and progress.
enum StandardError {
  static func write(_ lines: String) {
    let bytes = lines.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Terminal.plain(String($0)) + "\n" }.joined()
    raw(bytes)
  }

  static func printNote(_ text: String) { write("birlik: note: \(text)") }

  /// Writes exactly these bytes; a failure cannot be reported anywhere.
  static func raw(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(Terminal.error, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
