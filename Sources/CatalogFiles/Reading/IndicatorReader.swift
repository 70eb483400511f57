import Limits
import SyncCore

/// Reads `indicators.toml`: `[units.NAME]` for the trees of units, `[[indicator]]` for each consolidated figure.
struct IndicatorReader {
  static let stockSettings = [
    "id", "title", "definition", "units", "kind", "axis", "value", "excluded_sorts", "expected_sorts", "published",
  ]
  static let openUnitsSettings = ["id", "title", "definition", "units", "sort", "published"]
  static let ratioSettings = ["id", "title", "definition", "numerator", "denominator", "factor"]

  /// How an indicator is computed, as the files name it.
  enum DefinitionName: String, CaseIterable {
    case stock
    case openUnits = "open_units"
    case ratio
  }

  let draft: CatalogDraft
  let findings: FindingList

  func indicators(_ node: TextNode) -> [IndicatorDraft] {
    guard let file = TableReader(node, subject: "the file of indicators", findings: findings) else { return [] }
    file.refuseOthers(than: ["units", "indicator"])
    let units = file.node("units").map(unitTrees) ?? []
    guard let list = file.node("indicator") else { return [] }
    guard case .array(let elements) = list.content else {
      findings.add(
        list.place, "`indicator` must be a list of tables, but is \(list.typeName).",
        hint: "Begin each indicator with a line `[[indicator]]`.")
      return []
    }
    let read = elements.compactMap { element -> (IndicatorDraft, TableReader)? in
      guard let table = TableReader(element, subject: "the indicator", findings: findings) else { return nil }
      return indicator(table, units: units).map { ($0, table) }
    }
    checkNames(read.map(\.0))
    checkRatios(read)
    return read.map(\.0)
  }

  // MARK: - Units

  /// The trees of units by name; a tree that is wrong is left out, after its findings.
  private func unitTrees(_ node: TextNode) -> [(name: String, units: Indicator.Units?)] {
    guard let list = TableReader(node, subject: "`units`", findings: findings) else { return [] }
    return list.entries.map { entry in
      let subject = "the tree of units `\(entry.key)`"
      let table = TableReader(entry.node, subject: subject, findings: findings)
      return (entry.key, table.flatMap { UnitsReader(table: $0, draft: draft, findings: findings).units() })
    }
  }

  private func units(
    of table: TableReader, among trees: [(name: String, units: Indicator.Units?)]
  ) -> Indicator.Units? {
    guard let name = table.requiredText("units", example: "organizations") else { return nil }
    if let tree = trees.first(where: { $0.name.sameBytes(as: name) }) { return tree.units }
    findings.add(
      table.place(of: "units"), "\(table.subject.capitalizedFirst) names the unknown tree of units `\(name)`.",
      hint: "Add `[units.\(name)]`, or correct the name.")
    return nil
  }

  // MARK: - One indicator

  private func indicator(
    _ unnamed: TableReader, units trees: [(name: String, units: Indicator.Units?)]
  ) -> IndicatorDraft? {
    guard let id = unnamed.requiredText("id", example: "members") else { return nil }
    let node = TextNode(place: unnamed.place, content: .table(unnamed.entries))
    guard let table = TableReader(node, subject: "the indicator `\(id)`", findings: findings) else { return nil }
    NameRule.check(id, what: "an indicator", at: table.place(of: "id"), findings: findings)
    if table.node("definition") == nil { table.missing("definition", example: "\"stock\"") }
    guard let name = table.choice("definition", of: DefinitionName.self) else { return nil }
    let definition: Indicator.Definition?
    switch name {
    case .stock:
      table.refuseOthers(than: Self.stockSettings)
      definition = stock(table, units: units(of: table, among: trees)).map { .stock($0) }
    case .openUnits:
      table.refuseOthers(than: Self.openUnitsSettings)
      definition = openUnits(table, units: units(of: table, among: trees)).map { .openUnits($0) }
    case .ratio:
      table.refuseOthers(than: Self.ratioSettings)
      definition = ratio(table).map { .ratio($0) }
    }
    return definition.map {
      IndicatorDraft(indicator: Indicator(id: id, title: table.text("title") ?? id, definition: $0), place: table.place)
    }
  }

