/// What every catalog must satisfy, whoever signed it: its names are used in SQL, its numbers in triggers and heads.
///
/// The checker of the catalog's files demands more and names the place; a node demands this of a catalog from outside.
extension Catalog {
  /// Why nobody can follow the catalog, as a clause; nil for a sound one.
  public var flaw: String? {
    var ids = Set(retiredKinds)
    var names: Set<[UInt8]> = []
    for kind in kinds {
      guard (1...Kind.largestID).contains(kind.id.number), ids.insert(kind.id).inserted else {
        return "the id \(kind.id) of a kind is not from 1 to \(Kind.largestID), or there twice"
      }
      guard Self.isUsable(kind.name), !CatalogName.needsQuotes(kind.name) else { return "a kind has an improper name" }
      guard names.insert(Array(kind.name.utf8)).inserted else { return "the kind \(kind.name) is there twice" }
      if let flaw = kind.flaw { return "the kind \(kind.name) \(flaw)" }
    }
    var indicatorIDs: Set<[UInt8]> = []
    for indicator in indicators {
      guard Self.isUsable(indicator.id), indicatorIDs.insert(Array(indicator.id.utf8)).inserted else {
        return "an indicator has an improper name, or is there twice"
      }
    }
    return nil
  }

  fileprivate static func isUsable(_ name: String) -> Bool {
    CatalogName.isPlain(name) && CatalogName.keptPrefix(of: name) == nil
  }
}

extension Kind {
  /// The largest number of a kind, and of a field or group: a capture mask has one bit for each of those.
  public static let largestID = SystemKind.first.number - 1
  public static let largestFieldID = 61
  /// Columns that a key may have.
  public static let mostKeyColumns = 4
  /// The owner's column, which every shared kind has.
  public static let ownerColumn = "federation"

  fileprivate var flaw: String? {
    guard (1...Self.mostKeyColumns).contains(key.count) else {
      return "has no key of 1 to \(Self.mostKeyColumns) columns"
    }
    var columns: Set<[UInt8]> = recordClass == .local ? [] : [Array(Self.ownerColumn.utf8)]
    for name in key.map(\.name) + fields.map(\.name) {
      guard Catalog.isUsable(name) else { return "has a column with an improper name" }
      guard columns.insert(Array(name.utf8)).inserted else { return "has two columns \(name)" }
    }
    var ids = Set(retiredFields)
    for id in fields.map(\.id.number) + groups.map(\.id.number) {
      guard (1...Self.largestFieldID).contains(id), ids.insert(id).inserted else {
        return "has an id \(id) that is not from 1 to \(Self.largestFieldID), or there twice"
      }
    }
    guard groups.allSatisfy({ Catalog.isUsable($0.name) }) else { return "has a group with an improper name" }
    let groupIDs = Set(groups.map(\.id))
    let lost = fields.first { $0.group.map { !groupIDs.contains($0) } ?? false }
    return lost.map { "has a column \($0.name) in a group that is not there" }
  }
}
