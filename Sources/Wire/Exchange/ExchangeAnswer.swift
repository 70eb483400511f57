import Crypto
import Limits
import SyncCore

/// What headquarters answers to `POST /v1/exchange`.
public struct ExchangeAnswer: Equatable, Sendable {
  static let magic = Array("BRA1".utf8)

  /// A segment of the request that was refused, and why.
  public struct Refusal: Equatable, Sendable {
    /// The segment's hash.
    public var segment: Digest
    /// A sentence for people.
    public var reason: String

    public init(segment: Digest, reason: String) {
      self.segment = segment
      self.reason = reason
    }
  }

  /// Now by the answering node's clock, in milliseconds since 1970.
  public var now: Int64
  /// The hash of the answering node's frontier after the request was absorbed, over the channels that the other may
  /// read.
  public var frontierDigest: Digest
  /// That frontier, unless both are in sync.
  public var frontier: [FrontierEntry]?
  /// For each entry of the request's frontier, whether the answering node holds that segment.
  public var held: [Bool]
  /// True when there was more to send than fitted.
  public var hasMore: Bool
  /// Segments of the request that were refused.
  public var refusals: [Refusal]
  /// The catalog, when it is newer than the sender's.
  public var catalog: [UInt8]?
  /// A receipt; empty when no segments went either way.
  public var receipt: [UInt8]
  /// Cards of the nodes whose segments follow.
  public var cards: [[UInt8]]
  /// Segments in causal order.
  public var segments: [[UInt8]]

  public init(
    now: Int64, frontierDigest: Digest, frontier: [FrontierEntry]? = nil, held: [Bool] = [], hasMore: Bool = false,
    refusals: [Refusal] = [], catalog: [UInt8]? = nil, receipt: [UInt8] = [], cards: [[UInt8]] = [],
    segments: [[UInt8]] = []
  ) {
    self.now = now
    self.frontierDigest = frontierDigest
    self.frontier = frontier
    self.held = held
    self.hasMore = hasMore
    self.refusals = refusals
    self.catalog = catalog
    self.receipt = receipt
    self.cards = cards
    self.segments = segments
  }

  /// The answer as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.zigzag(now)
    writer.digest(frontierDigest)
    writer.byte((frontier == nil ? 0 : 1) | (hasMore ? 2 : 0) | (catalog == nil ? 0 : 4))
    if let frontier { FrontierCodec.encode(frontier, into: &writer) }
    writer.count(held.count)
    Runs.encode(held.map { $0 ? 1 : 0 }, into: &writer)
    writer.count(refusals.count)
    for refusal in refusals {
      writer.digest(refusal.segment)
      writer.text(Self.cut(refusal.reason))
    }
    if let catalog { writer.sized(catalog) }
    writer.sized(receipt)
    FrontierCodec.encode(list: cards, into: &writer)
    FrontierCodec.encode(list: segments, into: &writer)
    return writer.bytes
  }

  /// A reason that is not longer than the other side accepts.
  private static func cut(_ reason: String) -> String {
    guard reason.utf8.count > WireLimits.reasonBytes else { return reason }
    // A character cut in two becomes a replacement character, which takes up to two bytes more.
    return String(decoding: reason.utf8.prefix(WireLimits.reasonBytes - 3), as: UTF8.self)
  }

  /// Reads an answer.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading an exchange answer")
    guard bytes.count <= WireLimits.messageBytes else { throw reader.error(.tooLarge, "it has \(bytes.count) bytes") }
    try reader.magic(Self.magic)
    now = try reader.zigzag()
    frontierDigest = try reader.digest()
    let marks = try reader.byte()
    guard marks <= 7 else { throw reader.error(.unsupported, "it has unknown marks") }
    hasMore = marks & 2 != 0
    frontier = marks & 1 != 0 ? try FrontierCodec.decode(&reader) : nil
    let heldCount = try reader.count(limit: WireLimits.frontierEntries, of: "held marks")
    held = try Runs.decode(&reader, count: heldCount, limit: 1).map { $0 == 1 }
    refusals = []
    for _ in 0..<(try reader.count(limit: WireLimits.segmentsPerMessage, of: "refusals")) {
      let segment = try reader.digest()
      refusals.append(Refusal(segment: segment, reason: try reader.text(limit: WireLimits.reasonBytes, of: "a reason")))
    }
    catalog = marks & 4 != 0 ? Array(try reader.sized(limit: WireLimits.catalogBytes, of: "a catalog")) : nil
    receipt = Array(try reader.sized(limit: WireLimits.receiptBytes, of: "a receipt"))
    cards = try FrontierCodec.decodeList(
      &reader, limit: WireLimits.cardsPerMessage, bytes: WireLimits.cardBytes, of: "cards")
    segments = try FrontierCodec.decodeList(
      &reader, limit: WireLimits.segmentsPerMessage, bytes: WireLimits.segmentBytes, of: "segments")
    try reader.finish()
  }
}
