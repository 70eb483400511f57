extension Derivation {
  /// One fault of the derivation, and the setting that has it.
  public struct Problem: Sendable, Equatable {
    /// Such as `from` or `key`; empty for the whole.
    public var setting: String
    public var words: String
    public var hint: String
  }

  /// Everything that is wrong with the derivation in its catalog; empty when nothing is.
  ///
  /// The checker of the files asks, and so does the machine with the personal data before every run: a catalog that came
  /// over the wire is not trusted.
  public func problems(in catalog: Catalog) -> [Problem] {
    guard let source = catalog.kind(named: source) else {
      return [Problem("from", "it counts the unknown kind `\(source)`", "Correct the name, or add the kind.")]
    }
    guard let target = catalog.kind(named: target) else {
      return [Problem("into", "it writes to the unknown kind `\(target)`", "Correct the name, or add the kind.")]
    }
    var problems: [Problem] = []
    if source.recordClass != .local {
      problems.append(
        Problem(
          "from", "it counts the kind `\(source.name)`, which is not local",
          "Count a local kind; what is shared already is added up by indicators."))
    }
    if target.recordClass == .local || target.appendOnly {
      let reason = target.appendOnly ? "is written once and never edited" : "is local, so its figures would never leave"
      problems.append(Problem("into", "it writes to the kind `\(target.name)`, which \(reason)", Self.targetHint))
    }
    if !(Self.smallestThreshold...Self.largestThreshold).contains(threshold) {
      problems.append(
        Problem(
          "withhold_below",
          "it withholds figures below \(threshold), outside \(Self.smallestThreshold) to "
            + "\(Self.largestThreshold)", "Use \(Self.usualThreshold), or a higher number."))
    }
    if catalog.derivations.contains(where: { $0.source.sameBytes(as: self.target) }) {
      problems.append(
        Problem(
          "into", "it writes to the kind `\(target.name)`, which another derivation counts", Self.targetHint))
    }
    problems += keyProblems(source, target, catalog)
    for condition in conditions { problems += Self.problems(condition, "where", source) }
    problems += measureProblems(source, target)
    problems += markProblems(target)
    for sum in sums { problems += Self.problems(sum, target, catalog) }
    problems += differenceProblems(in: catalog)
    return problems
  }

  private static let targetHint = "Write to a kind of the class federation or everyone that can be edited."

  // MARK: The key

  private func keyProblems(_ source: Kind, _ target: Kind, _ catalog: Catalog) -> [Problem] {
    guard key.count == target.key.count else {
      return [
        Problem(
          "key", "its key has \(key.count) columns where `\(target.name)` has \(target.key.count)",
          "Say for each of \(target.key.map(\.name).joined(separator: ", ")) where it comes from.")
      ]
    }
    var problems: [Problem] = []
    for (part, column) in zip(key, target.key) {
      if let words = keyProblem(part, column, source) {
        problems.append(Problem("key", "the key column `\(column.name)` \(words)", Self.keyHint))
      }
    }
    if !key.contains(.span) {
      problems.append(Problem("key", "its key does not say for which \(span.rawValue) it is", Self.keyHint))
    }
    return problems
  }

  private static let keyHint =
    "Write { field = … }, { each = … } for a set, { text = … }, { span = true } or { federation = true }."

  private func keyProblem(_ part: KeyPart, _ column: KeyColumn, _ source: Kind) -> String? {
    switch part {
    case .field(let name):
      guard let field = source.field(named: name) else { return "comes from the unknown field `\(name)`" }
      // Anything else would carry what was typed about one person into a key.
      guard case .ref(let kind) = field.type, column.type == .ref(kind: kind) else {
        return "comes from `\(name)`, which is not a reference to the same kind"
      }
      return nil
    case .each(let name):
      guard let field = source.field(named: name) else { return "comes from the unknown field `\(name)`" }
      return field.type == .set && column.type == .text ? nil : "takes each of `\(name)`, which is not a set for a text"
    case .span:
      let wanted: FieldType = span == .day ? .date : .period
      return column.type == wanted ? nil : "is no \(span == .day ? "date" : "period")"
    case .federation:
      if case .ref = column.type { return nil }
      return column.type == .text ? nil : "cannot hold the federation's code"
    case .text(let text): return Validity.problem(key: Array(text.utf8), column.type)
    }
  }

  // MARK: Conditions and measures

  private static func problems(_ condition: Condition, _ setting: String, _ source: Kind) -> [Problem] {
    let name = condition.field
    guard let field = source.field(named: name) else {
      return [Problem(setting, "a condition asks for the unknown field `\(name)`", "Correct the name.")]
    }
    switch condition.test {
    case .reached, .notReached, .within, .younger:
      guard field.type == .date else {
        return [Problem(setting, "a condition takes `\(name)` for a date", "Name a field of the type date.")]
      }
    case .oneOf(let codes):
      guard field.type == .text || field.type.hasCodes else {
        return [Problem(setting, "a condition takes `\(name)` for a word", "Name a field of the type text or code.")]
      }
      if codes.isEmpty {
        return [Problem(setting, "a condition on `\(name)` lists no word", "List at least one word after `in`.")]
      }
    }
    if case .younger(let years) = condition.test, !(1...150).contains(years) {
      return [Problem(setting, "a condition on `\(name)` asks for \(years) years", "Use 1 to 150 years.")]
    }
    return []
  }

  private func measureProblems(_ source: Kind, _ target: Kind) -> [Problem] {
    var problems: [Problem] = []
    if !measures.contains(where: \.isTotal) {
      problems.append(
        Problem(
          "measures", "no measure counts all rows, without which small groups cannot be told",
          "Add a measure `{ count = \"rows\" }` without conditions."))
    }
    for (index, measure) in measures.enumerated() {
      if measures[..<index].contains(where: { $0.field.sameBytes(as: measure.field) }) {
        problems.append(Problem("measures", "`\(measure.field)` is given twice", "Remove one of the two."))
      }
      guard let field = target.field(named: measure.field), case .integer = field.type, !field.isLocal else {
        problems.append(
          Problem(
            "measures", "`\(measure.field)` is not a whole number of `\(target.name)` that is shared",
            "Name a field of the type integer."))
        continue
      }
      if let name = measure.distinct, source.field(named: name)?.type.isInteger != false {
        problems.append(
          Problem(
            "measures",
            "`\(measure.field)` counts different texts of `\(name)`, which is no text of "
              + "`\(source.name)`", "Name a field of the local kind."))
      }
      if measure.distinct != nil, !measure.conditions.isEmpty {
        problems.append(
          Problem("measures", "`\(measure.field)` counts different texts under a condition", "Remove `where`."))
      }
      for condition in measure.conditions { problems += Self.problems(condition, "measures", source) }
    }
    return problems
  }

  private func markProblems(_ target: Kind) -> [Problem] {
    var problems: [Problem] = []
    if marks.isEmpty {
      problems.append(
        Problem(
          "marks", "it marks nothing, so a record that a person typed could not be told from its own",
          "Give a code field of `\(target.name)` a value, such as `marks = { method = \"register\" }`."))
    }
    for mark in marks {
      let field = target.field(named: mark.field)
      let isFree = field.map { field in !measures.contains { $0.field.sameBytes(as: field.name) } } ?? false
      if let field, isFree, !field.isLocal, !field.type.isInteger, field.type != .set {
        if let reason = Validity.problem(.text(mark.value), field.type) {
          problems.append(Problem("marks", "`\(mark.field)`: \(reason)", "Use a value that the field allows."))
        }
      } else {
        problems.append(
          Problem("marks", "`\(mark.field)` is not a shared field of `\(target.name)`", "Name a code or a text."))
      }
    }
    if target.field(named: withheldField).map({ $0.type == .set && !$0.isLocal }) != true {
      problems.append(
        Problem(
          "withheld", "`\(withheldField)` is not a shared set of `\(target.name)`", "Name a field of the type set."))
    }
    return problems
  }

  // MARK: Sums

  private static func problems(_ sum: KnownSum, _ target: Kind, _ catalog: Catalog) -> [Problem] {
    guard let column = target.key.first(where: { $0.name.sameBytes(as: sum.column) }) else {
      return [Problem("sums", "`\(sum.column)` is no key column of `\(target.name)`", "Name a key column.")]
    }
    guard case .under(_, let links, let parent, let end) = sum else { return [] }
    guard let kind = catalog.kind(named: links), kind.recordClass != .local, kind.key.count == 3,
      kind.key[0].type == column.type, kind.key[1].type.hasCodes, kind.key[2].type == .date,
      kind.field(named: parent)?.type == column.type, kind.field(named: end)?.type == .date
    else {
      return [
        Problem(
          "sums", "`\(links)` does not link the units of `\(column.name)` to parents",
          "Name a kind with the key unit, axis, date, its field with the parent and its field with the end.")
      ]
    }
    return []
  }
}

extension Derivation.Problem {
  fileprivate init(_ setting: String, _ words: String, _ hint: String) {
    self.init(setting: setting, words: words, hint: hint)
  }
}

extension FieldType {
  fileprivate var hasCodes: Bool {
    if case .code = self { true } else { false }
  }
}
