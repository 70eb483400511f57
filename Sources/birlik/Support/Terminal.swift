import Glibc

/// The terminal behind a file descriptor, if there is one.
enum Terminal {
  static let input: Int32 = 0
  static let output: Int32 = 1
  static let error: Int32 = 2

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// How many characters fit on a line of standard output; nil where it is no terminal and nothing has to be cut.
  static var width: Int? {
    guard isTerminal(output) else { return nil }
    var size = winsize()
    guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Text as one line that cannot command a terminal: values come from other people's files.
  static func plain(_ text: String) -> String {
    let isHarmful: (Unicode.Scalar) -> Bool = {
      $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || (0x202A...0x202E).contains($0.value)
        || (0x2066...0x2069).contains($0.value)
    }
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append("↵")
      case "\t": result.append(" ")
      default: result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }
}

/// What is said beside the answer: errors, notes and progress.
enum StandardError {
  static func write(_ lines: String) {
    let bytes = lines.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Terminal.plain(String($0)) + "\n" }.joined()
    raw(bytes)
  }

  static func note(_ text: String) { write("birlik: note: \(text)") }

  /// Writes exactly these bytes; nobody can be told when that fails.
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

/// One line on a terminal's standard error that is written over and over; nothing where there is no terminal.
final class ProgressLine {
  private let isShown = Terminal.isTerminal(Terminal.error)
  private var shownAt = ContinuousClock.now - .seconds(1)
  private var isDirty = false

  /// - Parameter text: asked for only when it is time to show it.
  func show(_ text: () -> String) {
    let now = ContinuousClock.now
    guard isShown, now - shownAt > .milliseconds(100) else { return }
    shownAt = now
    isDirty = true
    StandardError.raw("\r\u{1B}[K" + Terminal.plain(text()))
  }

  /// `██████░░░░ 60 %`
  static func bar(_ done: Int, of all: Int) -> String {
    let width = 30
    let share = all > 0 ? min(1, Double(done) / Double(all)) : 0
    let full = Int(share * Double(width))
    return String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + " \(Int(share * 100)) %"
  }

  func clear() {
    if isDirty { StandardError.raw("\r\u{1B}[K") }
    isDirty = false
  }
}
