import Limits
import SyncCore

/// How a node recognizes headquarters' server when it connects over TLS.
///
/// It protects the connection only. Headquarters itself is recognized by its Ed25519 key, which signs every answer.
public struct ServerTrust: Equatable, Sendable {
  /// How many keys may be accepted at once.
  public static let maximumPins = WireLimits.pins
  /// An authority that the node's machine trusts must have signed the server's certificate, as for any web site.
  public static let authority = ServerTrust(pins: [], needsAuthority: true, issuedAt: 0, ())

  /// SHA-256 of each public key (SubjectPublicKeyInfo, DER) that the server may show; none for any.
  public let pins: [Digest]
  /// Whether an authority must have signed the certificate. Without it there has to be a pin, which alone decides.
  public let needsAuthority: Bool
  /// When headquarters issued it, in milliseconds since 1970; 0 where it never did. Of two the later counts.
  public let issuedAt: Int64

  private init(pins: [Digest], needsAuthority: Bool, issuedAt: Int64, _: Void) {
    self.pins = pins
    self.needsAuthority = needsAuthority
    self.issuedAt = issuedAt
  }

  /// - Throws: `WireError` for more pins than allowed, the same twice, or neither a pin nor an authority.
  public init(pins: [Digest], needsAuthority: Bool, issuedAt: Int64) throws(WireError) {
    let operation = "reading the server's keys"
    guard pins.count <= Self.maximumPins else {
      throw WireError(.tooLarge, operation, "\(pins.count) pins where \(Self.maximumPins) are allowed")
    }
    guard Set(pins).count == pins.count else { throw WireError(.malformed, operation, "a pin occurs twice") }
    guard needsAuthority || !pins.isEmpty else {
      throw WireError(.malformed, operation, "it has neither a pin nor an authority")
    }
    self.init(pins: pins, needsAuthority: needsAuthority, issuedAt: issuedAt, ())
  }

  /// As it is stored and as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads what `bytes` wrote.
  ///
  /// - Throws: `WireError` for anything else.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading the server's keys")
    try self.init(from: &reader)
    try reader.finish()
  }

  func write(to writer: inout ByteWriter) {
    writer.byte(needsAuthority ? 1 : 0)
    writer.count(pins.count)
    for pin in pins { writer.digest(pin) }
    writer.zigzag(issuedAt)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    let flag = try reader.byte()
    guard flag <= 1 else { throw reader.error(.malformed, "the mark for an authority is neither 0 nor 1") }
    let count = try reader.count(limit: Self.maximumPins, of: "pins")
    var pins: [Digest] = []
    for _ in 0..<count { pins.append(try reader.digest()) }
    try self.init(pins: pins, needsAuthority: flag == 1, issuedAt: try reader.zigzag())
  }
}
