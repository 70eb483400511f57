import Consolidation
import SyncCore

/// Which unit belongs to which, along one axis at a date.
struct UnitTree {
  private var parents: [String: String] = [:]
  private var childrenOf: [String: [String]] = [:]
  private var sorts: [String: String] = [:]
  private var names: [String: String] = [:]

  /// Reads the tree. A unit without a link stands under the unit of the federation that owns it.
  init(_ units: Indicator.Units, axis: String, day: CalendarDay, _ transaction: Transaction) throws {
    guard let kind = transaction.catalog.kind(named: units.kind),
      let links = transaction.catalog.kind(named: units.linkKind),
      links.key.count == 3
    else { return }
    var owners: [String: String] = [:]
    let select = try transaction.connection.prepared(
      "SELECT \(kind.key[0].name.sql), federation, \(units.sortField.sql) FROM \(kind.name)")
    while try select.step() {
      owners[select.string(0)] = select.string(1)
      sorts[select.string(0)] = select.string(2)
    }
    try readLinks(units, links, axis: axis, day: day, transaction)
    for (unit, owner) in owners where parents[unit] == nil && unit != owner && owners[owner] != nil {
      parents[unit] = owner
    }
    for (child, parent) in parents { childrenOf[parent, default: []].append(child) }
    for parent in childrenOf.keys { childrenOf[parent]?.sort() }
    try readNames(transaction)
  }

  /// The link that stands at the day: the latest that began by then and has not ended.
  private mutating func readLinks(
    _ units: Indicator.Units, _ links: Kind, axis: String, day: CalendarDay, _ transaction: Transaction
  ) throws {
    let keys = links.key.map(\.name.sql)
    let select = try transaction.connection.prepared(
      "SELECT \(keys[0]), \(keys[2]), \(units.parentField.sql), \(units.linkEndField.sql) FROM \(links.name) "
        + "WHERE \(keys[1])=?1 AND \(units.parentField.sql) IS NOT NULL ORDER BY \(keys[0]), \(keys[2])")
    select.bind(1, text: axis)
    while try select.step() {
      guard let from = DayRange(date: select.bytes(1))?.first, from <= day else { continue }
      if let end = DayRange(date: select.bytes(3))?.last, end < day { continue }
      parents[select.string(0)] = select.string(2)
    }
  }

  /// Official names, where the catalog has a kind for them.
  private mutating func readNames(_ transaction: Transaction) throws {
    guard let kind = transaction.catalog.kind(named: "org_unit"), kind.field(named: "name") != nil else { return }
    let select = try transaction.connection.prepared("SELECT code, name FROM org_unit WHERE name IS NOT NULL")
    while try select.step() { names[select.string(0)] = select.string(1) }
  }

  func children(of unit: String) -> [String] { childrenOf[unit] ?? [] }
  func name(of unit: String) -> String { names[unit] ?? "" }
  func sort(of unit: String) -> String { sorts[unit] ?? "" }

  /// The unit and all under it, each once even where links run in a circle.
  mutating func everything(under unit: String) -> [String] {
    var found: Set<String> = [unit]
    var open = [unit]
    while let next = open.popLast() {
      for child in childrenOf[next] ?? [] where found.insert(child).inserted { open.append(child) }
    }
    return found.sorted()
  }
}
