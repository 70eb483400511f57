import SyncCore

/// A figure that a unit publishes of itself.
public struct PublishedFigure: Sendable, Equatable {
  public var value: Int64
  /// As written, such as `2025-10`.
  public var asOf: String
  public var source: String
  /// How exact it is, such as `at_least`; empty where nothing is said.
  public var precision: String

  public init(value: Int64, asOf: String, source: String, precision: String = "") {
    self.value = value
    self.asOf = asOf
    self.source = source
    self.precision = precision
  }

  /// The figures that apply at a day: all of the latest date at or before it. Two published totals are two facts, so
  /// neither hides the other.
  public static func current(at day: CalendarDay, among figures: [PublishedFigure]) -> [PublishedFigure] {
    let dated = figures.compactMap { figure in DayRange(date: Array(figure.asOf.utf8)).map { (figure, $0.last) } }
      .filter { $0.1 <= day }
    guard let latest = dated.map(\.1).max() else { return [] }
    return dated.filter { $0.1 == latest }.map(\.0).sorted { ($0.asOf, $0.source) < ($1.asOf, $1.source) }
  }
}

/// What is published of one unit or of several together: one number, or a range where figures differ.
public struct DeclaredSum: Sendable, Equatable {
  public var lowest: Int64
  public var highest: Int64
  /// How exact the figures are, such as `at_least` and `rounded`, in order of the alphabet; nothing for exact ones.
  public var precisions: [String]

  /// - Returns: nil when nothing is published, or the sum is too large for a number.
  public init?(_ units: [[PublishedFigure]]) {
    let published = units.filter { !$0.isEmpty }
    guard !published.isEmpty else { return nil }
    func sum(_ choose: ([Int64]) -> Int64?) -> Int64? {
      Int64(exactly: published.reduce(Int128(0)) { $0 + Int128(choose($1.map(\.value)) ?? 0) })
    }
    guard let lowest = sum({ $0.min() }), let highest = sum({ $0.max() }) else { return nil }
    self.lowest = lowest
    self.highest = highest
    precisions = Set(published.joined().map(\.precision)).filter { !$0.isEmpty && $0 != "exact" }.sorted()
  }

  /// The number; nil where published figures contradict each other.
  public var value: Int64? { lowest == highest ? lowest : nil }
}
