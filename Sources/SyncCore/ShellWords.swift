/// Writes commands that a person can copy into a POSIX shell and run.
public enum ShellWords {
  /// More bytes than one word of a command line may have on Linux are never printed.
  private static let longest = 100_000

  /// A command of this program; nil where a word is one that no command line can hold.
  ///
  /// - Parameters:
  ///   - verb: such as `resolve`.
  ///   - words: what the command is about. One that looks like an option comes after `--`.
  ///   - options: with their values, ready to be printed.
  public static func command(_ verb: String, _ words: [String], options: String) -> String? {
    guard words.allSatisfy(isPossible) else { return nil }
    let quotedWords = words.map(quoted).joined(separator: " ")
    guard words.contains(where: { $0.hasPrefix("-") }) else {
      return "birlik \(verb) \(quotedWords)\(options)"
    }
    return "birlik \(verb)\(options) -- \(quotedWords)"
  }

  /// Whether a text can be one word of a command line.
  public static func isPossible(_ text: String) -> Bool {
    // A shell cuts the line feeds from the end of what it gets from a command.
    text.utf8.count <= longest && !text.utf8.contains(0) && !(text.utf8.last == UInt8(ascii: "\n"))
  }

  /// The text as one word of a command line.
  public static func quoted(_ text: String) -> String {
    if text.unicodeScalars.contains(where: isUnprintable) { return "\"$(printf '\(escaped(text))')\"" }
    if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// An option with its value, joined by an equals sign if the value looks like an option itself.
  public static func option(_ name: String, _ value: String) -> String {
    value.hasPrefix("-") ? quoted("\(name)=\(value)") : "\(name) \(quoted(value))"
  }

  /// Characters that control a terminal or turn the direction of text: no line for people shows them as they are.
  public static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"),
      UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "%"):
      true
    default: false
    }
  }

  /// The text as the format of `printf`.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": result += "%%"
      case "\\": result += "\\\\"
      case "'": result += "\\047"
      default:
        guard isUnprintable(scalar) else {
          result.unicodeScalars.append(scalar)
          continue
        }
        for byte in String(scalar).utf8 {
          let digits = String(byte, radix: 8)
          result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
      }
    }
    return result
  }
}
