import Limits
import SyncCore

/// A part of a request's body, sent in `POST /v1/part` where the line does not carry the whole.
///
/// When all parts are there, the request itself is sent without a body. Its signature covers the digest of the whole, by
/// which headquarters finds the parts.
public struct PartRequest: Equatable, Sendable {
  static let magic = Array("BRT1".utf8)

  /// The SHA-256 of the whole body, and its size.
  public var message: Digest
  public var size: Int
  /// Where in the body these bytes are.
  public var offset: Int
  /// Empty to ask how much is there already.
  public var content: [UInt8]

  public init(message: Digest, size: Int, offset: Int, content: [UInt8]) {
    (self.message, self.size, self.offset, self.content) = (message, size, offset, content)
  }

  /// The part as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.digest(message)
    writer.count(size)
    writer.count(offset)
    writer.sized(content)
    return writer.bytes
  }

  /// Reads a part.
  ///
  /// - Throws: `WireError` for bytes that are not one, or that lie outside of the message.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading a part of a message")
    try reader.magic(Self.magic)
    message = try reader.digest()
    size = try reader.count(limit: WireLimits.messageBytes, of: "bytes of a message")
    offset = try reader.count(limit: size, of: "bytes before a part")
    content = Array(try reader.sized(limit: size - offset, of: "a part"))
    try reader.finish()
  }
}

/// How much of a message headquarters holds, the answer to `POST /v1/part`.
public struct PartAnswer: Equatable, Sendable {
  static let magic = Array("BRU1".utf8)

  /// How many bytes from the beginning are there.
  public var held: Int

  public init(held: Int) { self.held = held }

  /// The answer as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.count(held)
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading the answer to a part of a message")
    try reader.magic(Self.magic)
    held = try reader.count(limit: WireLimits.messageBytes, of: "bytes of a message")
    try reader.finish()
  }
}

/// Asks in `POST /v1/rest` for more of an answer that broke.
public struct RestRequest: Equatable, Sendable {
  static let magic = Array("BRR1".utf8)

  /// The SHA-256 of the whole body of the answer, as its `Content-Digest` says.
  public var message: Digest
  /// How many bytes came, and how many more are asked for.
  public var offset: Int
  public var limit: Int

  public init(message: Digest, offset: Int, limit: Int) {
    (self.message, self.offset, self.limit) = (message, offset, limit)
  }

  /// The request as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.digest(message)
    writer.count(offset)
    writer.count(limit)
    return writer.bytes
  }

  /// Reads a request.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading a request for the rest of an answer")
    try reader.magic(Self.magic)
    message = try reader.digest()
    offset = try reader.count(limit: WireLimits.messageBytes, of: "bytes of a message")
    limit = try reader.count(limit: WireLimits.messageBytes, of: "bytes of a part")
    try reader.finish()
  }
}

/// More of an answer that broke.
public struct RestAnswer: Equatable, Sendable {
  static let magic = Array("BRV1".utf8)

  /// How many bytes the whole body has; 0 where headquarters holds it no longer.
  public var size: Int
  public var content: [UInt8]

  public init(size: Int, content: [UInt8]) { (self.size, self.content) = (size, content) }

  /// The answer as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.count(size)
    writer.sized(content)
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading the rest of an answer")
    try reader.magic(Self.magic)
    size = try reader.count(limit: WireLimits.messageBytes, of: "bytes of a message")
    content = Array(try reader.sized(limit: size, of: "the rest of a message"))
    try reader.finish()
  }
}
