/// Whether a node that follows one catalog may adopt a later one.
///
/// Ids keep their meaning for ever, and who may read a value is settled when it is typed. Headquarters checks more before
/// it publishes; a node holds headquarters to what would otherwise lose, retype or give away what its people typed.
extension Catalog {
  /// Why a node that follows this catalog cannot adopt `later`, as a clause; nil when it can.
  ///
  /// - Parameter everLocal: what was ever local at this node, as `localNames` gives it.
  public func hindrance(to later: Catalog, everLocal: Set<String>) -> String? {
    // By its name as well: a form that fills a table of members goes on filling a shared one of the same name.
    for name in later.sharedNames where everLocal.contains(name) {
      return "it would share \(name), which is personal data that stays on this machine"
    }
    for derivation in derivations {
      // Figures that were withheld must not come out because a later catalog asks again, less carefully.
      guard let next = later.derivation(named: derivation.id), next.threshold < derivation.threshold else { continue }
      return "its derivation \(derivation.id) would tell what was withheld so far"
    }
    for kind in kinds {
      guard let next = later.kind(kind.id) else {
        guard later.retiredKinds.contains(kind.id) else { return "it drops the kind \(kind.name) without retiring it" }
        continue
      }
      if let hindrance = kind.hindrance(to: next) { return "in the kind \(kind.name) it \(hindrance)" }
    }
    if let id = retiredKinds.first(where: { later.kind($0) != nil }) { return "it uses the retired kind \(id) again" }
    return nil
  }

  /// The tables, and as `table.column` the columns, that never leave the file.
  public var localNames: Set<String> {
    var names: Set<String> = []
    for kind in kinds {
      if kind.recordClass == .local { names.insert(kind.name) }
      for field in kind.fields where field.isLocal || kind.recordClass == .local {
        names.insert("\(kind.name).\(field.name)")
      }
    }
    return names
  }

  private var sharedNames: [String] {
    kinds.filter { $0.recordClass != .local }.flatMap { kind in
      [kind.name] + kind.fields.filter { !$0.isLocal }.map { "\(kind.name).\($0.name)" }
    }
  }
}

extension Kind {
  /// What a later form of the kind changes that may not change; nil for nothing.
  fileprivate func hindrance(to later: Kind) -> String? {
    guard later.name.sameBytes(as: name) else { return "changes the name" }
    guard later.recordClass == recordClass else { return "changes who may read the records" }
    guard later.appendOnly == appendOnly else { return "changes whether records are written once" }
    let sameKey =
      key.count == later.key.count
      && zip(key, later.key).allSatisfy {
        $0.name.sameBytes(as: $1.name) && $0.type.isTaken(by: $1.type)
      }
    guard sameKey else { return "changes the key" }
    for field in fields {
      guard let next = later.field(field.id) else {
        guard later.retiredFields.contains(field.id.number) else {
          return "drops the column \(field.name) without retiring it"
        }
        continue
      }
      guard next.name.sameBytes(as: field.name) else { return "changes the name of the column \(field.name)" }
      guard field.type.isTaken(by: next.type) else { return "changes the type of the column \(field.name)" }
      guard next.isLocal == field.isLocal else { return "changes whether the column \(field.name) is local" }
      guard next.group == field.group else { return "changes the group of the column \(field.name)" }
    }
    let used = Set(later.fields.map(\.id.number) + later.groups.map(\.id.number))
    return retiredFields.contains(where: used.contains) ? "uses a retired column's number" : nil
  }
}

extension FieldType {
  /// True when every value of this type is one of `later` as well.
  public func isTaken(by later: FieldType) -> Bool {
    switch (self, later) {
    case (.code(let before), .code(let after)):
      let kept = Set(after.map { Array($0.utf8) })
      return before.allSatisfy { kept.contains(Array($0.utf8)) }
    case (.integer(let oldMinimum, let oldMaximum), .integer(let newMinimum, let newMaximum)):
      return (newMinimum ?? .min) <= (oldMinimum ?? .min) && (newMaximum ?? .max) >= (oldMaximum ?? .max)
    case (.ref(let before), .ref(let after)): return before.sameBytes(as: after)
    default: return self == later
    }
  }
}
