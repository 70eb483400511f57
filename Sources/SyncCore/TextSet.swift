/// The value of a `set` field: texts without order or duplicates, written as a JSON array of strings.
///
/// Reads any such array and writes one canonical form: sorted bytewise, no spaces, only what JSON demands escaped.
public struct TextSet: Hashable, Sendable {
  /// In ascending bytewise order, without duplicates.
  public private(set) var elements: [[UInt8]]

  public init(_ elements: some Sequence<[UInt8]>) {
    self.elements = Set(elements).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The set written in `bytes`; nil when that is no JSON array of strings (RFC 8259).
  public init?(json bytes: [UInt8]) {
    var reader = Reader(bytes: bytes)
    guard let elements = reader.array() else { return nil }
    self.init(elements)
  }

  /// The canonical JSON.
  public var json: [UInt8] {
    var text = [UInt8(ascii: "[")]
    for (index, element) in elements.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      JSON.write(element, .canonical, to: &text)
    }
    text.append(UInt8(ascii: "]"))
    return text
  }

  private struct Reader {
    var bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func array() -> [[UInt8]]? {
      guard skip(UInt8(ascii: "[")) else { return nil }
      var elements: [[UInt8]] = []
      if !skip(UInt8(ascii: "]")) {
        repeat {
          guard let element = string() else { return nil }
          elements.append(element)
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { return nil }
      }
      skipSpace()
      return index == bytes.count ? elements : nil
    }

    private mutating func skipSpace() {
      while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
      skipSpace()
      guard index < bytes.count, bytes[index] == byte else { return false }
      index += 1
      return true
    }

    private mutating func next() -> UInt8? {
      guard index < bytes.count else { return nil }
      defer { index += 1 }
      return bytes[index]
    }

    private mutating func string() -> [UInt8]? {
      guard skip(UInt8(ascii: "\"")) else { return nil }
      var text: [UInt8] = []
      while let byte = next() {
        switch byte {
        case UInt8(ascii: "\""): return text
        case 0..<32: return nil
        case UInt8(ascii: "\\"):
          guard let escaped = escape() else { return nil }
          text += escaped
        default: text.append(byte)
        }
      }
      return nil
    }

    private mutating func escape() -> [UInt8]? {
      switch next() {
      case UInt8(ascii: "\""): return [0x22]
      case UInt8(ascii: "\\"): return [0x5C]
      case UInt8(ascii: "/"): return [0x2F]
      case UInt8(ascii: "b"): return [0x08]
      case UInt8(ascii: "f"): return [0x0C]
      case UInt8(ascii: "n"): return [0x0A]
      case UInt8(ascii: "r"): return [0x0D]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "u"): return unicode()
      default: return nil
      }
    }

    private mutating func unicode() -> [UInt8]? {
      guard let unit = hexUnit() else { return nil }
      if (0xD800..<0xDC00).contains(unit) {
        guard next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u"), let low = hexUnit(),
          (0xDC00..<0xE000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)).map { Array(String($0).utf8) }
      }
      guard unit != 0 else { return nil }
      return Unicode.Scalar(unit).map { Array(String($0).utf8) }
    }

    private mutating func hexUnit() -> UInt32? {
      guard bytes.count - index >= 4,
        let digits = Hex.bytes(String(decoding: bytes[index..<(index + 4)], as: UTF8.self)), digits.count == 2
      else { return nil }
      index += 4
      return UInt32(digits[0]) << 8 | UInt32(digits[1])
    }
  }
}
