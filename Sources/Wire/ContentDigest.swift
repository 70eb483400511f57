import Crypto

/// The `Content-Digest` header of RFC 9530 with SHA-256, the only algorithm that Birlik speaks.
public enum ContentDigest {
  /// The header's name, lower case.
  public static let headerName = "content-digest"

  private static let prefix = "sha-256="

  /// The header's value for `body`: `sha-256=:` base64 `:`.
  public static func header(for body: [UInt8]) -> String {
    prefix + StructuredBytes.text(Array(SHA256.hash(data: body)))
  }

  /// The 32 bytes in a header's value; nil unless it is exactly one SHA-256 digest.
  public static func bytes(inHeader value: String) -> [UInt8]? {
    guard value.hasPrefix(prefix) else { return nil }
    return StructuredBytes.bytes(value.utf8.dropFirst(prefix.utf8.count), count: SHA256.byteCount)
  }
}

/// Byte sequences of HTTP structured fields (RFC 8941, 3.3.5): base64 between colons.
enum StructuredBytes {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let colon = UInt8(ascii: ":")
  private static let padding = UInt8(ascii: "=")

  /// `bytes` as text.
  static func text(_ bytes: [UInt8]) -> String {
    var text = [colon]
    var index = 0
    while index < bytes.count {
      let group = bytes[index..<min(index + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for position in 0..<4 {
        text.append(position <= group.count ? alphabet[bits >> (18 - 6 * position) & 63] : padding)
      }
      index += 3
    }
    text.append(colon)
    return String(decoding: text, as: UTF8.self)
  }

  /// The `count` bytes that `text` stands for; nil for anything but their one canonical spelling.
  ///
  /// Canonical because a signature that can be written in two ways would be two signatures to whoever compares text.
  static func bytes(_ text: some Collection<UInt8>, count: Int) -> [UInt8]? {
    let length = (count + 2) / 3 * 4
    guard text.count == length + 2, text.first == colon else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 3)
    var bits = 0
    var digits = 0
    for character in text.dropFirst().prefix(length) {
      bits = bits << 6 | (value(of: character) ?? 0)
      digits += 1
      guard digits == 4 else { continue }
      bytes += [UInt8(bits >> 16), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
      (bits, digits) = (0, 0)
    }
    bytes.removeLast(bytes.count - count)
    return self.text(bytes).utf8.elementsEqual(text) ? bytes : nil
  }

  private static func value(of character: UInt8) -> Int? {
    switch character {
    case 65...90: Int(character) - 65
    case 97...122: Int(character) - 71
    case 48...57: Int(character) + 4
    case 43: 62
    case 47: 63
    default: nil
    }
  }
}
