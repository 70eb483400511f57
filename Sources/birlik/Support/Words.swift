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

  /// What is printed in place of a missing value.
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

  /// What is said of columns that clerks added to a kind's table; nil where there are none.
  static func ownColumns(_ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    return "\(names.count == 1 ? "column" : "columns") of your own, which "
      + "\(names.count == 1 ? "stays" : "stay") on this machine: \(names.joined(separator: ", "))"
  }

  /// `3 min 12 s`
  static func duration(milliseconds: Int64) -> String {
    Moment.duration(milliseconds: milliseconds)
  }
}
