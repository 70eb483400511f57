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
    guard let old = try oldBodies(sealedBefore: time, heldBy: frontier, now: now) else { return report }
    var start = 0
    while start < old.count {
      var end = start
      var changes = 0
      while end < old.count, end == start || changes + old[end].count <= Self.dropLimit {
        changes += old[end].count
        end += 1
      }
      let part = old[start..<end].map(\.number)
      try write { transaction in
        // Values are read from rows, which have to be as they were sealed.
        try Sealer(transaction, wall: now).sealAll()
        for number in part { try Self.prune(number, transaction, into: &report) }
      }
      start = end
    }
    return report
  }

  /// Which segments are to lose their bodies, in order; nil when none is old enough yet.
  private func oldBodies(
    sealedBefore time: Int64, heldBy frontier: [FrontierEntry], now: Int64
  ) throws -> [(number: Int64, count: Int)]? {
    // One of a later time was sealed under a wrong clock, and says nothing of what was sealed since.
    let latest = now &+ (try clockOffset(wall: now))
    if let oldest = try read({ try $0.meta.integer(.oldestBody) }), oldest >= time, oldest <= latest { return nil }
    var old: [(number: Int64, count: Int)] = []
    var oldest = Int64.max
    try read { transaction in
      let log = transaction.log
      var held = VersionVector()
      for entry in frontier {
        if let position = try log.position(of: entry.tip.hash) { log.streams.join(position, into: &held) }
      }
      try log.eachSegment(after: 0) { segment in
        guard segment.hasBody, segment.problem == nil else { return true }
        let header = try PrunedSegment(bytes: segment.bytes).header
        if header.sealedAt < time, held[segment.stream] >= segment.last {
          old.append((segment.number, header.count))
        } else {
          oldest = min(oldest, header.sealedAt)
        }
        return true
      }
    }
    // Until this time, later syncs need not read every header. An older segment that arrives late is kept until then.
    if oldest > time, oldest < Int64.max { try write { try $0.meta.set(.oldestBody, .integer(oldest)) } }
    return old
  }

  /// Remembers what headquarters lacks and this node cannot give back, in words.
  public func setCannotGive(_ words: [String]) throws {
    let text = words.joined(separator: "; ")
    let known = try read { try $0.meta.text(.cannotGive) ?? "" }
    if known != text { try write { try $0.meta.set(.cannotGive, .text(text)) } }
  }

  /// What headquarters lacked at the last sync and this node cannot give back, in words; nil when nothing.
  public func cannotGive() throws -> String? {
    let text = try read { try $0.meta.text(.cannotGive) ?? "" }
    return text.isEmpty ? nil : text
  }

  /// How much of the log is kept here.
  public func logSummary() throws -> LogSummary { try read { try $0.log.summary() } }

  /// Where the parts of the log end whose bodies are not kept here: shown beside the tips while headquarters has another
  /// branch, so that it can say which of them it holds.
  public func prunedEnds(visibleTo role: NodeRole) throws -> [FrontierEntry] {
    try read { transaction in
      let log = transaction.log
      guard !log.pruned.isEmpty else { return [] }
      var ends: [FrontierEntry] = []
      for (number, stream) in log.streams.numbered where role.mayRead(stream.channel) {
        for run in log.pruned.ends(stream: number) where run < stream.tip.sequence {
          guard let end = try log.end(of: number, through: run) else { continue }
          let tip = Tip(origin: stream.origin, sequence: end.last, hash: end.hash)
          ends.append(FrontierEntry(channel: stream.channel, tip: tip))
        }
      }
      return ends.sorted()
    }
  }

  /// Keeps of a segment only header and signature.
  private static func prune(_ number: Int64, _ transaction: Transaction, into report: inout DropReport) throws {
    let log = transaction.log
    guard let logged = try log.segment(number), logged.hasBody else { return }
    let segment = try Segment(bytes: logged.bytes)
    let kept = try PrunedSegment(bytes: logged.bytes)
    log.willPrune(segment.header.first...segment.header.last, of: logged.stream)
    for block in try segment.blocks() {
      // Heads of what the catalog does not know are always written out.
      guard let table = transaction.table(block.kind) else { continue }
      for place in 0..<block.count { try writeOut(table, block.key(place), transaction) }
    }
    try log.prune(to: kept, stream: logged.stream)
    report.segments += 1
    report.changes &+= Int64(segment.header.count)
    report.bytes += logged.bytes.count - kept.bytes.count
  }

  /// Writes the heads of a record with their values, where the log does not hold these any longer.
  private static func writeOut(_ table: KindTable, _ key: RecordKey, _ transaction: Transaction) throws {
    for slot in try transaction.records.slots(table, key)
    where slot.reliesOnRow && transaction.log.pruned.holds(slot.state) {
      try transaction.heads.saveFull(slot, kind: table.kind.id, key: key)
    }
  }
}
