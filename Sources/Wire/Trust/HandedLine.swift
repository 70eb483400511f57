import Limits
import SyncCore

/// Bytes as one line that people copy: a prefix that names the kind of line, then base64 of the bytes and four bytes of
/// their hash, which reveal a line that was copied only in part.
enum HandedLine {
  private static let checkBytes = 4

  static func text(_ prefix: String, _ bytes: [UInt8]) -> String {
    prefix + Base64URL.encode(bytes + Digest(sha256: bytes).bytes.prefix(checkBytes))
  }

  /// What a text holds.
  enum Found: Equatable {
    /// The bytes of one line, however often it is there.
    case one([UInt8])
    /// Several different lines.
    case several
    /// A line of which something is missing or was changed.
    case broken
    case nothing
  }

  /// Looks for a line in a text that mail programs wrapped, quoted, indented or surrounded by words.
  ///
  /// Its end is where the hash fits: words after it consist of the same letters.
  static func find(_ prefix: String, in text: String) -> Found {
    let short = HandedText(text, enDash: "-")
    guard short.hasEnDash else { return find(prefix, in: short) }
    // Some programs write – for one hyphen, others for two.
    let found = find(prefix, in: short)
    return found == .broken ? find(prefix, in: HandedText(text, enDash: "--")) : found
  }

  private static func find(_ prefix: String, in text: HandedText) -> Found {
    var found: [[UInt8]] = []
    var isBroken = false
    for start in text.starts(of: prefix) {
      guard let bytes = line(text, from: start) else {
        isBroken = true
        continue
      }
      if !found.contains(bytes) { found.append(bytes) }
    }
    if found.count > 1 { return .several }
    return found.first.map { .one($0) } ?? (isBroken ? .broken : .nothing)
  }

  /// The bytes of the line that begins at a letter, if it is whole.
  private static func line(_ text: HandedText, from start: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for index in text.letters.indices[start...].prefix(WireLimits.handedLetters) {
      guard let value = Base64URL.value(of: text.letters[index].byte) else {
        // An equals sign, or the colon of another line.
        return nil
      }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= (1 << UInt32(bitCount)) - 1
      }
      // Six bits left over are a letter too many.
      guard text.isEnd(index), bits == 0, bitCount < 6, bytes.count > checkBytes else { continue }
      let content = Array(bytes.dropLast(checkBytes))
      if Digest(sha256: content).bytes.prefix(checkBytes).elementsEqual(bytes.suffix(checkBytes)) { return content }
    }
    return nil
  }
}
