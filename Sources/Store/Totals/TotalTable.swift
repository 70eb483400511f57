import Consolidation
import SyncCore

/// Gateway of `birlik_total`: by how much a total changes on a day. A total is the sum of all steps at or before its date.
final class TotalTable {
  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  private static let amounts = "amount_high, amount, reported, expected, withheld, contradicted, astray"

  /// The sum of all steps at or before a day.
  func sum(_ indicator: String, slot: String, federation: String, day: CalendarDay) throws -> TotalDelta {
    var sum = TotalDelta()
    try eachVintage(indicator, slot: slot, federation: federation, day: day) { sum += $1 }
    return sum
  }

  /// The sum of all steps at or before a day, with what tells how complete it is.
  func tally(_ indicator: String, slot: String, federation: String, period: DayRange) throws -> Tally {
    var tally = Tally()
    try eachVintage(indicator, slot: slot, federation: federation, day: period.last) { vintage, sum in
      tally.add(sum, vintage: vintage, period: period)
    }
    return tally
  }

  /// What returns of each day add up to at a day.
  private func eachVintage(
    _ indicator: String, slot: String, federation: String, day: CalendarDay, _ body: (Int32, TotalDelta) -> Void
  ) throws {
    let statement = try connection.prepared(
      "SELECT \(Self.amounts), vintage FROM birlik_total "
        + "WHERE indicator=?1 AND slot=?2 AND federation=?3 AND day<=?4 ORDER BY vintage")
    statement.bind(1, text: indicator)
    statement.bind(2, text: slot)
    statement.bind(3, text: federation)
    statement.bind(4, Int64(day.number))
    var sum = TotalDelta()
    var current: Int32?
    while try statement.step() {
      let vintage = Int32(clamping: statement.int64(7))
      if let current, current != vintage {
        body(current, sum)
        sum = TotalDelta()
      }
      current = vintage
      sum += delta(statement)
    }
    if let current { body(current, sum) }
  }

  /// All federations of which anything is counted.
  func federations() throws -> [String] { try texts("SELECT DISTINCT federation FROM birlik_total") }

  /// All slots of an indicator.
  func slots(of indicator: String) throws -> [String] {
    try texts("SELECT DISTINCT slot FROM birlik_total WHERE indicator=?1", indicator)
  }

  private func texts(_ sql: String, _ parameter: String? = nil) throws -> [String] {
    let statement = try connection.prepared(sql)
    if let parameter { statement.bind(1, text: parameter) }
    var found: [String] = []
    while try statement.step() { found.append(statement.string(0)) }
    return found.sorted()
  }

  /// Adds to a step; one that becomes zero is deleted.
  func add(_ delta: TotalDelta, to slot: TotalSlot) throws {
    let condition = "WHERE indicator=?1 AND slot=?2 AND federation=?3 AND vintage=?4 AND day=?5"
    // Added here and not in SQL, where a sum that is too large becomes a floating-point number.
    var total = delta
    let known = try prepared("SELECT \(Self.amounts) FROM birlik_total \(condition)", slot)
    if try known.step() {
      total += self.delta(known)
      known.reset()
    }
    guard !total.isZero else {
      try prepared("DELETE FROM birlik_total \(condition)", slot).step()
      return
    }
    let write = try prepared(
      "INSERT OR REPLACE INTO birlik_total(indicator, slot, federation, vintage, day, \(Self.amounts)) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", slot)
    let amounts = [
      Int64(truncatingIfNeeded: total.amount >> 64), Int64(truncatingIfNeeded: total.amount), total.reported,
      total.expected, total.withheld, total.contradicted, total.astray,
    ]
    for (index, amount) in amounts.enumerated() { write.bind(index + 6, amount) }
    try write.step()
  }

  func deleteAll() throws { try connection.execute("DELETE FROM birlik_total") }

  private func prepared(_ sql: String, _ slot: TotalSlot) throws -> Prepared {
    let statement = try connection.prepared(sql)
    statement.bind(1, text: slot.indicator)
    statement.bind(2, text: slot.key.slot)
    statement.bind(3, text: slot.key.federation)
    statement.bind(4, Int64(slot.key.vintage))
    statement.bind(5, Int64(slot.key.day))
    return statement
  }

  private func delta(_ statement: Prepared) -> TotalDelta {
    TotalDelta(
      amount: Int128(statement.int64(0)) << 64 | Int128(UInt64(bitPattern: statement.int64(1))),
      reported: statement.int64(2), expected: statement.int64(3), withheld: statement.int64(4),
      contradicted: statement.int64(5), astray: statement.int64(6))
  }
}
