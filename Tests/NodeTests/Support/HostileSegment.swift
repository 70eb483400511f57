import Crypto
import SyncCore

@testable import Wire

/// A segment whose body is a great many zeros packed into nothing, under a true signature.
struct HostileSegment {
  private let headerBytes: [UInt8]
  private let body: [UInt8]

  /// - Parameter size: the unpacked size that the header claims; nil for the true one.
  init(origin: Origin, channel: Channel, zeros: Int, size: Int? = nil) throws {
    let raw = [UInt8](repeating: 0, count: zeros)
    body = Zstandard.compress(raw) ?? raw
    let header = SegmentHeader(
      origin: origin, channel: channel, first: 1, count: 1, predecessor: .zero, context: [], catalogVersion: 1,
      sealedAt: 1_790_000_000_000)
    headerBytes = Segment.encode(
      header: header, packed: true, size: size ?? zeros, body: Digest(sha256: body))
  }

  func bytes(by key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
    let hash = Segment.hash(header: headerBytes)
    var writer = ByteWriter()
    writer.raw(Segment.magic)
    writer.sized(headerBytes)
    writer.raw(Array(try key.signature(for: Segment.signatureDomain + hash.bytes)))
    writer.sized(body)
    return writer.bytes
  }
}
