/// A run of changes of one stream as the others see it, without its content.
public struct SegmentHeader: Hashable, Sendable {
  public var origin: Origin
  public var channel: Channel
  /// The sequence number of the first change.
  public var first: Int64
  /// How many changes; at least one.
  public var count: Int
  /// The hash of the segment before in the stream; `Digest.zero` at its beginning.
  public var predecessor: Digest
  /// What of the channel had been seen since the predecessor was sealed: tips of other streams.
  public var context: [Tip]
  /// The version of the author's catalog.
  public var catalogVersion: Int
  /// When it was sealed, in milliseconds since 1970 by the author's corrected clock.
  public var sealedAt: Int64

  public init(
    origin: Origin, channel: Channel, first: Int64, count: Int, predecessor: Digest, context: [Tip],
    catalogVersion: Int, sealedAt: Int64
  ) {
    self.origin = origin
    self.channel = channel
    self.first = first
    self.count = count
    self.predecessor = predecessor
    self.context = context
    self.catalogVersion = catalogVersion
    self.sealedAt = sealedAt
  }

  /// The sequence number of the last change. `first` and `count` are bounded where they are decoded.
  public var last: Int64 { first &+ Int64(count) &- 1 }
}

/// The end of a stream, or of what was seen of it: sequence number and chain hash.
public struct Tip: Hashable, Comparable, Sendable {
  public var origin: Origin
  public var sequence: Int64
  public var hash: Digest

  public init(origin: Origin, sequence: Int64, hash: Digest) {
    self.origin = origin
    self.sequence = sequence
    self.hash = hash
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.origin, a.sequence, a.hash) < (b.origin, b.sequence, b.hash)
  }
}

/// A tip together with its channel: one entry of a frontier.
public struct FrontierEntry: Hashable, Comparable, Sendable {
  public var channel: Channel
  public var tip: Tip

  public init(channel: Channel, tip: Tip) {
    self.channel = channel
    self.tip = tip
  }

  public static func < (a: Self, b: Self) -> Bool { a.channel == b.channel ? a.tip < b.tip : a.channel < b.channel }
}

/// A place in a local stream.
public struct Position: Hashable, Sendable {
  public var stream: StreamNumber
  public var sequence: Int64

  public init(stream: StreamNumber, sequence: Int64) {
    self.stream = stream
    self.sequence = sequence
  }
}

/// One branch of an origin's changes in one channel.
public struct LocalStream: Hashable, Sendable {
  public var origin: Origin
  public var channel: Channel
  /// The stream that this one forked from and the last sequence that both share; nil for a first branch.
  public var parent: Position?
  public var tip: Tip
  /// What the last change of the stream had seen, itself included.
  public var seen: VersionVector

  public init(origin: Origin, channel: Channel, parent: Position?, tip: Tip, seen: VersionVector) {
    self.origin = origin
    self.channel = channel
    self.parent = parent
    self.tip = tip
    self.seen = seen
  }
}

/// All streams that a store holds, with their branches: what decides where a segment belongs and what it had seen.
///
/// Forks are ordinary: two segments with one predecessor are both held, and the later to arrive begins another stream
/// whose parent is the first up to the fork (design.md, "Forks are ordinary").
public struct StreamTable: Sendable {
  public private(set) var streams: [LocalStream]

  /// Where a segment belongs.
  public enum Placement: Hashable, Sendable {
    /// It is held already.
    case held
    /// It continues a stream; the vector is what its changes have seen.
    case extends(stream: StreamNumber, seen: VersionVector)
    /// It begins a stream, a branch when there is a parent.
    case begins(parent: Position?, seen: VersionVector)
    /// Something that it builds on has not arrived.
    case waits(for: Digest)
    /// It contradicts what it names itself: no honest node seals such a segment.
    case contradicts(String)
  }

  public init(streams: [LocalStream] = []) { self.streams = streams }

