import SyncCore

/// One difference between a catalog and a later one.
public struct CatalogChange: Equatable, Sendable {
  /// What happened to the thing.
  public enum Sort: String, Sendable {
    case added, changed, deprecated, removed
  }

  public var sort: Sort
  /// The kind that it concerns; empty for the catalog itself and for indicators.
  public var kind: String
  /// One plain clause, such as `the column phone (text) is added`.
  public var words: String

  /// A change of `kind`, or of the catalog itself.
  public init(_ sort: Sort, kind: String = "", _ words: String) {
    self.sort = sort
    self.kind = kind
    self.words = words
  }

  public var description: String { kind.isEmpty ? words : "\(kind): \(words)" }

  /// Every difference between a catalog and a later one, in order of kind.
  public static func list(from old: Catalog, to new: Catalog) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    if old.title != new.title { changes.append(CatalogChange(.changed, "the title is now \(new.title)")) }
    for kind in new.kinds {
      guard let before = old.kind(kind.id) else {
        let columns = kind.fields.map(\.name).joined(separator: ", ")
        changes.append(CatalogChange(.added, kind: kind.name, "the kind is added, with the columns \(columns)"))
        continue
      }
      changes += list(from: before, to: kind)
    }
    for kind in old.kinds where new.kind(kind.id) == nil {
      changes.append(
        CatalogChange(.removed, kind: kind.name, "the kind is removed; its records stay in the log, shown nowhere"))
    }
    return changes + indicators(from: old, to: new) + derivations(from: old, to: new)
  }

  private static func list(from old: Kind, to new: Kind) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    if old.title != new.title {
      changes.append(CatalogChange(.changed, kind: new.name, "it is now titled \(new.title)"))
    }
    if old.deletion != new.deletion {
      let words = "a deletion that meets an edit: \(new.deletion.rawValue) instead of \(old.deletion.rawValue)"
      changes.append(CatalogChange(.changed, kind: new.name, words))
    }
    for group in new.groups {
      guard let before = old.groups.first(where: { $0.id == group.id }) else {
        changes.append(CatalogChange(.added, kind: new.name, "the group \(group.name) is added"))
        continue
      }
      if before.rule != group.rule { changes.append(rule(group.name, before.rule, group.rule, new)) }
    }
    for field in new.fields {
      guard let before = old.field(field.id) else {
        changes.append(
          CatalogChange(.added, kind: new.name, "the column \(field.name) (\(words(field.type))) is added"))
        continue
      }
      changes += list(from: before, to: field, new)
    }
    for field in old.fields where new.field(field.id) == nil {
      let words = "the column \(field.name) is removed; its values stay in the log, shown nowhere"
      changes.append(CatalogChange(.removed, kind: new.name, words))
    }
    return changes
  }

  private static func list(from old: Field, to new: Field, _ kind: Kind) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    if old.rule != new.rule, new.group == nil { changes.append(rule(new.name, old.rule, new.rule, kind)) }
    if case .code(let before) = old.type, case .code(let after) = new.type {
      let added = after.filter { code in !before.contains { $0.sameBytes(as: code) } }
      if !added.isEmpty {
        let codes = "\(added.count == 1 ? "code" : "codes") \(added.joined(separator: ", "))"
        changes.append(CatalogChange(.added, kind: kind.name, "the column \(new.name) allows the \(codes) as well"))
      }
    } else if old.type != new.type {
      changes.append(CatalogChange(.changed, kind: kind.name, "the column \(new.name) is now \(words(new.type))"))
    }
    if old.isDeprecated != new.isDeprecated {
      let words = new.isDeprecated ? "is deprecated: new records should leave it empty" : "is deprecated no longer"
      changes.append(
        CatalogChange(new.isDeprecated ? .deprecated : .changed, kind: kind.name, "the column \(new.name) \(words)"))
    }
    return changes
  }

  private static func rule(_ name: String, _ old: MergeRule, _ new: MergeRule, _ kind: Kind) -> CatalogChange {
    CatalogChange(.changed, kind: kind.name, "\(name) merges by rule \(new.rawValue) instead of \(old.rawValue)")
  }

  private static func indicators(from old: Catalog, to new: Catalog) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    for indicator in new.indicators {
      guard let before = old.indicator(named: indicator.id) else {
        changes.append(CatalogChange(.added, "the indicator \(indicator.id) is added"))
        continue
      }
      if before != indicator {
        changes.append(CatalogChange(.changed, "the indicator \(indicator.id) is defined anew, and totals with it"))
      }
    }
    for indicator in old.indicators where new.indicator(named: indicator.id) == nil {
      changes.append(CatalogChange(.removed, "the indicator \(indicator.id) is removed"))
    }
    return changes
  }

  private static func derivations(from old: Catalog, to new: Catalog) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    for derivation in new.derivations {
      let counts = "it counts \(derivation.source) into \(derivation.target)"
      guard let before = old.derivation(named: derivation.id) else {
        changes.append(CatalogChange(.added, "the derivation \(derivation.id) is added: \(counts)"))
        continue
      }
      if before != derivation {
        changes.append(CatalogChange(.changed, "the derivation \(derivation.id) is defined anew: \(counts)"))
      }
    }
    for derivation in old.derivations where new.derivation(named: derivation.id) == nil {
      changes.append(CatalogChange(.removed, "the derivation \(derivation.id) is removed"))
    }
    return changes
  }

  private static func words(_ type: FieldType) -> String {
    switch type {
    case .text: "text"
    case .integer(let minimum, let maximum):
      switch (minimum, maximum) {
      case (nil, nil): "whole number"
      case (let minimum?, nil): "whole number from \(minimum)"
      case (nil, let maximum?): "whole number up to \(maximum)"
      case (let minimum?, let maximum?): "whole number from \(minimum) to \(maximum)"
      }
    case .boolean: "0 or 1"
    case .date: "date"
    case .period: "period"
    case .code: "code"
    case .ref(let kind): "key of \(kind)"
    case .set: "set"
    case .money: "amount of money"
    }
  }
}
