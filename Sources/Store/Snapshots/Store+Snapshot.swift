import SyncCore
import Wire

/// Headquarters' side of snapshots.
extension Store {
  /// The snapshot that a node is to begin from: one taken lately for its federation, or a new one.
  ///
  /// Must not run twice at once.
  ///
  /// - Parameter insists: true to take one even where the log is not much longer.
  /// - Returns: nil when the log is the shorter way, or a record is too large for any snapshot.
  /// - Throws: `StoreError` with code `busy` when too much changes meanwhile.
  public func offerSnapshot(
    to role: NodeRole, insists: Bool, now: @escaping () -> Int64 = { SystemClock.now() }
  ) throws -> SnapshotManifest? {
    let time = now()
    let log = try read { try LogSize($0, for: role) }
    func isShorter(_ bytes: Int64) -> Bool { insists || log.isLonger(than: bytes) }
    if let known = try read({
      try $0.snapshots.latestManifest(
        for: role.federation, in: Self.span(around: time, SnapshotPolicy.offerTime))
    }) {
      return isShorter(Int64(known.size)) ? known : nil
    }
    // Large values may make it larger than it seems. It is stored all the same, so that it is not made in vain again.
    guard isShorter(log.least) else { return nil }
    let manifest: SnapshotManifest?
    do {
      manifest = try SnapshotMaker(self, for: role).make(now: now)
    } catch let error as WireError where error.code == .tooLarge {
      // The heads of one record may take more than a page holds. The log carries them all the same.
      manifest = nil
    }
    try write { try $0.snapshots.tidy(now: time) }
    guard let manifest else { return nil }
    return isShorter(Int64(manifest.size)) ? manifest : nil
  }

  /// Whatever was made later than that was made under a wrong clock.
  private static func span(around time: Int64, _ length: Int64) -> ClosedRange<Int64> {
    let (earliest, latest) = (time &- length, time &+ length)
    return earliest <= latest ? earliest...latest : Int64.min...Int64.max
  }

  /// Pages of a snapshot in order, as many as fit and at least one.
  ///
  /// - Returns: nil for a snapshot that is not kept here, or any longer.
  public func snapshotPages(
    _ name: Digest, from first: Int, limit: Int, now: Int64 = SystemClock.now()
  ) throws -> (manifest: SnapshotManifest, pages: [[UInt8]])? {
    let found: (SnapshotManifest, [[UInt8]])? = try read { transaction in
      guard let manifest = try transaction.snapshots.manifest(name) else { return nil }
      var pages: [[UInt8]] = []
      var size = 0
      for entry in manifest.pages.dropFirst(first) {
        size += entry.size
        if !pages.isEmpty, size > limit { break }
        guard let page = try transaction.snapshots.page(entry.digest) else { return nil }
        pages.append(page)
      }
      return (manifest, pages)
    }
    guard let found else { return nil }
    try recordUse(of: name, now: now)
    return found
  }

  /// Remembers that somebody is fetching a snapshot, to the day.
  private func recordUse(of name: Digest, now: Int64) throws {
    let day: Int64 = 86_400_000
    guard let usedAt = try read({ try $0.snapshots.usedAt(name) }), usedAt < now &- day else { return }
    try write { try $0.snapshots.setUsed(name, at: now) }
  }
}

/// What a node would have to fetch and absorb without a snapshot.
private struct LogSize {
  var bytes: Int64 = 0
  var changes: Int64 = 0
  var segments: Int64 = 0
  var records: Int64 = 0

  init(_ transaction: Transaction, for role: NodeRole) throws {
    for stream in try transaction.log.sizes() {
      guard let channel = transaction.log.channel(of: stream.stream), role.mayRead(channel) else { continue }
      bytes &+= stream.bytes
      segments &+= stream.segments
      changes &+= stream.changes
    }
    for (number, count) in try transaction.heads.countByChannel() {
      if let channel = transaction.directory.channel(number), role.mayRead(channel) { records &+= count }
    }
  }

  /// About the least that a snapshot takes in its place, in bytes.
  var least: Int64 {
    records &* SnapshotPolicy.bytesPerRecord &+ segments &* SnapshotPolicy.bytesPerSegment
  }

  /// Whether the log is much longer than a snapshot of so many bytes: to carry, or to absorb.
  func isLonger(than snapshot: Int64) -> Bool {
    guard bytes > SnapshotPolicy.shortLog else { return false }
    if bytes / SnapshotPolicy.factor >= snapshot { return true }
    // Edits of whole columns pack into next to nothing and take their time all the same.
    let isMuchWork = changes >= SnapshotPolicy.manyChanges && changes / SnapshotPolicy.changesPerRecord >= records
    return isMuchWork && snapshot / SnapshotPolicy.factor <= bytes
  }
}
