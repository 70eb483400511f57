import SyncCore

/// The catalog of the simulated federations in all its versions: every merge rule, a group of each sort, sets, composite
/// keys, a kind whose deletions win, one that is written once, and what later versions add and change.
enum Catalogs {
  static let unit: KindID = 1
  static let membershipReturn: KindID = 2
  static let agreement: KindID = 3
  static let figure: KindID = 4
  static let workCase: KindID = 5
  static let lastVersion = 3

  static let federations = ["otuts", "ftuu", "turk-is", "kfik", "memur-sen", "tufa"]
  static let axes = ["branch", "place"]
  /// Two of them end on the same day.
  static let dates = ["2025", "2025-10-31", "2025-12-31"]
  static let sorts = ["federation", "primary"]

  /// The shapes of kinds by version, then by kind's id.
  static let shapes: [[KindShape?]] = (0...lastVersion).map { version in
    var shapes: [KindShape?] = Array(repeating: nil, count: 6)
    for kind in kinds(version) { shapes[kind.id.number] = KindShape(kind) }
    return shapes
  }

  static let stock = Indicator.Stock(
    kind: "membership_return", unitColumn: "unit", dateColumn: "as_of", axisColumn: "axis", axis: "place",
    valueField: "members", excludedSorts: ["federation"], expectedSorts: ["primary"],
    units: Indicator.Units(
      kind: "unit", sortField: "sort", openedField: "", closedField: "", statusField: "", statuses: [], linkKind: "",
      parentField: "", linkEndField: ""),
    published: Indicator.Published(kind: "", measure: "", valueField: ""))

  private static func kinds(_ version: Int) -> [Kind] {
    let bounded = FieldType.integer(minimum: 0, maximum: 1000)
    let text = KeyColumn(name: "code", type: .text)
    var unitFields = [
      Field(id: 1, name: "name", type: .text, rule: version < 2 ? .latest : .review),
      Field(id: 2, name: "sort", type: .code(sorts + (version < 3 ? [] : ["branch"]))),
      Field(id: 3, name: "own_note", type: .text, rule: .owner),
      Field(id: 4, name: "head_note", type: .text, rule: .headquarters),
      Field(id: 5, name: "peak", type: bounded, rule: .max), Field(id: 6, name: "low", type: bounded, rule: .min),
      Field(id: 7, name: "reviewed", type: .text, rule: .review),
      Field(id: 8, name: "fixed", type: .text, rule: .frozen), Field(id: 9, name: "tags", type: .set, rule: .union),
      Field(id: 10, name: "street", type: .text, group: 12), Field(id: 11, name: "house", type: bounded, group: 12),
      Field(id: 13, name: "chair", type: .text, group: 15), Field(id: 14, name: "deputy", type: .text, group: 15),
      Field(id: 16, name: "phone", type: .text, isLocal: true),
    ]
    if version >= 2 { unitFields.append(Field(id: 17, name: "site", type: .text, rule: .owner)) }
    if version >= 3 { unitFields.append(Field(id: 18, name: "trades", type: .set, rule: .union)) }
    let groups = [
      FieldGroup(id: 12, name: "address", rule: .latest), FieldGroup(id: 15, name: "people", rule: .owner),
    ]
    var kinds = [
      Kind(id: unit, name: "unit", recordClass: .everyone, key: [text], fields: unitFields, groups: groups),
      Kind(
        id: membershipReturn, name: "membership_return", recordClass: .federation,
        key: [
          KeyColumn(name: "unit", type: .text), KeyColumn(name: "as_of", type: .date),
          KeyColumn(name: "axis", type: .code(axes)),
        ],
        fields: [
          Field(id: 1, name: "members", type: bounded), Field(id: 2, name: "method", type: .text, rule: .review),
          Field(id: 3, name: "women", type: bounded, group: 5), Field(id: 4, name: "young", type: bounded, group: 5),
        ], groups: [FieldGroup(id: 5, name: "counts", rule: .latest)]),
      Kind(
        id: agreement, name: "agreement", recordClass: .everyone, deletion: .deleteWins, key: [text],
        fields: [
          Field(id: 1, name: "title", type: .text), Field(id: 2, name: "parties", type: .set, rule: .union),
          Field(id: 3, name: "amount", type: .money, rule: .headquarters),
        ]),
      Kind(
        id: figure, name: "figure", recordClass: .everyone, appendOnly: true, key: [text],
        fields: [Field(id: 1, name: "value", type: .integer(minimum: nil, maximum: nil))]),
    ]
    if version >= 2 {
      kinds.append(
        Kind(
          id: workCase, name: "work_case", recordClass: .federation, key: [text],
          fields: [Field(id: 1, name: "subject", type: .text), Field(id: 2, name: "cost", type: .money, rule: .max)]))
    }
    return kinds
  }
}
