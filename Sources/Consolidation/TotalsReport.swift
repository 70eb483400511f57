import SyncCore

/// A sum with what tells how complete it is.
public struct Tally: Sendable, Equatable {
  /// Without an upper bound, so that it is never wrong.
  public var sum: Int128 = 0
  public var unitsExpected: Int64 = 0
  /// Units whose return is of the period asked for.
  public var unitsReported: Int64 = 0
  /// Units whose latest return is older: its figure is carried forward.
  public var unitsCarried: Int64 = 0
  /// The day of the oldest return that is carried forward.
  public var carriedSince: CalendarDay?
  /// Of all that reported the ones whose figure is withheld, because it counts too few people: they add nothing.
  public var unitsWithheld: Int64 = 0
  /// Of all that reported the ones of which another return says something else.
  public var unitsContradicted: Int64 = 0
  /// Of all that reported the ones that nobody registered, or that belong to another federation.
  public var unitsAstray: Int64 = 0

  public init() {}

  /// The figure; nil where it is too large for a number, and so an error of somebody's.
  public var counted: Int64? { Int64(exactly: sum) }

  /// Units with a return, whatever its age.
  public var unitsReporting: Int64 { unitsReported &+ unitsCarried }

  /// Adds what returns of one day add up to.
  ///
  /// - Parameters:
  ///   - vintage: the day of the returns; `Contributions.always` for what stems from no return.
  ///   - period: the days asked for.
  public mutating func add(_ delta: TotalDelta, vintage: Int32, period: DayRange) {
    sum &+= delta.amount
    unitsExpected &+= delta.expected
    unitsWithheld &+= delta.withheld
    unitsContradicted &+= delta.contradicted
    unitsAstray &+= delta.astray
    guard delta.reported != 0 else { return }
    if vintage >= period.first.number {
      unitsReported &+= delta.reported
    } else {
      unitsCarried &+= delta.reported
      carriedSince = min(carriedSince ?? CalendarDay(number: vintage), CalendarDay(number: vintage))
    }
  }

  public static func += (a: inout Self, b: Self) {
    a.sum &+= b.sum
    a.unitsExpected &+= b.unitsExpected
    a.unitsReported &+= b.unitsReported
    a.unitsCarried &+= b.unitsCarried
    a.carriedSince = [a.carriedSince, b.carriedSince].compactMap(\.self).min()
    a.unitsWithheld &+= b.unitsWithheld
    a.unitsContradicted &+= b.unitsContradicted
    a.unitsAstray &+= b.unitsAstray
  }
}

/// Why a federation that counts is no member in the register of units.
public enum NotMember: Sendable, Equatable {
  /// Nobody registered a unit of its code.
  case unregistered
  /// Its unit has another status, or none (empty).
  case status(String)
}

/// One line of a consolidated table: a federation.
public struct TotalsRow: Sendable, Equatable {
  public var unit: String
  /// nil for a member.
  public var notMember: NotMember?
  public var tally: Tally
  /// What the federation publishes of itself: all figures of the latest date.
  public var declared: [PublishedFigure]
  /// What the federation reports of itself as a whole, which is not added to what its units report.
  public var whole: UnitReturn?

  public init(
    unit: String, notMember: NotMember? = nil, tally: Tally, declared: [PublishedFigure], whole: UnitReturn? = nil
  ) {
    self.unit = unit
    self.notMember = notMember
    self.tally = tally
    self.declared = declared
    self.whole = whole
  }

  public var counted: Int64? { tally.counted }
  public var declaredSum: DeclaredSum? { DeclaredSum([declared]) }
  /// Declared minus counted; nil when nothing was declared, or several figures that differ.
  public var gap: Int64? { TotalsReport.difference(declaredSum?.value, counted) }
}

/// An indicator at a date with its certificate of completeness.
public struct TotalsReport: Sendable, Equatable {
  /// What a unit's share is measured by.
  public enum Measure: Sendable, Equatable {
    /// Units that reported for the period, of those that are expected to.
    case reporting
    /// Units that are registered, of those that are declared.
    case registering
  }

  /// What counts along another axis.
  public struct OtherAxis: Sendable, Equatable {
    public var axis: String
    public var sum: Int128
    public var units: Int64

    public init(axis: String, sum: Int128, units: Int64) {
      self.axis = axis
      self.sum = sum
      self.units = units
    }
  }

  public var indicator: String
  public var measure: Measure
  /// The date asked for, as written.
  public var asOf: String
  /// The days for which a return counts as reported.
  public var period: DayRange
  /// Along which axis the figures were summed; empty where there is none.
  public var axis: String
  public var rows: [TotalsRow]
  /// What the parent publishes of the whole: all figures of the latest date.
  public var claimed: [PublishedFigure]
  public var otherAxes: [OtherAxis]
  /// Organizations that headquarters registered as no members, and what they publish: in no sum.
  public var outside: [String: [PublishedFigure]] = [:]
  /// Units below the federations whose returns are not added, because those of the units below them are.
  public var unitsNotAdded: Int64
  /// Records that the figures are made of, and of which different values were given that nobody has decided between yet.
  public var recordsInConflict = 0

  public init(
    indicator: String, measure: Measure, asOf: String, period: DayRange, axis: String, rows: [TotalsRow],
    claimed: [PublishedFigure], otherAxes: [OtherAxis] = [], unitsNotAdded: Int64 = 0
  ) {
    self.indicator = indicator
    self.measure = measure
    self.asOf = asOf
    self.period = period
    self.axis = axis
    self.rows = rows
    self.claimed = claimed
    self.otherAxes = otherAxes
    self.unitsNotAdded = unitsNotAdded
  }

  public var tally: Tally { rows.reduce(into: Tally()) { $0 += $1.tally } }
  public var counted: Int64? { tally.counted }
  /// The sum over the federations that declared anything; nil when none did.
  public var declared: DeclaredSum? { DeclaredSum(rows.map(\.declared)) }
  public var claimedSum: DeclaredSum? { DeclaredSum([claimed]) }
  /// Claimed minus declared: what the parent claims and no member accounts for. nil where one of them is no one number.
  public var residual: Int64? { Self.difference(claimedSum?.value, declared?.value) }
  public var gap: Int64? { Self.difference(declared?.value, counted) }

  static func difference(_ a: Int64?, _ b: Int64?) -> Int64? {
    guard let a, let b else { return nil }
    return Int64(exactly: Int128(a) - Int128(b))
  }
}
