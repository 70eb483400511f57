import SyncCore

/// Which return of a unit counts, day by day, along one axis.
///
/// A unit counts once, whoever reports it. The latest return of the unit's own federation or of headquarters counts; of
/// two that end on one day the federation's before headquarters', and the one that names its day more exactly. A return of
/// a federation to which the unit does not belong counts only as long as there is no other, and in that federation's
/// total. Whatever says something else at the same day or later is a contradiction.
///
/// ```swift
/// // ftuu reports 100 in October and 120 in December for a unit of its own; fprk reports 90 in November:
/// // October: 100; November: 100, contradicted; December: 120
/// ```
public struct StandingReturns {
  /// From a day on, one return.
  public struct Span: Equatable {
    public var day: Int32
    /// The place in `returns` of the one that counts.
    public var index: Int
    /// The places of those that say something else, some perhaps of later days.
    public var contradicting: [Int]
  }

  /// The returns along the axis that hold a figure or withhold one, in order of their days.
  public let returns: [UnitReturn]
  public private(set) var spans: [Span] = []

  /// - Parameters:
  ///   - home: the federation to which the unit belongs; nil where headquarters registered it, or nobody.
  ///   - headquarters: the code of the federation that may report for all.
  public init(_ returns: [UnitReturn], axis: String, home: String?, headquarters: String) {
    func rank(_ item: UnitReturn) -> Int {
      if item.federation == home { return 0 }
      if item.federation == headquarters { return 2 }
      return home == nil ? 1 : 3
    }
    func width(_ item: UnitReturn) -> Int32 { item.asOf.last.number &- item.asOf.first.number }
    let sorted = returns.filter { $0.axis == axis && $0.amount != nil }.sorted {
      ($0.day, rank($0), width($0), $0.date) < ($1.day, rank($1), width($1), $1.date)
    }
    self.returns = sorted
    var next = 0
    while next < sorted.count {
      let group = next..<(sorted[next...].firstIndex { $0.day != sorted[next].day } ?? sorted.count)
      next = group.upperBound
      let first = group.lowerBound
      if let standing = spans.last, rank(sorted[first]) == 3, rank(sorted[standing.index]) < 3 {
        let others = group.filter { sorted[$0].says(otherThan: sorted[standing.index]) }
        guard !others.isEmpty else { continue }
        if standing.contradicting.isEmpty {
          spans.append(Span(day: sorted[first].day, index: standing.index, contradicting: others))
        } else {
          spans[spans.count - 1].contradicting += others
        }
      } else {
        spans.append(
          Span(
            day: sorted[first].day, index: first,
            contradicting: group.dropFirst().filter { sorted[$0].says(otherThan: sorted[first]) }))
      }
    }
  }

  /// Which return counts on a day, and which say something else; nil before the first.
  public func standing(at day: CalendarDay) -> (item: UnitReturn, contradicting: [UnitReturn])? {
    guard let span = spans.last(where: { $0.day <= day.number }) else { return nil }
    return (returns[span.index], span.contradicting.map { returns[$0] }.filter { $0.asOf.last <= day })
  }
}
