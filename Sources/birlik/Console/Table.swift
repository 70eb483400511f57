/// Aligned columns of text.
///
/// ```swift
/// var table = Table([.text("unit"), .number("counted")])
/// table.add(["ftuu", "5,700,000"])
/// ```
struct Table {
  struct Column {
    var title: String
    var isNumber: Bool
    /// True for a column that must not be cut.
    var isWhole: Bool

    static func text(_ title: String) -> Column { Column(title: title, isNumber: false, isWhole: false) }
    static func number(_ title: String) -> Column { Column(title: title, isNumber: true, isWhole: true) }
    /// A name that people copy, such as a key.
    static func name(_ title: String) -> Column { Column(title: title, isNumber: false, isWhole: true) }
  }

  private static let gap = 2
  /// A column of text is not made narrower than this.
  private static let narrowest = 8

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }
  var count: Int { rows.count }

  mutating func add(_ row: [String]) { rows.append(row.map(Terminal.plain)) }

  mutating func removeRows() { rows.removeAll(keepingCapacity: true) }

  /// How wide each column is for the rows added so far.
  ///
  /// - Parameter limit: the width of the line, for which long texts are cut; nil cuts nothing.
  func widths(fitting limit: Int?) -> [Int] {
    var widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
    }
    guard let limit else { return widths }
    while widths.reduce(0, +) + Self.gap * (widths.count - 1) > limit {
      let texts = columns.indices.filter { !columns[$0].isWhole }
      guard let widest = texts.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.narrowest else { break }
      widths[widest] -= 1
    }
    return widths
  }

  /// The heading in capitals.
  func heading(_ widths: [Int], cuts: Bool) -> String {
    line(columns.map { $0.title.uppercased() }, widths, cuts: cuts)
  }

  func lines(_ widths: [Int], cuts: Bool) -> [String] { rows.map { line($0, widths, cuts: cuts) } }

  private func line(_ row: [String], _ widths: [Int], cuts: Bool) -> String {
    let cells = columns.indices.map { index -> String in
      var text = row[index]
      let isTooLong = cuts && text.count > widths[index] && !columns[index].isWhole
      if isTooLong { text = text.prefix(max(0, widths[index] - 1)) + "…" }
      let padding = String(repeating: " ", count: max(0, widths[index] - text.count))
      return columns[index].isNumber ? padding + text : text + padding
    }
    let line = cells.joined(separator: String(repeating: " ", count: Self.gap))
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  /// Writes heading and rows, cut to the terminal's width where there is one.
  func write(to output: Output) {
    let limit = Terminal.width
    let widths = widths(fitting: limit)
    output.line(heading(widths, cuts: limit != nil))
    for line in lines(widths, cuts: limit != nil) { output.line(line) }
  }
}
