import SyncCore

/// The name of a record as tests keep it.
struct RecordName: Hashable, Comparable, Sendable {
  var kind: KindID
  var key: RecordKey

  static func < (a: Self, b: Self) -> Bool { (a.kind, a.key) < (b.kind, b.key) }
}

/// The name of a change across stores: origin, sequence, hash of its segment.
typealias ChangeName = Tip

/// A store in memory on the pure core. Copying the struct is restoring a backup or cloning a machine.
struct Replica: Sendable {
  var origin: Origin
  /// The latest segment of this store's own in each channel.
  var ownTips: [Channel: Digest] = [:]
  private(set) var table = StreamTable()
  /// In the order of absorbing.
  private(set) var log: [TestSegment] = []
  private(set) var positions: [Digest: Position] = [:]
  private(set) var records: [RecordName: RecordState] = [:]
  /// What could not be placed yet.
  private(set) var waiting: [Digest: TestSegment] = [:]
  /// What was refused because it contradicts itself.
  private(set) var contradictions: [String] = []
  /// What each segment had seen, itself included.
  private var seenBy: [Digest: VersionVector] = [:]
  /// Per local stream the last sequence and the hash of each of its segments.
  private var ends: [[(last: Int64, hash: Digest)]] = []

  init(origin: Origin) { self.origin = origin }

  func holds(_ hash: Digest) -> Bool { positions[hash] != nil }

  /// Takes segments in any order; what lacks something waits for it.
  mutating func take(_ segments: [TestSegment]) {
    for segment in segments where !absorb(segment) { waiting[segment.hash] = segment }
    var isMoving = !waiting.isEmpty
    while isMoving {
      isMoving = false
      for segment in waiting.values.sorted(by: { $0.hash < $1.hash }) where absorb(segment) {
        waiting[segment.hash] = nil
        isMoving = true
      }
    }
  }

  /// Places and absorbs one segment.
  ///
  /// - Returns: false when it has to wait.
  mutating func absorb(_ segment: TestSegment) -> Bool {
    let placement = place(segment)
    switch placement {
    case .held: return true
    case .waits: return false
    case .contradicts(let reason):
      contradictions.append(reason)
      return true
    case .extends, .begins: break
    }
    guard let number = table.append(segment.header, hash: segment.hash, placement: placement),
      let stream = table.stream(number)
    else { return false }
    if number.number == ends.count { ends.append([]) }
    ends[number.number].append((segment.header.last, segment.hash))
    positions[segment.hash] = Position(stream: number, sequence: segment.header.last)
    seenBy[segment.hash] = stream.seen
    log.append(segment)
    for (index, change) in segment.changes.enumerated() {
      let clock = Clock(stream: number, sequence: segment.header.first + Int64(index), time: change.time)
      records[RecordName(kind: change.kind, key: change.key), default: RecordState()]
        .absorb(change, at: clock) { stream.seen.covers($0) }
    }
    return true
  }

  func place(_ segment: TestSegment) -> StreamTable.Placement {
    table.place(
      segment.header, hash: segment.hash, position: { positions[$0] },
      seenAt: { position in
        let hash = hash(at: Clock(stream: position.stream, sequence: position.sequence, time: 0))
        return seenBy[hash, default: VersionVector()]
      })
  }

  /// Seals edits of this store's clerk and absorbs them.
  ///
  /// - Parameters:
  ///   - nonce: what to take for a fresh origin when somebody else, a clone, has continued the own stream.
  ///   - forgetting: drops tips from the context: what only a dishonest node would do.
  mutating func seal(
    _ changes: [Change], in channel: Channel, at time: Int64, nonce: UInt64,
    forgetting isForgotten: (Tip) -> Bool = { _ in false }
  ) -> TestSegment {
    var own = ownTips[channel].flatMap { table.stream(of: origin, in: channel, tip: $0) }
    if own == nil, let tip = ownTips[channel], let position = positions[tip] {
      if nonce & 1 == 0 {
        adoptFreshOrigin(nonce)
      } else {
        own = position.stream
      }
    }
    let before = own.flatMap { table.stream($0)?.tip }
    let header = SegmentHeader(
      origin: origin, channel: channel, first: (before?.sequence ?? 0) + 1, count: changes.count,
      predecessor: before?.hash ?? .zero,
      context: table.context(in: channel, after: own).filter { !isForgotten($0) }, catalogVersion: 1, sealedAt: time)
    let segment = TestSegment(header, changes, truth: Set(positions.keys))
    ownTips[channel] = segment.hash
    _ = absorb(segment)
    return segment
  }

  mutating func adoptFreshOrigin(_ nonce: UInt64) {
    origin.nonce = nonce
    ownTips = [:]
  }

  /// The segment of a change.
  func hash(at clock: Clock) -> Digest {
    guard ends.indices.contains(clock.stream.number) else { return .zero }
    return ends[clock.stream.number].first { $0.last >= clock.sequence }?.hash ?? .zero
  }

  func name(of clock: Clock) -> ChangeName {
    ChangeName(
      origin: table.stream(clock.stream)?.origin ?? Origin(node: NodeID(high: 0, low: 0), nonce: 0),
      sequence: clock.sequence, hash: hash(at: clock))
  }
}

/// The total order of changes over a replica's names, and authors by the node's id.
extension Replica: HeadFacts {
  func precedes(_ a: Clock, _ b: Clock) -> Bool {
    a.time != b.time ? a.time < b.time : name(of: a) < name(of: b)
  }

  func author(of clock: Clock) -> Author {
    let authors: [Author] = [.owner, .headquarters, .owningHeadquarters, .other]
    return authors[Int(name(of: clock).origin.node.low % 4)]
  }
}

extension Replica {
  /// The store after it took over another's heads, without the changes: a snapshot.
  func joined(with other: Replica) -> Replica {
    var result = self
    var runs: [StreamNumber: [(last: Int64, stream: StreamNumber)]] = [:]
    var theirs = VersionVector()
    for segment in other.log {
      if result.positions[segment.hash] == nil,
        let number = result.table.append(
          segment.header, hash: segment.hash, placement: result.place(segment))
      {
        if number.number == result.ends.count { result.ends.append([]) }
        result.ends[number.number].append((segment.header.last, segment.hash))
        result.positions[segment.hash] = Position(stream: number, sequence: segment.header.last)
        result.seenBy[segment.hash] = result.table.stream(number)?.seen
        result.log.append(segment)
      }
      guard let stream = result.positions[segment.hash]?.stream, let source = other.positions[segment.hash]?.stream
      else {
        continue
      }
      theirs.raise(stream, to: segment.header.last)
      runs[source, default: []].append((segment.header.last, stream))
    }
    let translate = { (clock: Clock) in
      let stream = runs[clock.stream]?.first { $0.last >= clock.sequence }?.stream ?? -1
      return Clock(stream: stream, sequence: clock.sequence, time: clock.time)
    }
    var mine = VersionVector()
    for (number, stream) in table.numbered { mine.raise(number, to: stream.tip.sequence) }
    for (name, state) in other.records {
      result.records[name] = HeadsJoin.join(
        mine: records[name] ?? RecordState(), theirs: state.renumbered(translate), iKnow: { mine.covers($0) },
        theyKnow: { theirs.covers($0) })
    }
    return result
  }
}
