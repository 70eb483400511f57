import SyncCore

/// Reads one kind: the table `[org_unit]` with its key, fields and groups.
struct KindReader {
  static let settings = [
    "id", "title", "class", "append_only", "deletion", "key", "fields", "groups", "retired",
  ]
  static let idRange = 1...Int64(Kind.largestID)
  static let fieldIDRange = 1...Int64(Kind.largestFieldID)

  let name: String
  let table: TableReader
  let types: TypeReader
  let findings: FindingList

  init?(_ entry: TextEntry, lists: [CodeList], findings: FindingList) {
    guard let table = TableReader(entry.node, subject: "the kind `\(entry.key)`", findings: findings) else {
      return nil
    }
    name = entry.key
    self.table = table
    types = TypeReader(lists: lists, findings: findings)
    self.findings = findings
  }

  func kind() -> KindDraft? {
    NameRule.check(name, what: "a kind", at: table.place, findings: findings)
    table.refuseOthers(than: Self.settings)
    let id = table.requiredInteger("id", in: Self.idRange)
    if table.node("class") == nil { table.missing("class", example: "\"everyone\"") }
    let recordClass = table.choice("class", of: RecordClass.self)
    let deletion = table.choice("deletion", of: DeletionRule.self) ?? .editWins
    let appendOnly = table.boolean("append_only") ?? false
    if appendOnly, deletion == .deleteWins {
      findings.add(
        table.place(of: "deletion"), "The kind `\(name)` is append-only, so nothing of it is ever deleted.",
        hint: "Remove `deletion`, or `append_only`.")
    }
    let reader = ColumnReader(kind: name, types: types, findings: findings)
    let groups = reader.groups(table)
    let fields = reader.fields(table, groups: groups.map(\.group), appendOnly: appendOnly, recordClass: recordClass)
    let key = keyColumns(reader)
    let columns =
      key.map { ColumnPlace(name: $0.column.name, what: "key column", id: nil, place: $0.place) }
      + groups.map { ColumnPlace(name: $0.group.name, what: "group", id: $0.group.id.number, place: $0.place) }
      + fields.map { ColumnPlace(name: $0.field.name, what: "field", id: $0.field.id.number, place: $0.place) }
    let retired = table.integers("retired", in: Self.fieldIDRange)
    checkColumns(columns, retired: retired.map(\.number))
    refuseEmptyGroups(groups, fields: fields.map(\.field))
    guard let id, let recordClass else { return nil }
    return KindDraft(
      kind: Kind(
        id: KindID(id), name: name, title: table.text("title") ?? name, recordClass: recordClass,
        appendOnly: appendOnly,
        deletion: deletion, key: key.map(\.column), fields: fields.map(\.field),
        groups: groups.map(\.group).sorted { $0.id < $1.id }, retiredFields: retired.map(\.number).sorted()),
      place: table.place, idPlace: table.place(of: "id"), classPlace: table.place(of: "class"),
      appendOnlyPlace: table.place(of: "append_only"), keyPlace: table.place(of: "key"),
      columnPlaces: columns.map { ($0.name, $0.place) },
      references: references(key: key, fields: fields))
  }

  /// A column or group as findings name it.
  private struct ColumnPlace {
    var name: String
    var what: String
    var id: Int?
    var place: Place
  }

  /// `key = ["id"]` or `key = [{ name = "unit", type = "ref", to = "org_unit" }]`; left out it is `id`, a text.
  private func keyColumns(_ reader: ColumnReader) -> [ColumnReader.ReadKey] {
    guard let node = table.node("key") else {
      return [ColumnReader.ReadKey(column: KeyColumn(name: "id", type: .text), place: table.place)]
    }
    guard case .array(let elements) = node.content else {
      findings.add(
        node.place, "The key of the kind `\(name)` must be a list, but is \(node.typeName).",
        hint: "Write `key = [\"code\"]`, or a list of { name = …, type = … }.")
      return []
    }
    if elements.isEmpty || elements.count > Kind.mostKeyColumns {
      findings.add(
        node.place, "The key of the kind `\(name)` has \(elements.count) columns.",
        hint:
          "Use one to \(Kind.mostKeyColumns) columns; a kind whose key means nothing in the world leaves `key` out.")
    }
    return elements.compactMap { reader.keyColumn($0) }
  }

  /// One name belongs to one column or group, one id to one field or group, and retired ids to none.
  private func checkColumns(_ columns: [ColumnPlace], retired: [Int]) {
    for (index, column) in columns.enumerated() {
      let earlier = columns.prefix(index)
      if let other = earlier.first(where: { $0.name.sameBytes(as: column.name) }) {
        findings.add(
          column.place,
          "The name `\(column.name)` is used twice in the kind `\(name)`: as \(other.what) and as "
            + "\(column.what).", hint: "Rename one of the two.")
      }
      guard let id = column.id else { continue }
      if let other = earlier.first(where: { $0.id == id }) {
        findings.add(
          column.place,
          "The \(column.what) `\(column.name)` of the kind `\(name)` has the id \(id), which the "
            + "\(other.what) `\(other.name)` has already.",
          hint: "Give it the next free number, which is "
            + "\(nextFreeID(columns, retired: retired)).")
      }
      if retired.contains(id) {
        findings.add(
          column.place,
          "The \(column.what) `\(column.name)` of the kind `\(name)` uses the retired id \(id) again; "
            + "old changes would fill it with values of the removed one.",
          hint: "Give it the next free number, which is \(nextFreeID(columns, retired: retired)).")
      }
    }
  }

  private func nextFreeID(_ columns: [ColumnPlace], retired: [Int]) -> String {
    let used = columns.compactMap(\.id) + retired
    return (1...Kind.largestFieldID).first { !used.contains($0) }.map(String.init) ?? "none: the kind is full"
  }

  private func refuseEmptyGroups(_ groups: [ColumnReader.ReadGroup], fields: [Field]) {
    for group in groups where !fields.contains(where: { $0.group == group.group.id }) {
      findings.add(
        group.place, "The group `\(group.group.name)` of the kind `\(name)` has no field.",
        hint: "Write `group = \"\(group.group.name)\"` at its fields, or remove it.")
    }
  }

  private func references(
    key: [ColumnReader.ReadKey], fields: [ColumnReader.ReadField]
  ) -> [(target: String, subject: String, isLocal: Bool, place: Place)] {
    let columns =
      key.map { ($0.column.name, $0.column.type, false, $0.place) }
      + fields.map { ($0.field.name, $0.field.type, $0.field.isLocal, $0.place) }
    return columns.compactMap { column, type, isLocal, place in
      guard case .ref(let target) = type else { return nil }
      return (target, "The column `\(column)` of the kind `\(name)`", isLocal, place)
    }
  }
}
