import SyncCore

/// Reads the key columns, fields and groups of one kind.
struct ColumnReader {
  static let fieldSettings = ["id"] + TypeReader.settings + ["rule", "group", "local", "deprecated", "quoted"]
  static let keySettings = ["name", "type", "codes", "to"]
  static let groupSettings = ["id", "rule"]

  struct ReadField {
    var field: Field
    var place: Place
  }

  struct ReadGroup {
    var group: FieldGroup
    var place: Place
  }

  struct ReadKey {
    var column: KeyColumn
    var place: Place
  }

  let kind: String
  let types: TypeReader
  let findings: FindingList

  // MARK: - Key

  /// A key column: a name alone for a text, or a table.
  func keyColumn(_ node: TextNode) -> ReadKey? {
    if case .text(let name) = node.content {
      checkName(name, what: "a key column", at: node.place)
      return ReadKey(column: KeyColumn(name: name, type: .text), place: node.place)
    }
    guard let table = TableReader(node, subject: "a key column of the kind `\(kind)`", findings: findings) else {
      return nil
    }
    table.refuseOthers(than: Self.keySettings)
    guard let name = table.requiredText("name", example: "unit"), let type = types.type(of: table) else { return nil }
    checkName(name, what: "a key column", at: table.place)
    switch type {
    case .text, .date, .period, .code, .ref: break
    case .integer, .boolean, .set, .money:
      findings.add(
        table.place(of: "type"),
        "The key column `\(name)` of the kind `\(kind)` cannot be of the type "
          + "`\(table.text("type") ?? "")`, because keys are text.", hint: "Use text, date, period, code or ref.")
    }
    return ReadKey(column: KeyColumn(name: name, type: type), place: table.place)
  }

  private func checkName(_ name: String, what: String, at place: Place, quoted: Bool = false) {
    if name.sameBytes(as: Kind.ownerColumn) {
      findings.add(
        place, "The kind `\(kind)` lists the column `\(name)`, which every shared kind has anyway.",
        hint: "Remove it; the class of the kind gives it.")
    } else {
      NameRule.check(name, what: "\(what) of the kind `\(kind)`", at: place, quoted: quoted, findings: findings)
    }
  }

  // MARK: - Groups

  /// `[kind.groups]`: one line a group, such as `term = { id = 9, rule = "review" }`.
  func groups(_ table: TableReader) -> [ReadGroup] {
    guard let node = table.node("groups"),
      let list = TableReader(node, subject: "the groups of the kind `\(kind)`", findings: findings)
    else { return [] }
    return list.entries.compactMap { entry in
      guard !entry.key.sameBytes(as: UniqueSearch.key),
        let table = TableReader(
          entry.node, subject: "the group `\(entry.key)` of the kind `\(kind)`", findings: findings)
      else { return nil }
      checkName(entry.key, what: "a group", at: entry.place)
      table.refuseOthers(than: Self.groupSettings)
      let rule = table.choice("rule", of: MergeRule.self) ?? .latest
      if rule == .union || rule == .max || rule == .min {
        findings.add(
          table.place(of: "rule"),
          "The rule `\(rule.rawValue)` cannot decide over the group `\(entry.key)` of the "
            + "kind `\(kind)`, whose fields win or lose together.",
          hint: "Use latest, owner, headquarters, review or frozen, or remove the fields from the group.")
      }
      guard let id = table.requiredInteger("id", in: KindReader.fieldIDRange) else { return nil }
      return ReadGroup(group: FieldGroup(id: RegisterID(id), name: entry.key, rule: rule), place: entry.place)
    }
  }

  // MARK: - Fields

  /// `[kind.fields]`: one line a field, such as `title = { id = 1, type = "text" }`.
  func fields(
    _ table: TableReader, groups: [FieldGroup], appendOnly: Bool, recordClass: RecordClass?
  ) -> [ReadField] {
    guard let node = table.node("fields") else {
      findings.add(
        table.place, "The kind `\(kind)` has no fields.", hint: "Add them below a line `[\(kind).fields]`.")
      return []
    }
    guard let list = TableReader(node, subject: "the fields of the kind `\(kind)`", findings: findings) else {
      return []
    }
    let entries = list.entries.filter { !$0.key.sameBytes(as: UniqueSearch.key) }
    let rules = RuleCheck(kind: kind, appendOnly: appendOnly, recordClass: recordClass, findings: findings)
    let read = entries.compactMap { field($0, groups: groups, rules: rules) }
    for field in read where field.field.type == .money {
      checkCurrency(of: field, entries: entries)
    }
    return read
  }

  private func field(_ entry: TextEntry, groups: [FieldGroup], rules: RuleCheck) -> ReadField? {
    let subject = "the column `\(entry.key)` of the kind `\(kind)`"
    guard let table = TableReader(entry.node, subject: subject, findings: findings) else { return nil }
    table.refuseOthers(than: Self.fieldSettings)
    checkName(entry.key, what: "a column", at: entry.place, quoted: table.boolean("quoted") ?? false)
    let id = table.requiredInteger("id", in: KindReader.fieldIDRange)
    let type = types.type(of: table)
    let stated = table.choice("rule", of: MergeRule.self)
    let group = group(of: table, among: groups)
    let isLocal = table.boolean("local") ?? false
    guard let id, let type else { return nil }
    rules.check(table, type: type, stated: stated, group: group, isLocal: isLocal)
    // A set always merges element by element; a field of a group has the rule of the group.
    let rule = group?.rule ?? stated ?? (type == .set ? .union : .latest)
    return ReadField(
      field: Field(
        id: FieldID(id), name: entry.key, type: type, rule: rule, group: group?.id, isLocal: isLocal,
        isDeprecated: table.boolean("deprecated") ?? false),
      place: entry.place)
  }

  private func group(of table: TableReader, among groups: [FieldGroup]) -> FieldGroup? {
    guard let name = table.text("group") else { return nil }
    if let found = groups.first(where: { $0.name.sameBytes(as: name) }) { return found }
    findings.add(
      table.place(of: "group"), "\(table.subject.capitalizedFirst) names the unknown group `\(name)`.",
      hint: "Add the group below a line `[\(kind).groups]`, or correct the name.")
    return nil
  }

  /// An amount means nothing without its currency, so a money field names the column that holds it.
  private func checkCurrency(of field: ReadField, entries: [TextEntry]) {
    guard let node = entries.first(where: { $0.key.sameBytes(as: field.field.name) })?.node,
      let table = TableReader(
        node, subject: "the column `\(field.field.name)` of the kind `\(kind)`", findings: findings)
    else { return }
    guard let name = table.requiredText("currency", example: "currency") else { return }
    if !entries.contains(where: { $0.key.sameBytes(as: name) }) {
      findings.add(
        table.place(of: "currency"),
        "\(table.subject.capitalizedFirst) has its currency in `\(name)`, "
          + "but the kind has no such column.", hint: "Add a code column `\(name)` with the currencies of ISO 4217.")
    }
  }
}