  /// Decides where a segment belongs.
  ///
  /// - Parameters:
  ///   - hash: the segment's chain hash.
  ///   - position: the last sequence of the held segment with a hash; nil when it is not held.
  ///   - seenAt: what the held segment that ends at a position had seen, for one that is no stream's tip.
  public func place<Failure: Error>(
    _ header: SegmentHeader, hash: Digest, position: (Digest) throws(Failure) -> Position?,
    seenAt: (Position) throws(Failure) -> VersionVector
  ) throws(Failure) -> Placement {
    if try position(hash) != nil { return .held }
    var seen = VersionVector()
    var before: Position?
    if header.predecessor != .zero {
      guard let found = try position(header.predecessor) else { return .waits(for: header.predecessor) }
      guard let stream = stream(found.stream), stream.origin == header.origin, stream.channel == header.channel else {
        return .contradicts("its predecessor belongs to another stream")
      }
      guard found.sequence < Int64.max, found.sequence + 1 == header.first else {
        return .contradicts("its numbers do not follow those of its predecessor")
      }
      before = found
      seen = stream.tip.hash == header.predecessor ? stream.seen : try seenAt(found)
    } else if header.first != 1 {
      return .contradicts("a stream begins with number 1")
    }
    for tip in header.context {
      guard let found = try position(tip.hash) else { return .waits(for: tip.hash) }
      guard let stream = stream(found.stream), stream.origin == tip.origin, found.sequence == tip.sequence,
        stream.channel == header.channel
      else { return .contradicts("its context names a segment by other numbers than its own") }
      join(found, into: &seen)
    }
    guard let before else { return .begins(parent: nil, seen: seen) }
    if let stream = stream(before.stream), stream.tip.hash == header.predecessor {
      return .extends(stream: before.stream, seen: seen)
    }
    return .begins(parent: before, seen: seen)
  }

  /// Adds a placed segment.
  ///
  /// - Returns: the number of its stream, or nil for a placement that is not one.
  @discardableResult
  public mutating func append(_ header: SegmentHeader, hash: Digest, placement: Placement) -> StreamNumber? {
    let tip = Tip(origin: header.origin, sequence: header.last, hash: hash)
    switch placement {
    case .extends(let stream, var seen):
      guard streams.indices.contains(stream.number) else { return nil }
      seen.raise(stream, to: header.last)
      streams[stream.number].tip = tip
      streams[stream.number].seen = seen
      return stream
    case .begins(let parent, var seen):
      let number = StreamNumber(streams.count)
      seen.raise(number, to: header.last)
      streams.append(
        LocalStream(origin: header.origin, channel: header.channel, parent: parent, tip: tip, seen: seen))
      return number
    case .held, .waits, .contradicts:
      return nil
    }
  }

  public func stream(_ number: StreamNumber) -> LocalStream? {
    streams.indices.contains(number.number) ? streams[number.number] : nil
  }

  /// Every stream with its number, in ascending order.
  public var numbered: some Sequence<(number: StreamNumber, stream: LocalStream)> {
    streams.enumerated().lazy.map { (StreamNumber($0.offset), $0.element) }
  }

  /// Adds a place and everything along its stream and its parents to a vector.
  public func join(_ position: Position, into seen: inout VersionVector) {
    var next: Position? = position
    while let here = next {
      guard seen.raise(here.stream, to: here.sequence) else { return }
      next = stream(here.stream)?.parent
    }
  }

  /// The vector of everything held of a channel.
  public func everything(in channel: Channel) -> VersionVector {
    var seen = VersionVector()
    for (number, stream) in numbered where stream.channel == channel {
      seen.raise(number, to: stream.tip.sequence)
    }
    return seen
  }

  /// The tips that a new segment of the origin has to name as its context: all of the channel that its predecessor had
  /// not seen.
  ///
  /// - Parameter predecessor: the stream that the new segment continues, or nil for a new one.
  public func context(in channel: Channel, after predecessor: StreamNumber?) -> [Tip] {
    let seen = predecessor.flatMap { stream($0)?.seen } ?? VersionVector()
    return numbered.filter { number, stream in
      stream.channel == channel && number != predecessor && seen[number] < stream.tip.sequence
    }.map(\.stream.tip).sorted()
  }

  /// The stream that continues `origin` in `channel` at its latest own segment, or nil when there is none.
  public func stream(of origin: Origin, in channel: Channel, tip: Digest) -> StreamNumber? {
    streams.firstIndex { $0.origin == origin && $0.channel == channel && $0.tip.hash == tip }.map { StreamNumber($0) }
  }

  /// Every tip of the channels that `isVisible`, in order.
  public func frontier(where isVisible: (Channel) -> Bool) -> [FrontierEntry] {
    streams.filter { isVisible($0.channel) }.map { FrontierEntry(channel: $0.channel, tip: $0.tip) }.sorted()
  }

  /// The proved total order of changes: time, origin, sequence, hash, bytewise.
  ///
  /// - Parameter hash: the hash of a change's segment; nil while it is not sealed.
  public func precedes<Failure: Error>(
    _ a: Clock, _ b: Clock, hash: (Clock) throws(Failure) -> Digest?
  ) throws(Failure) -> Bool {
    if a.time != b.time { return a.time < b.time }
    guard let x = stream(a.stream), let y = stream(b.stream) else { return a.stream < b.stream }
    if x.origin != y.origin { return x.origin < y.origin }
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    return try (hash(a) ?? .zero) < (hash(b) ?? .zero)
  }
}
