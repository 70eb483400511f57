/// A JSON document (RFC 8259) whose members keep their order.
///
/// ```swift
/// let json: JSON = ["ok": .bool(true), "records": .number(12), "problems": .array([])]
/// json.bytes   // {"ok":true,"records":12,"problems":[]}
/// ```
enum JSON {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number that is written already, such as `51.2`.
  case decimal(String)
  case text([UInt8])
  case array([JSON])
  case object([(name: String, value: JSON)])

  static func string(_ text: String) -> JSON { .text(Array(text.utf8)) }
  static func string(_ text: String?) -> JSON { text.map { string($0) } ?? .null }
  static func number(_ number: Int) -> JSON { .integer(Int64(number)) }
  static func number(_ number: Int64?) -> JSON { number.map { .integer($0) } ?? .null }
  static func strings(_ texts: [String]) -> JSON { .array(texts.map { string($0) }) }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let number): bytes += String(number).utf8
    case .decimal(let text): bytes += text.utf8
    case .text(let text): Self.write(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members): Self.write(members, to: &bytes)
    }
  }

  private static func write(_ members: [(name: String, value: JSON)], to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(Array(member.name.utf8), to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      member.value.write(to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func write(_ text: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    // A value that is no UTF-8 would make the whole document unreadable.
    for byte in String(decoding: text, as: UTF8.self).utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        bytes += "\\u00\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension JSON: ExpressibleByStringLiteral {
  typealias StringLiteralType = String

  init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByDictionaryLiteral {

  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }
}
