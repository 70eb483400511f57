import Store
import SyncCore

/// Headquarters' register of federations: the kind that the catalog's totals take their rows from.
public struct FederationRegister {
  /// What is known of a federation before it is invited.
  public enum Standing: Equatable, Sendable {
    /// It is in the register, and the totals show it.
    case registered
    /// It is in the register, but its status makes it no row of the totals; empty where it has none.
    case withoutTotals(status: String)
    case unregistered
    /// The catalog has no such register.
    case unknown
  }

  /// What a federation is in the register, where the catalog knows that sort.
  private static let sort = "national_centre"
  /// How many known codes are named at most.
  private static let shownCodes = 3

  private let store: Store
  private let catalog: Catalog
  private let units: Indicator.Units?

  public init(_ store: Store) throws {
    self.store = store
    catalog = try store.catalog()
    units =
      catalog.indicators.lazy.compactMap { indicator in
        switch indicator.definition {
        case .stock(let stock): stock.units
        case .openUnits(let open): open.units
        case .ratio: nil
        }
      }.first
  }

  /// The kind of the register, such as `org_unit`.
  public var kind: String { units?.kind ?? "" }

  public func standing(of code: String) throws -> Standing {
    // Headquarters' own offices are no member.
    guard let units, !code.sameBytes(as: store.identity.role.federation) else { return .unknown }
    guard let record = try store.record(kind: units.kind, key: code) else { return .unregistered }
    let status = record.columns.first { $0.name.sameBytes(as: units.statusField) }?.value.display ?? ""
    return units.statuses.contains { $0.sameBytes(as: status) } ? .registered : .withoutTotals(status: status)
  }

  /// The status of a federation that is registered: `observer` if the catalog gives it fewer rights, else `member`.
  public func status(of code: String) -> String {
    let isObserver = catalog.observers.contains { $0.federation.sameBytes(as: code) }
    let wanted = isObserver ? "observer" : "member"
    let statuses = units?.statuses ?? []
    return statuses.first { $0.sameBytes(as: wanted) } ?? statuses.first ?? wanted
  }

  /// The words that set the status of a federation, for `birlik set`.
  public func statusAssignment(of code: String) -> String {
    "\(units?.statusField ?? "")=\(status(of: code))"
  }

  /// Known codes for which a new one may be a slip of the pen: at most two letters differ. The most alike come first.
  public func similar(to code: String) throws -> [String] {
    var known = Set(try store.nodes().map(\.role.federation))
    if let units {
      try store.eachRecord(kind: units.kind) { record in
        known.insert(record.key)
        return true
      }
    }
    known.insert(store.identity.role.federation)
    guard !known.contains(where: { $0.sameBytes(as: code) }) else { return [] }
    // Of a code of three letters two are nearly all.
    let most = code.utf8.count < 4 ? 1 : 2
    let found = known.compactMap { other in
      EditDistance.between(code, other, atMost: most).map { (distance: $0, code: other) }
    }
    return found.sorted { ($0.distance, $0.code) < ($1.distance, $1.code) }.prefix(Self.shownCodes).map(\.code)
  }

  /// Writes a federation into the register, as an ordinary edit of headquarters.
  ///
  /// - Throws: `StoreError` with code `invalid` for a country that the catalog does not know.
  public func register(_ code: String, name: String, country: String) throws {
    guard let units, let known = catalog.kind(named: units.kind) else { return }
    var values = [(field: "name", text: name), (field: "country", text: country.uppercased())]
    if let sort = known.field(named: units.sortField), case .code(let sorts) = sort.type,
      sorts.contains(Self.sort)
    {
      values.append((field: units.sortField, text: Self.sort))
    }
    values = values.filter { known.field(named: $0.field) != nil && !$0.text.isEmpty }
    values.append((field: units.statusField, text: status(of: code)))
    // The record is the federation's own, so that it may correct its name itself.
    values.append((field: "federation", text: code))
    _ = try store.edit(kind: units.kind, key: code, values: values)
  }
}
