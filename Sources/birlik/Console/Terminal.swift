import Glibc
import SyncCore

/// The terminal behind a file descriptor, if there is one.
enum Terminal {
  static let input: Int32 = 0
  static let output: Int32 = 1
  static let error: Int32 = 2

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Asks a person at the terminal; nil where the answer never comes. Standard output is left to what it is asked for.
  static func ask(_ question: String) -> String? {
    StandardError.raw(plain(question))
    return readLine()?.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// How many characters fit on a line of standard output; nil if it is no terminal and nothing has to be cut.
  static var width: Int? {
    guard isTerminal(output) else { return nil }
    var size = winsize()
    guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Text as one line without control characters: values come from other people's files and must not control a terminal.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: ShellWords.isUnprintable) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append("↵")
      case "\t": result.append(" ")
      default: result.append(ShellWords.isUnprintable(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }
}
