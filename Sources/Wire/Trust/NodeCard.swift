import Crypto
import Limits
import SyncCore

/// Headquarters' signed statement of who a node is: its key, its federation, its office.
///
/// Cards travel with the segments of their nodes, so that every node can check a segment with only the public key of
/// headquarters.
public struct NodeCard: Equatable, Sendable {
  static let domain = Array("birlik.card.v1\0".utf8)
  private static let reading = "reading a node card"

  /// The 32 bytes of the node's Ed25519 key.
  public let publicKey: [UInt8]
  /// The node's federation, and whether it is headquarters.
  public let role: NodeRole
  /// What people call the node, such as `ftuu/Samarkand`.
  public let name: String
  /// When headquarters signed, in milliseconds since 1970.
  public let issuedAt: Int64
  /// The whole card with the signature, as it travels.
  public let bytes: [UInt8]

  /// The node's id.
  public var id: NodeID { Self.id(of: publicKey) }

  /// The id of the node with a public key: the first 16 bytes of the key's SHA-256.
  public static func id(of publicKey: [UInt8]) -> NodeID {
    let words = Digest(sha256: publicKey).words
    return NodeID(high: words.0, low: words.1)
  }

  /// Signs a card with headquarters' key.
  ///
  /// - Throws: `WireError` when the name is too long or the key does not sign.
  public static func issue(
    publicKey: [UInt8], role: NodeRole, name: String, at issuedAt: Int64, by key: Curve25519.Signing.PrivateKey
  ) throws(WireError) -> NodeCard {
    guard publicKey.count == Signature.keyByteCount, name.utf8.count <= WireLimits.nameBytes,
      FederationCode.isValid(role.federation)
    else { throw WireError(.malformed, "signing a node card", "its key, its name or its federation is not valid") }
    var writer = ByteWriter()
    writer.byte(1)
    writer.raw(publicKey)
    writer.byte(role.isHeadquarters ? 1 : 0)
    writer.text(role.federation)
    writer.text(name)
    writer.zigzag(issuedAt)
    guard let signature = try? key.signature(for: domain + writer.bytes) else {
      throw WireError(.badSignature, "signing a node card", "the private key does not sign")
    }
    writer.raw(Array(signature))
    return try NodeCard(bytes: writer.bytes, signedBy: Array(key.publicKey.rawRepresentation))
  }

  /// Reads a card and checks headquarters' signature.
  ///
  /// - Throws: `WireError` for anything but a whole card signed by that key.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: Self.reading)
    guard try reader.byte() == 1 else { throw WireError(.unsupported, Self.reading, "it has an unknown version") }
    publicKey = Array(try reader.raw(Signature.keyByteCount))
    let isHeadquarters = try reader.byte()
    let federation = try reader.text(limit: FederationCode.maximumLength, of: "a federation")
    name = try reader.text(limit: WireLimits.nameBytes, of: "a name")
    issuedAt = try reader.zigzag()
    let signedCount = bytes.count - reader.remaining
    let signature = Array(try reader.raw(Signature.byteCount))
    try reader.finish()
    guard isHeadquarters <= 1, FederationCode.isValid(federation) else {
      throw WireError(.malformed, Self.reading, "its role or its federation is not valid")
    }
    guard Signature.isValid(signature, of: Self.domain + bytes.prefix(signedCount), by: headquarters) else {
      throw WireError(.badSignature, Self.reading, "headquarters did not sign it")
    }
    role = NodeRole(isHeadquarters: isHeadquarters == 1, federation: federation)
    self.bytes = bytes
  }
}
