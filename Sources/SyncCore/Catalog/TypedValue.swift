/// What people may type, and the one form in which it is sealed and shown.
///
/// Clients write dates as `2026-03-04 00:00:00`, no value as an empty text, and sets as `A;B`. Where only one meaning is
/// possible the value is brought into the catalog's form. What `Validity` allows already is never changed.
public enum TypedValue {
  /// The longest set written as words between semicolons, in bytes. As JSON it is at most six times as long, which still
  /// fits into a cell.
  public static let maximumWordsBytes = 10_000

  /// What may follow a day and means nothing but the day: midnight, as clients write it.
  public static let midnights: [String] = ["", ".000", ".000000"].flatMap { fraction in
    ["", "Z", "+00:00"].flatMap { zone in
      [" ", "T"].flatMap { ["\($0)00:00:00\(fraction)\(zone)"] + (fraction.isEmpty ? ["\($0)00:00\(zone)"] : []) }
    }
  }

  /// The value in the catalog's form where that is certain, else the value as it is.
  public static func normal(_ value: Value, _ type: FieldType) -> Value {
    guard case .text(let bytes) = value, Validity.problem(value, type) != nil else { return value }
    // In a column of numbers SQLite never had an empty text.
    if bytes.isEmpty, !type.isInteger { return .null }
    switch type {
    case .date: return .text(day(bytes))
    case .set: return words(bytes).map { .text($0) } ?? value
    default: return value
    }
  }

  /// A key column's text in the catalog's form where that is certain, else the text as it is.
  public static func normal(key bytes: [UInt8], _ type: FieldType) -> [UInt8] {
    guard case .date = type else { return bytes }
    return day(bytes)
  }

  /// Why a value may not be typed into a field, in the words of `Validity`; nil when it may.
  public static func problem(_ value: Value, _ type: FieldType) -> String? {
    Validity.problem(normal(value, type), type)
  }

  /// Why a text may not be typed into a key column; nil when it may. Keys are printed, compared and typed again, so that
  /// they hold nothing that nobody sees.
  public static func problem(key bytes: [UInt8], _ type: FieldType) -> String? {
    let normal = normal(key: bytes, type)
    return Validity.problem(key: normal, type) ?? KeyText.problem(normal)
  }

  /// What was probably meant by a value that is not allowed; nil where nothing can be guessed. Only for proposing it to a
  /// person.
  public static func guess(_ value: Value, _ type: FieldType) -> String? {
    let text: String
    switch value {
    case .null: return nil
    case .integer(let number): text = String(number)
    case .text(let bytes): text = String(decoding: bytes, as: UTF8.self)
    }
    switch type {
    case .date:
      // As people write days in all the member countries: 30.09.2026.
      let parts = text.split { "./- T".contains($0) }.prefix(3).map(String.init)
      guard parts.count == 3, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
      let isYearFirst = parts[0].count == 4
      let (year, month, day) = isYearFirst ? (parts[0], parts[1], parts[2]) : (parts[2], parts[1], parts[0])
      let date = [year, month.count == 1 ? "0" + month : month, day.count == 1 ? "0" + day : day].joined(separator: "-")
      return DayRange(date: Array(date.utf8)) == nil ? nil : date
    case .code(let codes):
      if let code = codes.first(where: { $0.lowercased() == text.lowercased() }) { return code }
      // A code that nobody meant would be a value that nobody reported: only one that stands alone is guessed.
      let near = text.isEmpty ? [] : codes.filter { text.hasPrefix($0) || $0.hasPrefix(text) }
      return near.count == 1 ? near.first : nil
    case .money:
      // Written as an amount into a column of whole numbers.
      let (amount, currency) = Money.split(text)
      return Money.minor(amount, currency: currency) == nil ? nil : text
    default: return nil
    }
  }

  /// The day that a midnight belongs to.
  private static func day(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > 11, midnights.contains(where: { $0.utf8.elementsEqual(bytes[10...]) }) else { return bytes }
    let day = Array(bytes[..<10])
    return DayRange(date: day) == nil ? bytes : day
  }

  /// Words between semicolons as a set; nil for what begins as JSON does.
  private static func words(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count <= maximumWordsBytes, !bytes.contains(0), Validity.isUTF8(bytes) else { return nil }
    let words = bytes.split(separator: UInt8(ascii: ";")).map(trimmed).filter { !$0.isEmpty }
    guard let first = words.first?.first, !jsonStarts.contains(first) else { return nil }
    return TextSet(words).json
  }

  /// With one of these begins a text that was meant as JSON.
  private static let jsonStarts = Array("[{\"".utf8)

  private static func trimmed(_ word: ArraySlice<UInt8>) -> [UInt8] {
    func isInk(_ byte: UInt8) -> Bool { ![32, 9, 10, 13].contains(byte) }
    guard let first = word.firstIndex(where: isInk), let last = word.lastIndex(where: isInk) else { return [] }
    return Array(word[first...last])
  }
}
