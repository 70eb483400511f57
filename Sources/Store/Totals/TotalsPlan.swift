import Consolidation
import SyncCore

/// Which records make up which totals, as the catalog says.
final class TotalsPlan {
  /// One stock, or the count of one kind of units by sort.
  final class Part {
    /// The name under which `birlik_total` keeps it.
    let indicator: String
    /// Its place among the parts.
    let number: Int
    let units: UnitReader
    let stock: Indicator.Stock?
    let returns: ReturnReader?

    init(indicator: String, number: Int, units: UnitReader, stock: Indicator.Stock?, returns: ReturnReader?) {
      self.indicator = indicator
      self.number = number
      self.units = units
      self.stock = stock
      self.returns = returns
    }

    func contributions(
      of unit: [UInt8], _ engine: Engine, _ sealed: TotalsTracker.SealedRows
    ) throws -> [TotalKey: TotalDelta] {
      let record = try units.read(unit, engine, sealed)
      guard let stock, let returns else { return Contributions.openUnits(record) }
      return Contributions.stock(stock, unit: record, returns: try returns.read(unit, engine, sealed))
    }
  }

  private(set) var parts: [Part] = []
  private var unitKinds: Set<Int> = []
  private var returnKinds: Set<Int> = []
  /// The one stock that a kind's records are the returns of, by kind.
  private var partOfReturns: [Int: Part] = [:]

  /// The name under which `birlik_total` counts the units of a kind.
  static func countName(_ units: Indicator.Units) -> String { "#" + units.kind }

  init(_ catalog: Catalog, _ tables: [Int: KindTable]) {
    for indicator in catalog.indicators {
      switch indicator.definition {
      case .stock(let stock):
        guard let units = UnitReader(stock.units, catalog, tables), let returns = ReturnReader(stock, catalog, tables)
        else { continue }
        parts.append(Part(indicator: indicator.id, number: parts.count, units: units, stock: stock, returns: returns))
        unitKinds.insert(units.table.kind.id)
        returnKinds.insert(returns.table.kind.id)
      case .openUnits(let open):
        let name = Self.countName(open.units)
        guard !parts.contains(where: { $0.indicator == name }), let units = UnitReader(open.units, catalog, tables)
        else { continue }
        parts.append(Part(indicator: name, number: parts.count, units: units, stock: nil, returns: nil))
        unitKinds.insert(units.table.kind.id)
      case .ratio: continue
      }
    }
    for kind in returnKinds where !unitKinds.contains(kind) {
      let found = parts.filter { $0.returns?.table.kind.id == kind }
      if found.count == 1 { partOfReturns[kind] = found[0] }
    }
  }

  /// The unit to which a record belongs, or nil when totals do not ask for it.
  func unit(of table: KindTable, _ key: RecordKey) -> [UInt8]? {
    if unitKinds.contains(table.kind.id) { return key.bytes }
    // The unit is the first column of a return's key.
    if returnKinds.contains(table.kind.id) {
      return Array(key.bytes[..<(key.bytes.firstIndex(of: RecordKey.separator) ?? key.bytes.count)])
    }
    return nil
  }

  /// The one stock that a kind's records are the returns of; nil for another kind, and where several stocks share it.
  func part(ofReturns table: KindTable) -> Part? { partOfReturns[table.kind.id] }
}

/// Reads a unit's own record.
final class UnitReader {
  let table: KindTable
  /// The places in `KindTable.fields` of the sort and of the dates of opening and closing.
  private let sort: Int
  private let opened: Int
  private let closed: Int
  /// Every unit, and one.
  let selectAll: String
  private let select: LazyStatement

  init?(_ units: Indicator.Units, _ catalog: Catalog, _ tables: [Int: KindTable]) {
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
    select = LazyStatement(selectAll + " WHERE \(kind.key[0].name.sql)=?1")
  }

  func read(_ unit: [UInt8], _ engine: Engine, _ sealed: TotalsTracker.SealedRows) throws -> UnitRecord? {
    if let known = sealed[table.kind.id]?[RecordKey(bytes: unit)] {
      return known.map { row in
        UnitRecord(
          federation: String(decoding: row.federation, as: UTF8.self), sort: row.values[sort].display,
          opened: DayRange(date: Array(row.values[opened].display.utf8)),
          closed: DayRange(date: Array(row.values[closed].display.utf8)))
      }
    }
    let statement = try select.get(engine.connection)
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
  func exists(_ unit: [UInt8], _ engine: Engine) throws -> Bool {
    let known = try greatest ?? lastUnit(engine)
    greatest = known
    if known.lexicographicallyPrecedes(unit) {
      greatest = unit
      return false
    }
    let statement = try selectAny.get(engine.connection)
    statement.bind(1, text: unit)
    guard try statement.step() else { return false }
    statement.reset()
    return true
  }

  private func lastUnit(_ engine: Engine) throws -> [UInt8] {
    let statement = try engine.connection.prepared(selectLast)
    defer { statement.reset() }
    return try statement.step() && !statement.isNull(0) ? statement.bytes(0) : []
  }

  init?(_ stock: Indicator.Stock, _ catalog: Catalog, _ tables: [Int: KindTable]) {
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

  func read(_ unit: [UInt8], _ engine: Engine, _ sealed: TotalsTracker.SealedRows) throws -> [UnitReturn] {
    let known = sealed[table.kind.id] ?? [:]
    let statement = try select.get(engine.connection)
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
  func eachWithheld(_ engine: Engine, _ body: ([UInt8]) throws -> Void) throws {
    guard let selectWithheld else { return }
    let select = try engine.connection.prepared(selectWithheld)
    var units: [[UInt8]] = []
    while try select.step() { units.append(select.bytes(0)) }
    for unit in units { try body(unit) }
  }
}
