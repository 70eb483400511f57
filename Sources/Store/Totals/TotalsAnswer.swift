import Consolidation
import SyncCore

/// A ratio of two indicators; never summed.
public struct RatioRow: Sendable, Equatable {
  public var unit: String
  /// nil where the sum is too large for a number.
  public var numerator: Int64?
  public var denominator: Int64?
  public var factor: Int64

  public init(unit: String, numerator: Int64?, denominator: Int64?, factor: Int64) {
    self.unit = unit
    self.numerator = numerator
    self.denominator = denominator
    self.factor = factor
  }

  /// Tenths of the ratio, rounded half up; nil without a denominator.
  public var tenths: Int64? {
    guard let numerator, let denominator, denominator > 0 else { return nil }
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

/// The answer to `birlik totals --explain`.
public enum OpenedTotal: Sendable, Equatable {
  case figure(TotalsExplanation)
  /// A ratio, with its two figures opened.
  case ratio(indicator: String, factor: Int64, numerator: TotalsExplanation, denominator: TotalsExplanation)
}
