import SyncCore
import Wire

/// What dropping old bodies did.
public struct DropReport: Sendable, Equatable {
  public var segments = 0
  public var changes: Int64 = 0
  /// How many bytes of the log went.
  public var bytes = 0

  public init() {}
}

/// What of the log a node keeps.
public struct LogSummary: Sendable, Equatable {
  /// Segments held, with or without their bodies.
  public var segments = 0
  /// Segments of which only header and signature are kept.
  public var prunedSegments = 0
  /// The changes of those.
  public var prunedChanges: Int64 = 0
}

extension Store {
  /// How many changes one transaction drops, so that it holds the file only for a moment.
  private static let dropLimit = 8192

  /// Drops the bodies of old segments that headquarters holds. Their headers, hashes and signatures stay, and the heads
  /// that came from them are written out with their values: so nothing shown, no conflict and no total changes, and the
  /// chains go on.
  ///
  /// - Parameters:
  ///   - time: segments sealed before it are dropped, in milliseconds since 1970.
  ///   - frontier: what headquarters showed to hold just now. Nothing beyond it is dropped.
  /// - Throws: `StoreError` with code `notPermitted` at headquarters, which keeps its whole log.
  @discardableResult
  public func dropBodies(
    sealedBefore time: Int64, heldBy frontier: [FrontierEntry], now: Int64 = SystemClock.now()
  ) throws -> DropReport {
    guard !identity.role.isHeadquarters else {
      throw StoreError(
        .notPermitted, "dropping old parts of the log", "headquarters keeps its whole log",
        hint: "remove keep_log from its settings")
    }
    var report = DropReport()
    guard let old = try oldBodies(sealedBefore: time, heldBy: frontier) else { return report }
    var start = 0
    while start < old.count {
      var end = start
      var changes = 0
      while end < old.count, end == start || changes + old[end].count <= Self.dropLimit {
        changes += old[end].count
        end += 1
      }
      let part = old[start..<end].map(\.id)
      try write { engine in
        // Values are read from rows, which have to stand as they were sealed.
        try Sealer(engine, wall: now).sealAll()
        for id in part { try engine.dropBody(id, into: &report) }
      }
      start = end
    }
    return report
  }

  /// Which segments are to lose their bodies, in order; nil when none is old enough yet.
  private func oldBodies(
    sealedBefore time: Int64, heldBy frontier: [FrontierEntry]
  ) throws -> [(id: Int64, count: Int)]? {
    if let oldest = try read({ try $0.meta(.oldestBody)?.integer }), oldest >= time { return nil }
    var old: [(id: Int64, count: Int)] = []
    var oldest = Int64.max
    try read { engine in
      var held = VersionVector()
      for entry in frontier {
        if let position = try engine.position(of: entry.tip.hash) { engine.streams.join(position, into: &held) }
      }
      let select = try engine.connection.prepared(
        "SELECT id, stream, last, bytes FROM birlik_segment WHERE body=1 AND problem IS NULL ORDER BY id")
      while try select.step() {
        let header = try PrunedSegment(bytes: select.bytes(3)).header
        if header.sealedAt < time, held[select.int(1)] >= select.int64(2) {
          old.append((select.int64(0), header.count))
        } else {
          oldest = min(oldest, header.sealedAt)
        }
      }
    }
    // Sparing the next syncs a look at every segment. One that arrives late and older waits until this time comes.
    if oldest > time, oldest < Int64.max { try write { try $0.setMeta(.oldestBody, .integer(oldest)) } }
    return old
  }

  /// Remembers what headquarters lacks and this node cannot give back, in words.
  public func setCannotGive(_ words: [String]) throws {
    let text = words.joined(separator: "; ")
    let known = try read { try $0.meta(.cannotGive)?.display ?? "" }
    if known != text { try write { try $0.setMeta(.cannotGive, .text(text)) } }
  }

  /// What headquarters lacked at the last sync and this node cannot give back, in words; nil when nothing.
  public func cannotGive() throws -> String? {
    let text = try read { try $0.meta(.cannotGive)?.display ?? "" }
    return text.isEmpty ? nil : text
  }

  /// How much of the log is kept here.
  public func logSummary() throws -> LogSummary {
    try read { engine in
      var summary = LogSummary()
      summary.segments = try engine.count("birlik_segment")
      let bare = try engine.connection.prepared(
        "SELECT count(*), coalesce(sum(last-first+1), 0) FROM birlik_segment WHERE body=0")
      defer { bare.reset() }
      guard try bare.step() else { return summary }
      summary.prunedSegments = bare.int(0)
      summary.prunedChanges = bare.int64(1)
      return summary
    }
  }

  /// Where the parts of the log end whose bodies are not kept here: shown beside the tips while headquarters has another
  /// branch, so that it can say which of them it holds.
  public func prunedEnds(visibleTo role: NodeRole) throws -> [FrontierEntry] {
    try read { engine in
      guard !engine.pruned.isEmpty else { return [] }
      var ends: [FrontierEntry] = []
      let select = try engine.connection.prepared(
        "SELECT last, hash FROM birlik_segment WHERE stream=?1 AND last<=?2 ORDER BY last DESC LIMIT 1")
      for (number, stream) in engine.streams.streams.enumerated() where role.mayRead(stream.channel) {
        for end in engine.pruned.ends(stream: number) where end < stream.tip.sequence {
          select.bind(1, number)
          select.bind(2, end)
          guard try select.step() else { continue }
          if let hash = Digest(bytes: select.bytes(1)) {
            let tip = Tip(origin: stream.origin, sequence: select.int64(0), hash: hash)
            ends.append(FrontierEntry(channel: stream.channel, tip: tip))
          }
          select.reset()
        }
      }
      return ends.sorted()
    }
  }
}

extension Engine {
  /// Keeps of a segment only header and signature.
  fileprivate func dropBody(_ id: Int64, into report: inout DropReport) throws {
    let select = try connection.prepared("SELECT stream, bytes FROM birlik_segment WHERE id=?1 AND body=1")
    select.bind(1, id)
    guard try select.step() else { return }
    let stream = select.int(0)
    let bytes = select.bytes(1)
    select.reset()
    let segment = try Segment(bytes: bytes)
    let kept = try PrunedSegment(bytes: bytes)
    let run = segment.header.first...segment.header.last
    pruned.insert(run, stream: stream)
    for block in try segment.blocks() {
      // Of what the catalog does not know, heads are always written out.
      guard let table = tables[block.kind] else { continue }
      for place in 0..<block.count { try writeOut(table, block.key(place)) }
    }
    let update = try connection.prepared("UPDATE birlik_segment SET bytes=?2, body=0 WHERE id=?1")
    update.bind(1, id)
    update.bind(2, blob: kept.bytes)
    try update.step()
    needsNewGeneration = true
    report.segments += 1
    report.changes &+= Int64(segment.header.count)
    report.bytes += bytes.count - kept.bytes.count
  }

  /// Writes the heads of a record with their values, where the log does not tell them any longer.
  private func writeOut(_ table: KindTable, _ key: RecordKey) throws {
    for slot in try slots(table, kind: table.kind.id, key: key) {
      guard let stored = slot.stored, StateCodec.form(of: stored) != .full, pruned.holds(slot.state) else { continue }
      let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
      try save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
    }
  }
}
