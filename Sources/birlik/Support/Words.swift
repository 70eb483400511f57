import Store
import SyncCore

extension Moment {
  static var today: String { Moment(SystemClock.now()).day.iso }
}

/// Numbers as people read them.
enum Words {
  /// `8,861,326`
  static func grouped(_ number: some BinaryInteger) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  static func grouped(_ number: Int64?) -> String { number.map { grouped($0) } ?? nothing }

  /// Stands where there is no value.
  static let nothing = "-"

  /// `1 change`, `2,000 changes`
  static func count(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
  }

  /// `99.9 %`; rounded down, so that 100 % means all.
  static func percent(_ part: Int64, of whole: Int64) -> String {
    guard whole > 0 else { return nothing }
    let (scaled, overflow) = part.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return nothing }
    return tenths(scaled / whole) + " %"
  }

  /// `51.2` for 512
  static func tenths(_ number: Int64) -> String {
    "\(number < 0 ? "-" : "")\(number.magnitude / 10).\(number.magnitude % 10)"
  }

  /// `24.1 KB`
  static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1000: "\(count) B"
    case ..<1_000_000: tenths(Int64(count) / 100) + " KB"
    case ..<1_000_000_000: tenths(Int64(count) / 100_000) + " MB"
    default: tenths(Int64(count) / 100_000_000) + " GB"
    }
  }

  /// `3 min 12 s`
  static func duration(milliseconds: Int64) -> String {
    Moment.duration(milliseconds: milliseconds)
  }
}

/// Words for a POSIX shell.
enum ShellWords {
  /// The text as one word of a command line.
  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122: true
      case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"),
        UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "%"):
        true
      default: false
      }
    }
    if isPlain && !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// An option with its value; joined by an equals sign where the value would be taken for an option itself.
  static func option(_ name: String, _ value: String) -> String {
    value.hasPrefix("-") ? quoted("\(name)=\(value)") : "\(name) \(quoted(value))"
  }
}
