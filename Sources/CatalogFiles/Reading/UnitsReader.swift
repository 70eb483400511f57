import SyncCore

/// Reads `[units.NAME]`: which kinds and columns make the tree of units.
struct UnitsReader {
  static let settings = [
    "kind", "sort", "opened", "closed", "status", "statuses", "links", "parent", "link_end",
  ]

  let table: TableReader
  let draft: CatalogDraft
  let findings: FindingList

  func units() -> Indicator.Units? {
    table.refuseOthers(than: Self.settings)
    let look = CatalogLookup(draft: draft, table: table, findings: findings)
    let unitKind = look.kind("kind")
    let linkKind = look.kind("links")
    guard let unitKind, let linkKind else { return nil }
    if unitKind.key.count != 1 {
      findings.add(
        table.place(of: "kind"),
        "The kind `\(unitKind.name)` of \(table.subject) has a key of "
          + "\(unitKind.key.count) columns.", hint: "Use a kind whose only key column is the unit's code.")
    }
    if !isLinkKey(linkKind.key.map(\.type), to: unitKind.name) {
      findings.add(
        table.place(of: "links"), "The kind `\(linkKind.name)` of \(table.subject) has not the key of a link.",
        hint: "Use a kind whose key is a reference to the unit, a code of the axis and a date.")
    }
    let sort = look.field("sort", of: unitKind, wanted: "a code", where: \.isCode)
    let opened = look.field("opened", of: unitKind, wanted: "a date") { $0 == .date }
    let closed = look.field("closed", of: unitKind, wanted: "a date") { $0 == .date }
    let status = look.field("status", of: unitKind, wanted: "a code", where: \.isCode)
    let parent = look.field("parent", of: linkKind, wanted: "a reference to `\(unitKind.name)`") {
      $0 == .ref(kind: unitKind.name)
    }
    let linkEnd = look.field("link_end", of: linkKind, wanted: "a date") { $0 == .date }
    guard let sort, let opened, let closed, let status, let parent, let linkEnd else { return nil }
    guard case .code(let codes) = unitKind.field(named: status)?.type else { return nil }
    return Indicator.Units(
      kind: unitKind.name, sortField: sort, openedField: opened, closedField: closed, statusField: status,
      statuses: look.codes("statuses", of: codes), linkKind: linkKind.name, parentField: parent, linkEndField: linkEnd)
  }

  private func isLinkKey(_ types: [FieldType], to kind: String) -> Bool {
    types.count == 3 && types[0] == .ref(kind: kind) && types[1].isCode && types[2] == .date
  }
}

/// Looks up the kinds, fields and codes that an indicator names.
struct CatalogLookup {
  let draft: CatalogDraft
  let table: TableReader
  let findings: FindingList

  /// The kind that the setting names. A local kind never reaches headquarters, so it cannot be summed there.
  func kind(_ key: String) -> Kind? {
    guard let name = table.requiredText(key, example: "org_unit") else { return nil }
    guard let kind = draft.kind(named: name) else {
      findings.add(
        table.place(of: key), "\(table.subject.capitalizedFirst) names the unknown kind `\(name)`.",
        hint: "Correct the name, or add the kind.")
      return nil
    }
    guard kind.recordClass != .local else {
      findings.add(
        table.place(of: key),
        "\(table.subject.capitalizedFirst) names the local kind `\(name)`, which never leaves "
          + "its file.", hint: "Name a kind of the class federation or everyone.")
      return nil
    }
    return kind
  }

  /// The name of the field that the setting names, when it is of the wanted type.
  func field(_ key: String, of kind: Kind, wanted: String, where fits: (FieldType) -> Bool) -> String? {
    guard let name = table.requiredText(key, example: kind.fields.first?.name ?? "value") else { return nil }
    guard let field = kind.field(named: name) else {
      findings.add(
        table.place(of: key),
        "`\(key)` of \(table.subject) is `\(name)`, but the kind `\(kind.name)` has no such field.",
        hint: "Use one of: \(kind.fields.map(\.name).joined(separator: ", ")).")
      return nil
    }
    guard fits(field.type), !field.isLocal else {
      findings.add(
        table.place(of: key), "`\(key)` of \(table.subject) is `\(name)`, which is not \(wanted) that is shared.",
        hint: "Name a field that is \(wanted).")
      return nil
    }
    return name
  }

  /// One code of a list.
  func code(_ key: String, of codes: [String], what: String) -> String? {
    guard let code = table.requiredText(key, example: codes.first ?? "") else { return nil }
    if codes.contains(where: { $0.sameBytes(as: code) }) { return code }
    unknown(code, at: table.place(of: key), key: key, codes: codes)
    return nil
  }

  /// Several codes of a list, after findings about unknown ones and about an absent setting.
  func codes(_ key: String, of codes: [String]) -> [String] {
    if table.node(key) == nil { table.missing(key, example: "[\"\(codes.first ?? "")\"]") }
    let stated = table.texts(key) ?? []
    for (text, place) in stated where !codes.contains(where: { $0.sameBytes(as: text) }) {
      unknown(text, at: place, key: key, codes: codes)
    }
    return stated.map(\.text)
  }

  private func unknown(_ code: String, at place: Place, key: String, codes: [String]) {
    findings.add(
      place, "`\(key)` of \(table.subject) names the unknown code `\(code)`.",
      hint: "Use one of: \(codes.joined(separator: ", ")).")
  }
}

extension FieldType {
  var isCode: Bool {
    if case .code = self { true } else { false }
  }

  var isWholeNumber: Bool {
    if case .integer = self { true } else { false }
  }
}
