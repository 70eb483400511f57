import Limits
import SyncCore

/// A segment without its body in a snapshot, without the parts that follow from earlier segments.
public struct SkeletonEntry: Equatable, Sendable {
  /// The stream as the snapshot numbers them, in the order in which they first occur.
  public var stream: StreamNumber
  /// Set for the first segment of a stream.
  public var beginning: Beginning?
  /// How many changes.
  public var count: Int
  /// Places in streams of the snapshot, in the order of the header's context.
  public var context: [Position]
  public var catalogVersion: Int
  /// In milliseconds since 1970.
  public var sealedAt: Int64
  /// True when headquarters could not read the body, so that no head comes from it.
  public var isUnread: Bool
  var body: PrunedSegment.Body
  var signature: [UInt8]

  /// Where a stream begins.
  public struct Beginning: Equatable, Sendable {
    public var origin: Origin
    public var channel: Channel
    /// The place in a stream of the snapshot that a branch forks from; nil for a first branch.
    public var parent: Position?
  }

  /// - Parameters:
  ///   - segment: of the log.
  ///   - stream: its number in the snapshot.
  ///   - beginning: for the first segment of the stream.
  ///   - context: the header's context as places in streams of the snapshot, in the same order.
  public init(
    _ segment: PrunedSegment, stream: StreamNumber, origin: Origin, parent: Position?, isFirst: Bool,
    context: [Position],
    isUnread: Bool
  ) {
    self.stream = stream
    beginning = isFirst ? Beginning(origin: origin, channel: segment.header.channel, parent: parent) : nil
    count = segment.header.count
    self.context = context
    catalogVersion = segment.header.catalogVersion
    sealedAt = segment.header.sealedAt
    self.isUnread = isUnread
    body = segment.body
    signature = segment.signature
  }

  init(
    stream: StreamNumber, beginning: Beginning?, count: Int, context: [Position], catalogVersion: Int, sealedAt: Int64,
    isUnread: Bool, body: PrunedSegment.Body, signature: [UInt8]
  ) {
    self.stream = stream
    self.beginning = beginning
    self.count = count
    self.context = context
    self.catalogVersion = catalogVersion
    self.sealedAt = sealedAt
    self.isUnread = isUnread
    self.body = body
    self.signature = signature
  }

  /// Rebuilds the segment and computes its hash.
  ///
  /// - Parameters:
  ///   - before: the tip of the stream so far, or the place that a branch forks from; nil for the first segment of an
  ///     origin in a channel.
  ///   - context: the tips at the places of `context`.
  public func segment(_ origin: Origin, _ channel: Channel, after before: Tip?, context: [Tip]) -> PrunedSegment {
    PrunedSegment(
      header: SegmentHeader(
        origin: origin, channel: channel, first: (before?.sequence ?? 0) &+ 1, count: count,
        predecessor: before?.hash ?? .zero, context: context, catalogVersion: catalogVersion, sealedAt: sealedAt),
      body: body, signature: signature)
  }
}

/// A part of the skeleton as it travels.
enum SkeletonCodec {
  static func encode(_ entries: [SkeletonEntry], into writer: inout ByteWriter) {
    writer.count(entries.count)
    var sealedAt: Int64 = 0
    for entry in entries {
      writer.id(entry.stream)
      let marks: UInt8 =
        (entry.beginning == nil ? 0 : 1) | (entry.beginning?.parent == nil ? 0 : 2) | (entry.isUnread ? 4 : 0)
        | (entry.body.isPacked ? 8 : 0)
      writer.byte(marks)
      if let beginning = entry.beginning {
        writer.raw(beginning.origin.bytes)
        writer.text(beginning.channel.description)
        if let parent = beginning.parent { encode(parent, into: &writer) }
      }
      writer.count(entry.count)
      writer.count(entry.context.count)
      for position in entry.context { encode(position, into: &writer) }
      writer.count(entry.catalogVersion)
      writer.zigzag(entry.sealedAt &- sealedAt)
      sealedAt = entry.sealedAt
      writer.count(entry.body.size)
      writer.digest(entry.body.digest)
      writer.raw(entry.signature)
    }
  }

  private static func encode(_ position: Position, into writer: inout ByteWriter) {
    writer.id(position.stream)
    writer.varint(UInt64(clamping: position.sequence))
  }

  static func decode(_ reader: inout ByteReader) throws(WireError) -> [SkeletonEntry] {
    var entries: [SkeletonEntry] = []
    var sealedAt: Int64 = 0
    for _ in 0..<(try reader.count(limit: WireLimits.pageContentBytes, of: "segments")) {
      let stream: StreamNumber = try reader.id(of: "streams", limit: WireLimits.frontierEntries)
      let marks = try reader.byte()
      guard marks < 16, marks & 3 != 2 else { throw reader.error(.unsupported, "it carries unknown marks") }
      var beginning: SkeletonEntry.Beginning?
      if marks & 1 != 0 {
        let origin = try reader.origin()
        let channel = try reader.channel()
        let parent = marks & 2 == 0 ? nil : try decodePosition(&reader)
        beginning = SkeletonEntry.Beginning(origin: origin, channel: channel, parent: parent)
      }
      let count = try reader.count(limit: WireLimits.changesPerSegment, of: "changes")
      guard count > 0 else { throw reader.error(.malformed, "a segment has no changes") }
      var context: [Position] = []
      for _ in 0..<(try reader.count(limit: WireLimits.contextEntries, of: "context entries")) {
        context.append(try decodePosition(&reader))
      }
      let catalogVersion = try reader.count(limit: WireLimits.catalogVersion, of: "catalog versions")
      sealedAt = sealedAt &+ (try reader.zigzag())
      let size = try reader.count(limit: WireLimits.bodyBytes, of: "bytes of a body")
      let body = PrunedSegment.Body(isPacked: marks & 8 != 0, size: size, digest: try reader.digest())
      entries.append(
        SkeletonEntry(
          stream: stream, beginning: beginning, count: count, context: context, catalogVersion: catalogVersion,
          sealedAt: sealedAt, isUnread: marks & 4 != 0, body: body,
          signature: Array(try reader.raw(Signature.byteCount))))
    }
    return entries
  }

  private static func decodePosition(_ reader: inout ByteReader) throws(WireError) -> Position {
    let stream: StreamNumber = try reader.id(of: "streams", limit: WireLimits.frontierEntries)
    return Position(stream: stream, sequence: try reader.number())
  }
}
