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
    let headquarters: String

    init(
      indicator: String, number: Int, units: UnitReader, stock: Indicator.Stock?, returns: ReturnReader?,
      headquarters: String
    ) {
      self.headquarters = headquarters
      self.indicator = indicator
      self.number = number
      self.units = units
      self.stock = stock
      self.returns = returns
    }

    /// How the unit's own record decides what its returns add; nil where units are counted.
    func terms(of unit: [UInt8], _ transaction: Transaction) throws -> ReturnTerms? {
      guard let stock else { return nil }
      return ReturnTerms(
        stock, unit: try units.read(unit, transaction, [:]), code: String(decoding: unit, as: UTF8.self),
        headquarters: headquarters)
    }

    func contributions(
      of unit: [UInt8], _ transaction: Transaction, _ sealed: TotalsTracker.SealedRows
    ) throws -> [TotalKey: TotalDelta] {
      let record = try units.read(unit, transaction, sealed)
      guard let stock, let returns else { return Contributions.openUnits(record) }
      return Contributions.stock(
        stock, unit: record, code: String(decoding: unit, as: UTF8.self),
        returns: try returns.read(unit, transaction, sealed), headquarters: headquarters)
    }
  }

  private(set) var parts: [Part] = []
  private var unitKinds: Set<KindID> = []
  private var returnKinds: Set<KindID> = []
  /// The one stock that a kind's records are the returns of, by kind.
  private var partOfReturns: [KindID: Part] = [:]

  /// The name under which `birlik_total` counts the units of a kind.
  static func countName(_ units: Indicator.Units) -> String { "#" + units.kind }

  init(_ transaction: Transaction) {
    let (catalog, tables) = (transaction.catalog, transaction.adopted.tables)
    for indicator in catalog.indicators {
      switch indicator.definition {
      case .stock(let stock):
        guard let units = UnitReader(stock.units, catalog, tables), let returns = ReturnReader(stock, catalog, tables)
        else { continue }
        parts.append(
          Part(
            indicator: indicator.id, number: parts.count, units: units, stock: stock, returns: returns,
            headquarters: transaction.headquarters))
        unitKinds.insert(units.table.kind.id)
        returnKinds.insert(returns.table.kind.id)
      case .openUnits(let open):
        let name = Self.countName(open.units)
        guard !parts.contains(where: { $0.indicator == name }), let units = UnitReader(open.units, catalog, tables)
        else { continue }
        parts.append(
          Part(
            indicator: name, number: parts.count, units: units, stock: nil, returns: nil,
            headquarters: transaction.headquarters))
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
