import Crypto
import Limits
import SyncCore

/// Headquarters' signed statement: "At T I hold your streams up to these tips, and all open channels up to the tips with
/// this digest."
///
/// A receipt is evidence and never decides what to send. The digest commits headquarters to one history of what every
/// member may read, so that two members who compare receipts see whether they were shown different ones.
public struct Receipt: Equatable, Sendable {
  static let domain = Array("birlik.receipt.v2\0".utf8)
  /// The domain of receipts without the digest, which earlier programs signed.
  static let earlierDomain = Array("birlik.receipt.v1\0".utf8)

  /// The node that it was issued to.
  public let node: NodeID
  /// By headquarters' clock, in milliseconds since 1970.
  public let at: Int64
  /// The tips of the node's own streams.
  public let tips: [FrontierEntry]
  /// The digest of the tips of every open channel; nil in a receipt of an earlier program.
  public let openDigest: Digest?
  /// The whole receipt with the signature, as it travels and is stored.
  public let bytes: [UInt8]

  /// Signs a receipt; nil when the key does not sign, or when it would be larger than `WireLimits.receiptBytes`.
  ///
  /// - Parameters:
  ///   - tips: those of the node's own streams, in ascending order.
  ///   - open: the tips of every open channel, in ascending order.
  public static func issue(
    to node: NodeID, tips: [FrontierEntry], open: [FrontierEntry], at: Int64, by key: Curve25519.Signing.PrivateKey
  ) -> Receipt? {
    var writer = ByteWriter()
    writer.raw(node.bytes)
    writer.zigzag(at)
    FrontierCodec.encode(tips, into: &writer)
    writer.digest(Digest(of: open))
    guard let signature = try? key.signature(for: domain + writer.bytes) else { return nil }
    writer.raw(Array(signature))
    return try? Receipt(bytes: writer.bytes, signedBy: Array(key.publicKey.rawRepresentation))
  }

  /// Reads a receipt and checks headquarters' signature.
  ///
  /// - Throws: `WireError` for anything but a whole receipt signed by that key.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    let operation = "reading a receipt"
    guard bytes.count <= WireLimits.receiptBytes else {
      throw WireError(.tooLarge, operation, "it has \(bytes.count) bytes")
    }
    var reader = ByteReader(bytes, operation: operation)
    guard let node = NodeID(bytes: try reader.raw(NodeID.byteCount)) else {
      throw WireError(.truncated, operation, "the node is cut off")
    }
    self.node = node
    at = try reader.zigzag()
    tips = try FrontierCodec.decode(&reader)
    let isEarlier = reader.remaining == Signature.byteCount
    openDigest = isEarlier ? nil : try reader.digest()
    let signedCount = bytes.count - reader.remaining
    let signature = Array(try reader.raw(Signature.byteCount))
    try reader.finish()
    let signed = (isEarlier ? Self.earlierDomain : Self.domain) + bytes.prefix(signedCount)
    guard Signature.isValid(signature, of: signed, by: headquarters) else {
      throw WireError(.badSignature, operation, "headquarters did not sign it")
    }
    self.bytes = bytes
  }
}
