import SyncCore

/// Bytes as one line that people hand over: a word that says what it is, then base64 with four bytes of their hash, by
/// which a line that was copied only in part is found.
enum HandedLine {
  private static let checkBytes = 4

  static func text(_ prefix: String, _ bytes: [UInt8]) -> String {
    prefix + Base64URL.encode(bytes + Digest(sha256: bytes).bytes.prefix(checkBytes))
  }

  /// The bytes of a line, which mail programs may have broken; nil for what is no whole one.
  static func bytes(_ prefix: String, in line: String) -> [UInt8]? {
    let trimmed = line.split(whereSeparator: \.isWhitespace).joined()
    guard trimmed.hasPrefix(prefix), let all = Base64URL.decode(String(trimmed.dropFirst(prefix.count))),
      all.count > checkBytes
    else { return nil }
    let bytes = Array(all.dropLast(checkBytes))
    return Digest(sha256: bytes).bytes.prefix(checkBytes).elementsEqual(all.suffix(checkBytes)) ? bytes : nil
  }
}
