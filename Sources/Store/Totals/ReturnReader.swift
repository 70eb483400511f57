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
  private let select: LazyStatement
  private let selectAny: LazyStatement
  private let selectLast: String
  /// Every unit that has returns: its record as in `UnitReader.selectAll`, its code, the number of its returns, and the
  /// one return of those that have one.
  let selectUnits: String
  private let selectElsewhere: String
  private let selectLatest: LazyStatement
  private let selectUnlike: LazyStatement

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

  /// The latest return of a unit along an axis, where all of its returns are of one federation and of exact days, so that a
  /// later one takes its place and changes nothing else.
  ///
  /// - Returns: nil where one is not like that, or the latest holds no figure.
  func latest(
    _ unit: [UInt8], axis: [UInt8], of federation: [UInt8], _ transaction: Transaction
  ) throws -> (date: [UInt8], value: Int64)? {
    let unlike = try selectUnlike.get(transaction.connection)
    unlike.bind(1, text: unit)
    unlike.bind(2, text: federation)
    defer { unlike.reset() }
    guard try !unlike.step() else { return nil }
    let latest = try selectLatest.get(transaction.connection)
    latest.bind(1, text: unit)
    latest.bind(2, text: axis)
    defer { latest.reset() }
    guard try latest.step(), !latest.isNull(1) else { return nil }
    return (latest.bytes(0), latest.int64(1))
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
    selectLast = "SELECT max(\(stock.unitColumn.sql)) FROM \(kind.name)"
    let unit = "r.\(stock.unitColumn.sql)"
    let columnsOfOne =
      "min(r.federation), min(r.\(stock.axisColumn.sql)), min(r.\(stock.dateColumn.sql)), "
      + "min(r.\(stock.valueField.sql))"
    let units = stock.units
    let record = [units.sortField, units.openedField, units.closedField].map { "u.\($0.sql)" }.joined(separator: ", ")
    let code = catalog.kind(named: units.kind)?.key.first?.name.sql ?? "code"
    selectUnits =
      "SELECT u.federation, \(record), \(unit), count(*), \(columnsOfOne) FROM \(kind.name) r "
      + "LEFT JOIN \(units.kind) u ON u.\(code)=\(unit) GROUP BY \(unit)"
    // What headquarters typed may count for anybody.
    selectElsewhere =
      "SELECT DISTINCT \(unit) FROM \(kind.name) r LEFT JOIN \(units.kind) u ON u.\(code)=\(unit) "
      + "WHERE r.federation IN (?1, ?2) AND u.federation IS NOT ?1"
    let (ownUnit, date, axis) = (stock.unitColumn.sql, stock.dateColumn.sql, stock.axisColumn.sql)
    selectLatest = LazyStatement(
      "SELECT \(date), \(stock.valueField.sql) FROM \(kind.name) WHERE \(ownUnit)=?1 AND \(axis)=?2 "
        + "ORDER BY \(date) DESC LIMIT 1")
    selectUnlike = LazyStatement(
      "SELECT 1 FROM \(kind.name) WHERE \(ownUnit)=?1 AND (federation<>?2 OR length(\(date))<>10) LIMIT 1")
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
          federation: statement.string(0), axis: statement.string(1),
          date: String(decoding: date, as: UTF8.self), asOf: asOf,
          value: statement.isNull(3) ? nil : statement.int64(3), isWithheld: isWithheld(statement.value(4))))
    }
    for (key, row) in known {
      let columns = key.columns
      guard let row, columns.count == 3, columns[0] == unit, let asOf = DayRange(date: columns[1]) else { continue }
      returns.append(
        UnitReturn(
          federation: String(decoding: row.federation, as: UTF8.self),
          axis: String(decoding: columns[2], as: UTF8.self), date: String(decoding: columns[1], as: UTF8.self),
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

  /// Units for which a federation reports though it did not register them.
  func unitsElsewhere(_ federation: String, _ units: Indicator.Units, _ transaction: Transaction) throws -> Set<String>
  {
    let select = try transaction.connection.prepared(selectElsewhere)
    select.bind(1, text: federation)
    select.bind(2, text: transaction.headquarters)
    var found: Set<String> = []
    while try select.step() { found.insert(select.string(0)) }
    return found
  }
}
