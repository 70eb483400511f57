import SyncCore

/// The letters of a text that a handed line may consist of, without what mail programs put between them: line breaks, the
/// marks of quoted lines, quotation marks, invisible characters, tags and entities of HTML.
struct HandedText {
  struct Letter {
    var byte: UInt8
    /// Whether nothing but the line's own letters stands between it and the letter before it.
    var isJoined: Bool
  }

  private(set) var letters: [Letter] = []
  /// Whether it has a dash that programs write in place of one hyphen, or of two.
  private(set) var hasEnDash = false

  /// - Parameter enDash: what to read an en dash as.
  init(_ text: String, enDash: String) {
    var rest = text.unicodeScalars[...]
    var isJoined = false
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes {
        letters.append(Letter(byte: byte, isJoined: isJoined))
        isJoined = true
      }
    }
    while let scalar = rest.first {
      if let count = Self.markup(rest) {
        rest = rest.dropFirst(count)
        isJoined = false
        continue
      }
      rest.removeFirst()
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", "-", "_", ":", "=": add([UInt8(truncatingIfNeeded: scalar.value)])
      // Hyphens of other sorts, which programs put in place of the plain one.
      case "\u{2010}", "\u{2011}", "\u{2212}": add("-".utf8)
      case "\u{2014}": add("--".utf8)
      case "\u{2013}":
        hasEnDash = true
        add(enDash.utf8)
      default: isJoined = false
      }
    }
  }

  /// Where a line begins: the letters after each prefix that is no part of a longer word.
  func starts(of prefix: String) -> [Int] {
    let wanted = Array(prefix.lowercased().utf8)
    guard letters.count > wanted.count else { return [] }
    return (0...(letters.count - wanted.count)).filter { start in
      let isWord =
        start == 0 || !letters[start].isJoined
        || [UInt8(ascii: "_"), UInt8(ascii: ":")].contains(letters[start - 1].byte)
      return isWord && wanted.indices.allSatisfy { Self.lowercased(letters[start + $0].byte) == wanted[$0] }
    }.map { $0 + wanted.count }
  }

  /// Whether a word ends with a letter; the underscores of emphasised text do not count.
  func isEnd(_ index: Int) -> Bool {
    var next = index + 1
    while next < letters.count, letters[next].isJoined {
      guard letters[next].byte == UInt8(ascii: "_") else { return false }
      next += 1
    }
    return true
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

  // MARK: - Markup

  /// How many scalars at the beginning are markup: a tag or an entity of HTML, or an escape of quoted-printable text.
  private static func markup(_ text: Substring.UnicodeScalarView) -> Int? {
    switch text.first {
    case "=": escape(text)
    case "&": entity(text)
    case "<": tag(text)
    default: nil
    }
  }

  /// `=` before a line break, or `=C2`.
  private static func escape(_ text: Substring.UnicodeScalarView) -> Int? {
    let next = Array(text.dropFirst().prefix(2))
    guard let first = next.first else { return nil }
    if first == "\n" || first == "\r" { return 1 }
    return next.count == 2 && next.allSatisfy { ("0"..."9").contains($0) || ("A"..."F").contains($0) } ? 3 : nil
  }

  /// `&gt;`, `&#8203;`
  private static func entity(_ text: Substring.UnicodeScalarView) -> Int? {
    let name = text.dropFirst().prefix(10).prefix { $0 != ";" }
    guard !name.isEmpty, text.dropFirst(1 + name.count).first == ";" else { return nil }
    return name.allSatisfy { $0 == "#" || $0.properties.isASCIIHexDigit || $0.properties.isAlphabetic }
      ? name.count + 2 : nil
  }

  /// `<br>`, `</p>`, `<wbr />`, `<span style="…">`, but no line between angle brackets.
  private static func tag(_ text: Substring.UnicodeScalarView) -> Int? {
    let inner = text.dropFirst().prefix(300).prefix { $0 != ">" && $0 != "<" }
    guard text.dropFirst(1 + inner.count).first == ">" else { return nil }
    let name = inner.drop { $0 == "/" }.prefix { $0.properties.isAlphabetic || ("0"..."9").contains($0) }
    let after = inner.drop { $0 == "/" }.dropFirst(name.count).first
    guard !name.isEmpty, name.count <= 10, after == nil || after == " " || after == "/" else { return nil }
    return inner.count + 2
  }
}
