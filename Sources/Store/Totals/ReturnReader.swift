import Consolidation
import SyncCore

/// Reads all returns of a unit.
final class ReturnReader {
  let table: KindTable
  /// The place in `KindTable.fields` of the figure.
  let value: Int
  /// The place of the set that names withheld figures; nil where the catalog withholds none of this kind.
  private let withheld: Int?
  /// The figure's name as an element of that set.
  private let name: [UInt8]
  /// Every unit with a withheld figure.
  private let selectWithheld: String?
  private let select: LazyStatement
  private let selectAny: LazyStatement
  private let selectLast: String
  /// Every unit that has returns: its record as in `UnitReader.selectAll`, its code, the number of its returns, and the
  /// one return of those that have one.
  let selectUnits: String

  /// The greatest unit that has a return, as far as it is known; first syncs come in ascending order.
  private var greatest: [UInt8]?

  /// True when the unit has a return. A unit for which this is false is taken to get one.
  func exists(_ unit: [UInt8], _ transaction: Transaction) throws -> Bool {
    let known = try greatest ?? lastUnit(transaction)
    greatest = known
    if known.lexicographicallyPrecedes(unit) {
      greatest = unit
      return false
    }
    let statement = try selectAny.get(transaction.connection)
    statement.bind(1, text: unit)
    guard try statement.step() else { return false }
    statement.reset()
    return true
  }

  private func lastUnit(_ transaction: Transaction) throws -> [UInt8] {
    let statement = try transaction.connection.prepared(selectLast)
    defer { statement.reset() }
    return try statement.step() && !statement.isNull(0) ? statement.bytes(0) : []
  }

  init?(_ stock: Indicator.Stock, _ catalog: Catalog, _ tables: [KindID: KindTable]) {
    let columns = [stock.unitColumn, stock.dateColumn, stock.axisColumn]
    guard let kind = catalog.kind(named: stock.kind), kind.key.map(\.name) == columns, let table = tables[kind.id],
      let value = table.fieldIndex(named: stock.valueField)
    else { return nil }
    self.table = table
    self.value = value
    name = Array(stock.valueField.utf8)
    let derivation = catalog.derivations.first { $0.target.sameBytes(as: stock.kind) }
    withheld = derivation.flatMap { table.fieldIndex(named: $0.withheldField) }
    let column = derivation?.withheldField.sql ?? "NULL"
    let names = "instr(r.\(column), '\"\(stock.valueField)\"')>0"
    let amount =
      withheld == nil
      ? "r.\(stock.valueField.sql)"
      : "CASE WHEN r.\(stock.valueField.sql) IS NULL AND \(names) THEN 0 ELSE r.\(stock.valueField.sql) END"
    selectWithheld =
      withheld == nil
      ? nil
      : "SELECT DISTINCT r.\(stock.unitColumn.sql) FROM \(kind.name) r "
        + "WHERE r.\(stock.valueField.sql) IS NULL AND \(names)"
    selectLast = "SELECT max(\(stock.unitColumn.sql)) FROM \(kind.name)"
    let unit = "r.\(stock.unitColumn.sql)"
    let columnsOfOne =
      "min(r.federation), min(r.\(stock.axisColumn.sql)), min(r.\(stock.dateColumn.sql)), min(\(amount))"
    let units = stock.units
    let record = [units.sortField, units.openedField, units.closedField].map { "u.\($0.sql)" }.joined(separator: ", ")
    let code = catalog.kind(named: units.kind)?.key.first?.name.sql ?? "code"
    selectUnits =
      "SELECT u.federation, \(record), \(unit), count(*), \(columnsOfOne) FROM \(kind.name) r "
      + "LEFT JOIN \(units.kind) u ON u.\(code)=\(unit) GROUP BY \(unit)"
    selectAny = LazyStatement("SELECT 1 FROM \(kind.name) WHERE \(stock.unitColumn.sql)=?1")
    select = LazyStatement(
      "SELECT federation, \(stock.axisColumn.sql), \(stock.dateColumn.sql), \(stock.valueField.sql), \(column) "
        + "FROM \(kind.name) WHERE \(stock.unitColumn.sql)=?1")
  }

  func read(_ unit: [UInt8], _ transaction: Transaction, _ sealed: TotalsTracker.SealedRows) throws -> [UnitReturn] {
    let known = sealed[table.kind.id] ?? [:]
    let statement = try select.get(transaction.connection)
    statement.bind(1, text: unit)
    var returns: [UnitReturn] = []
    while try statement.step() {
      let date = statement.bytes(2)
      if !known.isEmpty, known[RecordKey(columns: [unit, date, statement.bytes(1)])] != nil { continue }
      guard let asOf = DayRange(date: date) else { continue }
      returns.append(
        UnitReturn(
          federation: statement.string(0), axis: statement.string(1), asOf: asOf,
          value: statement.isNull(3) ? nil : statement.int64(3), isWithheld: isWithheld(statement.value(4))))
    }
    for (key, row) in known {
      let columns = key.columns
      guard let row, columns.count == 3, columns[0] == unit, let asOf = DayRange(date: columns[1]) else { continue }
      returns.append(
        UnitReturn(
          federation: String(decoding: row.federation, as: UTF8.self),
          axis: String(decoding: columns[2], as: UTF8.self),
          asOf: asOf, value: row.values[value].integer, isWithheld: withheld.map { isWithheld(row.values[$0]) } ?? false
        ))
    }
    return returns
  }

  /// Whether a return without a figure may hold one that is withheld.
  var mayWithhold: Bool { withheld != nil }

  private func isWithheld(_ set: Value) -> Bool {
    guard case .text(let json) = set, let set = TextSet(json: json) else { return false }
    return set.elements.contains(name)
  }

  /// Calls `body` with every unit that has a withheld figure.
  func eachWithheld(_ transaction: Transaction, _ body: ([UInt8]) throws -> Void) throws {
    guard let selectWithheld else { return }
    let select = try transaction.connection.prepared(selectWithheld)
    var units: [[UInt8]] = []
    while try select.step() { units.append(select.bytes(0)) }
    for unit in units { try body(unit) }
  }
}
