import Crypto
import Limits
import SyncCore

/// A segment without its body: what a node keeps of a segment whose changes it dropped, and what a snapshot holds.
///
/// It has the header and the signature, so that chains, contexts and signatures can still be checked. It never travels in
/// an exchange.
public struct PrunedSegment: Equatable, Sendable {
  static let magic = Array("BRH1".utf8)
  private static let reading = "reading a segment without its body"

  /// What the segment is a run of, and where it belongs.
  public let header: SegmentHeader
  /// The segment's name on its stream's chain.
  public let hash: Digest
  /// `BRH1`, the sized header and the signature, as the log holds it.
  public let bytes: [UInt8]
  let body: Body
  let signature: [UInt8]

  /// How the header describes the body.
  struct Body: Equatable, Sendable {
    var isPacked: Bool
    /// Bytes when unpacked.
    var size: Int
    /// SHA-256 of the body as the segment held it.
    var digest: Digest
  }

  /// Rebuilds a pruned segment from its parts in a snapshot.
  init(header: SegmentHeader, body: Body, signature: [UInt8]) {
    let headerBytes = Segment.encode(header: header, packed: body.isPacked, size: body.size, body: body.digest)
    self.header = header
    self.body = body
    self.signature = signature
    hash = Segment.hash(header: headerBytes)
    bytes = Self.join(headerBytes, signature)
  }

  /// Reads a segment from the log: a pruned one, or a whole one, whose body is not read.
  ///
  /// - Throws: `WireError` for anything else.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: Self.reading)
    let magic = try reader.raw(Self.magic.count)
    let isWhole = magic.elementsEqual(Segment.magic)
    guard isWhole || magic.elementsEqual(Self.magic) else {
      throw WireError(.malformed, Self.reading, "it begins with neither BRH1 nor BRS1")
    }
    let headerBytes = Array(try reader.sized(limit: WireLimits.segmentBytes, of: "a header"))
    let (header, packed, size, digest) = try Segment.decode(header: headerBytes)
    signature = Array(try reader.raw(Signature.byteCount))
    if !isWhole { try reader.finish() }
    self.header = header
    body = Body(isPacked: packed, size: size, digest: digest)
    hash = Segment.hash(header: headerBytes)
    self.bytes = isWhole ? Self.join(headerBytes, signature) : bytes
  }

  private static func join(_ header: [UInt8], _ signature: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.reserve(header.count + 72)
    writer.raw(magic)
    writer.sized(header)
    writer.raw(signature)
    return writer.bytes
  }

  /// Checks that the origin's key signed the segment.
  ///
  /// - Parameter publicKey: the 32 bytes of the origin's Ed25519 key.
  /// - Throws: `WireError` with code `badSignature`.
  public func verify(publicKey: [UInt8]) throws(WireError) {
    try Segment.verify(signature, of: hash, origin: header.origin, publicKey: publicKey)
  }
}
