import Limits
import SyncCore

/// Reads `derivations.toml`: `[[derivation]]` for each way in which shared totals are made of personal data.
struct DerivationReader {
  static let settings = [
    "id", "title", "from", "into", "span", "key", "where", "measures", "marks", "withheld", "withhold_below", "sums",
  ]
  static let partSettings = ["field", "each", "text", "span", "federation"]
  static let conditionSettings = ["field", "date", "younger_than", "in", "or_empty"]
  static let measureSettings = ["count", "different", "where"]
  static let sumSettings = ["over", "links", "parent", "link_end"]

  /// How a date compares with the span, as the files name it.
  enum DateWord: String, CaseIterable {
    case reached
    case notReached = "not_reached"
    case within
  }

  let draft: CatalogDraft
  let findings: FindingList

  func derivations(_ node: TextNode) -> [DerivationDraft] {
    guard let file = TableReader(node, subject: "the file of derivations", findings: findings) else { return [] }
    file.refuseOthers(than: ["derivation"])
    guard let list = file.node("derivation") else { return [] }
    guard case .array(let elements) = list.content else {
      findings.add(
        list.place, "`derivation` must be a list of tables, but is \(list.typeName).",
        hint: "Begin each derivation with a line `[[derivation]]`.")
      return []
    }
    let read = elements.compactMap { element -> (DerivationDraft, TableReader)? in
      guard let table = TableReader(element, subject: "the derivation", findings: findings) else { return nil }
      return derivation(table)
    }
    check(read)
    return read.map(\.0)
  }

  /// Checks that need all derivations.
  private func check(_ read: [(draft: DerivationDraft, table: TableReader)]) {
    var catalog = draft.catalog
    catalog.derivations = read.map(\.draft.derivation)
    for (index, item) in read.enumerated() {
      let derivation = item.draft.derivation
      if read[..<index].contains(where: { $0.draft.derivation.id.sameBytes(as: derivation.id) }) {
        findings.add(
          item.draft.place, "The derivation `\(derivation.id)` is defined twice.",
          hint: "Remove or rename one of the two.")
      }
      for problem in derivation.problems(in: catalog) {
        findings.add(
          item.table.place(of: problem.setting), "The derivation `\(derivation.id)` is not valid: \(problem.words).",
          hint: problem.hint)
      }
    }
  }

  private func derivation(_ unnamed: TableReader) -> (DerivationDraft, TableReader)? {
    guard let id = unnamed.requiredText("id", example: "membership") else { return nil }
    let node = TextNode(place: unnamed.place, content: .table(unnamed.entries))
    guard let table = TableReader(node, subject: "the derivation `\(id)`", findings: findings) else { return nil }
    NameRule.check(id, what: "a derivation", at: table.place(of: "id"), findings: findings)
    table.refuseOthers(than: Self.settings)
    let source = table.requiredText("from", example: "member")
    let target = table.requiredText("into", example: "membership_return")
    if table.node("span") == nil { table.missing("span", example: "\"day\"") }
    let span = table.choice("span", of: Derivation.Span.self)
    let key = target.flatMap { draft.kind(named: $0) }.map { self.key(table, of: $0) } ?? []
    let measures = measures(table)
    let marks = pairs(table, "marks", example: "{ method = \"register\" }")
    let withheld = table.requiredText("withheld", example: "withheld")
    let limits = Derivation.smallestThreshold...Derivation.largestThreshold
    let threshold =
      table.node("withhold_below") == nil
      ? Int(Derivation.usualThreshold) : table.requiredInteger("withhold_below", in: limits)
    guard let source, let target, let span, let withheld, let threshold else { return nil }
    let derivation = Derivation(
      id: id, title: table.text("title") ?? id, source: source, target: target, span: span, key: key,
      conditions: conditions(table), measures: measures, marks: marks.map { Derivation.Mark(field: $0, value: $1) },
      withheldField: withheld, threshold: Int64(threshold), sums: sums(table))
    return (DerivationDraft(derivation: derivation, place: table.place, thresholdPlace: place(table)), table)
  }

  private func place(_ table: TableReader) -> Place { table.place(of: "withhold_below") }

  // MARK: - Key

  /// `key = { unit = { field = "primary_unit" }, as_of = { span = true } }`, in the order of the target's key.
  private func key(_ table: TableReader, of target: Kind) -> [Derivation.KeyPart] {
    guard let node = table.node("key") else {
      table.missing("key", example: "{ unit = { field = \"primary_unit\" } }")
      return []
    }
    guard let parts = TableReader(node, subject: "the key of \(table.subject)", findings: findings) else { return [] }
    parts.refuseOthers(than: target.key.map(\.name))
    return target.key.compactMap { column in
      guard let node = parts.node(column.name) else {
        parts.missing(column.name, example: "{ field = \"primary_unit\" }")
        return nil
      }
      let subject = "the key column `\(column.name)` of \(table.subject)"
      return TableReader(node, subject: subject, findings: findings).flatMap(part)
    }
  }

