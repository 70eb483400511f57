/// A JSON document (RFC 8259), written as it is put together; members keep their order.
///
/// ```swift
/// let json: JSON = ["ok": .bool(true), "records": .number(12), "problems": .array([])]
/// json.bytes   // {"ok":true,"records":12,"problems":[]}
/// ```
public struct JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral, Sendable {
  /// How texts are written.
  public enum Spelling: Sendable {
    /// Valid UTF-8 without control characters, with the short escapes for line ends and tabs: for programs and screens.
    case readable
    /// The bytes as they are, with only what JSON demands escaped, in one form: for what is compared bytewise.
    case canonical
  }

  /// UTF-8, or what `canonical` texts hold.
  public let bytes: [UInt8]

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }

  public init(stringLiteral value: String) { self = .string(value) }

  public static let null = JSON(Array("null".utf8))

  public static func bool(_ value: Bool) -> JSON { JSON(Array((value ? "true" : "false").utf8)) }

  public static func integer(_ number: Int64) -> JSON { JSON(Array(String(number).utf8)) }
  public static func number(_ number: Int) -> JSON { .integer(Int64(number)) }
  public static func number(_ number: Int64?) -> JSON { number.map { .integer($0) } ?? .null }

  /// A number that is written already, such as `51.2`.
  public static func decimal(_ text: String) -> JSON { JSON(Array(text.utf8)) }

  public static func string(_ text: String?) -> JSON { text.map { .text(Array($0.utf8)) } ?? .null }
  public static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

  public static func array(_ elements: [JSON]) -> JSON {
    JSON(Array("[".utf8) + elements.map(\.bytes).joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8))
  }

  public static func object(_ members: [(name: String, value: JSON)]) -> JSON {
    let written = members.map { string($0.name).bytes + [UInt8(ascii: ":")] + $0.value.bytes }
    return JSON(Array("{".utf8) + written.joined(separator: [UInt8(ascii: ",")]) + Array("}".utf8))
  }

  /// A text as SQLite holds it, which need not be UTF-8.
  public static func text(_ text: [UInt8], _ spelling: Spelling = .readable) -> JSON {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count + 2)
    switch spelling {
    // A value that is no UTF-8 would make the whole document unreadable.
    case .readable: write(String(decoding: text, as: UTF8.self).utf8, spelling, to: &bytes)
    case .canonical: write(text, spelling, to: &bytes)
    }
    return JSON(bytes)
  }

  static func write(_ text: some Sequence<UInt8>, _ spelling: Spelling, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch (byte, spelling) {
      case (UInt8(ascii: "\""), _), (UInt8(ascii: "\\"), _): bytes += [UInt8(ascii: "\\"), byte]
      case (UInt8(ascii: "\n"), .readable): bytes += Array("\\n".utf8)
      case (UInt8(ascii: "\r"), .readable): bytes += Array("\\r".utf8)
      case (UInt8(ascii: "\t"), .readable): bytes += Array("\\t".utf8)
      case (0..<0x20, _), (0x7F, .readable): bytes += Array("\\u00".utf8) + Array(Hex.string([byte]).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
