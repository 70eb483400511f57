import Crypto
import SyncCore
import Wire

/// A segment that is whole and properly signed, with a body that no node can read.
enum UnreadableSegment {
  static func seal(_ header: SegmentHeader, key: Curve25519.Signing.PrivateKey) throws -> Segment {
    let body = Array("no blocks".utf8)
    var named = ByteWriter()
    named.raw(header.origin.bytes)
    named.text(header.channel.description)
    named.varint(UInt64(header.first))
    named.count(header.count)
    named.raw(header.predecessor.bytes)
    named.count(header.catalogVersion)
    named.zigzag(header.sealedAt)
    named.count(0)
    named.byte(0)
    named.count(body.count)
    named.raw(Digest(sha256: body).bytes)
    let hash = Digest(sha256: Array("birlik.segment.v1\0".utf8) + named.bytes)
    var writer = ByteWriter()
    writer.raw(Array("BRS1".utf8))
    writer.sized(named.bytes)
    writer.raw(Array(try key.signature(for: Array("birlik.segment.signature.v1\0".utf8) + hash.bytes)))
    writer.sized(body)
    let segment = try Segment(bytes: writer.bytes)
    try segment.verify(publicKey: Array(key.publicKey.rawRepresentation))
    return segment
  }
}
