import Crypto
import SyncCore
import TestSupport

@testable import Wire

/// Valid things of every sort, made from a seed.
enum Samples {
  static let now: Int64 = 1_790_000_000_000

  /// A private key that is the same in every run.
  static func key(_ number: UInt8) throws -> Curve25519.Signing.PrivateKey {
    try Curve25519.Signing.PrivateKey(rawRepresentation: (0..<32).map { UInt8($0) ^ number })
  }

  static func publicKey(_ number: UInt8) throws -> [UInt8] { Array(try key(number).publicKey.rawRepresentation) }

  static func digest(_ random: inout SeededRandom) -> SyncCore.Digest {
    SyncCore.Digest(random.next(), random.next(), random.next(), random.next())
  }

  static func origin(_ random: inout SeededRandom) -> Origin {
    Origin(node: NodeID(high: random.next(), low: random.next()), nonce: random.next())
  }

  static func tip(_ random: inout SeededRandom) -> Tip {
    let sequence = random.chance(10) ? Int64.max : Int64(random.below(1_000_000) + 1)
    return Tip(origin: origin(&random), sequence: sequence, hash: digest(&random))
  }

  static func channel(_ random: inout SeededRandom) -> Channel {
    Channel(
      owner: random.pick(["ftuu", "turk-is", "a", "z23456789-123456789-123456789-12"]),
      audience: random.pick(Channel.Audience.allCases))
  }

  static func frontier(_ random: inout SeededRandom, count: Int) -> [FrontierEntry] {
    (0..<count).map { _ in FrontierEntry(channel: channel(&random), tip: tip(&random)) }.sorted()
  }

  static func header(_ random: inout SeededRandom, count: Int) -> SegmentHeader {
    SegmentHeader(
      origin: origin(&random), channel: channel(&random), first: Int64(random.below(1_000_000) + 1), count: count,
      predecessor: random.chance(30) ? .zero : digest(&random),
      context: (0..<random.below(5)).map { _ in tip(&random) }, catalogVersion: random.below(100),
      sealedAt: random.time())
  }

  /// A small but complete segment and its author's number.
  static func segment(seed: UInt64, author: UInt8 = 1, blocks: Int = 2, changes: Int = 6) throws -> Segment {
    var random = SeededRandom(seed: seed)
    let model = (0..<blocks).map { RandomBlock(&random, kind: KindID($0 + 1), changes: changes) }
    let header = header(&random, count: model.reduce(0) { $0 + $1.changes.count })
    return try Segment.seal(header, blocks: model.map(\.block), key: key(author))
  }

  static func card() throws -> NodeCard {
    try NodeCard.issue(
      publicKey: publicKey(2), role: NodeRole(isHeadquarters: false, federation: "ftuu"), name: "ftuu/Samarqand şəhəri",
      at: now, by: key(0))
  }

  static func request(seed: UInt64) throws -> ExchangeRequest {
    var random = SeededRandom(seed: seed)
    return ExchangeRequest(
      card: try card().bytes, catalogVersion: 7, frontierDigest: digest(&random), frontier: frontier(&random, count: 6),
      answerLimit: 1_000_000, cards: [try card().bytes, try card().bytes],
      segments: [try segment(seed: seed, blocks: 1, changes: 2).bytes])
  }

  static func answer(seed: UInt64) throws -> ExchangeAnswer {
    var random = SeededRandom(seed: seed)
    return ExchangeAnswer(
      now: now, frontierDigest: digest(&random), frontier: frontier(&random, count: 5),
      held: [true, true, false, true, false, false], hasMore: true,
      refusals: [ExchangeAnswer.Refusal(segment: digest(&random), reason: "channel başka")],
      catalog: try PublishedCatalog.sign(CatalogSamples.small, by: key(0)).bytes,
      receipt: try receipt(seed: seed).bytes,
      cards: [try card().bytes], segments: [try segment(seed: seed, blocks: 1, changes: 2).bytes])
  }

  static func receipt(seed: UInt64) throws -> Receipt {
    var random = SeededRandom(seed: seed)
    let issued = Receipt.issue(
      to: NodeCard.id(of: try publicKey(2)), tips: frontier(&random, count: 3), open: frontier(&random, count: 2),
      at: now,
      by: try key(0))
    guard let issued else { throw WireError(.badSignature, "issuing a receipt", "the key does not sign") }
    return issued
  }

  /// Of the node of `card()`, with two receipts of which the later binds what it holds.
  static func evidence(seed: UInt64) throws -> Evidence {
    var random = SeededRandom(seed: seed)
    let open = frontier(&random, count: 9).filter { $0.channel.audience == .open }
    let card = try card()
    let receipts = try [[], open].enumerated().compactMap { index, open in
      Receipt.issue(to: card.id, tips: frontier(&random, count: 1), open: open, at: now + Int64(index), by: try key(0))
    }
    return Evidence(card: card, open: open, receipts: receipts)
  }

