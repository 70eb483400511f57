import SyncCore

/// Catalogs to encode.
enum CatalogSamples {
  static let units = Indicator.Units(
    kind: "org_unit", sortField: "unit_kind", openedField: "opened_on", closedField: "closed_on",
    statusField: "membership_status", statuses: ["member", "observer"], linkKind: "org_link", parentField: "parent",
    linkEndField: "valid_to")

  static let small = Catalog(
    version: 3, title: "Küçük",
    kinds: [
      Kind(
        id: 1, name: "document", recordClass: .everyone, key: [KeyColumn(name: "code", type: .text)],
        fields: [Field(id: 1, name: "title", type: .text)])
    ], indicators: [])

  /// Uses every type, rule, class, deletion rule and definition.
  static let full = Catalog(
    version: 2_147_483_647, title: "Türk Dünyası 🙂",
    kinds: [allFields, deleted] + RecordClass.allCases.enumerated().map(kind),
    indicators: [
      Indicator(
        id: "members", title: "Üye sayısı",
        definition: .stock(
          Indicator.Stock(
            kind: "membership_return", unitColumn: "unit", dateColumn: "as_of", axisColumn: "axis", axis: "territorial",
            valueField: "members_total", excludedSorts: ["council"], expectedSorts: ["primary_organization", ""],
            units: units,
            published: Indicator.Published(kind: "figure", measure: "members", valueField: "value")))),
      Indicator(
        id: "primaries", title: "",
        definition: .openUnits(
          Indicator.OpenUnits(
            sort: "primary_organization", units: units,
            published: Indicator.Published(kind: "figure", measure: "primaries", valueField: "value")))),
      Indicator(
        id: "rate", title: "Oran",
        definition: .ratio(Indicator.Ratio(numerator: "members", denominator: "primaries", factor: -100))),
    ], derivations: derivations, retiredKinds: [9, 4000, 65_534])

  /// Uses every part of a key, test, way to count and sum.
  private static let derivations = [
    Derivation(
      id: "membership", title: "Üyelik", source: "k0", target: "k1", span: .day,
      key: [.field("unit"), .span, .text("territorial"), .federation],
      conditions: [
        Derivation.Condition(field: "joined_on", test: .reached),
        Derivation.Condition(field: "left_on", test: .notReached, allowsEmpty: true),
      ],
      measures: [
        Derivation.Measure(field: "total"),
        Derivation.Measure(
          field: "youth", conditions: [Derivation.Condition(field: "born", test: .younger(than: 31))]),
        Derivation.Measure(
          field: "women", conditions: [Derivation.Condition(field: "sex", test: .oneOf(["kadın", ""]))]),
      ],
      marks: [Derivation.Mark(field: "method", value: "register")], withheldField: "withheld", threshold: .max,
      sums: [.under(column: "unit", linkKind: "org_link", parentField: "parent", endField: "valid_to"), .over("axis")]),
    Derivation(
      id: "files", title: "", source: "k0", target: "k1", span: .month, key: [.each("topics")],
      conditions: [Derivation.Condition(field: "opened_on", test: .within)],
      measures: [Derivation.Measure(field: "people", distinct: "person")], marks: [], withheldField: "x",
      threshold: -1, sums: []),
  ]

  private static let types: [FieldType] = [
    .text, .integer(minimum: nil, maximum: nil), .integer(minimum: .min, maximum: nil),
    .integer(minimum: nil, maximum: .max), .integer(minimum: -1, maximum: 5), .boolean, .date, .period,
    .code(["a", "ə", ""]), .code([]), .ref(kind: "org_unit"), .set, .money,
  ]

  private static let allFields = Kind(
    id: 64_999, name: "all_types", title: "Tümü", recordClass: .federation, appendOnly: true, deletion: .editWins,
    key: [
      KeyColumn(name: "a", type: .text), KeyColumn(name: "b", type: .date), KeyColumn(name: "c", type: .period),
      KeyColumn(name: "d", type: .code(["x"])),
    ],
    fields: types.enumerated().map { index, type in
      Field(
        id: FieldID(index + 1), name: "f\(index)", type: type,
        rule: MergeRule.allCases[index % MergeRule.allCases.count],
        group: index % 3 == 0 ? 40 : nil, isLocal: index % 2 == 0, isDeprecated: index % 5 == 0)
    }, groups: [FieldGroup(id: 40, name: "dates", rule: .review)], retiredFields: [50, 61])

  private static let deleted = Kind(
    id: 2, name: "gone", recordClass: .everyone, deletion: .deleteWins, key: [KeyColumn(name: "id", type: .text)],
    fields: [])

  private static func kind(_ index: Int, _ recordClass: RecordClass) -> Kind {
    Kind(
      id: KindID(100 + index), name: "k\(index)", recordClass: recordClass, key: [KeyColumn(name: "id", type: .text)],
      fields: [Field(id: 1, name: "x", type: .set, rule: .union)])
  }
}
