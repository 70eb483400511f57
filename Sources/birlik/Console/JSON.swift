/// A JSON document (RFC 8259), written as it is put together. Members keep their order, which Foundation's encoder does
/// not offer.
///
/// ```swift
/// let json: JSON = ["ok": .bool(true), "records": .number(12), "problems": .array([])]
/// json.bytes   // {"ok":true,"records":12,"problems":[]}
/// ```
struct JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
  /// UTF-8.
  let bytes: [UInt8]

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }

  init(stringLiteral value: String) { self = .string(value) }

  static let null = JSON(Array("null".utf8))

  static func bool(_ value: Bool) -> JSON { JSON(Array((value ? "true" : "false").utf8)) }

  static func integer(_ number: Int64) -> JSON { JSON(Array(String(number).utf8)) }
  static func number(_ number: Int) -> JSON { .integer(Int64(number)) }
  static func number(_ number: Int64?) -> JSON { number.map { .integer($0) } ?? .null }

  /// A number that is text already, such as `51.2`.
  static func decimal(_ text: String) -> JSON { JSON(Array(text.utf8)) }

  static func string(_ text: String?) -> JSON { text.map { .text(Array($0.utf8)) } ?? .null }
  static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

  static func array(_ elements: [JSON]) -> JSON {
    JSON(Array("[".utf8) + elements.map(\.bytes).joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8))
  }

  static func object(_ members: [(name: String, value: JSON)]) -> JSON {
    let written = members.map { string($0.name).bytes + [UInt8(ascii: ":")] + $0.value.bytes }
    return JSON(Array("{".utf8) + written.joined(separator: [UInt8(ascii: ",")]) + Array("}".utf8))
  }

  static func text(_ text: [UInt8]) -> JSON {
    var bytes = [UInt8(ascii: "\"")]
    bytes.reserveCapacity(text.count + 2)
    // Invalid UTF-8 in one value would make the whole document unreadable.
    for byte in String(decoding: text, as: UTF8.self).utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
      case UInt8(ascii: "\r"): bytes += Array("\\r".utf8)
      case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
      case 0..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        bytes += Array("\\u00\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
      default: bytes.append(byte)
      }
    }
    return JSON(bytes + [UInt8(ascii: "\"")])
  }
}
