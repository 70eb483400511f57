import SyncCore
import Wire

/// What taking a snapshot over did.
public struct SnapshotReport: Sendable, Equatable {
  /// Records whose heads were in the snapshot.
  public var records = 0
  /// Segments that were new, and their changes; of those only header and signature are kept.
  public var segments = 0
  public var changes: Int64 = 0
  /// The bytes of all pages as they travelled.
  public var bytes = 0
  public var conflictsOpened = 0

  public init() {}
}

/// Takes a checked snapshot over, by the rule of `HeadsJoin`.
///
/// Runs within one write transaction, after everything captured was sealed.
final class SnapshotInstaller {
  private let engine: Engine
  private var skeleton = SnapshotSkeleton()
  /// For each stream of the snapshot, in which stream of this store it stands up to which sequence.
  private var runs: [[(last: Int64, stream: Int)]] = []
  /// What this store had absorbed before, and what headquarters had.
  private var mine = VersionVector()
  private var theirs = VersionVector()
  /// Changes that one side holds without having read them.
  private var mineUnread = PrunedChanges()
  private var theirsUnread = PrunedChanges()
  private var amended: Set<RecordName> = []
  private(set) var report = SnapshotReport()

  init(_ engine: Engine) throws {
    self.engine = engine
    for (number, stream) in engine.streams.streams.enumerated() { mine.raise(number, to: stream.tip.sequence) }
    let unread = try engine.connection.prepared(
      "SELECT stream, first, last FROM birlik_segment WHERE problem IS NOT NULL")
    while try unread.step() {
      let first = unread.int64(1)
      mineUnread.insert(first...max(first, unread.int64(2)), stream: unread.int(0))
    }
  }

  /// Takes the next page, in order.
  func take(_ page: SnapshotPage) throws {
    switch page {
    case .cards(let cards):
      for bytes in cards { try engine.keep(NodeCard(bytes: bytes, signedBy: engine.identity.headquarters)) }
    case .skeleton(let entries):
      for entry in entries { try place(entry) }
    case .amendments(let entries):
      for entry in entries {
        amended.insert(RecordName(kind: entry.kind, key: entry.key))
        try join(entry)
      }
    case .heads(let entries):
      for entry in entries where !amended.contains(RecordName(kind: entry.kind, key: entry.key)) { try join(entry) }
    }
  }

  // MARK: Streams

  private func place(_ entry: SkeletonEntry) throws {
    let segment = try skeleton.segment(entry)
    if entry.beginning != nil { runs.append([]) }
    let run = segment.header.first...segment.header.last
    let stream: Int
    if let held = try engine.position(of: segment.hash) {
      stream = held.stream
      if !entry.isUnread { try read(segment, run, stream) }
    } else {
      let placement = try engine.place(segment.header, hash: segment.hash)
      switch placement {
      case .extends, .begins: break
      case .held, .waits, .contradicts:
        throw StoreError(
          .damaged, "taking a snapshot over", "a segment has no place",
          hint: "nothing of it was taken; the log is fetched in its place")
      }
      if segment.header.origin == (try engine.origin()) { try engine.takeFreshOrigin(because: .peer) }
      let problem = entry.isUnread ? "headquarters could not read it" : nil
      stream = try engine.append(segment, placement: placement, problem: problem)
      report.segments += 1
      report.changes &+= Int64(segment.header.count)
    }
    theirs.raise(stream, to: segment.header.last)
    if entry.isUnread { theirsUnread.insert(run, stream: stream) }
    if let last = runs[entry.stream].last, last.stream == stream {
      runs[entry.stream][runs[entry.stream].count - 1].last = segment.header.last
    } else {
      runs[entry.stream].append((segment.header.last, stream))
    }
  }

  /// A segment whose body this store could not read: its heads come now, and the body tells nothing.
  private func read(_ segment: PrunedSegment, _ run: ClosedRange<Int64>, _ stream: Int) throws {
    let position = Clock(stream: stream, sequence: run.lowerBound, time: 0)
    guard mineUnread.contains(position) else { return }
    let update = try engine.connection.prepared(
      "UPDATE birlik_segment SET bytes=?2, body=0, problem=NULL WHERE hash=?1")
    update.bind(1, blob: segment.hash.bytes)
    update.bind(2, blob: segment.bytes)
    try update.step()
    engine.pruned.insert(run, stream: stream)
    engine.needsNewGeneration = true
  }

  // MARK: Heads

  private func join(_ entry: HeadsEntry) throws {
    report.records += 1
    let state = try entry.state.renumbered { clock throws(StoreError) in
      guard runs.indices.contains(clock.stream),
        let run = runs[clock.stream].first(where: { $0.last >= clock.sequence })
      else {
        throw StoreError(.damaged, "taking a snapshot over", "a head stands in no stream of it")
      }
      return Clock(stream: run.stream, sequence: clock.sequence, time: clock.time)
    }
    let table = engine.tables[entry.kind]
    var slots = try engine.slots(table, kind: entry.kind, key: entry.key)
    let channel = try engine.number(of: entry.channel)
    let index = slots.firstIndex { $0.channel == channel } ?? slots.count
    if index == slots.count { slots.append(RecordSlot(channel: channel, state: RecordState(), stored: nil)) }
    slots[index].state = HeadsJoin.join(
      mine: slots[index].state, theirs: state,
      iKnow: { mine.covers($0) && !mineUnread.contains($0) },
      theyKnow: { theirs.covers($0) && !theirsUnread.contains($0) })
    if let table, table.isShared, entry.key.columns.count == table.kind.key.count {
      try engine.project(table, entry.key, slots)
    } else {
      for slot in slots {
        let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
        if bytes != slot.stored { try engine.save(bytes, kind: entry.kind, key: entry.key, channel: slot.channel) }
      }
    }
  }

  /// Absorbs what waited for segments that are held now.
  func absorbWaiting() throws {
    let select = try engine.connection.prepared("SELECT bytes FROM birlik_waiting ORDER BY hash")
    var waiting: [[UInt8]] = []
    while try select.step() { waiting.append(select.bytes(0)) }
    guard !waiting.isEmpty else { return }
    try engine.connection.execute("DELETE FROM birlik_waiting")
    let absorber = Absorber(engine)
    for bytes in waiting { try absorber.absorb(bytes) { _ in true } }
  }
}
