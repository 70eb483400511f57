import SyncCore

/// Reads the type of a column: `type` and the settings that belong to it.
struct TypeReader {
  /// The settings of a column that belong to its type.
  static let settings = ["type", "codes", "to", "minimum", "maximum", "currency"]
  static let names = ["text", "integer", "boolean", "date", "period", "code", "ref", "set", "money"]

  let lists: [CodeList]
  let findings: FindingList

  /// The type that the table states; nil and a finding when it states none.
  func type(of table: TableReader) -> FieldType? {
    guard let name = table.requiredText("type", example: "text") else { return nil }
    guard let known = Self.names.first(where: { $0.sameBytes(as: name) }) else {
      findings.add(
        table.place(of: "type"), "\(table.subject.capitalizedFirst) has the unknown type `\(name)`.",
        hint: "Use one of: \(Self.names.joined(separator: ", ")).")
      return nil
    }
    refuseForeignSettings(table, type: known)
    switch known {
    case "integer": return integer(table)
    case "boolean": return .boolean
    case "date": return .date
    case "period": return .period
    case "code": return codes(table).map { .code($0) }
    case "ref": return table.requiredText("to", example: "org_unit").map { .ref(kind: $0) }
    case "set": return .set
    case "money": return .money
    default: return .text
    }
  }

  /// A setting of another type, such as bounds on a text, is a mistake that would be silently without effect.
  private func refuseForeignSettings(_ table: TableReader, type: String) {
    let owners = [
      ("codes", "code"), ("to", "ref"), ("minimum", "integer"), ("maximum", "integer"), ("currency", "money"),
    ]
    for (setting, owner) in owners where owner != type && table.node(setting) != nil {
      findings.add(
        table.place(of: setting),
        "`\(setting)` of \(table.subject) belongs to columns of the type `\(owner)`, but the type is `\(type)`.",
        hint: "Remove `\(setting)`, or write `type = \"\(owner)\"`.")
    }
  }

  private func integer(_ table: TableReader) -> FieldType {
    let minimum = table.integer("minimum")
    let maximum = table.integer("maximum")
    if let minimum, let maximum, minimum > maximum {
      findings.add(
        table.place(of: "minimum"), "The minimum \(minimum) of \(table.subject) is above its maximum \(maximum).",
        hint: "Exchange the two.")
    }
    return .integer(minimum: minimum, maximum: maximum)
  }

  /// `codes = "list"` names a list of `codes.toml`; `codes = ["a", "b"]` states the codes themselves.
  private func codes(_ table: TableReader) -> [String]? {
    guard let node = table.node("codes") else {
      table.missing("codes", example: "\"country\"")
      return nil
    }
    guard case .text(let name) = node.content else {
      guard let texts = table.texts("codes") else { return nil }
      return Self.checked(texts, what: "the codes of \(table.subject)", at: node.place, findings: findings)
    }
    if let list = lists.first(where: { $0.name.sameBytes(as: name) }) { return list.codes }
    let known = lists.map(\.name).joined(separator: ", ")
    findings.add(
      node.place, "\(table.subject.capitalizedFirst) names the unknown code list `\(name)`.",
      hint: "Add the list to codes.toml, or use one of: \(known).")
    return nil
  }

  /// The codes, after findings about empty, doubled or unprintable ones.
  static func checked(
    _ texts: [(text: String, place: Place)], what: String, at place: Place, findings: FindingList
  ) -> [String] {
    if texts.isEmpty {
      findings.add(place, "There are no codes in \(what).", hint: "List at least one code.")
    }
    var seen: Set<[UInt8]> = []
    for (text, place) in texts {
      if text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) || text != trimmed(text) {
        findings.add(
          place, "A code in \(what) is empty, or has blanks around it or control characters in it.",
          hint: "Write codes as short words, such as `member`.")
      } else if !seen.insert(Array(text.utf8)).inserted {
        findings.add(place, "The code `\(text)` occurs twice in \(what).", hint: "Remove one of the two.")
      }
    }
    return texts.map(\.text)
  }

  private static func trimmed(_ text: String) -> String {
    let blank: (UInt8) -> Bool = { $0 == 0x20 }
    let front = text.utf8.drop(while: blank)
    let kept = front.reversed().drop(while: blank).reversed()
    return String(decoding: Array(kept), as: UTF8.self)
  }
}
