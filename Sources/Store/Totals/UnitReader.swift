import Consolidation
import SyncCore

/// Reads a unit's own record.
final class UnitReader {
  let table: KindTable
  /// The places in `KindTable.fields` of the sort and of the dates of opening and closing.
  private let sort: Int
  private let opened: Int
  private let closed: Int
  /// Every unit, and one.
  let selectAll: String
  /// Every unit that may have closed before it opened, with its code.
  let selectReopened: String
  private let select: LazyStatement

  init?(_ units: Indicator.Units, _ catalog: Catalog, _ tables: [KindID: KindTable]) {
    guard let kind = catalog.kind(named: units.kind), kind.key.count == 1, let table = tables[kind.id],
      let sort = table.fieldIndex(named: units.sortField), let opened = table.fieldIndex(named: units.openedField),
      let closed = table.fieldIndex(named: units.closedField)
    else { return nil }
    self.table = table
    self.sort = sort
    self.opened = opened
    self.closed = closed
    selectAll =
      "SELECT federation, \(units.sortField.sql), \(units.openedField.sql), \(units.closedField.sql) FROM \(kind.name)"
    let (opens, closes) = (units.openedField.sql, units.closedField.sql)
    selectReopened =
      "SELECT federation, \(units.sortField.sql), \(opens), \(closes), \(kind.key[0].name.sql) FROM \(kind.name) "
      + "WHERE \(closes)<>'' AND substr(\(closes), 1, 4)<=substr(\(opens), 1, 4)"
    select = LazyStatement(selectAll + " WHERE \(kind.key[0].name.sql)=?1")
  }

  func read(_ unit: [UInt8], _ transaction: Transaction, _ sealed: TotalsTracker.SealedRows) throws -> UnitRecord? {
    if let known = sealed[table.kind.id]?[RecordKey(bytes: unit)] {
      return known.map { row in
        UnitRecord(
          federation: String(decoding: row.federation, as: UTF8.self), sort: row.values[sort].display,
          opened: DayRange(date: Array(row.values[opened].display.utf8)),
          closed: DayRange(date: Array(row.values[closed].display.utf8)))
      }
    }
    let statement = try select.get(transaction.connection)
    statement.bind(1, text: unit)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return record(statement)
  }

  /// The record in a row of `selectAll`.
  func record(_ statement: Prepared) -> UnitRecord {
    UnitRecord(
      federation: statement.string(0), sort: statement.string(1),
      opened: statement.isNull(2) ? nil : DayRange(date: statement.bytes(2)),
      closed: statement.isNull(3) ? nil : DayRange(date: statement.bytes(3)))
  }
}
