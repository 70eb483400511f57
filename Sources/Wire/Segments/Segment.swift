import Crypto
import Limits
import SyncCore

/// A signed, immutable run of changes of one stream, in the form in which it travels and is stored.
///
/// ```swift
/// let segment = try Segment.seal(header, blocks: blocks, key: key)   // once, for ever
/// let again = try Segment(bytes: segment.bytes)                      // on any node, later
/// try again.verify(publicKey: card.publicKey)
/// again.hash == segment.hash                                         // true
/// ```
///
/// The layout is described byte for byte in the page "Wire format".
public struct Segment: Equatable, Sendable {
  static let magic = Array("BRS1".utf8)
  static let hashDomain = Array("birlik.segment.v1\0".utf8)
  static let signatureDomain = Array("birlik.segment.signature.v1\0".utf8)

  /// What the segment is a run of, and where it belongs.
  public let header: SegmentHeader
  /// The segment's name on its stream's chain.
  public let hash: Digest
  /// The whole segment, as it travels and as the log holds it.
  public let bytes: [UInt8]
  private let signature: [UInt8]
  /// Where the body is in `bytes`.
  let body: Range<Int>
  private let bodyIsPacked: Bool
  private let bodySize: Int

  private static let reading = "reading a segment"
  private static let unpacking = "unpacking a segment"

  /// Reads a segment and checks that its body has the hash in its header. The signature is not checked.
  ///
  /// - Throws: `WireError` for anything that is not a whole, unaltered segment.
  public init(bytes: [UInt8]) throws(WireError) {
    guard bytes.count <= WireLimits.segmentBytes else {
      throw WireError(.tooLarge, Self.reading, "it has \(bytes.count) bytes")
    }
    var reader = ByteReader(bytes, operation: Self.reading)
    guard try reader.raw(Self.magic.count).elementsEqual(Self.magic) else {
      throw WireError(.malformed, Self.reading, "it does not begin with BRS1")
    }
    let headerBytes = Array(try reader.sized(limit: WireLimits.segmentBytes, of: "a header"))
    let (header, packed, size, bodyDigest) = try Self.decode(header: headerBytes)
    signature = Array(try reader.raw(Signature.byteCount))
    let length = try reader.count(limit: WireLimits.segmentBytes, of: "bytes of a body")
    let start = bytes.count - reader.remaining
    let stored = try reader.raw(length)
    try reader.finish()
    guard Digest(SHA256.hash(data: stored)) == bodyDigest else {
      throw WireError(.altered, Self.reading, "its body is not the one that its header names")
    }
    self.header = header
    self.bytes = bytes
    body = start..<(start + length)
    bodyIsPacked = packed
    bodySize = size
    hash = Self.hash(header: headerBytes)
  }

  /// Seals changes: packs them, puts the hash of the body into the header, hashes and signs.
  ///
  /// - Parameters:
  ///   - header: `count` has to be the number of changes in `blocks`.
  ///   - key: the origin's private key.
  /// - Throws: `WireError` when the changes are more or larger than one segment may hold.
  public static func seal(
    _ header: SegmentHeader, blocks: [KindBlock], key: Curve25519.Signing.PrivateKey
  ) throws(WireError) -> Segment {
    let operation = "sealing a segment"
    guard blocks.reduce(0, { $0 + $1.count }) == header.count, (1...WireLimits.changesPerSegment).contains(header.count)
    else { throw WireError(.malformed, operation, "it announces \(header.count) changes and holds another number") }
    // A sealed segment can never be withdrawn, so nothing may be sealed that no node could read.
    var budget = BlockBudget(changes: header.count)
    for block in blocks { try budget.spend(block, operation: operation) }
    let raw = body(of: blocks)
    guard raw.count <= WireLimits.bodyBytes else {
      throw WireError(.tooLarge, operation, "its changes take \(raw.count) bytes")
    }
    let packed = Zstandard.compress(raw)
    let stored = packed ?? raw
    let headerBytes = encode(
      header: header, packed: packed != nil, size: raw.count, body: Digest(SHA256.hash(data: stored)))
    let hash = hash(header: headerBytes)
    var writer = ByteWriter()
    writer.reserve(stored.count + headerBytes.count + 80)
    writer.raw(magic)
    writer.sized(headerBytes)
    do {
      writer.raw(Array(try key.signature(for: signatureDomain + hash.bytes)))
    } catch {
      throw WireError(.badSignature, operation, "the private key does not sign")
    }
    writer.sized(stored)
    return try Segment(bytes: writer.bytes)
  }

  /// Checks that the origin's key signed this segment.
  ///
  /// - Parameter publicKey: the 32 bytes of the origin's Ed25519 key.
  /// - Throws: `WireError` with code `badSignature`.
  public func verify(publicKey: [UInt8]) throws(WireError) {
    try Self.verify(signature, of: hash, origin: header.origin, publicKey: publicKey)
  }

