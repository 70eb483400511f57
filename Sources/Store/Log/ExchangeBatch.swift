import Limits
import SyncCore
import Wire

extension Store {
  /// A batch of what a peer lacks.
  public struct Batch: Sendable, Equatable {
    public var segments: [[UInt8]] = []
    public var cards: [[UInt8]] = []
    public var changes = 0
    public var bytes = 0
    /// True when there is more that did not fit.
    public var hasMore = false
    /// All changes that the peer lacks, this batch included.
    public var lacking: Int64 = 0
    /// Tips of the peer that are not held here.
    public var unknown: [FrontierEntry] = []
    /// What the peer seems to lack and cannot be sent because its bodies are not kept here.
    public var unkept: [Unkept] = []

    public init() {}
  }

  /// Changes of one stream whose bodies are not kept here.
  public struct Unkept: Sendable, Equatable {
    public var channel: Channel
    /// What people call their author.
    public var node: String
    /// The numbers of the first and the last of them.
    public var first: Int64
    public var last: Int64
  }

  /// How large a batch may be.
  public struct BatchLimit: Sendable {
    public var bytes: Int
    public var changes: Int

    /// Small enough that one transaction holds the file only for a moment.
    public static let standard = BatchLimit(bytes: 1 << 20, changes: 32_768)

    public init(bytes: Int, changes: Int) {
      self.bytes = bytes
      self.changes = changes
    }
  }
}

extension Store.Batch {
  /// The next batch of what a peer lacks, in causal order; at least one segment where there is any.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what this side showed in its last message and whether the peer holds it.
  ///   - role: the peer's, which decides which channels it may read.
  init(
    _ transaction: Transaction, lackedBy frontier: [FrontierEntry], marks: [FrontierMark], role: NodeRole,
    limit: Store.BatchLimit
  ) throws {
    let log = transaction.log
    let plan = try log.plan(peer: frontier, marks: marks)
    unknown = plan.unknown
    let unsendable = Unsendable(transaction)
    var gaps = PrunedGaps()
    var wanted: [Int64] = []
    for (number, stream) in log.streams.numbered
    where role.mayRead(stream.channel) && unsendable.maySend(stream.channel) {
      guard let from = plan.lacks(number, of: log.streams) else { continue }
      let start = max(from, stream.parent?.sequence ?? 0)
      let end = gaps.begin(number, after: start, transaction, &self) ?? stream.tip.sequence &+ 1
      lacking &+= end &- 1 &- start
      wanted += try log.numbers(of: number, after: from, before: end, limit: WireLimits.segmentsPerMessage)
    }
    // The order of the log is causal. Of each stream at most a message's worth was read, so what lies beyond the last one
    // of a full stream waits for the next batch.
    var authors: Set<NodeID> = []
    for number in wanted.sorted() {
      guard let segment = try log.segment(number), try !gaps.holds(segment, log) else { continue }
      guard add(segment, limit) else { break }
      if let origin = log.streams.stream(segment.stream)?.origin { authors.insert(origin.node) }
    }
    cards = authors.sorted().compactMap { transaction.directory.cards[$0]?.bytes }
  }

  /// Adds a segment.
  ///
  /// - Returns: false where the batch is full.
  private mutating func add(_ segment: LoggedSegment, _ limit: Store.BatchLimit) -> Bool {
    let count = Int(clamping: segment.count)
    let isFull = bytes + segment.bytes.count > limit.bytes || changes + count > limit.changes
    if !segments.isEmpty, isFull || segments.count >= WireLimits.segmentsPerMessage {
      hasMore = true
      return false
    }
    segments.append(segment.bytes)
    bytes += segment.bytes.count
    changes += count
    return true
  }
}
