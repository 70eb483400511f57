import Limits
import SyncCore

/// A frontier as it travels: tips grouped by channel.
enum FrontierCodec {
  static func encode(_ frontier: [FrontierEntry], into writer: inout ByteWriter) {
    var start = 0
    var groups: [Range<Int>] = []
    while start < frontier.count {
      var end = start + 1
      while end < frontier.count, frontier[end].channel == frontier[start].channel { end += 1 }
      groups.append(start..<end)
      start = end
    }
    writer.count(groups.count)
    for group in groups {
      writer.text(frontier[group.lowerBound].channel.description)
      writer.count(group.count)
      for entry in frontier[group] { writer.tip(entry.tip) }
    }
  }

  static func decode(_ reader: inout ByteReader) throws(WireError) -> [FrontierEntry] {
    var frontier: [FrontierEntry] = []
    for _ in 0..<(try reader.count(limit: WireLimits.frontierEntries, of: "channels")) {
      let channel = try reader.channel()
      let count = try reader.count(limit: WireLimits.frontierEntries - frontier.count, of: "frontier entries")
      for _ in 0..<count { frontier.append(FrontierEntry(channel: channel, tip: try reader.tip())) }
    }
    return frontier
  }

  static func encode(list: [[UInt8]], into writer: inout ByteWriter) {
    writer.count(list.count)
    for item in list { writer.sized(item) }
  }

  static func decodeList(
    _ reader: inout ByteReader, limit: Int, bytes: Int, of what: String
  ) throws(WireError) -> [[UInt8]] {
    var list: [[UInt8]] = []
    for _ in 0..<(try reader.count(limit: limit, of: what)) {
      list.append(Array(try reader.sized(limit: bytes, of: what)))
    }
    return list
  }
}

extension SyncCore.Digest {
  /// The hash of a frontier: equal on two nodes exactly when they hold the same streams up to the same tips.
  ///
  /// - Parameter frontier: in ascending order.
  public init(of frontier: [FrontierEntry]) {
    var writer = ByteWriter()
    writer.raw(Array("birlik.frontier.v1\0".utf8))
    FrontierCodec.encode(frontier, into: &writer)
    self.init(sha256: writer.bytes)
  }
}

/// What a node sends in `POST /v1/exchange`.
public struct ExchangeRequest: Equatable, Sendable {
  static let magic = Array("BRX1".utf8)

  /// The sender's own card, by which a headquarters that was rebuilt empty recognizes it.
  public var card: [UInt8]
  /// The version of the catalog that the sender follows.
  public var catalogVersion: Int
  /// The hash of the sender's frontier, over the channels that it may read.
  public var frontierDigest: Digest
  /// That frontier; nil in the greeting, whose size does not depend on the number of streams.
  public var frontier: [FrontierEntry]?
  /// How many bytes the answer may have.
  public var answerLimit: Int
  /// Cards of the nodes whose segments follow.
  public var cards: [[UInt8]]
  /// Segments in causal order.
  public var segments: [[UInt8]]

  public init(
    card: [UInt8], catalogVersion: Int, frontierDigest: Digest, frontier: [FrontierEntry]?,
    answerLimit: Int = WireLimits.messageBytes, cards: [[UInt8]] = [], segments: [[UInt8]] = []
  ) {
    self.card = card
    self.catalogVersion = catalogVersion
    self.frontierDigest = frontierDigest
    self.frontier = frontier
    self.answerLimit = answerLimit
    self.cards = cards
    self.segments = segments
  }

  /// The request as it travels.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(Self.magic)
    writer.sized(card)
    writer.count(catalogVersion)
    writer.digest(frontierDigest)
    writer.count(answerLimit)
    writer.byte(frontier == nil ? 0 : 1)
    if let frontier { FrontierCodec.encode(frontier, into: &writer) }
    FrontierCodec.encode(list: cards, into: &writer)
    FrontierCodec.encode(list: segments, into: &writer)
    return writer.bytes
  }

  /// Reads a request.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes, operation: "reading an exchange request")
    guard bytes.count <= WireLimits.messageBytes else { throw reader.error(.tooLarge, "it has \(bytes.count) bytes") }
    try reader.magic(Self.magic)
    card = Array(try reader.sized(limit: WireLimits.cardBytes, of: "a card"))
    catalogVersion = try reader.count(limit: WireLimits.catalogVersion, of: "catalog versions")
    frontierDigest = try reader.digest()
    answerLimit = min(Int(clamping: try reader.varint()), WireLimits.messageBytes)
    let hasFrontier = try reader.byte()
    guard hasFrontier <= 1 else { throw reader.error(.malformed, "a mark is neither 0 nor 1") }
    frontier = hasFrontier == 1 ? try FrontierCodec.decode(&reader) : nil
    cards = try FrontierCodec.decodeList(
      &reader, limit: WireLimits.cardsPerMessage, bytes: WireLimits.cardBytes, of: "cards")
    segments = try FrontierCodec.decodeList(
      &reader, limit: WireLimits.segmentsPerMessage, bytes: WireLimits.segmentBytes, of: "segments")
    try reader.finish()
  }

  /// The card in a request whose sender is not known yet; the rest is not read.
  public static func card(inRequest bytes: [UInt8]) -> [UInt8]? {
    var reader = ByteReader(bytes, operation: "reading an exchange request")
    guard let magic = try? reader.raw(Self.magic.count), magic.elementsEqual(Self.magic),
      let card = try? reader.sized(limit: WireLimits.cardBytes, of: "a card")
    else { return nil }
    return Array(card)
  }
}
