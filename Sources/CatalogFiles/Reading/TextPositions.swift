import Limits

/// Finds the line of every key and value in a TOML text, which TOMLKit does not report, and checks the text before TOMLKit
/// reads it.
///
/// The parser below TOMLKit ends the process on some malformed texts (an assertion) and on deeply nested ones (the
/// stack), so it gets only texts that passed this walk: keys, texts on one line, numbers, true and false, dates, lists
/// and tables. That is all of TOML except texts over several lines, special numbers and times, which no file of Birlik
/// needs.
struct TextPositions {
  /// Why the walk stopped: the line, the reason and what to do.
  struct Fault: Error, Equatable {
    var line: Int
    var message: String
    var hint: String
  }

  /// One step from a table to a value of it, or from an array to an element.
  enum Step: Hashable {
    case key([UInt8])
    case index(Int)
  }

  /// What is wrong with the text; nil when the walk went through.
  private(set) var fault: Fault?
  private var lines: [[Step]: Int] = [:]
  private var arrayCounts: [[Step]: Int] = [:]
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    do throws(Fault) { try document() } catch { fault = error }
  }

  /// The line on which the key or element of `path` begins, or nil.
  func line(of path: [Step]) -> Int? { lines[path] }

  // MARK: - The walk

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func sees(_ text: String) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }

  private func fault(_ message: String, hint: String) -> Fault { Fault(line: line, message: message, hint: hint) }

  private var tooDeep: Fault {
    fault("Tables, lists or dotted names are nested too deeply here.", hint: "Write it flat; four levels are enough.")
  }

  private mutating func advance() {
    if next == 0x0A { line += 1 }
    offset += 1
  }

  private mutating func expect(_ byte: UInt8, _ message: String, hint: String) throws(Fault) {
    guard next == byte else { throw fault(message, hint: hint) }
    advance()
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x09 { advance() }
  }

  private mutating func skipLinesAndComments() throws(Fault) {
    while true {
      skipBlanks()
      try skipComment()
      guard next == 0x0A || sees("\r\n") else { return }
      if next == 0x0D { advance() }
      advance()
    }
  }

  private mutating func skipComment() throws(Fault) {
    guard next == 0x23 else { return }
    while let byte = next, byte != 0x0A, !sees("\r\n") {
      try refuseControl(byte)
      advance()
    }
  }

  private func refuseControl(_ byte: UInt8) throws(Fault) {
    if byte < 0x20 && byte != 0x09 || byte == 0x7F {
      throw fault(
        "The line holds a control character.", hint: "Remove it; an editor may hide it unless set to show it.")
    }
  }

  private mutating func endOfLine() throws(Fault) {
    skipBlanks()
    try skipComment()
    if sees("\r\n") { advance() }
    guard next != nil else { return }
    try expect(
      0x0A, "Something follows the end of this setting.",
      hint: "Write one setting a line; what follows # is a comment.")
  }

  private mutating func document() throws(Fault) {
    var table: [Step] = []
    try skipLinesAndComments()
    while let byte = next {
      if byte == UInt8(ascii: "[") {
        table = try header()
      } else {
        try keyAndValue(in: table, nesting: 0)
      }
      try endOfLine()
      try skipLinesAndComments()
    }
  }

  /// `[a.b]` or `[[a.b]]`: the path of the table that the following lines fill.
  private mutating func header() throws(Fault) -> [Step] {
    let isArray = sees("[[")
    let start = line
    advance()
    if isArray { advance() }
    let parts = try key()
    for _ in 0..<(isArray ? 2 : 1) {
      try expect(
        UInt8(ascii: "]"), "The name of this table is not closed.",
        hint: isArray ? "Write [[name]] on a line of its own." : "Write [name] on a line of its own.")
    }
    var path: [Step] = []
    for (position, part) in parts.enumerated() {
      path.append(.key(part))
      record(path, start)
      let isLast = position == parts.count - 1
      if isLast && isArray {
        let count = arrayCounts[path, default: 0]
        arrayCounts[path] = count + 1
        path.append(.index(count))
        record(path, start)
      } else if let count = arrayCounts[path] {
        // A header that passes through an array of tables means its latest element.
        path.append(.index(count - 1))
      }
    }
    return path
  }

  private mutating func keyAndValue(in table: [Step], nesting: Int) throws(Fault) {
    let start = line
    var path = table
    for part in try key() {
      path.append(.key(part))
      record(path, start)
    }
    try expect(UInt8(ascii: "="), "A = is missing behind the name.", hint: "Write `name = value`.")
    skipBlanks()
    try value(at: path, nesting: nesting)
  }

  private mutating func record(_ path: [Step], _ line: Int) {
    if lines[path] == nil { lines[path] = line }
  }

  /// A key of one or more dotted parts, with the blanks around it.
  private mutating func key() throws(Fault) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    while true {
      skipBlanks()
      parts.append(try keyPart())
      if parts.count > CatalogFileLimits.keyParts { throw tooDeep }
      skipBlanks()
      guard next == UInt8(ascii: ".") else { return parts }
      advance()
    }
  }

  private mutating func keyPart() throws(Fault) -> [UInt8] {
    if next == 0x22 || next == 0x27 { return try quoted() }
    var part: [UInt8] = []
    while let byte = next, isBare(byte) {
      part.append(byte)
      advance()
    }
    guard !part.isEmpty else {
      throw fault("A name is missing or begins with a character that names do not have.", hint: "Write `name = value`.")
    }
    return part
  }

  private func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// A text within one line. Escapes are not decoded: a key that needs them is no name of a catalog, and its
  /// line falls back to that of the table around it.
  private mutating func quoted() throws(Fault) -> [UInt8] {
    if sees("\"\"\"") || sees("'''") {
      throw fault(
        "Texts over several lines are not allowed.", hint: "Write the text between simple quotes on one line.")
    }
    let quote = next
    advance()
    var content: [UInt8] = []
    while let byte = next, byte != quote, byte != 0x0A, byte != 0x0D {
      try refuseControl(byte)
      if byte == 0x5C, quote == 0x22 {
        content += try escape()
      } else {
        content.append(byte)
        advance()
      }
    }
    guard next != nil, next == quote else {
      throw fault("The text is not closed on its line.", hint: "Put a quote at its end.")
    }
    advance()
    return content
  }

  /// `\n` and the like, or `\u0131`.
  private mutating func escape() throws(Fault) -> [UInt8] {
    let start = offset
    advance()
    let letter = next ?? 0
    let digits = letter == UInt8(ascii: "u") ? 4 : letter == UInt8(ascii: "U") ? 8 : 0
    guard digits > 0 || "btnfr\"\\".utf8.contains(letter) else { throw unknownEscape }
    advance()
    for _ in 0..<digits {
      guard let digit = next, isHexadecimal(digit) else { throw unknownEscape }
      advance()
    }
    return Array(bytes[start..<offset])
  }

  private var unknownEscape: Fault {
    fault("The text holds a \\ that begins nothing known.", hint: "Write \\\\ for a backslash, or use single quotes.")
  }

  private func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func value(at path: [Step], nesting: Int) throws(Fault) {
    guard nesting < CatalogFileLimits.nesting else { throw tooDeep }
    switch next {
    case 0x22, 0x27: _ = try quoted()
    case UInt8(ascii: "["): try array(at: path, nesting: nesting)
    case UInt8(ascii: "{"): try inlineTable(at: path, nesting: nesting)
    default: try plainValue()
    }
  }

  /// A number, a truth or a date.
  private mutating func plainValue() throws(Fault) {
    let start = offset
    while let byte = next, isBare(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") { advance() }
    let word = bytes[start..<offset]
    if word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) { return }
    guard isNumber(word) || isDate(word) else {
      throw fault(
        "The value cannot be read.",
        hint: "Write a text between quotes, a whole number, true or false, a list or a table.")
    }
  }

  /// `12`, `-12`, `1_000` or `1.5`: no leading zeros, no exponent.
  private func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
    let unsigned = word.first == UInt8(ascii: "-") || word.first == UInt8(ascii: "+") ? word.dropFirst() : word
    let parts = unsigned.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.count <= 2, unsigned.count <= 32 else { return false }
    if whole.first == UInt8(ascii: "0") && whole.count > 1 { return false }
    return parts.allSatisfy { part in
      part.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }
  }

  /// `2025-10-31`.
  private func isDate(_ word: ArraySlice<UInt8>) -> Bool {
    word.count == 10
      && zip(word, "0000-00-00".utf8).allSatisfy { $1 == UInt8(ascii: "-") ? $0 == $1 : isDigit($0) }
  }

  private mutating func array(at path: [Step], nesting: Int) throws(Fault) {
    advance()
    var count = 0
    while true {
      try skipLinesAndComments()
      if next == UInt8(ascii: "]") { break }
      record(path + [.index(count)], line)
      try value(at: path + [.index(count)], nesting: nesting + 1)
      count += 1
      try skipLinesAndComments()
      guard next == UInt8(ascii: ",") else { break }
      advance()
    }
    try expect(
      UInt8(ascii: "]"), "The list is not closed here.", hint: "Put a comma between its values and ] at its end.")
  }

  private mutating func inlineTable(at path: [Step], nesting: Int) throws(Fault) {
    advance()
    skipBlanks()
    if next != UInt8(ascii: "}") {
      while true {
        try keyAndValue(in: path, nesting: nesting + 1)
        skipBlanks()
        guard next == UInt8(ascii: ",") else { break }
        advance()
      }
    }
    try expect(
      UInt8(ascii: "}"), "The table is not closed on this line.",
      hint: "Put a comma between its settings and } at its end, all on one line.")
  }
}
