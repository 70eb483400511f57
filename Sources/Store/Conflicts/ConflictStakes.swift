import Consolidation
import SyncCore
import Wire

/// A figure of the consolidated table that would move.
public struct TotalMove: Sendable, Equatable {
  public enum Figure: String, Sendable {
    /// Summed from returns, or counted units.
    case counted
    /// What the unit publishes of itself.
    case declared
    /// What the parent publishes of the whole.
    case claimed
    /// Units expected to report.
    case expected
    /// Units that reported.
    case reported
  }

  public var indicator: String
  /// The row of the table; `total` for the sum over all rows.
  public var unit: String
  public var figure: Figure
  /// The date of the table, such as `2026-01-05`.
  public var asOf: String
  /// nil where there is no figure, or one too large for a number.
  public var from: Int64?
  public var to: Int64?

  public init(indicator: String, unit: String, figure: Figure, asOf: String, from: Int64?, to: Int64?) {
    self.indicator = indicator
    self.unit = unit
    self.figure = figure
    self.asOf = asOf
    self.from = from
    self.to = to
  }
}

/// Which totals a conflict touches: what would move if another value were shown.
///
/// Counted by the rules by which totals are kept, over the record as it would be. Moves are told as of today; where only
/// an earlier or a later table would move, as of the day from which it would.
final class ConflictStakes {
  private let transaction: Transaction
  private let plan: TotalsPlan
  private let today: CalendarDay
  private let parent: String

  init(_ transaction: Transaction, today: CalendarDay) {
    self.transaction = transaction
    self.today = today
    plan = TotalsPlan(transaction)
    parent = transaction.headquarters
  }

  /// - Parameters:
  ///   - shown: the record as it is shown now; nil where it is not.
  ///   - other: as it would be shown.
  func moves(_ table: KindTable, _ key: RecordKey, from shown: ShownRow?, to other: ShownRow?) throws -> [TotalMove] {
    var moves: [TotalMove] = []
    for indicator in transaction.catalog.indicators {
      switch indicator.definition {
      case .stock(let stock):
        moves += try counted(indicator.id, part: indicator.id, slot: stock.axis, table, key, shown, other)
        moves += try published(indicator.id, stock.published, table, key, shown, other)
      case .openUnits(let open):
        let part = TotalsPlan.countName(open.units)
        moves += try counted(indicator.id, part: part, slot: open.sort, table, key, shown, other)
        moves += try published(indicator.id, open.published, table, key, shown, other)
      case .ratio: continue
      }
    }
    return moves
  }

  // MARK: Counted

  private func counted(
    _ indicator: String, part name: String, slot: String, _ table: KindTable, _ key: RecordKey, _ shown: ShownRow?,
    _ other: ShownRow?
  ) throws -> [TotalMove] {
    guard let unit = plan.unit(of: table, key), let part = plan.parts.first(where: { $0.indicator == name }) else {
      return []
    }
    var steps: [TotalKey: TotalDelta] = [:]
    for (row, isAfter) in [(shown, false), (other, true)] {
      let sealed: TotalsTracker.SealedRows = [table.kind.id: [key: row]]
      for (place, delta) in try part.contributions(of: unit, transaction, sealed) {
        steps[place, default: TotalDelta()] += isAfter ? delta : -delta
      }
    }
    let isStock = part.stock != nil
    let touched = steps.filter { !$0.value.isZero && ($0.key.slot == slot || (isStock && $0.key.slot.isEmpty)) }
    var moves: [TotalMove] = []
    for federation in Set(touched.keys.map(\.federation)).sorted() {
      let own = touched.filter { $0.key.federation == federation }.map { (day: $0.key.day, delta: $0.value) }
      let figures: [(TotalMove.Figure, (TotalDelta) -> Int128)] =
        isStock
        ? [(.counted, \.amount), (.expected, { Int128($0.expected) }), (.reported, { Int128($0.reported) })]
        : [(.counted, \.amount)]
      for (figure, value) in figures {
        guard let (day, difference) = first(own.map { ($0.day, value($0.delta)) }) else { continue }
        var standing = value(try transaction.totals.sum(name, slot: slot, federation: federation, day: day))
        if isStock && figure == .expected {
          standing &+= Int128(try transaction.totals.sum(name, slot: "", federation: federation, day: day).expected)
        }
        moves.append(
          TotalMove(
            indicator: indicator, unit: federation, figure: figure, asOf: day.iso, from: Int64(exactly: standing),
            to: Int64(exactly: standing &+ difference)))
      }
    }
    return moves
  }

  /// The day of which a difference is reported, and the difference then: today, or else the nearest day that differs.
  private func first(_ steps: [(day: Int32, value: Int128)]) -> (day: CalendarDay, difference: Int128)? {
    func difference(on day: Int32) -> Int128 { steps.reduce(0) { $1.day <= day ? $0 &+ $1.value : $0 } }
    let now = difference(on: today.number)
    if now != 0 { return (today, now) }
    let days = Set(steps.map(\.day)).sorted()
    let past = days.last { $0 <= today.number && difference(on: $0) != 0 }
    guard let day = past ?? days.first(where: { $0 > today.number && difference(on: $0) != 0 }) else { return nil }
    // A difference that has no first day is reported as of the last day on which it applies.
    let end = days.first { $0 > day }.map { $0 &- 1 } ?? today.number
    return (CalendarDay(number: day == Contributions.always ? end : day), difference(on: day))
  }

  // MARK: Published

  private func published(
    _ indicator: String, _ published: Indicator.Published, _ table: KindTable, _ key: RecordKey, _ shown: ShownRow?,
    _ other: ShownRow?
  ) throws -> [TotalMove] {
    let columns = key.columns.map { String(decoding: $0, as: UTF8.self) }
    guard table.kind.name == published.kind, columns.count == 4, columns[1] == published.measure,
      let field = table.fieldIndex(named: published.valueField)
    else { return [] }
    let others = (try TotalsReader(transaction).figures(published)[columns[0]] ?? []).filter {
      $0.asOf != columns[2] || $0.source != columns[3]
    }
    func figures(_ row: ShownRow?) -> [PublishedFigure] {
      guard let value = row?.values[field].integer else { return others }
      return others + [PublishedFigure(value: value, asOf: columns[2], source: columns[3])]
    }
    var days = [today]
    if let own = DayRange(date: Array(columns[2].utf8))?.last { days.append(own) }
    for day in days {
      func value(_ row: ShownRow?) -> Int64? {
        DeclaredSum([PublishedFigure.current(at: day, among: figures(row))])?.highest
      }
      let (before, after) = (value(shown), value(other))
      if before == after { continue }
      return [
        TotalMove(
          indicator: indicator, unit: columns[0], figure: columns[0] == parent ? .claimed : .declared, asOf: day.iso,
          from: before, to: after)
      ]
    }
    return []
  }
}
