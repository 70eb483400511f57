import SyncCore

/// Compares a catalog with the one published before it.
///
/// Nodes with either catalog exchange changes by ids, so an id keeps its meaning for ever: kinds, fields and codes may
/// be added, rules other than `owner` may change; what is to go is deprecated first, then retired, and its number never
/// used again.
struct Evolution {
  let draft: CatalogDraft
  let published: Catalog
  let findings: FindingList

  func check() {
    checkVersion()
    for old in published.kinds { checkKind(old) }
    for kind in draft.kinds where published.retiredKinds.contains(kind.kind.id) {
      findings.add(
        kind.idPlace,
        "The kind `\(kind.kind.name)` uses the id \(kind.kind.id) again, which a published catalog "
          + "retired.", hint: "Give it a number that no kind ever had.")
    }
    for id in published.retiredKinds where !draft.retiredKinds.contains(id.number) && draft.catalog.kind(id) == nil {
      findings.add(
        draft.retiredPlace, "The kind id \(id) was retired by a published catalog and is not listed any more.",
        hint: "Add \(id) to `retired_kinds`.")
    }
    for old in published.derivations { checkDerivation(old) }
  }

  /// Figures that were withheld must not come out because a later catalog asks again, less carefully.
  private func checkDerivation(_ old: Derivation) {
    guard let new = draft.derivations.first(where: { $0.derivation.id.sameBytes(as: old.id) }) else { return }
    let subject = "The derivation `\(old.id)`"
    if new.derivation.threshold < old.threshold {
      findings.add(
        new.thresholdPlace,
        "\(subject) withholds figures below \(new.derivation.threshold) instead of \(old.threshold), which would tell "
          + "what was withheld so far.", hint: "Keep \(old.threshold), or raise it.")
    }
    if !new.derivation.source.sameBytes(as: old.source) || !new.derivation.target.sameBytes(as: old.target) {
      findings.add(
        new.place,
        "\(subject) counts `\(new.derivation.source)` into `\(new.derivation.target)` instead of `\(old.source)` into "
          + "`\(old.target)`.", hint: "Keep both, or give the new derivation another id.")
    }
  }

  private func checkVersion() {
    let new = draft.catalog
    if new.version < published.version {
      findings.add(
        draft.versionPlace, "The version is \(new.version), but version \(published.version) is published already.",
        hint: "Raise it to \(nextVersion).")
    } else if new.version == published.version && new != published {
      findings.add(
        draft.versionPlace, "The catalog differs from the published one, but its version is \(new.version) still.",
        hint: "Raise it to \(nextVersion).")
    }
  }

  private var nextVersion: String {
    let (sum, overflow) = published.version.addingReportingOverflow(1)
    return overflow ? "a higher number" : String(sum)
  }

  // MARK: - Kinds

  private func checkKind(_ old: Kind) {
    guard let new = draft.kinds.first(where: { $0.kind.id == old.id }) else {
      checkMissing(old)
      return
    }
    let name = "The kind `\(old.name)`"
    guard new.kind.name.sameBytes(as: old.name) else {
      findings.add(
        new.idPlace,
        "The id \(old.id) belongs to the published kind `\(old.name)` and is reused for "
          + "`\(new.kind.name)`.",
        hint: "Keep the old name, or retire \(old.id) in `retired_kinds` and give the new kind a new id.")
      return
    }
    if new.kind.recordClass != old.recordClass {
      findings.add(
        new.classPlace,
        "\(name) changes its class from \(old.recordClass.rawValue) to "
          + "\(new.kind.recordClass.rawValue), but who may read a record is settled when it is written.",
        hint: "Keep the class; add a new kind and copy the records that may be seen by others.")
    }
    if new.kind.appendOnly != old.appendOnly {
      findings.add(
        new.appendOnlyPlace, "\(name) changes `append_only`, but nodes with the old catalog still go by the old rule.",
        hint: "Keep it; add a new kind instead.")
    }
    checkKey(old, new)
    checkGroups(old, new)
    for field in old.fields { checkField(field, of: old, new) }
    for field in new.kind.fields where old.field(field.id) == nil { checkNew(field, of: old, new) }
    for id in old.retiredFields { checkRetired(id, new) }
  }

  private func checkMissing(_ old: Kind) {
    if let moved = draft.kinds.first(where: { $0.kind.name.sameBytes(as: old.name) }) {
      findings.add(
        moved.idPlace,
        "The kind `\(old.name)` changes its id from \(old.id) to \(moved.kind.id), but ids are "
          + "permanent.", hint: "Write `id = \(old.id)`.")
    } else if !draft.retiredKinds.contains(old.id.number) {
      findings.add(
        draft.retiredPlace, "The published kind `\(old.name)` is removed, but its id \(old.id) is not retired.",
        hint: "Put the kind back, or add \(old.id) to `retired_kinds` so that the number is never used again.")
    }
  }

  private func checkKey(_ old: Kind, _ new: KindDraft) {
    let same =
      old.key.count == new.kind.key.count
      && zip(old.key, new.kind.key).allSatisfy {
        $0.name.sameBytes(as: $1.name) && $0.type.isTaken(by: $1.type)
      }
    if !same {
      findings.add(
        new.keyPlace, "The kind `\(old.name)` changes its key, so its records could not be found again.",
        hint: "Keep the key \(old.key.map(\.name).joined(separator: ", ")); add a new kind instead.")
    }
  }

  // MARK: - Fields and groups