  static func invitation() throws -> Invitation {
    Invitation(
      url: "http://127.0.0.1:8650", headquarters: try publicKey(0), token: (0..<16).map { UInt8($0 * 15) },
      federation: "ftuu", name: "ftuu/Samarqand şəhəri")
  }

  static func join() throws -> JoinRequest {
    JoinRequest(token: (0..<16).map { UInt8($0 * 15) }, publicKey: try publicKey(2))
  }

  static func joinAnswer() throws -> JoinAnswer {
    JoinAnswer(
      card: try card().bytes, headquartersCard: try card().bytes,
      catalog: try PublishedCatalog.sign(CatalogSamples.small, by: key(0)).bytes, now: now)
  }

  /// A message with the way to read it.
  typealias Message = (name: String, bytes: [UInt8], read: @Sendable ([UInt8]) throws -> Void)

  /// Everything that travels.
  static func messages() throws -> [Message] {
    let exchange: [Message] = try exchangeMessages()
    let snapshots: [Message] = try snapshotMessages()
    return exchange + snapshots + partMessages
  }

  private static func exchangeMessages() throws -> [Message] {
    let headquarters = try publicKey(0)
    return [
      ("segment", try segment(seed: 1).bytes, { _ = try Segment(bytes: $0).blocks() }),
      ("request", try request(seed: 2).bytes, { _ = try ExchangeRequest(bytes: $0) }),
      ("answer", try answer(seed: 3).bytes, { _ = try ExchangeAnswer(bytes: $0) }),
      ("card", try card().bytes, { _ = try NodeCard(bytes: $0, signedBy: headquarters) }),
      ("receipt", try receipt(seed: 4).bytes, { _ = try Receipt(bytes: $0, signedBy: headquarters) }),
      ("evidence", try evidence(seed: 4).bytes, { _ = try Evidence(bytes: $0, signedBy: headquarters) }),
      (
        "catalog", try PublishedCatalog.sign(CatalogSamples.full, by: key(0)).bytes,
        { _ = try PublishedCatalog(bytes: $0, signedBy: headquarters) }
      ),
      (
        "stored catalog", try PublishedCatalog.sign(CatalogSamples.full, by: key(0)).bytes,
        { _ = try PublishedCatalog(stored: $0) }
      ),
      (
        "invitation", Array(try invitation().line.utf8),
        { _ = try Invitation(line: String(decoding: $0, as: UTF8.self)) }
      ),
      ("join request", try join().bytes, { _ = try JoinRequest(bytes: $0) }),
      ("join answer", try joinAnswer().bytes, { _ = try JoinAnswer(bytes: $0) }),
    ]
  }

  /// What travels over bad lines.
  private static let partMessages: [Message] = [
    (
      "part", PartRequest(message: Digest(1, 2, 3, 4), size: 90, offset: 40, content: [1, 2, 3]).bytes,
      { _ = try PartRequest(bytes: $0) }
    ),
    ("part answer", PartAnswer(held: 43).bytes, { _ = try PartAnswer(bytes: $0) }),
    (
      "rest request", RestRequest(message: Digest(1, 2, 3, 4), offset: 9, limit: 9).bytes,
      { _ = try RestRequest(bytes: $0) }
    ),
    ("rest answer", RestAnswer(size: 90, content: [1, 2, 3]).bytes, { _ = try RestAnswer(bytes: $0) }),
  ]

  /// What travels of snapshots.
  private static func snapshotMessages() throws -> [Message] {
    let headquarters = try publicKey(0)
    return [
      ("manifest", try manifest(seed: 5).bytes, { _ = try SnapshotManifest(bytes: $0, signedBy: headquarters) }),
      ("snapshot request", SnapshotRequest(name: .zero, first: 3).bytes, { _ = try SnapshotRequest(bytes: $0) }),
      (
        "snapshot answer", SnapshotAnswer(now: now, manifest: try manifest(seed: 6).bytes, pages: [[0, 1, 2]]).bytes,
        { _ = try SnapshotAnswer(bytes: $0) }
      ),
      ("pruned segment", try PrunedSegment(bytes: segment(seed: 1).bytes).bytes, { _ = try PrunedSegment(bytes: $0) }),
    ]
  }
}

extension Samples {
  /// A block as another node reads it.
  static func reread(_ block: KindBlock) throws -> KindBlock {
    var random = SeededRandom(seed: 1)
    let segment = try Segment.seal(header(&random, count: block.count), blocks: [block], key: key(1))
    let blocks = try Segment(bytes: segment.bytes).blocks()
    guard let first = blocks.first, blocks.count == 1 else { throw WireError(.malformed, "rereading", "not one block") }
    return first
  }
}
