/// The form of a table as its statement describes it: columns, key and constraints, without regard to blanks, quotes and
/// the case of names.
///
/// ```swift
/// TableForm("CREATE TABLE t(a INTEGER, b TEXT, PRIMARY KEY(a)) WITHOUT ROWID")?.columns.map(\.name)   // ["a", "b"]
/// ```
struct TableForm {
  struct Column {
    var name: String
    /// The column as the statement defines it.
    var definition: String
    fileprivate var words: [SQLText.Token]

    fileprivate var folded: [String] { words.map(\.folded) }

    /// The declared type: what comes between the name and the first constraint.
    var type: [String] {
      words.dropFirst().prefix { !TableForm.isConstraint($0) && !$0.isWord("default", "collate", "generated", "as") }
        .map(\.folded)
    }

    /// Whether the declared type is a number's, as programs name them.
    var isNumber: Bool {
      let type = type.joined()
      return ["int", "real", "floa", "doub", "num", "dec", "bool"].contains { type.contains($0) }
    }

    func has(_ word: String) -> Bool { words.dropFirst().contains { $0.isWord(word) } }

    /// Whether an expression gives its values.
    var isGenerated: Bool { zip(words, words.dropFirst()).contains { $0.isWord("as") && $1.text == "(" } }

    /// The names of its constraints, which survive when the column gets another name.
    var constraintNames: [String] {
      zip(words, words.dropFirst()).compactMap { $0.isWord("constraint") ? $1.folded : nil }
    }

    /// Whether it would refuse a row that does not name the column: others' records could not be written any more.
    var refusesRows: Bool {
      let isFilled = has("default") || isGenerated
      let isRequired = zip(words, words.dropFirst()).contains { $0.isWord("not") && $1.isWord("null") }
      return has("unique") || has("primary") || isRequired && !isFilled
    }
  }

  /// What separates a table from the form that it should have.
  enum Difference: Equatable {
    case none
    /// Constraints alone differ, so the rows stay as they are under the statement given here.
    case constraints(String)
    /// The rows have to be copied into a new table.
    case rows
  }

  private(set) var columns: [Column] = []
  private var constraints: [[String]] = []
  private var constraintTexts: [String] = []
  private var options: [String] = []

  /// Nil for a statement that makes no ordinary table.
  init?(_ sql: String) {
    let text = SQLText(sql)
    let tokens = text.tokens
    guard tokens.first?.isWord("create") == true, !tokens.prefix(3).contains(where: { $0.isWord("virtual", "view") }),
      let start = tokens.firstIndex(where: { $0.text == "(" && $0.sort == .other })
    else { return nil }
    var depth = 0
    var first = start + 1
    var index = start
    while index < tokens.count {
      let token = tokens[index]
      if token.sort == .other {
        if token.text == "(" { depth += 1 }
        if token.text == ")" { depth -= 1 }
        if depth == 0 || depth == 1 && token.text == "," {
          add(tokens[first..<index], of: text)
          first = index + 1
        }
        if depth == 0 { break }
      }
      index += 1
    }
    guard depth == 0, index < tokens.count else { return nil }
    options = tokens[(index + 1)...].map(\.folded)
  }

  private mutating func add(_ item: ArraySlice<SQLText.Token>, of text: SQLText) {
    guard let first = item.first else { return }
    if Self.isConstraint(first), !first.isWord("not", "null", "references") {
      constraints.append(item.map(\.folded))
      constraintTexts.append(text.text(item))
    } else {
      columns.append(Column(name: first.text, definition: text.text(item), words: Array(item)))
    }
  }

  private static func isConstraint(_ token: SQLText.Token) -> Bool {
    token.isWord("constraint", "primary", "unique", "check", "foreign", "not", "null", "references")
  }

  func column(named name: String) -> Column? {
    let folded = SQLText.folded(name)
    return columns.first { SQLText.folded($0.name) == folded }
  }

  mutating func remove(_ column: Column) { columns.removeAll { $0.name == column.name } }

  /// Compares a table with the form that the catalog gives it. Columns of a clerk's own belong to the table, wherever they
  /// stand, unless they would refuse others' rows.
  func difference(from expected: TableForm) -> Difference {
    let known = expected.columns.map { ($0, column(named: $0.name)) }
    guard known.allSatisfy({ $1 != nil }), options == expected.options else { return .rows }
    let own = columns.filter { expected.column(named: $0.name) == nil }
    guard !own.contains(where: \.refusesRows) else { return .rows }
    if constraints == expected.constraints, known.allSatisfy({ $0.folded == $1?.folded }) { return .none }
    guard hasKey(of: expected), known.allSatisfy({ column, found in found.map { isStored($0, as: column) } ?? false })
    else { return .rows }
    let definitions = columns.map { expected.column(named: $0.name)?.definition ?? $0.definition }
    return .constraints(Self.statement(definitions + expected.constraintTexts))
  }

  /// Whether all that a table's own constraints say is the key, and it is the same one.
  private func hasKey(of expected: TableForm) -> Bool {
    constraints.filter { $0.first == "primary" } == expected.constraints.filter { $0.first == "primary" }
      && constraints.allSatisfy { ["primary", "check", "constraint"].contains($0.first) && !$0.contains("unique") }
  }

  /// Whether a column's values are stored in the same way by both definitions.
  private func isStored(_ found: Column, as expected: Column) -> Bool {
    func isRequired(_ column: Column) -> Bool { column.has("not") }
    let defaults = [found, expected].map { $0.has("default") }
    return found.type == expected.type && defaults[0] == defaults[1]
      && (!isRequired(expected) || isRequired(found))
      && !found.isGenerated && !["collate", "unique", "primary"].contains { found.has($0) }
  }

  /// What comes after `CREATE TABLE name`.
  static func statement(_ items: [String]) -> String { "(\n  " + items.joined(separator: ",\n  ") + ") WITHOUT ROWID" }

  /// The statement's part after the name, with columns of a clerk's own behind the catalog's. Those that would refuse
  /// others' rows lose what does.
  ///
  /// - Parameter others: other names for some of the clerk's columns.
  func adding(_ own: [Column], renaming others: [String: String] = [:]) -> String {
    let kept = own.map { column in
      let name = (others[column.name] ?? column.name).sql
      let isSame = others[column.name] == nil && !column.refusesRows
      return isSame ? column.definition : ([name] + column.type).joined(separator: " ")
    }
    return Self.statement(columns.map(\.definition) + kept + constraintTexts)
  }
}
