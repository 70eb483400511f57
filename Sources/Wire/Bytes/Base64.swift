import struct FoundationEssentials.Data

/// Base64 (RFC 4648) in which every run of bytes has one spelling, and no other spelling is read: a signature that could
/// be written in two ways would be two signatures to whoever compares text.
public enum Base64 {
  /// `bytes` with the usual alphabet (section 4) and padding.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

  /// The bytes, or nil for anything that `encode` does not write.
  public static func decode(_ text: String) -> [UInt8]? {
    guard let bytes = Data(base64Encoded: text), encode(bytes).utf8.elementsEqual(text.utf8) else { return nil }
    return Array(bytes)
  }
}

/// Base64 for lines that people copy: the alphabet of RFC 4648, section 5, without padding.
public enum Base64URL {
  /// What a letter stands for; nil for one that is not of the alphabet.
  static func value(of letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter + 4
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }

  /// `bytes` as text.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    String(Base64.encode(bytes).prefix { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }

  /// The bytes, or nil for anything that `encode` does not write.
  public static func decode(_ text: String) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }) + padding
    guard let bytes = Base64.decode(standard), encode(bytes).utf8.elementsEqual(text.utf8) else { return nil }
    return bytes
  }
}
