import SyncCore
import Wire

/// Gateway of the log: `birlik_segment`, `birlik_segment_keys`, `birlik_stream` and `birlik_waiting`.
///
/// Segments are stored as they travel, in an order in which each comes after all that it builds on. The streams that they
/// make are kept in memory between transactions.
final class SegmentLog {
  let connection: Connection
  private let directory: Directory
  private let pending: PendingEffects
  private(set) var streams = StreamTable()
  /// The changes whose bodies are not kept here.
  private(set) var pruned = PrunedChanges()

  init(_ connection: Connection, _ directory: Directory, _ pending: PendingEffects) {
    self.connection = connection
    self.directory = directory
    self.pending = pending
  }

  /// Reads again what another process may have changed.
  func load() throws {
    streams = StreamTable(streams: try storedStreams())
    pruned = PrunedChanges()
    let statement = try connection.prepared(
      "SELECT stream, first, last FROM birlik_segment WHERE body=0 ORDER BY stream, last")
    while try statement.step() {
      let first = statement.int64(1)
      pruned.insert(first...max(first, statement.int64(2)), stream: statement.id(0))
    }
  }

  // MARK: Places

  /// Where a held segment ends; nil for one that is not held.
  func position(of hash: Digest) throws -> Position? {
    let statement = try connection.prepared("SELECT stream, last FROM birlik_segment WHERE hash=?1")
    statement.bind(1, blob: hash.bytes)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return Position(stream: statement.id(0), sequence: statement.int64(1))
  }

  func holds(_ hash: Digest) throws -> Bool { try position(of: hash) != nil }

  /// For each tip whether it is held, as far as a role may hear of it.
  func holds(_ frontier: [FrontierEntry], visibleTo role: NodeRole) throws -> [Bool] {
    try frontier.map { entry in
      guard role.mayRead(entry.channel), let position = try position(of: entry.tip.hash) else { return false }
      // The channel is the peer's word: entries of channels that the peer may not read are reported as not held.
      return channel(of: position.stream).map(role.mayRead) ?? false
    }
  }

  /// The hash of the segment that holds a change; nil for a change that is being sealed.
  func hash(at clock: Clock) throws -> Digest? {
    let statement = try connection.prepared(
      "SELECT hash FROM birlik_segment WHERE stream=?1 AND last>=?2 ORDER BY last LIMIT 1")
    statement.bind(1, clock.stream)
    statement.bind(2, clock.sequence)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return Digest(bytes: statement.bytes(0))
  }

  /// What a held segment that is no stream's tip had seen: read from the contexts along its stream and its parents.
  func seen(at position: Position) throws -> VersionVector {
    var seen = VersionVector()
    streams.join(position, into: &seen)
    for entry in seen.entries {
      let statement = try connection.prepared(
        "SELECT bytes FROM birlik_segment WHERE stream=?1 AND last<=?2 ORDER BY last")
      statement.bind(1, entry.stream)
      statement.bind(2, entry.sequence)
      var segments: [[UInt8]] = []
      while try statement.step() { segments.append(statement.bytes(0)) }
      for bytes in segments {
        for tip in try PrunedSegment(bytes: bytes).header.context {
          if let found = try self.position(of: tip.hash) { streams.join(found, into: &seen) }
        }
      }
    }
    return seen
  }

  /// Decides where a segment belongs.
  func place(_ header: SegmentHeader, hash: Digest) throws -> StreamTable.Placement {
    try streams.place(header, hash: hash, position: { try position(of: $0) }, seenAt: { try seen(at: $0) })
  }

  /// What a peer lacks, by the frontier that it shows and by which of our last entries it holds (`marks`).
  func plan(peer frontier: [FrontierEntry], marks: [FrontierMark]) throws -> ExchangePlan {
    try ExchangePlan(streams, peer: frontier, marks: marks) { try position(of: $0) }
  }

  // MARK: Streams

  /// The channel of a stream; nil for a number that no stream has.
  func channel(of stream: StreamNumber) -> Channel? { streams.stream(stream)?.channel }

  /// The stream that the next segment of an origin continues.
  func stream(of origin: Origin, in channel: Channel) -> StreamNumber? {
    streams.streams.lastIndex { $0.origin == origin && $0.channel == channel }.map { StreamNumber($0) }
  }

  /// The last of each stream of a node.
  func tips(of node: NodeID) -> [FrontierEntry] {
    streams.streams.filter { $0.origin.node == node }.map { FrontierEntry(channel: $0.channel, tip: $0.tip) }.sorted()
  }

  /// Everything held, as a vector.
  var everything: VersionVector {
    var seen = VersionVector()
    for (number, stream) in streams.numbered { seen.raise(number, to: stream.tip.sequence) }
    return seen
  }

  /// The streams as the file names them.
  ///
  /// - Throws: `StoreError` with code `damaged` for one that is not well formed.
  func storedStreams() throws -> [LocalStream] {
    var loaded: [LocalStream] = []
    let statement = try connection.prepared(
      "SELECT origin, channel, parent, fork, tip, hash, seen FROM birlik_stream ORDER BY id")
    defer { statement.reset() }
    while try statement.step() {
      guard let origin = Origin(bytes: statement.bytes(0)), let channel = directory.channel(statement.id(1)),
        let hash = Digest(bytes: statement.bytes(5))
      else { throw StoreError(.damaged, "reading the streams", "a stream is not well formed") }
      let parent = statement.isNull(2) ? nil : Position(stream: statement.id(2), sequence: statement.int64(3))
      loaded.append(
        LocalStream(
          origin: origin, channel: channel, parent: parent,
          tip: Tip(origin: origin, sequence: statement.int64(4), hash: hash), seen: try decodeSeen(statement.bytes(6))))
    }
    return loaded
  }