  private func part(_ table: TableReader) -> Derivation.KeyPart? {
    table.refuseOthers(than: Self.partSettings)
    guard table.entries.count == 1 else {
      findings.add(
        table.place, "\(table.subject.capitalizedFirst) has \(table.entries.count) settings instead of one.",
        hint: "Use one of: \(Self.partSettings.joined(separator: ", ")).")
      return nil
    }
    if let name = table.text("field") { return .field(name) }
    if let name = table.text("each") { return .each(name) }
    if let text = table.text("text") { return .text(text) }
    if table.boolean("span") == true { return .span }
    if table.boolean("federation") == true { return .federation }
    return nil
  }

  // MARK: - Conditions and measures

  /// `where = [{ field = "joined_on", date = "reached" }]`; all of them must hold.
  private func conditions(_ table: TableReader) -> [Derivation.Condition] {
    tables(table, "where").compactMap { condition(TableReader($0, subject: "a condition", findings: findings)) }
  }

  private func condition(_ table: TableReader?) -> Derivation.Condition? {
    guard let table else { return nil }
    table.refuseOthers(than: Self.conditionSettings)
    guard let field = table.requiredText("field", example: "joined_on") else { return nil }
    let stated = ["date", "younger_than", "in"].filter { table.node($0) != nil }
    guard stated.count == 1 else {
      findings.add(
        table.place, "The condition on `\(field)` has \(stated.isEmpty ? "no test" : "several tests").",
        hint: "Write one of date, younger_than and in.")
      return nil
    }
    guard let test = test(table, stated[0]) else { return nil }
    return Derivation.Condition(field: field, test: test, allowsEmpty: table.boolean("or_empty") ?? false)
  }

  private func test(_ table: TableReader, _ setting: String) -> Derivation.Test? {
    switch setting {
    case "date":
      switch table.choice("date", of: DateWord.self) {
      case .reached: return .reached
      case .notReached: return .notReached
      case .within: return .within
      case nil: return nil
      }
    case "younger_than":
      return table.requiredInteger("younger_than", in: 1...CatalogFileLimits.age).map { .younger(than: $0) }
    default: return table.texts("in").map { .oneOf($0.map(\.text)) }
    }
  }

  /// `members_women = { count = "rows", where = [{ field = "sex", in = ["female"] }] }`, one line a figure.
  private func measures(_ table: TableReader) -> [Derivation.Measure] {
    guard let node = table.node("measures") else {
      table.missing("measures", example: "{ members_total = { count = \"rows\" } }")
      return []
    }
    guard let list = TableReader(node, subject: "the measures of \(table.subject)", findings: findings) else {
      return []
    }
    return list.entries.compactMap { entry in
      let subject = "the measure `\(entry.key)`"
      guard let inner = TableReader(entry.node, subject: subject, findings: findings) else { return nil }
      inner.refuseOthers(than: Self.measureSettings)
      let distinct = inner.text("different")
      if (inner.text("count") == "rows") == (distinct != nil) {
        findings.add(
          inner.place, "\(subject.capitalizedFirst) needs either `count` or `different`.",
          hint: "Write `count = \"rows\"`, or `different = \"person\"`.")
        return nil
      }
      return Derivation.Measure(field: entry.key, distinct: distinct, conditions: conditions(inner))
    }
  }

  // MARK: - Sums

  /// `sums = [{ over = "unit", links = "org_link", parent = "parent", link_end = "valid_to" }]`.
  private func sums(_ table: TableReader) -> [Derivation.KnownSum] {
    tables(table, "sums").compactMap { node in
      guard let inner = TableReader(node, subject: "a sum of \(table.subject)", findings: findings) else { return nil }
      inner.refuseOthers(than: Self.sumSettings)
      guard let column = inner.requiredText("over", example: "unit") else { return nil }
      guard inner.node("links") != nil else { return .over(column) }
      let links = inner.requiredText("links", example: "org_link")
      let parent = inner.requiredText("parent", example: "parent")
      let end = inner.requiredText("link_end", example: "valid_to")
      guard let links, let parent, let end else { return nil }
      return .under(column: column, linkKind: links, parentField: parent, endField: end)
    }
  }

  // MARK: - Parts

  /// The elements of a list of tables; none when the key is absent.
  private func tables(_ table: TableReader, _ key: String) -> [TextNode] {
    guard let node = table.node(key) else { return [] }
    if case .array(let elements) = node.content { return elements }
    findings.add(
      node.place, "`\(key)` of \(table.subject) must be a list of tables, but is \(node.typeName).",
      hint: "Write a list between [ and ].")
    return []
  }

  /// The names and texts of a small table, in the order of the file.
  private func pairs(_ table: TableReader, _ key: String, example: String) -> [(String, String)] {
    guard let node = table.node(key) else {
      table.missing(key, example: example)
      return []
    }
    guard let inner = TableReader(node, subject: "`\(key)` of \(table.subject)", findings: findings) else { return [] }
    return inner.entries.compactMap { entry in inner.text(entry.key).map { (entry.key, $0) } }
  }
}
