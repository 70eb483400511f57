import SyncCore

/// A figure that a unit publishes of itself.
public struct PublishedFigure: Sendable, Equatable {
  public var value: Int64
  /// As written, such as `2025-10`.
  public var asOf: String
  public var source: String

  public init(value: Int64, asOf: String, source: String) {
    self.value = value
    self.asOf = asOf
    self.source = source
  }

  /// The figure that applies at a day: the latest at or before it; of several as of one date the one whose source sorts
  /// last. Two published totals are two facts, so the others stay readable.
  public static func current(at day: CalendarDay, among figures: [PublishedFigure]) -> PublishedFigure? {
    figures.compactMap { figure in DayRange(date: Array(figure.asOf.utf8)).map { (figure, $0.last) } }
      .filter { $0.1 <= day }
      .max { ($0.1, $0.0.source) < ($1.1, $1.0.source) }?.0
  }
}

/// One line of a consolidated table.
public struct TotalsRow: Sendable, Equatable {
  public var unit: String
  public var counted: Int64
  public var declared: Int64?
  public var declaredAsOf: String?
  /// Declared minus counted; nil when nothing was declared.
  public var gap: Int64? { declared.map { $0 &- counted } }
  public var unitsExpected: Int64
  public var unitsReported: Int64
  /// Of those that reported the ones whose figure is withheld, because it counts too few people: they add nothing.
  public var unitsWithheld: Int64

  public init(
    unit: String, counted: Int64, declared: Int64?, declaredAsOf: String?, unitsExpected: Int64, unitsReported: Int64,
    unitsWithheld: Int64 = 0
  ) {
    self.unit = unit
    self.counted = counted
    self.declared = declared
    self.declaredAsOf = declaredAsOf
    self.unitsExpected = unitsExpected
    self.unitsReported = unitsReported
    self.unitsWithheld = unitsWithheld
  }
}

/// An indicator at a date with its certificate of completeness.
public struct TotalsReport: Sendable, Equatable {
  public var indicator: String
  /// The date asked for, as written.
  public var asOf: String
  /// Along which axis the figures were summed; empty where there is none.
  public var axis: String
  public var rows: [TotalsRow]
  /// What the parent publishes of the whole.
  public var claimed: PublishedFigure?

  public init(indicator: String, asOf: String, axis: String, rows: [TotalsRow], claimed: PublishedFigure?) {
    self.indicator = indicator
    self.asOf = asOf
    self.axis = axis
    self.rows = rows
    self.claimed = claimed
  }

  public var counted: Int64 { rows.reduce(0) { $0 &+ $1.counted } }
  /// The sum over the member federations that declared anything; nil when none did.
  public var declared: Int64? {
    let values = rows.compactMap(\.declared)
    return values.isEmpty ? nil : values.reduce(0, &+)
  }
  /// Claimed minus declared: what the parent claims and no member accounts for.
  public var residual: Int64? {
    guard let claimed, let declared else { return nil }
    return claimed.value &- declared
  }
  public var unitsExpected: Int64 { rows.reduce(0) { $0 &+ $1.unitsExpected } }
  public var unitsReported: Int64 { rows.reduce(0) { $0 &+ $1.unitsReported } }
  public var unitsWithheld: Int64 { rows.reduce(0) { $0 &+ $1.unitsWithheld } }
}
