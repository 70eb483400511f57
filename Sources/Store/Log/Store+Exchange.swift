import Limits
import SyncCore
import Wire

/// What the exchange asks of a store.
extension Store {
  /// Seals everything captured.
  @discardableResult
  public func seal(now: Int64 = SystemClock.now()) throws -> SealReport {
    try inQueue { try $0.lookAfterCapture() }
    // Looking first keeps a sync with nothing new from taking the write lock.
    guard try hasCaptured() else { return SealReport() }
    return try write { engine in
      let sealer = try Sealer(engine, wall: now)
      try sealer.sealAll()
      return sealer.report
    }
  }

  /// Seals a part of what was captured, so that sending it can begin while the rest is sealed.
  ///
  /// - Returns: what was sealed, and whether there may be more.
  public func sealPart(now: Int64 = SystemClock.now()) throws -> (report: SealReport, hasMore: Bool) {
    try inQueue { try $0.lookAfterCapture() }
    guard try hasCaptured() else { return (SealReport(), false) }
    // Totals of headquarters are exact in every transaction, for which all that was captured has to be looked at.
    guard !identity.role.isHeadquarters else { return (try seal(now: now), false) }
    let report = try write { engine in
      let sealer = try Sealer(engine, wall: now, limit: Sealer.shortPassLimit)
      _ = try sealer.sealPass()
      return sealer.report
    }
    return (report, try hasCaptured())
  }

  /// True when edits were captured and not sealed yet.
  public func hasCaptured() throws -> Bool {
    try inQueue { engine in
      let statement = try engine.connection.prepared("SELECT 1 FROM birlik_capture LIMIT 1")
      defer { statement.reset() }
      return try statement.step()
    }
  }

  /// Absorbs segments of a peer. Whatever was captured is sealed first, in the same transaction.
  ///
  /// - Parameters:
  ///   - cards: cards of the segments' authors; those that headquarters did not sign are passed over.
  ///   - mayRead: which channels the exchange may carry.
  public func absorb(
    segments: [[UInt8]], cards: [[UInt8]], now: Int64 = SystemClock.now(), mayRead: (Channel) -> Bool = { _ in true }
  ) throws -> AbsorbReport {
    guard !segments.isEmpty else { return AbsorbReport() }
    return try write { engine in
      try engine.dropSealedBefore(segments)
      let sealer = try Sealer(engine, wall: now)
      try sealer.sealAll()
      engine.conflictsOpened = 0
      for bytes in cards {
        if let card = try? NodeCard(bytes: bytes, signedBy: engine.identity.headquarters) { try engine.keep(card) }
      }
      let absorber = Absorber(engine)
      for bytes in segments { try absorber.absorb(bytes, mayRead: mayRead) }
      var report = absorber.report
      report.seal = sealer.report
      report.conflictsOpened = engine.conflictsOpened
      return report
    }
  }

  /// The tips held of the channels that a role may read, without what is kept back.
  public func frontier(visibleTo role: NodeRole) throws -> [FrontierEntry] {
    try read { try $0.frontier(where: role.mayRead) }
  }

  /// For each tip whether it is held.
  public func holds(_ frontier: [FrontierEntry], visibleTo role: NodeRole) throws -> [Bool] {
    try read { engine in
      try frontier.map { entry in
        guard role.mayRead(entry.channel), let position = try engine.position(of: entry.tip.hash) else { return false }
        // The channel is the peer's word; what stands in one that it may not read is not there for it.
        return engine.streams.stream(position.stream).map { role.mayRead($0.channel) } ?? false
      }
    }
  }

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

  /// The next batch of what a peer lacks, in causal order; at least one segment where there is any.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what this side showed in its last message and whether the peer holds it.
  ///   - role: the peer's, which decides which channels it may read.
  public func batch(
    lackedBy frontier: [FrontierEntry], marks: [FrontierMark] = [], role: NodeRole,
    limit: BatchLimit = .standard
  ) throws -> Batch {
    try read { engine in
      let plan = try ExchangePlan(engine.streams, peer: frontier, marks: marks) { try engine.position(of: $0) }
      var batch = Batch()
      batch.unknown = plan.unknown
      var wanted: [(id: Int64, stream: Int)] = []
      var unsendable = PrunedGaps()
      for (number, stream) in engine.streams.streams.enumerated()
      where role.mayRead(stream.channel) && engine.maySend(stream.channel) {
        guard let from = plan.lacks(number, of: engine.streams) else { continue }
        let start = max(from, stream.parent?.sequence ?? 0)
        let end = unsendable.begin(number, after: start, engine, &batch) ?? stream.tip.sequence &+ 1
        batch.lacking &+= end &- 1 &- start
        let select = try engine.connection.prepared(
          "SELECT id FROM birlik_segment WHERE stream=?1 AND last>?2 AND last<?4 ORDER BY last LIMIT ?3")
        select.bind(1, number)
        select.bind(2, from)
        select.bind(3, WireLimits.segmentsPerMessage)
        select.bind(4, end)
        while try select.step() { wanted.append((select.int64(0), number)) }
      }
      // The order of the log is causal. Of each stream at most a message's worth was read, so what lies beyond the last
      // one of a full stream waits for the next batch.
      wanted.sort { $0.id < $1.id }
      var authors: Set<NodeID> = []
      for item in wanted {
        if try unsendable.holds(item.id, stream: item.stream, engine) { continue }
        guard try batch.take(item.id, engine, &authors, limit) else { break }
      }
      batch.cards = authors.sorted().compactMap { engine.cards[$0]?.bytes }
      return batch
    }
  }
}

extension Store.Batch {
  /// Adds a segment of the log unless the batch is full.
  fileprivate mutating func take(
    _ id: Int64, _ engine: Engine, _ authors: inout Set<NodeID>, _ limit: Store.BatchLimit
  ) throws -> Bool {
    let select = try engine.connection.prepared("SELECT stream, first, last, bytes FROM birlik_segment WHERE id=?1")
    select.bind(1, id)
    guard try select.step() else { return true }
    let stream = select.int(0)
    let count = Int(clamping: select.int64(2) &- select.int64(1) &+ 1)
    let segment = select.bytes(3)
    select.reset()
    let isFull = bytes + segment.count > limit.bytes || changes + count > limit.changes
    if !segments.isEmpty, isFull || segments.count >= WireLimits.segmentsPerMessage {
      hasMore = true
      return false
    }
    segments.append(segment)
    bytes += segment.count
    changes += count
    if let origin = engine.streams.stream(stream)?.origin { authors.insert(origin.node) }
    return true
  }
}
