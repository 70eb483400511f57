import Consolidation
import SyncCore

/// Gateway of `birlik_total`: by how much a total changes on a day. A total is the sum of all steps at or before its date.
final class TotalTable {
  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  /// The sum of all steps at or before a day.
  func sum(_ indicator: String, slot: String, federation: String, day: CalendarDay) throws -> TotalDelta {
    let statement = try connection.prepared(
      "SELECT amount, reported, expected FROM birlik_total "
        + "WHERE indicator=?1 AND slot=?2 AND federation=?3 AND day<=?4")
    statement.bind(1, text: indicator)
    statement.bind(2, text: slot)
    statement.bind(3, text: federation)
    statement.bind(4, Int64(day.number))
    var sum = TotalDelta()
    while try statement.step() { sum += delta(statement) }
    return sum
  }

  /// Adds to a step; one that becomes zero is deleted.
  func add(_ delta: TotalDelta, to slot: TotalSlot) throws {
    let condition = "WHERE indicator=?1 AND slot=?2 AND federation=?3 AND day=?4"
    // Added here and not in SQL, where a sum that is too large becomes a floating-point number.
    var total = delta
    let known = try prepared("SELECT amount, reported, expected FROM birlik_total \(condition)", slot)
    if try known.step() {
      total += self.delta(known)
      known.reset()
    }
    guard !total.isZero else {
      try prepared("DELETE FROM birlik_total \(condition)", slot).step()
      return
    }
    let write = try prepared(
      "INSERT OR REPLACE INTO birlik_total(indicator, slot, federation, day, amount, reported, expected) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", slot)
    write.bind(5, total.amount)
    write.bind(6, total.reported)
    write.bind(7, total.expected)
    try write.step()
  }

  func deleteAll() throws { try connection.execute("DELETE FROM birlik_total") }

  private func prepared(_ sql: String, _ slot: TotalSlot) throws -> Prepared {
    let statement = try connection.prepared(sql)
    statement.bind(1, text: slot.indicator)
    statement.bind(2, text: slot.key.slot)
    statement.bind(3, text: slot.key.federation)
    statement.bind(4, Int64(slot.key.day))
    return statement
  }

  private func delta(_ statement: Prepared) -> TotalDelta {
    TotalDelta(amount: statement.int64(0), reported: statement.int64(1), expected: statement.int64(2))
  }
}