  private func stock(_ table: TableReader, units: Indicator.Units?) -> Indicator.Stock? {
    let look = CatalogLookup(draft: draft, table: table, findings: findings)
    let published = published(table)
    guard let kind = look.kind("kind") else { return nil }
    guard kind.key.count == 3, case .ref = kind.key[0].type, kind.key[1].type == .date,
      case .code(let axes) = kind.key[2].type
    else {
      findings.add(
        table.place(of: "kind"), "The kind `\(kind.name)` of \(table.subject) has not the key of a return.",
        hint: "Use a kind whose key is a reference to the unit, a date and a code of the axis.")
      return nil
    }
    let axis = look.code("axis", of: axes, what: "axis")
    let value = look.field("value", of: kind, wanted: "a whole number", where: \.isWholeNumber)
    guard let units, let sorts = sorts(of: units) else { return nil }
    let excluded = look.codes("excluded_sorts", of: sorts)
    let expected = look.codes("expected_sorts", of: sorts)
    if let both = expected.first(where: { sort in excluded.contains { $0.sameBytes(as: sort) } }) {
      findings.add(
        table.place(of: "expected_sorts"), "\(table.subject.capitalizedFirst) both expects and excludes `\(both)`.",
        hint: "Remove it from one of the two lists.")
    }
    guard let axis, let value, let published else { return nil }
    return Indicator.Stock(
      kind: kind.name, unitColumn: kind.key[0].name, dateColumn: kind.key[1].name, axisColumn: kind.key[2].name,
      axis: axis, valueField: value, excludedSorts: excluded, expectedSorts: expected, units: units,
      published: published)
  }

  private func openUnits(_ table: TableReader, units: Indicator.Units?) -> Indicator.OpenUnits? {
    let look = CatalogLookup(draft: draft, table: table, findings: findings)
    let published = published(table)
    guard let units, let sorts = sorts(of: units) else { return nil }
    guard let sort = look.code("sort", of: sorts, what: "sort of unit"), let published else { return nil }
    return Indicator.OpenUnits(sort: sort, units: units, published: published)
  }

  private func ratio(_ table: TableReader) -> Indicator.Ratio? {
    let numerator = table.requiredText("numerator", example: "members")
    let denominator = table.requiredText("denominator", example: "primary_organizations")
    let factor = table.node("factor") == nil ? 1 : table.requiredInteger("factor", in: 1...CatalogFileLimits.factor)
    guard let numerator, let denominator, let factor else { return nil }
    return Indicator.Ratio(numerator: numerator, denominator: denominator, factor: Int64(factor))
  }

  private func sorts(of units: Indicator.Units) -> [String]? {
    guard case .code(let sorts) = draft.kind(named: units.kind)?.field(named: units.sortField)?.type else { return nil }
    return sorts
  }

  /// `published = { kind = "figure", measure = "members", value = "value" }`.
  private func published(_ table: TableReader) -> Indicator.Published? {
    guard let node = table.node("published") else {
      table.missing("published", example: "{ kind = \"figure\", measure = \"members\", value = \"value\" }")
      return nil
    }
    let subject = "`published` of \(table.subject)"
    guard let inner = TableReader(node, subject: subject, findings: findings) else { return nil }
    inner.refuseOthers(than: ["kind", "measure", "value"])
    let look = CatalogLookup(draft: draft, table: inner, findings: findings)
    let measure = inner.requiredText("measure", example: "members")
    guard let kind = look.kind("kind") else { return nil }
    guard kind.appendOnly, kind.key.count == 4, kind.key[2].type == .date else {
      findings.add(
        inner.place(of: "kind"), "The kind `\(kind.name)` of \(subject) cannot hold published figures.",
        hint: "Use an append-only kind with a key of unit, measure, date and source.")
      return nil
    }
    guard let value = look.field("value", of: kind, wanted: "a whole number", where: \.isWholeNumber), let measure
    else { return nil }
    return Indicator.Published(kind: kind.name, measure: measure, valueField: value)
  }

  // MARK: - All together

  private func checkNames(_ drafts: [IndicatorDraft]) {
    for (index, draft) in drafts.enumerated()
    where drafts.prefix(index).contains(where: { $0.indicator.id.sameBytes(as: draft.indicator.id) }) {
      findings.add(
        draft.place, "The indicator `\(draft.indicator.id)` is defined twice.", hint: "Remove or rename one of the two."
      )
    }
  }

  /// A ratio divides two indicators that are themselves no ratios.
  private func checkRatios(_ read: [(IndicatorDraft, TableReader)]) {
    for (draft, table) in read {
      guard case .ratio(let ratio) = draft.indicator.definition else { continue }
      for (key, name) in [("numerator", ratio.numerator), ("denominator", ratio.denominator)] {
        guard let other = read.first(where: { $0.0.indicator.id.sameBytes(as: name) })?.0.indicator else {
          findings.add(
            table.place(of: key),
            "The \(key) of the indicator `\(draft.indicator.id)` is the unknown indicator "
              + "`\(name)`.", hint: "Name an indicator of this file.")
          continue
        }
        if case .ratio = other.definition {
          findings.add(
            table.place(of: key), "The \(key) of the indicator `\(draft.indicator.id)` is the ratio `\(name)`.",
            hint: "Divide counted indicators only.")
        }
      }
    }
  }
}
