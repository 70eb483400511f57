import Crypto
import SyncCore
import TestSupport
import Testing

@testable import Wire

/// A segment put together by hand, so that it can lie.
struct RawSegment {
  var header: SegmentHeader
  /// The bytes as they are in the segment.
  var body: [UInt8]
  var packing: UInt8 = 0
  /// The unpacked size that the header claims.
  var size: Int
  var author: UInt8 = 1
  /// Instead of the body's own.
  var digest: SyncCore.Digest?

  init(count: Int, body: [UInt8]) {
    var random = SeededRandom(seed: 77)
    header = Samples.header(&random, count: count)
    self.body = body
    size = body.count
  }

  /// The body packed by zstd, with its true size.
  init(count: Int, packing raw: [UInt8]) throws {
    self.init(count: count, body: try #require(Zstandard.compress(raw)))
    packing = 1
    size = raw.count
  }

  /// As `Segment.seal` does it.
  init(count: Int, packingIfSmaller raw: [UInt8]) throws {
    self = Zstandard.compress(raw) == nil ? Self(count: count, body: raw) : try Self(count: count, packing: raw)
  }

  var headerBytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(header.origin.bytes)
    writer.text(header.channel.owner + (header.channel.audience == .home ? ":home" : ":open"))
    writer.varint(UInt64(bitPattern: header.first))
    writer.varint(UInt64(header.count))
    writer.raw(header.predecessor.bytes)
    writer.varint(UInt64(header.catalogVersion))
    writer.zigzag(header.sealedAt)
    writer.varint(UInt64(header.context.count))
    for tip in header.context {
      writer.raw(tip.origin.bytes)
      writer.varint(UInt64(bitPattern: tip.sequence))
      writer.raw(tip.hash.bytes)
    }
    writer.byte(packing)
    writer.varint(UInt64(size))
    writer.raw((digest ?? SyncCore.Digest(sha256: body)).bytes)
    return writer.bytes
  }

  func bytes() throws -> [UInt8] {
    let hash = Array(SHA256.hash(data: Array("birlik.segment.v1\0".utf8) + headerBytes))
    let signed = Array("birlik.segment.signature.v1\0".utf8) + hash
    var writer = ByteWriter()
    writer.raw(Array("BRS1".utf8))
    writer.sized(headerBytes)
    writer.raw(Array(try Samples.key(author).signature(for: signed)))
    writer.sized(body)
    return writer.bytes
  }

  func segment() throws -> Segment { try Segment(bytes: bytes()) }
}
