import SyncCore

/// Which names tables, columns, groups and indicators may have.
enum NameRule {
  static let maximumBytes = 63

  /// The words that SQLite 3.40 does not take as a table's or column's name without quotes.
  static let quotedWords: [String] = [
    "add", "all", "alter", "and", "as", "autoincrement", "between", "case", "cast", "check", "collate", "commit",
    "constraint", "create", "current_date", "current_time", "current_timestamp", "default", "deferrable", "delete",
    "distinct", "drop", "else", "escape", "except", "exists", "foreign", "from", "group", "having", "if", "in", "index",
    "insert", "intersect", "into", "is", "isnull", "join", "limit", "not", "nothing", "notnull", "null", "on", "or",
    "order", "primary", "raise", "references", "returning", "select", "set", "table", "then", "to", "transaction",
    "union", "unique", "update", "using", "values", "when", "where",
  ]

  /// Reports a name that cannot be used; true when it can.
  ///
  /// - Parameter quoted: the catalog says that people write this name between double quotes in SQL.
  @discardableResult
  static func check(_ name: String, what: String, at place: Place, quoted: Bool = false, findings: FindingList) -> Bool
  {
    guard isPlain(name) else {
      findings.add(
        place, "The name `\(name)` of \(what) is not allowed.",
        hint: "Use a small letter, then small letters, digits and _, at most \(maximumBytes) in all.")
      return false
    }
    for prefix in ["birlik_", "sqlite_"] where name.utf8.starts(with: prefix.utf8) {
      findings.add(
        place, "The name `\(name)` of \(what) begins with `\(prefix)`, which is kept for the program itself.",
        hint: "Use a name without that beginning.")
      return false
    }
    if !quoted, quotedWords.contains(where: { $0.sameBytes(as: name) }) {
      findings.add(
        place, "The name `\(name)` of \(what) is a word of SQL that would need quotes in every query.",
        hint: "Use another name; a column that must have this one says `quoted = true`.")
      return false
    }
    return true
  }

  private static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, isSmallLetter(first), name.utf8.count <= maximumBytes else { return false }
    return name.utf8.allSatisfy { isSmallLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  private static func isSmallLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
