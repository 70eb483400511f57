import Glibc
import SyncCore

/// Standard error: error messages, notes and progress.
enum StandardError {
  /// Whether what is said is for a program, one JSON object a line. Set before anything else runs.
  nonisolated(unsafe) static var isJSON = false

  static func write(_ lines: String) {
    let bytes = lines.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Terminal.plain(String($0)) + "\n" }.joined()
    raw(bytes)
  }

  static func printNote(_ text: String) {
    guard isJSON else { return write("birlik: note: \(text)") }
    print(["note": .string(text)])
  }

  /// What is wrong, and what to do; the last that is said.
  static func print(_ failure: Failure) {
    guard isJSON else { return write("birlik: \(failure.sentence)") }
    print([
      "code": .string(failure.code), "message": .string(failure.message), "hint": .string(failure.hint),
      "exit_code": .number(Int(failure.status.rawValue)),
    ])
  }

  private static func print(_ json: JSON) { raw(String(decoding: json.bytes, as: UTF8.self) + "\n") }

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
