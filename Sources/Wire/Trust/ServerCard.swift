import Crypto
import Limits
import SyncCore

/// Headquarters' signed statement of where its server is and how nodes recognize it. Of two cards the later counts.
///
/// It holds no secret. It is a line for a node that missed a change of the server's key:
///
/// ```
/// birlik-server1:ARxodHRwczo…
/// ```
public struct ServerCard: Equatable, Sendable {
  static let domain = Array("birlik.server.v1\0".utf8)
  static let prefix = "birlik-server1:"
  private static let reading = "reading the line of headquarters' server"
  private static let copyHint = "copy the whole line that `birlik pin` printed at headquarters"

  /// The address of the server; empty when it does not change.
  public let url: String
  /// How nodes recognize it.
  public let trust: ServerTrust
  /// The whole card with the signature, as it travels.
  public let bytes: [UInt8]

  /// Signs a card with headquarters' key.
  ///
  /// - Throws: `WireError` when the address is too long or the key does not sign.
  public static func issue(
    url: String, trust: ServerTrust, by key: Curve25519.Signing.PrivateKey
  ) throws(WireError) -> ServerCard {
    var writer = ByteWriter()
    writer.byte(1)
    writer.text(url)
    trust.write(to: &writer)
    guard let signature = try? key.signature(for: domain + writer.bytes) else {
      throw WireError(.badSignature, "signing the server's card", "the private key does not sign")
    }
    writer.raw(Array(signature))
    return try ServerCard(bytes: writer.bytes, signedBy: Array(key.publicKey.rawRepresentation))
  }

  /// Reads a card and checks headquarters' signature.
  ///
  /// - Throws: `WireError` for anything but a whole card signed by that key.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: Self.reading)
    guard try reader.byte() == 1 else { throw WireError(.unsupported, Self.reading, "it has an unknown version") }
    url = try reader.text(limit: WireLimits.addressBytes, of: "an address")
    trust = try ServerTrust(from: &reader)
    let signedCount = bytes.count - reader.remaining
    let signature = Array(try reader.raw(Signature.byteCount))
    try reader.finish()
    guard Signature.isValid(signature, of: Self.domain + bytes.prefix(signedCount), by: headquarters) else {
      throw WireError(
        .badSignature, Self.reading, "the headquarters of this node did not sign it",
        hint: "ask headquarters for the line of `birlik pin`, and accept none from anybody else")
    }
    self.bytes = bytes
  }

  /// The card as one line that people copy.
  public var line: String { HandedLine.text(Self.prefix, bytes) }

  /// Reads the line, also as mail programs make it: wrapped, quoted, between other words.
  ///
  /// - Throws: `WireError` with code `malformed` for a line that is not whole, `badSignature` for one that another key
  ///   signed.
  public init(line: String, signedBy headquarters: [UInt8]) throws(WireError) {
    guard case .one(let bytes) = HandedLine.find(Self.prefix, in: line) else {
      let isInvitation = HandedLine.find(Invitation.prefix, in: line) != .nothing
      throw WireError(
        .malformed, Self.reading, "it is not a whole line",
        hint: isInvitation ? "this is an invitation, which `birlik join` takes" : Self.copyHint)
    }
    try self.init(bytes: bytes, signedBy: headquarters)
  }
}