  private func decodeSeen(_ bytes: [UInt8]) throws(WireError) -> VersionVector {
    var reader = ByteReader(bytes, operation: "reading the streams")
    var seen = VersionVector()
    while !reader.isAtEnd {
      let stream: StreamNumber = try reader.id(of: "streams", limit: Int(Int32.max))
      seen.raise(stream, to: try reader.number())
    }
    return seen
  }

  private func save(stream number: StreamNumber) throws {
    guard let stream = streams.stream(number) else { return }
    let channel = try directory.assignNumber(to: stream.channel)
    let statement = try connection.prepared(
      "INSERT OR REPLACE INTO birlik_stream(id, origin, channel, parent, fork, tip, hash, seen) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
    statement.bind(1, number)
    statement.bind(2, blob: stream.origin.bytes)
    statement.bind(3, channel)
    if let parent = stream.parent {
      statement.bind(4, parent.stream)
      statement.bind(5, parent.sequence)
    } else {
      statement.bindNull(4)
      statement.bindNull(5)
    }
    statement.bind(6, stream.tip.sequence)
    statement.bind(7, blob: stream.tip.hash.bytes)
    var seen = ByteWriter()
    for entry in stream.seen.entries {
      seen.id(entry.stream)
      seen.varint(UInt64(clamping: entry.sequence))
    }
    statement.bind(8, blob: seen.bytes)
    try statement.step()
  }

  // MARK: Writing

  /// Writes a placed segment into the log and its stream, and which keys it holds.
  ///
  /// - Parameters:
  ///   - blocks: the segment's changes.
  ///   - problem: why its changes could not be read, where they could not.
  /// - Returns: the number of its stream.
  @discardableResult
  func append(
    _ segment: Segment, blocks: [KindBlock], placement: StreamTable.Placement, problem: String? = nil
  ) throws -> StreamNumber {
    let number = try append(
      segment.header, hash: segment.hash, bytes: segment.bytes, hasBody: true, placement: placement, problem: problem)
    try recordKeys(of: blocks, segment: connection.lastInsertedRow)
    return number
  }

  /// Writes a placed segment of which no body is kept.
  func append(_ segment: PrunedSegment, placement: StreamTable.Placement, problem: String?) throws -> StreamNumber {
    let number = try append(
      segment.header, hash: segment.hash, bytes: segment.bytes, hasBody: false, placement: placement, problem: problem)
    pruned.insert(segment.header.first...segment.header.last, stream: number)
    return number
  }

  private func append(
    _ header: SegmentHeader, hash: Digest, bytes: [UInt8], hasBody: Bool, placement: StreamTable.Placement,
    problem: String?
  ) throws -> StreamNumber {
    guard let number = streams.append(header, hash: hash, placement: placement) else {
      throw StoreError(.failed, "writing the log", "a segment has no place")
    }
    try save(stream: number)
    let insert = try connection.prepared(
      "INSERT INTO birlik_segment(stream, first, last, hash, problem, bytes, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    insert.bind(1, number)
    insert.bind(2, header.first)
    insert.bind(3, header.last)
    insert.bind(4, blob: hash.bytes)
    insert.bind(5, problem.map { Value.text($0) } ?? .null)
    insert.bind(6, blob: bytes)
    insert.bind(7, hasBody ? 1 : 0)
    try insert.step()
    pending.changeWhatOthersRemember()
    return number
  }

  private func recordKeys(of blocks: [KindBlock], segment: Int64) throws {
    var ranges: [KindID: (low: RecordKey, high: RecordKey)] = [:]
    for block in blocks {
      guard let first = block.keyRange else { continue }
      let known = ranges[block.kind] ?? first
      ranges[block.kind] = (min(known.low, first.low), max(known.high, first.high))
    }
    for (kind, range) in ranges.sorted(by: { $0.key < $1.key }) {
      let statement = try connection.prepared(
        "INSERT INTO birlik_segment_keys(segment, kind, low, high) VALUES(?1, ?2, ?3, ?4)")
      statement.bind(1, segment)
      statement.bind(2, kind)
      statement.bind(3, blob: range.low.bytes)
      statement.bind(4, blob: range.high.bytes)
      try statement.step()
    }
  }

  /// Keeps of a held segment only header and signature.
  func prune(to kept: PrunedSegment, stream: StreamNumber) throws {
    pruned.insert(kept.header.first...kept.header.last, stream: stream)
    let update = try connection.prepared("UPDATE birlik_segment SET bytes=?2, body=0, problem=NULL WHERE hash=?1")
    update.bind(1, blob: kept.hash.bytes)
    update.bind(2, blob: kept.bytes)
    try update.step()
    pending.changeWhatOthersRemember()
  }

  /// Counts changes as pruned whose bodies are about to go, so that heads that rely on them are known.
  func willPrune(_ run: ClosedRange<Int64>, of stream: StreamNumber) { pruned.insert(run, stream: stream) }
}
