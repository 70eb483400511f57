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
    let log = try read { try $0.logSize(for: role) }
    func isShorter(_ bytes: Int64) -> Bool { insists || log.isLonger(than: bytes) }
    if let known = try read({
      try $0.latestManifest(for: role.federation, since: time &- SnapshotShelf.offerTime)
    }) {
      return isShorter(Int64(known.size)) ? known : nil
    }
    // Large values may make it larger than it seems. It is kept all the same, so that nobody makes it for nothing again.
    guard isShorter(log.least) else { return nil }
    let manifest: SnapshotManifest?
    do {
      manifest = try SnapshotMaker(self, for: role).make(now: now)
    } catch let error as WireError where error.code == .tooLarge {
      // The heads of one record may take more than a page holds. The log carries them all the same.
      manifest = nil
    }
    try write { try $0.tidySnapshots(now: time) }
    guard let manifest else { return nil }
    return isShorter(Int64(manifest.size)) ? manifest : nil
  }

  /// Pages of a snapshot in order, as many as fit and at least one.
  ///
  /// - Returns: nil for a snapshot that is not kept here, or any longer.
  public func snapshotPages(
    _ name: Digest, from first: Int, limit: Int, now: Int64 = SystemClock.now()
  ) throws -> (manifest: SnapshotManifest, pages: [[UInt8]])? {
    let found: (SnapshotManifest, [[UInt8]])? = try read { engine in
      guard let manifest = try engine.manifest(name) else { return nil }
      var pages: [[UInt8]] = []
      var size = 0
      for entry in manifest.pages.dropFirst(first) {
        size += entry.size
        if !pages.isEmpty, size > limit { break }
        guard let page = try engine.page(entry.digest) else { return nil }
        pages.append(page)
      }
      return (manifest, pages)
    }
    guard let found else { return nil }
    try noteUse(of: name, now: now)
    return found
  }

  /// Remembers that somebody is fetching a snapshot, to the day.
  private func noteUse(of name: Digest, now: Int64) throws {
    let isOld: Bool = try read { engine in
      let select = try engine.connection.prepared("SELECT used_at FROM birlik_snapshot WHERE name=?1")
      select.bind(1, blob: name.bytes)
      defer { select.reset() }
      return try select.step() && select.int64(0) < now &- 86_400_000
    }
    guard isOld else { return }
    try write { engine in
      let update = try engine.connection.prepared("UPDATE birlik_snapshot SET used_at=?2 WHERE name=?1")
      update.bind(1, blob: name.bytes)
      update.bind(2, now)
      try update.step()
    }
  }
}

/// What a node would have to fetch and absorb without a snapshot.
private struct LogSize {
  var bytes: Int64 = 0
  var changes: Int64 = 0
  var segments: Int64 = 0
  var records: Int64 = 0

  /// About the least that a snapshot takes in its place, in bytes.
  var least: Int64 {
    records &* SnapshotShelf.bytesPerRecord &+ segments &* SnapshotShelf.bytesPerSegment
  }

  /// Whether the log is much longer than a snapshot of so many bytes: to carry, or to absorb.
  func isLonger(than snapshot: Int64) -> Bool {
    guard bytes > SnapshotShelf.shortLog else { return false }
    if bytes / SnapshotShelf.factor >= snapshot { return true }
    // Edits of whole columns pack into next to nothing and take their time all the same.
    let isMuchWork = changes >= SnapshotShelf.manyChanges && changes / SnapshotShelf.changesPerRecord >= records
    return isMuchWork && snapshot / SnapshotShelf.factor <= bytes
  }
}

extension Engine {
  fileprivate func logSize(for role: NodeRole) throws -> LogSize {
    var size = LogSize()
    let select = try connection.prepared(
      "SELECT stream, sum(length(bytes)), count(*), sum(last-first+1) FROM birlik_segment GROUP BY stream")
    while try select.step() {
      guard let channel = streams.stream(select.int(0))?.channel, role.mayRead(channel) else { continue }
      size.bytes &+= select.int64(1)
      size.segments &+= select.int64(2)
      size.changes &+= select.int64(3)
    }
    let heads = try connection.prepared("SELECT channel, count(*) FROM birlik_head GROUP BY channel")
    while try heads.step() {
      if let channel = channelNames[heads.int(0)], role.mayRead(channel) { size.records &+= heads.int64(1) }
    }
    return size
  }
}
