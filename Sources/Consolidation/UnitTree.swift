import SyncCore

/// Which unit stands above which, along one axis at one date.
///
/// A unit without a link stands directly under the federation that registered it.
public struct UnitTree: Sendable {
  /// A unit as its own record says.
  public struct Unit: Sendable, Equatable {
    public var code: String
    /// The owner of its record.
    public var owner: String
    public var sort: String
    public var name: String

    public init(code: String, owner: String, sort: String, name: String) {
      self.code = code
      self.owner = owner
      self.sort = sort
      self.name = name
    }
  }

  public private(set) var units: [Unit] = []
  private var numbers: [String: Int] = [:]
  private var parents: [String: String] = [:]
  public let headquarters: String
  private let federations: Set<String>

  /// - Parameter federations: the codes of all federations, each the top of its own units.
  public init(headquarters: String, federations: Set<String>) {
    self.headquarters = headquarters
    self.federations = federations
  }

  public mutating func add(_ unit: Unit) {
    numbers[unit.code] = units.count
    units.append(unit)
  }

  /// Of several calls for one unit the last counts.
  public mutating func link(_ child: String, to parent: String) { parents[child] = parent }

  public func unit(_ code: String) -> Unit? { numbers[code].map { units[$0] } }
  public func parent(of code: String) -> String? { parents[code] }

  /// The federation to which a unit belongs: that which registered it, or to which the links of what headquarters
  /// registered lead; nil where they lead to none, and for a unit that nobody registered.
  public func home(of first: String) -> String? {
    var code = first
    var passed: Set<String> = []
    while passed.insert(code).inserted {
      if federations.contains(code) { return code }
      guard let owner = unit(code)?.owner else { return nil }
      if owner != headquarters { return owner }
      guard let parent = parents[code] else { return nil }
      code = parent
    }
    return nil
  }
}

/// Why a unit has no place under a federation in whose total it counts.
public enum NotPlaced: String, Sendable, CaseIterable, Comparable {
  /// Nobody registered the unit.
  case unregistered
  /// The unit belongs to another federation.
  case foreign
  /// Its parents lead back to it.
  case circle
  /// Its parent is registered by nobody.
  case unknownParent = "unknown_parent"
  /// Its parent belongs to another federation.
  case foreignParent = "foreign_parent"
  /// Headquarters registered the unit, and no link leads to the federation.
  case unlinked

  public static func < (a: Self, b: Self) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// The units that count for one federation, as a tree under it and, by cause, as trees that have no place there.
///
/// Every unit is in it once, so the federation's total is the sum over what stands under it and over what has no place.
public struct FederationTree: Sendable {
  /// Where a unit stands.
  public enum Place: Equatable, Sendable {
    case under(String)
    /// At the top of a tree that has no place.
    case loose(NotPlaced)
  }

  public let federation: String
  private var places: [String: Place] = [:]
  private var below: [String: [String]] = [:]
  /// The tops of trees that have no place, by cause.
  public private(set) var loose: [NotPlaced: [String]] = [:]

  /// - Parameter counting: the codes of all units that belong to the federation, or of which something counts for it.
  public init(_ tree: UnitTree, federation: String, counting codes: some Sequence<String>) {
    self.federation = federation
    for code in codes where code != federation { place(code, tree) }
    for (code, place) in places {
      switch place {
      case .under(let parent): below[parent, default: []].append(code)
      case .loose(let cause): loose[cause, default: []].append(code)
      }
    }
    for parent in Array(below.keys) { below[parent]?.sort() }
    for cause in Array(loose.keys) { loose[cause]?.sort() }
  }

  /// The units directly under one.
  public func children(of unit: String) -> [String] { below[unit] ?? [] }

  /// Whether anything of the unit counts for the federation, or its children do.
  public func contains(_ unit: String) -> Bool { places[unit] != nil }

  /// The unit and all under it.
  public func everything(under unit: String) -> [String] {
    var found = [unit]
    var next = 0
    while next < found.count {
      found += below[found[next]] ?? []
      next += 1
    }
    return found
  }

  /// Follows the links up from a unit, and gives each on the way its place.
  private mutating func place(_ first: String, _ tree: UnitTree) {
    var way: [String] = []
    var next = first
    while next != federation, places[next] == nil {
      let place = self.step(from: next, tree)
      places[next] = place
      way.append(next)
      guard case .under(let parent) = place else { return }
      next = parent
    }
    guard let start = way.firstIndex(of: next) else { return }
    // Every unit of the circle is the top of what hangs on it.
    for unit in way[start...] { places[unit] = .loose(.circle) }
  }

  /// Where a unit stands by its own record and link.
  private func step(from code: String, _ tree: UnitTree) -> Place {
    guard tree.unit(code) != nil else { return .loose(.unregistered) }
    guard let home = tree.home(of: code) ?? (federation == tree.headquarters ? federation : nil) else {
      return .loose(.unlinked)
    }
    if home != federation { return .loose(.foreign) }
    guard let parent = tree.parent(of: code), parent != federation else { return .under(federation) }
    if tree.unit(parent) == nil { return .loose(.unknownParent) }
    return tree.home(of: parent) ?? tree.headquarters == federation ? .under(parent) : .loose(.foreignParent)
  }
}
