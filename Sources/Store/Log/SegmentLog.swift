import SyncCore
import Wire

/// The log: segments as they travel, and the streams that they make.
extension Engine {
  /// Where a held segment ends.
  func position(of hash: Digest) throws -> Position? {
    let statement = try connection.prepared("SELECT stream, last FROM birlik_segment WHERE hash=?1")
    statement.bind(1, blob: hash.bytes)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return Position(stream: statement.int(0), sequence: statement.int64(1))
  }

  /// What a held segment had seen that is no stream's tip: read from the contexts along its stream and its parents.
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
  func place(_ segment: Segment) throws -> StreamTable.Placement {
    try place(segment.header, hash: segment.hash)
  }

  func place(_ header: SegmentHeader, hash: Digest) throws -> StreamTable.Placement {
    try streams.place(header, hash: hash, position: { try position(of: $0) }, seenAt: { try seen(at: $0) })
  }

  /// Writes a placed segment into the log and its stream.
  ///
  /// - Parameter problem: why its changes could not be read, where they could not.
  /// - Returns: the number of its stream.
  func append(_ segment: Segment, placement: StreamTable.Placement, problem: String?) throws -> Int {
    try append(
      segment.header, hash: segment.hash, bytes: segment.bytes, hasBody: true, placement: placement, problem: problem)
  }

  /// Writes a placed segment of which no body is kept.
  func append(_ segment: PrunedSegment, placement: StreamTable.Placement, problem: String?) throws -> Int {
    let number = try append(
      segment.header, hash: segment.hash, bytes: segment.bytes, hasBody: false, placement: placement, problem: problem)
    pruned.insert(segment.header.first...segment.header.last, stream: number)
    return number
  }

  private func append(
    _ header: SegmentHeader, hash: Digest, bytes: [UInt8], hasBody: Bool, placement: StreamTable.Placement,
    problem: String?
  ) throws -> Int {
    guard let number = streams.append(header, hash: hash, placement: placement) else {
      throw StoreError(.failed, "writing the log", "a segment has no place")
    }
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
    try save(stream: number)
    needsNewGeneration = true
    return number
  }

  private func save(stream number: Int) throws {
    guard let stream = streams.stream(number) else { return }
    let channel = try self.number(of: stream.channel)
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
      seen.count(entry.stream)
      seen.varint(UInt64(clamping: entry.sequence))
    }
    statement.bind(8, blob: seen.bytes)
    try statement.step()
  }

  /// Notes which keys of each kind a segment holds.
  func noteKeys(of blocks: [KindBlock], hash: Digest) throws {
    let find = try connection.prepared("SELECT id FROM birlik_segment WHERE hash=?1")
    find.bind(1, blob: hash.bytes)
    guard try find.step() else { return }
    let id = find.int64(0)
    find.reset()
    var ranges: [Int: (low: RecordKey, high: RecordKey)] = [:]
    for block in blocks {
      guard let first = block.keyRange else { continue }
      let known = ranges[block.kind] ?? first
      ranges[block.kind] = (min(known.low, first.low), max(known.high, first.high))
    }
    for (kind, range) in ranges.sorted(by: { $0.key < $1.key }) {
      let statement = try connection.prepared(
        "INSERT INTO birlik_segment_keys(segment, kind, low, high) VALUES(?1, ?2, ?3, ?4)")
      statement.bind(1, id)
      statement.bind(2, kind)
      statement.bind(3, blob: range.low.bytes)
      statement.bind(4, blob: range.high.bytes)
      try statement.step()
    }
  }
}

extension KindBlock {
  /// The least and the greatest key of the block.
  var keyRange: (low: RecordKey, high: RecordKey)? {
    guard count > 0 else { return nil }
    var low = 0
    var high = 0
    for place in 1..<max(count, 1) {
      if precedes(place, low) { low = place }
      if precedes(high, place) { high = place }
    }
    return (key(low), key(high))
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    for column in keys {
      let x = column[a]
      let y = column[b]
      if x.lexicographicallyPrecedes(y) { return true }
      if !x.elementsEqual(y) { return false }
    }
    return false
  }
}
