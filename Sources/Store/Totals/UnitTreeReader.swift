import Consolidation
import SyncCore

/// Reads which unit stands above which.
struct UnitTreeReader {
  private let transaction: Transaction
  private let units: Indicator.Units

  init(_ units: Indicator.Units, _ transaction: Transaction) {
    self.units = units
    self.transaction = transaction
  }

  /// - Parameter axis: the axis of the links; nil to read none.
  func tree(axis: String?, day: CalendarDay, federations: Set<String>) throws -> UnitTree {
    let headquarters = transaction.headquarters
    var tree = UnitTree(headquarters: headquarters, federations: federations)
    guard let kind = transaction.catalog.kind(named: units.kind), let key = kind.key.first?.name.sql else {
      return tree
    }
    let name = kind.field(named: "name") == nil ? "NULL" : "name"
    let select = try transaction.connection.prepared(
      "SELECT \(key), federation, \(units.sortField.sql), \(name) FROM \(kind.name)")
    while try select.step() {
      tree.add(
        UnitTree.Unit(
          code: select.string(0), owner: select.string(1), sort: select.string(2), name: select.string(3)))
    }
    if let axis { try readLinks(axis: axis, day: day, into: &tree) }
    return tree
  }

  /// The link that stands at the day: the latest that began by then and has not ended.
  private func readLinks(axis: String, day: CalendarDay, into tree: inout UnitTree) throws {
    guard let links = transaction.catalog.kind(named: units.linkKind), links.key.count == 3 else { return }
    let keys = links.key.map(\.name.sql)
    let select = try transaction.connection.prepared(
      "SELECT \(keys[0]), \(keys[2]), \(units.parentField.sql), \(units.linkEndField.sql) FROM \(links.name) "
        + "WHERE \(keys[1])=?1 AND \(units.parentField.sql)<>'' ORDER BY \(keys[0]), \(keys[2])")
    select.bind(1, text: axis)
    while try select.step() {
      guard let from = DayRange(date: select.bytes(1))?.first, from <= day else { continue }
      if let end = DayRange(date: select.bytes(3))?.last, end < day { continue }
      tree.link(select.string(0), to: select.string(2))
    }
  }
}
