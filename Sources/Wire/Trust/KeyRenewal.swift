import Crypto
import SyncCore

/// A node's statement that it replaces its key by another one, signed with both keys; sent in `POST /v1/renew-key`.
///
/// The node under the new key is another node in the same federation and office. The statement names where the streams of
/// the old one end, so that nothing of them is lost or added afterwards.
public struct KeyRenewal: Equatable, Sendable {
  static let magic = Array("BRN1".utf8)
  static let domain = Array("birlik.renewal.v1\0".utf8)
  private static let reading = "reading a key renewal"

  /// The 32 bytes of the Ed25519 key that is replaced.
  public let oldKey: [UInt8]
  /// The 32 bytes of the key that replaces it.
  public let newKey: [UInt8]
  /// When the node made it, in milliseconds since 1970.
  public let at: Int64
  /// The last of each stream that was sealed under the old key.
  public let tips: [FrontierEntry]
  /// The whole statement with both signatures, as it travels and is stored.
  public let bytes: [UInt8]

  /// Signs a renewal with both keys.
  ///
  /// - Throws: `WireError` when a key does not sign.
  public init(
    from old: Curve25519.Signing.PrivateKey, to new: Curve25519.Signing.PrivateKey, tips: [FrontierEntry], at: Int64
  ) throws(WireError) {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.raw(Array(old.publicKey.rawRepresentation))
    writer.raw(Array(new.publicKey.rawRepresentation))
    writer.zigzag(at)
    FrontierCodec.encode(tips.sorted(), into: &writer)
    let signed = Self.domain + writer.bytes
    guard let first = try? old.signature(for: signed), let second = try? new.signature(for: signed) else {
      throw WireError(.badSignature, "signing a key renewal", "a private key does not sign")
    }
    writer.raw(Array(first))
    writer.raw(Array(second))
    try self.init(bytes: writer.bytes)
  }

  /// Reads a renewal and checks both signatures.
  ///
  /// - Throws: `WireError` for anything else than a whole one that both keys signed.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: Self.reading)
    try reader.magic(Self.magic)
    oldKey = Array(try reader.raw(Signature.keyByteCount))
    newKey = Array(try reader.raw(Signature.keyByteCount))
    at = try reader.zigzag()
    tips = try FrontierCodec.decode(&reader)
    let signed = Self.domain + bytes.prefix(bytes.count - reader.remaining)
    for key in [oldKey, newKey] {
      let signature = Array(try reader.raw(Signature.byteCount))
      guard Signature.isValid(signature, of: signed, by: key) else {
        throw WireError(.badSignature, Self.reading, "one of the two keys did not sign it")
      }
    }
    try reader.finish()
    guard oldKey != newKey else { throw reader.error(.malformed, "the new key is the old one") }
    self.bytes = bytes
  }
}
