/// Whether the catalog allows a value. Validity belongs to showing, not to absorbing: a wrong value is stored and
/// reported.
public enum Validity {
  /// The longest text of one cell, or of one element of a set, in bytes. A set as a whole may be longer: merging adds what
  /// several people typed, and whoever takes an element out of it must not be refused. What a record may hold bounds it.
  public static let maximumTextBytes = 65_536

  /// Why the type does not allow the value, in words that continue "… is not shown because", or nil when it does. The
  /// words may quote the value: for personal data there is `problem(private:_:)`.
  public static func problem(_ value: Value, _ type: FieldType) -> String? {
    switch value {
    case .null: nil
    case .integer(let number): problem(number, type)
    case .text(let bytes): problem(bytes, type)
    }
  }

  /// The same in words without the value: errors end in mails and journals, where personal data has no place.
  public static func problem(private value: Value, _ type: FieldType) -> String? {
    guard let words = problem(value, type) else { return nil }
    let shown: String =
      switch value {
      case .null: ""
      case .integer(let number): String(number)
      case .text(let bytes): quoted(bytes)
      }
    return words.utf8.starts(with: shown.utf8) ? "the value" + words.dropFirst(shown.count) : words
  }

  private static func problem(_ number: Int64, _ type: FieldType) -> String? {
    switch type {
    case .integer(let minimum, let maximum):
      if let minimum, number < minimum { return "\(number) is less than \(minimum)" }
      if let maximum, number > maximum { return "\(number) is more than \(maximum)" }
      return nil
    case .boolean: return number == 0 || number == 1 ? nil : "\(number) is neither 0 nor 1"
    case .money: return nil
    default: return "\(number) is a number where a text is expected"
    }
  }

  private static func problem(_ bytes: [UInt8], _ type: FieldType) -> String? {
    if bytes.count > maximumTextBytes, type != .set { return "the text is longer than \(maximumTextBytes) bytes" }
    if bytes.contains(0) { return "the text holds a zero byte" }
    if !isUTF8(bytes) { return "the text is not UTF-8" }
    switch type {
    case .text, .ref:
      return nil
    case .date:
      return DayRange(date: bytes) == nil
        ? "\(quoted(bytes)) is not a date like 2025, 2025-10 or 2025-10-31 (with ~ after it when approximate)" : nil
    case .period:
      return DayRange(period: bytes) == nil
        ? "\(quoted(bytes)) is not a period like 2025, 2025-S1, 2025-Q1, 2025-04 or 2025-W15" : nil
    case .code(let codes):
      guard !codes.contains(where: { $0.utf8.elementsEqual(bytes) }) else { return nil }
      let listed = codes.count <= 12 ? ": it is one of \(codes.joined(separator: ", "))" : ""
      return "\(quoted(bytes)) is not a code of this field\(listed)"
    case .set:
      guard let set = TextSet(json: bytes) else { return "\(quoted(bytes)) is not a JSON array of texts" }
      return set.elements.contains { $0.count > maximumTextBytes }
        ? "one of its texts is longer than \(maximumTextBytes) bytes" : nil
    case .integer, .boolean, .money:
      return "\(quoted(bytes)) is a text where a whole number is expected"
    }
  }

  /// Why a key column does not allow the text, or nil when it does.
  public static func problem(key bytes: [UInt8], _ type: FieldType) -> String? {
    bytes.isEmpty ? "the key is empty" : problem(bytes, type)
  }

  /// True when the bytes are well-formed UTF-8.
  public static func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 < 128 } || String(validating: bytes, as: UTF8.self) != nil
  }

  private static func quoted(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes.prefix(40), as: UTF8.self)
    return "'\(text)\(bytes.count > 40 ? "…" : "")'"
  }
}
