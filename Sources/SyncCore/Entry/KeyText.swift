/// What a key's text must not hold, because nobody sees it: two keys that differ in it alone count one thing twice.
///
/// The tables' constraints refuse the same (`ColumnChecks`). What came from elsewhere is shown all the same, and
/// `birlik check` names it.
public enum KeyText {
  /// Characters that leave no mark: controls, those that the Unicode property Default_Ignorable_Code_Point names, marks of
  /// direction, and ends of lines and paragraphs (Unicode 16, DerivedCoreProperties.txt and UnicodeData.txt).
  public static let invisible: [ClosedRange<UInt32>] = [
    0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x34F...0x34F, 0x61C...0x61C, 0x115F...0x1160, 0x17B4...0x17B5,
    0x180B...0x180F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0x3164...0x3164, 0xFE00...0xFE0F,
    0xFEFF...0xFEFF, 0xFFA0...0xFFA0, 0xFFF0...0xFFFB, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF,
  ]

  /// Characters that look like a blank: those of the category Zs, and the empty Braille cell.
  public static let blanks: [ClosedRange<UInt32>] = [
    0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x202F...0x202F, 0x205F...0x205F, 0x2800...0x2800,
    0x3000...0x3000,
  ]

  /// In these words a constraint of a table refuses a column, and `problem` a key.
  public static let hidesCharacters = "must not hold control or invisible characters"
  public static let endsInBlank = "must not begin or end with a blank"

  public static func isInvisible(_ scalar: Unicode.Scalar) -> Bool { invisible.contains { $0.contains(scalar.value) } }

  public static func isBlank(_ scalar: Unicode.Scalar) -> Bool { blanks.contains { $0.contains(scalar.value) } }

  /// Why a text may not be typed into a column of a key; nil when it may.
  public static func problem(_ bytes: some Collection<UInt8>) -> String? {
    if bytes.allSatisfy({ (0x21...0x7E).contains($0) }) { return nil }
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    if let hidden = scalars.first(where: isInvisible) { return "the key \(hidesCharacters): it holds \(code(hidden))" }
    for end in [scalars.first, scalars.last] {
      if let end, isBlank(end) { return "the key \(endsInBlank)" + (end == " " ? "" : ": \(code(end)) is one") }
    }
    return nil
  }

  /// The text without what it must not hold; empty where nothing is left.
  public static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
    let seen = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { !isInvisible($0) }
    guard let first = seen.firstIndex(where: { !isBlank($0) }), let last = seen.lastIndex(where: { !isBlank($0) })
    else {
      return []
    }
    return Array(String(String.UnicodeScalarView(seen[first...last])).utf8)
  }

  /// The text with the codes of what nobody would see in it: `A-1‹U+200B›`.
  public static func shown(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      let isAtEnd = index == 0 || index == scalars.count - 1
      if isInvisible(scalar) || isBlank(scalar) && (isAtEnd || scalar != " ") {
        result += "‹\(code(scalar))›"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `U+200B`
  public static func code(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
