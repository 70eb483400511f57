import Foundation

/// Numbers, times and sizes in words for the reader of the demo.
enum DemoText {
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

  /// `1 return`, `12 returns`
  static func count(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
  }

  /// `72.1 %`, rounded half up; `-` without a whole.
  static func percent(_ part: Int64, of whole: Int64) -> String {
    guard whole > 0 else { return "-" }
    return tenths((part * 1000 + whole / 2) / whole) + " %"
  }

  /// `72.1` for 721
  static func tenths(_ number: Int64) -> String {
    "\(number < 0 ? "-" : "")\(grouped(number.magnitude / 10)).\(number.magnitude % 10)"
  }

  /// `2.4 MB`
  static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1000: "\(count) B"
    case ..<1_000_000: tenths(Int64(count) / 100) + " KB"
    default: tenths(Int64(count) / 100_000) + " MB"
    }
  }

  /// `1.24 s`
  static func seconds(_ duration: Duration) -> String { String(format: "%.2f s", number(ofSeconds: duration)) }

  static func number(ofSeconds duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  /// `14:03:22.123`, the time of day in UTC.
  static func time(_ milliseconds: Int64) -> String {
    let ofDay = ((milliseconds % 86_400_000) + 86_400_000) % 86_400_000
    let parts = [ofDay / 3_600_000, ofDay / 60_000 % 60, ofDay / 1000 % 60]
    return parts.map { padded($0, 2) }.joined(separator: ":") + "." + padded(ofDay % 1000, 3)
  }

  /// `000042`
  static func padded(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// `a, b and c`
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// The text in lines of at most 100 characters, each behind `indent`; the first behind `first`.
  static func wrapped(_ text: String, first: String, indent: String) -> [String] {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > 100 {
        lines.append(line)
        line = indent
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }
}

/// Aligned rows with widths known beforehand, so that each can be shown as soon as it is known.
struct DemoTable {
  /// Titles with widths; a negative width is that of a text, which is aligned to the left.
  private let columns: [(title: String, width: Int)]

  init(_ columns: [(title: String, width: Int)]) { self.columns = columns }

  var heading: String { row(columns.map(\.title)) }
  var rule: String { "   " + columns.map { String(repeating: "-", count: abs($0.width)) }.joined(separator: "  ") }

  func row(_ cells: [String]) -> String {
    let padded = zip(columns, cells).map { column, cell in
      let padding = String(repeating: " ", count: max(0, abs(column.width) - cell.count))
      return column.width < 0 ? cell + padding : padding + cell
    }
    let line = "   " + padded.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
