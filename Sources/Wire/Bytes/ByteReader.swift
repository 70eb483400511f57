import Limits
import SyncCore

/// Reads numbers and lengths of the wire format from bytes that may be hostile.
public struct ByteReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  private var index: Int
  /// What is being read, for messages.
  public let operation: String

  /// Reads `bytes` from their beginning.
  public init(_ bytes: some Collection<UInt8>, operation: String) {
    self.bytes = ArraySlice(bytes)
    index = self.bytes.startIndex
    self.operation = operation
  }

  /// Bytes that were not read yet.
  public var remaining: Int { bytes.endIndex - index }
  /// Whether everything was read.
  public var isAtEnd: Bool { remaining == 0 }

  func error(_ code: WireError.Code, _ detail: String) -> WireError { WireError(code, operation, detail) }

  /// One byte.
  public mutating func byte() throws(WireError) -> UInt8 {
    guard index < bytes.endIndex else { throw error(.truncated, "the bytes end too early") }
    defer { index += 1 }
    return bytes[index]
  }

  /// Unsigned LEB128 in its shortest form.
  public mutating func varint() throws(WireError) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      if shift == 63, next > 1 { throw error(.malformed, "a number is longer than 64 bits") }
      result |= UInt64(next & 127) << shift
      if next < 128 {
        if next == 0, shift > 0 { throw error(.malformed, "a number is not in its shortest form") }
        return result
      }
      shift += 7
      if shift > 63 { throw error(.malformed, "a number is longer than 64 bits") }
    }
  }

  /// A signed number in zigzag form.
  public mutating func zigzag() throws(WireError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A number that names something.
  ///
  /// - Parameters:
  ///   - what: in the plural, for the error.
  ///   - limit: the greatest that is allowed.
  public mutating func id<ID: NamingNumber>(of what: String, limit: Int = WireLimits.largestID) throws(WireError) -> ID
  {
    ID(try count(limit: limit, of: what))
  }

  /// A count or a length of at most `limit`.
  public mutating func count(limit: Int, of what: String) throws(WireError) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw error(.tooLarge, "\(value) \(what) where \(limit) are allowed") }
    return Int(value)
  }

  /// A number that has to fit a signed 64-bit integer.
  public mutating func number() throws(WireError) -> Int64 {
    let value = try varint()
    guard let number = Int64(exactly: value) else { throw error(.malformed, "a number is too large") }
    return number
  }

  /// Reads the bytes by which a message is known.
  ///
  /// - Throws: `WireError` with code `malformed` for others.
  public mutating func magic(_ expected: [UInt8]) throws(WireError) {
    guard try raw(expected.count).elementsEqual(expected) else {
      throw error(.malformed, "it does not begin with \(String(decoding: expected, as: UTF8.self))")
    }
  }

  /// The next `count` bytes.
  public mutating func raw(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw error(.truncated, "the bytes end too early") }
    defer { index += count }
    return bytes[index..<(index + count)]
  }

  /// A length of at most `limit`, and that many bytes.
  public mutating func sized(limit: Int, of what: String) throws(WireError) -> ArraySlice<UInt8> {
    let length = try count(limit: limit, of: "bytes of \(what)")
    return try raw(length)
  }

  /// UTF-8 of at most `limit` bytes.
  public mutating func text(limit: Int, of what: String) throws(WireError) -> String {
    let slice = try sized(limit: limit, of: what)
    guard let text = String(validating: slice, as: UTF8.self) else { throw error(.malformed, "\(what) is not UTF-8") }
    return text
  }

  mutating func digest() throws(WireError) -> Digest {
    guard let digest = Digest(bytes: try raw(Digest.byteCount)) else { throw error(.truncated, "a hash is cut off") }
    return digest
  }

  mutating func origin() throws(WireError) -> Origin {
    guard let origin = Origin(bytes: try raw(Origin.byteCount)) else { throw error(.truncated, "an origin is cut off") }
    return origin
  }

  mutating func tip() throws(WireError) -> Tip {
    let origin = try origin()
    let sequence = try number()
    guard sequence > 0 else { throw error(.malformed, "a tip has no number") }
    return Tip(origin: origin, sequence: sequence, hash: try digest())
  }

  mutating func channel() throws(WireError) -> Channel {
    let text = try text(limit: FederationCode.maximumLength + 5, of: "a channel")
    guard let channel = Channel(text) else { throw error(.malformed, "a channel has no valid name") }
    return channel
  }

  /// Checks that no bytes are left.
  func finish() throws(WireError) {
    guard isAtEnd else { throw error(.malformed, "\(remaining) bytes follow the end") }
  }
}
