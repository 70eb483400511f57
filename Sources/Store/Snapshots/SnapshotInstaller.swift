import SyncCore
import Wire

/// What installing a snapshot did.
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

/// Installs a checked snapshot, by the rule of `HeadsJoin`.
///
/// Runs within one write transaction, after everything captured was sealed.
final class SnapshotInstaller {
  private let transaction: Transaction
  private let merger: Merger
  private var skeleton = SnapshotSkeleton()
  /// For each stream of the snapshot, in which streams of this store it is up to which sequence.
  private var runs: [[(last: Int64, stream: StreamNumber)]] = []
  /// What this store had absorbed before, and what headquarters had.
  private let mine: VersionVector
  private var theirs = VersionVector()
  /// Changes that one side holds without having read them.
  private let mineUnread: PrunedChanges
  private var theirsUnread = PrunedChanges()
  private var amended: Set<RecordName> = []
  private var counted = SnapshotReport()

  init(_ transaction: Transaction) throws {
    self.transaction = transaction
    merger = Merger(transaction)
    mine = transaction.log.everything
    mineUnread = try transaction.log.unreadChanges()
  }

  var report: SnapshotReport {
    var report = counted
    report.conflictsOpened = merger.conflictsOpened
    return report
  }

  /// Installs the next page, in order.
  func install(_ page: SnapshotPage) throws {
    switch page {
    case .cards(let cards):
      for bytes in cards {
        try transaction.directory.add(NodeCard(bytes: bytes, signedBy: transaction.identity.headquarters))
      }
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
    let stream: StreamNumber
    if let held = try transaction.log.position(of: segment.hash) {
      stream = held.stream
      if !entry.isUnread { try replaceUnread(segment, stream) }
    } else {
      let placement = try transaction.log.place(segment.header, hash: segment.hash)
      switch placement {
      case .extends, .begins: break
      case .held, .waits, .contradicts:
        throw StoreError(
          .damaged, "installing a snapshot", "a segment has no place",
          hint: "nothing of it was installed; the log is fetched in its place")
      }
      if segment.header.origin == (try transaction.origin()) { try FreshOrigin(transaction).adopt(because: .peer) }
      let problem = entry.isUnread ? "headquarters could not read it" : nil
      stream = try transaction.log.append(segment, placement: placement, problem: problem)
      counted.segments += 1
      counted.changes &+= Int64(segment.header.count)
    }
    theirs.raise(stream, to: segment.header.last)
    if entry.isUnread { theirsUnread.insert(run, stream: stream) }
    let number = entry.stream.number
    if let last = runs[number].last, last.stream == stream {
      runs[number][runs[number].count - 1].last = segment.header.last
    } else {
      runs[number].append((segment.header.last, stream))
    }
  }

  /// Drops the body of a segment that this store could not read: the heads that it made come with the snapshot.
  private func replaceUnread(_ segment: PrunedSegment, _ stream: StreamNumber) throws {
    guard mineUnread.contains(Clock(stream: stream, sequence: segment.header.first, time: 0)) else { return }
    try transaction.log.prune(to: segment, stream: stream)
  }

  // MARK: Heads

  private func join(_ entry: HeadsEntry) throws {
    counted.records += 1
    let state = try entry.state.renumbered { clock throws(StoreError) in
      guard runs.indices.contains(clock.stream.number),
        let run = runs[clock.stream.number].first(where: { $0.last >= clock.sequence })
      else {
        throw StoreError(.damaged, "installing a snapshot", "a head belongs to no stream of it")
      }
      return Clock(stream: run.stream, sequence: clock.sequence, time: clock.time)
    }
    try merger.join(
      state, transaction.table(entry.kind), RecordName(kind: entry.kind, key: entry.key),
      in: transaction.directory.assignNumber(to: entry.channel),
      iKnow: { mine.covers($0) && !mineUnread.contains($0) },
      theyKnow: { theirs.covers($0) && !theirsUnread.contains($0) })
  }
}
