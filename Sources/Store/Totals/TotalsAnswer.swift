import Consolidation
import SyncCore
import Wire

/// The units below a unit along an axis, with what each adds: a total opened to its rows.
public struct TotalsExplanation: Sendable, Equatable {
  /// One child of the unit with everything under it.
  public struct Child: Sendable, Equatable {
    public var unit: String
    public var name: String
    public var sort: String
    /// Sum over everything under the child, itself included.
    public var counted: Int64
    public var unitsExpected: Int64
    public var unitsReported: Int64
    /// The child's own return that applies at the date, if any: its date and value.
    public var ownReturn: (asOf: String, value: Int64)?

    public static func == (a: Self, b: Self) -> Bool {
      a.unit == b.unit && a.name == b.name && a.sort == b.sort && a.counted == b.counted
        && a.unitsExpected == b.unitsExpected && a.unitsReported == b.unitsReported
        && a.ownReturn?.asOf == b.ownReturn?.asOf && a.ownReturn?.value == b.ownReturn?.value
    }
  }

  public var unit: String
  public var asOf: String
  public var axis: String
  public var children: [Child]
  /// Published figures of the unit, all of them: two published totals are two facts.
  public var published: [PublishedFigure]
}

/// A ratio of two indicators; never summed.
public struct RatioRow: Sendable, Equatable {
  public var unit: String
  public var numerator: Int64
  public var denominator: Int64
  public var factor: Int64

  public init(unit: String, numerator: Int64, denominator: Int64, factor: Int64) {
    self.unit = unit
    self.numerator = numerator
    self.denominator = denominator
    self.factor = factor
  }

  /// Tenths of the ratio, rounded half up; nil without a denominator.
  public var tenths: Int64? {
    guard denominator > 0 else { return nil }
    let (scaled, overflow) = numerator.multipliedReportingOverflow(by: factor &* 10)
    return overflow ? nil : (scaled &+ denominator / 2) / denominator
  }
}

/// The answer to `birlik totals`.
public enum TotalsAnswer: Sendable, Equatable {
  case report(TotalsReport)
  /// One row a unit, and the ratio of the sums.
  case ratio(indicator: String, asOf: String, rows: [RatioRow], total: RatioRow)
}
