/// Which names tables, columns and groups may have: they are used in SQL, in triggers and in messages.
public enum CatalogName {
  /// Bytes of the longest name.
  public static let maximumBytes = 63
  /// Prefixes that are reserved for the program itself and for SQLite.
  public static let keptPrefixes = ["birlik_", "sqlite_"]

  /// The words that SQLite 3.40 does not accept as a table's or column's name without quotes.
  public static let quotedWords: [String] = [
    "add", "all", "alter", "and", "as", "autoincrement", "between", "case", "cast", "check", "collate", "commit",
    "constraint", "create", "current_date", "current_time", "current_timestamp", "default", "deferrable", "delete",
    "distinct", "drop", "else", "escape", "except", "exists", "foreign", "from", "group", "having", "if", "in", "index",
    "insert", "intersect", "into", "is", "isnull", "join", "limit", "not", "nothing", "notnull", "null", "on", "or",
    "order", "primary", "raise", "references", "returning", "select", "set", "table", "then", "to", "transaction",
    "union", "unique", "update", "using", "values", "when", "where",
  ]

  /// True for a small letter followed by small letters, digits and underscores.
  public static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, isSmallLetter(first), name.utf8.count <= maximumBytes else { return false }
    return name.utf8.allSatisfy { isSmallLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  /// The reserved prefix of a name; nil for any other name.
  public static func keptPrefix(of name: String) -> String? {
    keptPrefixes.first { name.utf8.starts(with: $0.utf8) }
  }

  /// True for a word of SQL that needs quotes wherever it is a name.
  public static func needsQuotes(_ name: String) -> Bool { quotedWords.contains { $0.sameBytes(as: name) } }

  private static func isSmallLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