  private func checkGroups(_ old: Kind, _ new: KindDraft) {
    for group in old.groups {
      guard let same = new.kind.groups.first(where: { $0.id == group.id }) else {
        checkGone(id: group.id.number, name: group.name, what: "group", old, new)
        continue
      }
      if !same.name.sameBytes(as: group.name) { renamed(group.id.number, group.name, same.name, old, new) }
      checkRule(group.rule, same.rule, name: group.name, what: "group", old, new)
    }
  }

  private func checkField(_ field: Field, of old: Kind, _ new: KindDraft) {
    guard let same = new.kind.field(field.id) else {
      if new.kind.retiredFields.contains(field.id.number), !field.isDeprecated, !field.isLocal {
        findings.add(
          new.place,
          "The column `\(field.name)` of the kind `\(old.name)` is removed, but people and nodes still fill it.",
          hint: "Put it back with `deprecated = true` and publish that; remove it in a later version.")
      } else {
        checkGone(id: field.id.number, name: field.name, what: "column", old, new)
      }
      return
    }
    guard same.name.sameBytes(as: field.name) else {
      renamed(field.id.number, field.name, same.name, old, new)
      return
    }
    let place = new.place(of: field.name)
    let subject = "The column `\(field.name)` of the kind `\(old.name)`"
    if !field.type.isTaken(by: same.type) {
      findings.add(
        place, "\(subject) changes its type or allows less than before, but values of the old type exist.",
        hint: "Keep the type (codes may be added and bounds widened); for another type add a new column and write "
          + "`deprecated = true` at this one.")
    }
    if groupName(same, in: new.kind) != groupName(field, in: old) {
      findings.add(
        place, "\(subject) moves into or out of a group, but its values were merged with the old one.",
        hint: "Keep the group; add a new column instead.")
    } else if field.group == nil {
      checkRule(field.rule, same.rule, name: field.name, what: "column", old, new)
    }
    if same.isLocal != field.isLocal {
      findings.add(
        place, "\(subject) changes `local`, which settles whether personal data leaves the file.",
        hint: "Keep it; add a new column instead.")
    }
  }

  /// A group is written whole: a node that does not know one of its columns yet would empty it with every edit.
  private func checkNew(_ field: Field, of old: Kind, _ new: KindDraft) {
    guard let group = old.groups.first(where: { $0.id == field.group }), idOfName(field.name, in: old) == nil else {
      return
    }
    findings.add(
      new.place(of: field.name),
      "The new column `\(field.name)` of the kind `\(old.name)` joins the published group `\(group.name)`, which nodes "
        + "with the old catalog would empty with every edit of the group.",
      hint: "Add it without a group, or in a new group.")
  }

  private func checkGone(id: Int, name: String, what: String, _ old: Kind, _ new: KindDraft) {
    if let moved = idOfName(name, in: new.kind) {
      findings.add(
        new.place(of: name),
        "The \(what) `\(name)` of the kind `\(old.name)` changes its id from \(id) to \(moved), "
          + "but ids are permanent.", hint: "Write `id = \(id)`.")
    } else if let user = nameOfID(id, in: new.kind) {
      renamed(id, name, user, old, new)
    } else if !new.kind.retiredFields.contains(id) {
      findings.add(
        new.place,
        "The \(what) `\(name)` of the published kind `\(old.name)` is removed, but its id \(id) is not "
          + "retired.",
        hint: "Put it back with `deprecated = true`, or add \(id) to `retired` so that the number is never used again.")
    }
  }

  private func renamed(_ id: Int, _ name: String, _ newName: String, _ old: Kind, _ new: KindDraft) {
    findings.add(
      new.place(of: newName),
      "The id \(id) of the kind `\(old.name)` belongs to the published `\(name)` and is reused "
        + "for `\(newName)`.",
      hint: "Keep the old name, or retire \(id) in `retired` and give `\(newName)` a new id.")
  }

  private func checkRule(
    _ rule: MergeRule, _ newRule: MergeRule, name: String, what: String, _ old: Kind, _ new: KindDraft
  ) {
    guard rule != newRule, rule == .owner || newRule == .owner else { return }
    findings.add(
      new.place(of: name),
      "The \(what) `\(name)` of the kind `\(old.name)` changes its rule from \(rule.rawValue) to "
        + "\(newRule.rawValue), but whether the owner decides cannot change.",
      hint: "Keep the rule; add a new column with the new rule and write `deprecated = true` at this one.")
  }

  private func checkRetired(_ id: Int, _ new: KindDraft) {
    if let user = nameOfID(id, in: new.kind) {
      findings.add(
        new.place(of: user),
        "`\(user)` of the kind `\(new.kind.name)` uses the id \(id) again, which a published "
          + "catalog retired.", hint: "Give it a number that was never used in this kind.")
    } else if !new.kind.retiredFields.contains(id) {
      findings.add(
        new.place,
        "The id \(id) of the kind `\(new.kind.name)` was retired by a published catalog and is not listed "
          + "any more.", hint: "Add \(id) to `retired`.")
    }
  }

  private func idOfName(_ name: String, in kind: Kind) -> Int? {
    kind.field(named: name)?.id.number ?? kind.groups.first { $0.name.sameBytes(as: name) }?.id.number
  }

  private func nameOfID(_ id: Int, in kind: Kind) -> String? {
    kind.field(FieldID(id))?.name ?? kind.groups.first { $0.id == RegisterID(id) }?.name
  }

  /// By name, because a group that merely changed its id is reported once, at the group.
  private func groupName(_ field: Field, in kind: Kind) -> [UInt8]? {
    kind.groups.first { $0.id == field.group }.map { Array($0.name.utf8) }
  }
}