  static func verify(
    _ signature: [UInt8], of hash: Digest, origin: Origin, publicKey: [UInt8]
  ) throws(WireError) {
    guard Signature.isValid(signature, of: signatureDomain + hash.bytes, by: publicKey) else {
      throw WireError(
        .badSignature, "checking a segment", "its signature is not that of origin \(origin.hex)",
        hint: "it was altered on the way or made by somebody else; nothing of it was absorbed")
    }
  }

  /// Unpacks the changes.
  ///
  /// - Throws: `WireError` for a body that is not well formed or larger than `WireLimits.bodyBytes`.
  public func blocks() throws(WireError) -> [KindBlock] {
    let stored = bytes[body]
    let operation = Self.unpacking
    let raw: [UInt8]
    if bodyIsPacked {
      guard let unpacked = Zstandard.decompress(stored, size: bodySize) else {
        throw WireError(.malformed, operation, "its body does not unpack")
      }
      raw = unpacked
    } else {
      guard stored.count == bodySize else { throw WireError(.malformed, operation, "its body has another size") }
      raw = Array(stored)
    }
    return try Self.blocks(in: raw, count: header.count)
  }

  /// Reads the changes in an unpacked body. The fuzzer starts here, because only an author's signature leads here.
  ///
  /// - Parameter count: how many changes the header announces.
  package static func blocks(in raw: [UInt8], count: Int) throws(WireError) -> [KindBlock] {
    let operation = unpacking
    var reader = ByteReader(raw, operation: operation)
    var budget = BlockBudget(changes: count)
    var blocks: [KindBlock] = []
    for _ in 0..<(try reader.count(limit: count, of: "kinds")) {
      blocks.append(try KindBlock.decode(&reader, budget: &budget))
    }
    try reader.finish()
    guard budget.changes == 0 else {
      throw WireError(.malformed, operation, "it holds fewer changes than it announces")
    }
    return blocks
  }

  /// The bytes of an unpacked body.
  package static func body(of blocks: [KindBlock]) -> [UInt8] {
    var raw = ByteWriter()
    raw.count(blocks.count)
    for block in blocks { block.encode(into: &raw) }
    return raw.bytes
  }

  // MARK: Header

  static func hash(header: [UInt8]) -> Digest {
    var hasher = SHA256()
    hasher.update(data: hashDomain)
    hasher.update(data: header)
    return Digest(hasher.finalize())
  }

  static func encode(header: SegmentHeader, packed: Bool, size: Int, body: Digest) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(header.origin.bytes)
    writer.text(header.channel.description)
    writer.varint(UInt64(clamping: header.first))
    writer.count(header.count)
    writer.digest(header.predecessor)
    writer.count(header.catalogVersion)
    writer.zigzag(header.sealedAt)
    writer.count(header.context.count)
    for tip in header.context { writer.tip(tip) }
    writer.byte(packed ? 1 : 0)
    writer.count(size)
    writer.digest(body)
    return writer.bytes
  }

  static func decode(
    header bytes: [UInt8]
  ) throws(WireError) -> (header: SegmentHeader, packed: Bool, size: Int, body: Digest) {
    var reader = ByteReader(bytes, operation: reading)
    let origin = try reader.origin()
    let channel = try reader.channel()
    let first = try reader.number()
    let count = try reader.count(limit: WireLimits.changesPerSegment, of: "changes")
    guard first > 0, count > 0, !first.addingReportingOverflow(Int64(count)).overflow else {
      throw WireError(.malformed, reading, "its numbers are impossible")
    }
    let predecessor = try reader.digest()
    let catalogVersion = try reader.count(limit: WireLimits.catalogVersion, of: "catalog versions")
    let sealedAt = try reader.zigzag()
    var context: [Tip] = []
    for _ in 0..<(try reader.count(limit: WireLimits.contextEntries, of: "context entries")) {
      context.append(try reader.tip())
    }
    let packed = try reader.byte()
    guard packed <= 1 else { throw WireError(.unsupported, reading, "its body is packed in an unknown way") }
    let size = try reader.count(limit: WireLimits.bodyBytes, of: "bytes of a body")
    let body = try reader.digest()
    try reader.finish()
    let header = SegmentHeader(
      origin: origin, channel: channel, first: first, count: count, predecessor: predecessor, context: context,
      catalogVersion: catalogVersion, sealedAt: sealedAt)
    return (header, packed == 1, size, body)
  }
}

/// Ours, where Crypto's protocol of the same name is in sight as well.
public typealias Digest = SyncCore.Digest

extension SyncCore.Digest {
  init(_ digest: SHA256Digest) { self = digest.withUnsafeBytes { Digest(bytes: $0) } ?? .zero }

  /// The SHA-256 of some bytes.
  public init(sha256 bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }
}
