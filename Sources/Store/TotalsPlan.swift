import Consolidation
import SyncCore

/// Which records make up which totals, as the catalog says.
struct TotalsPlan {
  /// One stock, or the count of one kind of units by sort.
  struct Part {
    /// The name under which `birlik_total` keeps it.
    var indicator: String
    var units: UnitReader
    var stock: Indicator.Stock?
    var returns: ReturnReader?

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

  /// The name under which `birlik_total` counts the units of a kind.
  static func countName(_ units: Indicator.Units) -> String { "#" + units.kind }

  init(_ catalog: Catalog, _ tables: [Int: KindTable]) {
    for indicator in catalog.indicators {
      switch indicator.definition {
      case .stock(let stock):
        guard let units = UnitReader(stock.units, catalog, tables), let returns = ReturnReader(stock, catalog, tables)
        else { continue }
        parts.append(Part(indicator: indicator.id, units: units, stock: stock, returns: returns))
        unitKinds.insert(units.table.kind.id)
        returnKinds.insert(returns.table.kind.id)
      case .openUnits(let open):
        let name = Self.countName(open.units)
        guard !parts.contains(where: { $0.indicator == name }), let units = UnitReader(open.units, catalog, tables)
        else { continue }
        parts.append(Part(indicator: name, units: units, stock: nil, returns: nil))
        unitKinds.insert(units.table.kind.id)
      case .ratio: continue
      }
    }
  }

  /// The unit to which a record belongs, or nil when totals do not ask for it.
  func unit(of table: KindTable, _ key: RecordKey) -> [UInt8]? {
    if unitKinds.contains(table.kind.id) { return key.bytes }
    // The unit is the first column of a return's key.
    if returnKinds.contains(table.kind.id) { return Array(key.bytes.prefix { $0 != RecordKey.separator }) }
    return nil
  }

  /// Calls `body` once with every unit that has a record of its own or a return.
  func eachUnit(_ engine: Engine, _ body: ([UInt8]) throws -> Void) throws {
    var sources: [String] = []
    for part in parts {
      let unit = part.units.table.kind
      sources.append("SELECT \(unit.key[0].name.sql) AS unit FROM \(unit.name)")
      if let returns = part.returns?.table.kind {
        sources.append("SELECT \(returns.key[0].name.sql) AS unit FROM \(returns.name)")
      }
    }
    guard !sources.isEmpty else { return }
    let statement = try engine.connection.prepared(Set(sources).sorted().joined(separator: " UNION "))
    defer { statement.reset() }
    while try statement.step() { try body(statement.bytes(0)) }
  }
}

/// Reads a unit's own record.
struct UnitReader {
  let table: KindTable
  /// The places in `KindTable.fields` of the sort and of the dates of opening and closing.
  private let sort: Int
  private let opened: Int
  private let closed: Int
  private let select: String

  init?(_ units: Indicator.Units, _ catalog: Catalog, _ tables: [Int: KindTable]) {
    guard let kind = catalog.kind(named: units.kind), kind.key.count == 1, let table = tables[kind.id],
      let sort = table.fieldIndex(named: units.sortField), let opened = table.fieldIndex(named: units.openedField),
      let closed = table.fieldIndex(named: units.closedField)
    else { return nil }
    self.table = table
    self.sort = sort
    self.opened = opened
    self.closed = closed
    select =
      "SELECT federation, \(units.sortField.sql), \(units.openedField.sql), \(units.closedField.sql) FROM \(kind.name) "
      + "WHERE \(kind.key[0].name.sql)=?1"
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
    let statement = try engine.connection.prepared(select)
    statement.bind(1, text: unit)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return UnitRecord(
      federation: statement.string(0), sort: statement.string(1), opened: DayRange(date: statement.bytes(2)),
      closed: DayRange(date: statement.bytes(3)))
  }
}

/// Reads all returns of a unit.
struct ReturnReader {
  let table: KindTable
  private let value: Int
  private let select: String

  init?(_ stock: Indicator.Stock, _ catalog: Catalog, _ tables: [Int: KindTable]) {
    let columns = [stock.unitColumn, stock.dateColumn, stock.axisColumn]
    guard let kind = catalog.kind(named: stock.kind), kind.key.map(\.name) == columns, let table = tables[kind.id],
      let value = table.fieldIndex(named: stock.valueField)
    else { return nil }
    self.table = table
    self.value = value
    select =
      "SELECT federation, \(stock.axisColumn.sql), \(stock.dateColumn.sql), \(stock.valueField.sql) FROM \(kind.name) "
      + "WHERE \(stock.unitColumn.sql)=?1"
  }

  func read(_ unit: [UInt8], _ engine: Engine, _ sealed: TotalsTracker.SealedRows) throws -> [UnitReturn] {
    let known = sealed[table.kind.id] ?? [:]
    let statement = try engine.connection.prepared(select)
    statement.bind(1, text: unit)
    var returns: [UnitReturn] = []
    while try statement.step() {
      let date = statement.bytes(2)
      if !known.isEmpty, known[RecordKey(columns: [unit, date, statement.bytes(1)])] != nil { continue }
      guard let asOf = DayRange(date: date) else { continue }
      returns.append(
        UnitReturn(
          federation: statement.string(0), axis: statement.string(1), asOf: asOf,
          value: statement.isNull(3) ? nil : statement.int64(3)))
    }
    for (key, row) in known {
      let columns = key.columns
      guard let row, columns.count == 3, columns[0] == unit, let asOf = DayRange(date: columns[1]) else { continue }
      returns.append(
        UnitReturn(
          federation: String(decoding: row.federation, as: UTF8.self), axis: String(decoding: columns[2], as: UTF8.self),
          asOf: asOf, value: row.values[value].integer))
    }
    return returns
  }
}
