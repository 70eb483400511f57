/// A statement of a schema as SQLite keeps it, cut into its words: enough to tell columns, names and constraints apart.
///
/// ```swift
/// SQLText("CREATE VIEW \"a b\" AS SELECT 1").renamed(to: "c")   // CREATE VIEW "c" AS SELECT 1
/// ```
struct SQLText {
  struct Token {
    enum Sort {
      /// A word of the language or a name without quotes.
      case word
      case quotedName
      /// A text between single quotes, a number, or a sign.
      case other
    }

    var sort: Sort
    /// A name without its quotes; everything else as it is written.
    var text: String
    /// Its place in `bytes`.
    var place: Range<Int>

    /// For comparing as SQLite does: names and words without regard to the case of ASCII letters.
    var folded: String { sort == .other ? text : SQLText.folded(text) }

    func isWord(_ words: String...) -> Bool { sort == .word && words.contains(folded) }

    func isName(_ name: String) -> Bool { sort != .other && folded == SQLText.folded(name) }
  }

  let bytes: [UInt8]
  private(set) var tokens: [Token] = []

  init(_ sql: String) {
    bytes = Array(sql.utf8)
    var place = 0
    while let token = Self.token(in: bytes, at: &place) { tokens.append(token) }
  }

  /// A name as SQLite compares names: ASCII letters alone have no case.
  static func folded(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  func text(_ tokens: ArraySlice<Token>) -> String {
    guard let first = tokens.first, let last = tokens.last else { return "" }
    return String(decoding: bytes[first.place.lowerBound..<last.place.upperBound], as: UTF8.self)
  }

  // MARK: Renaming

  /// The statement with another name for what it makes; nil for one that makes nothing that has a name.
  func renamed(to name: String) -> String? {
    guard let index = nameIndex else { return nil }
    return replacing([index], with: name)
  }

  /// A trigger's statement, set on a table of another name.
  func movedTrigger(to table: String) -> String? {
    guard let name = nameIndex, let on = tokens[name...].firstIndex(where: { $0.isWord("on") }),
      tokens.indices.contains(on + 1)
    else { return nil }
    return replacing([on + 1], with: table)
  }

  /// The statement with another name for a table that it reads: where the name comes after FROM or JOIN, or before a dot.
  func reading(_ name: String, as other: String) -> String {
    let places = tokens.indices.filter { index in
      guard tokens[index].isName(name) else { return false }
      let isSource = index > 0 && tokens[index - 1].isWord("from", "join")
      return isSource || tokens.indices.contains(index + 1) && tokens[index + 1].text == "."
    }
    return replacing(places, with: other)
  }

  /// Where the name of the new object is, after `CREATE … TABLE|VIEW|INDEX|TRIGGER [IF NOT EXISTS]`.
  private var nameIndex: Int? {
    guard tokens.first?.isWord("create") == true,
      var index = tokens.firstIndex(where: { $0.isWord("table", "view", "index", "trigger") })
    else { return nil }
    index += 1
    if tokens.indices.contains(index + 3), tokens[index].isWord("if"), tokens[index + 1].isWord("not") { index += 3 }
    return tokens.indices.contains(index) && tokens[index].sort != .other ? index : nil
  }

  private func replacing(_ places: [Int], with name: String) -> String {
    var result = bytes
    for index in places.reversed() { result.replaceSubrange(tokens[index].place, with: name.sql.utf8) }
    return String(decoding: result, as: UTF8.self)
  }

  // MARK: Cutting

  private static func token(in bytes: [UInt8], at place: inout Int) -> Token? {
    skipBlanks(in: bytes, at: &place)
    guard place < bytes.count else { return nil }
    let start = place
    let first = bytes[place]
    place += 1
    switch first {
    case UInt8(ascii: "'"):
      skip(to: first, in: bytes, at: &place)
      return make(.other, bytes, start..<place)
    case UInt8(ascii: "\""), UInt8(ascii: "`"):
      skip(to: first, in: bytes, at: &place)
      return quoted(bytes, start..<place, by: first)
    case UInt8(ascii: "["):
      while place < bytes.count, bytes[place] != UInt8(ascii: "]") { place += 1 }
      place = min(place + 1, bytes.count)
      return quoted(bytes, start..<place, by: nil)
    default:
      guard isPartOfName(first) else { return make(.other, bytes, start..<place) }
      while place < bytes.count, isPartOfName(bytes[place]) { place += 1 }
      let isNumber = first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")
      return make(isNumber ? .other : .word, bytes, start..<place)
    }
  }

  private static func make(_ sort: Token.Sort, _ bytes: [UInt8], _ place: Range<Int>) -> Token {
    Token(sort: sort, text: String(decoding: bytes[place], as: UTF8.self), place: place)
  }

  /// - Parameter quote: the mark on both sides, doubled within the name; nil for brackets.
  private static func quoted(_ bytes: [UInt8], _ place: Range<Int>, by quote: UInt8?) -> Token {
    let inner = String(decoding: bytes[place].dropFirst().dropLast(), as: UTF8.self)
    guard let quote else { return Token(sort: .quotedName, text: inner, place: place) }
    let mark = String(decoding: [quote], as: UTF8.self)
    return Token(sort: .quotedName, text: inner.replacing(mark + mark, with: mark), place: place)
  }

  /// Skips a quoted text. A doubled quote is part of the text.
  private static func skip(to quote: UInt8, in bytes: [UInt8], at place: inout Int) {
    while place < bytes.count {
      place += 1
      guard bytes[place - 1] == quote else { continue }
      guard place < bytes.count, bytes[place] == quote else { return }
      place += 1
    }
  }

  private static func skipBlanks(in bytes: [UInt8], at place: inout Int) {
    while place < bytes.count {
      if bytes[place] <= 0x20 {
        place += 1
      } else if bytes[place...].starts(with: Array("--".utf8)) {
        while place < bytes.count, bytes[place] != 0x0A { place += 1 }
      } else if bytes[place...].starts(with: Array("/*".utf8)) {
        place += 2
        while place < bytes.count, !bytes[place...].starts(with: Array("*/".utf8)) { place += 1 }
        place = min(place + 2, bytes.count)
      } else {
        return
      }
    }
  }

  private static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}
