import SyncCore

/// Bytes as one line that people copy: a prefix that names the kind of line, then base64 of the bytes and four bytes of
/// their hash, which reveal a line that was copied only in part.
enum HandedLine {
  private static let checkBytes = 4

  static func text(_ prefix: String, _ bytes: [UInt8]) -> String {
    prefix + Base64URL.encode(bytes + Digest(sha256: bytes).bytes.prefix(checkBytes))
  }

  /// The bytes of a line, in which mail programs may have inserted line breaks; nil when it is not whole.
  static func bytes(_ prefix: String, in line: String) -> [UInt8]? {
    let trimmed = line.split(whereSeparator: \.isWhitespace).joined()
    guard trimmed.hasPrefix(prefix), let all = Base64URL.decode(String(trimmed.dropFirst(prefix.count))),
      all.count > checkBytes
    else { return nil }
    let bytes = Array(all.dropLast(checkBytes))
    return Digest(sha256: bytes).bytes.prefix(checkBytes).elementsEqual(all.suffix(checkBytes)) ? bytes : nil
  }
}
