import SyncCore
import Wire

/// A node's side of snapshots.
extension Store {
  /// A snapshot that is being fetched.
  public struct PendingSnapshot: Sendable, Equatable {
    public var manifest: SnapshotManifest
    /// The number of the first page that is not here yet; nil when all are.
    public var missing: Int?
  }

  /// Whether this node is to begin from a snapshot: it is new and has fetched nothing yet, or it is fetching one.
  public func wantsSnapshot() throws -> Bool {
    guard !identity.role.isHeadquarters else { return false }
    return try read { transaction in
      if try transaction.snapshots.latestManifest() != nil { return true }
      // A first sync that failed decided nothing.
      guard try transaction.meta.value(.snapshotAsked) == nil else { return false }
      return transaction.log.streams.streams.allSatisfy { $0.origin.node == transaction.identity.node }
    }
  }

  /// The snapshot that this node is fetching; nil when none.
  public func pendingSnapshot() throws -> PendingSnapshot? {
    try read { transaction in
      guard let manifest = try transaction.snapshots.latestManifest() else { return nil }
      var missing: Int?
      for (number, entry) in manifest.pages.enumerated() where try !transaction.snapshots.holdsPage(entry.digest) {
        missing = number
        break
      }
      return PendingSnapshot(manifest: manifest, missing: missing)
    }
  }

  /// Begins to fetch a snapshot. Pages of an earlier one that are of this one as well are kept.
  ///
  /// - Throws: `StoreError` with code `notPermitted` for one that is not for this node, and at headquarters.
  public func beginSnapshot(_ manifest: SnapshotManifest, now: Int64 = SystemClock.now()) throws {
    try checkIsForUs(manifest)
    try write { transaction in
      try transaction.snapshots.deleteManifests()
      try transaction.snapshots.save(manifest, at: now)
      try transaction.snapshots.tidy(now: now)
    }
  }

  private func checkIsForUs(_ manifest: SnapshotManifest) throws {
    let operation = "installing a snapshot"
    guard !identity.role.isHeadquarters else {
      throw StoreError(
        .notPermitted, operation, "headquarters takes heads from nobody",
        hint: "members give back what it lost when they sync")
    }
    // Read again, so that only what this node's own headquarters signed is taken, whoever read it before.
    _ = try SnapshotManifest(bytes: manifest.bytes, signedBy: identity.headquarters)
    guard manifest.federation.sameBytes(as: identity.role.federation) else {
      throw StoreError(
        .notPermitted, operation, "it was made for \(manifest.federation)", hint: "nothing of it was installed")
    }
  }

  /// Keeps a page of the snapshot that is being fetched.
  ///
  /// - Throws: `WireError` for one that is not what the manifest says; nothing changes then.
  public func storePage(_ bytes: [UInt8], number: Int, of manifest: SnapshotManifest) throws {
    guard manifest.pages.indices.contains(number) else { return }
    let entry = manifest.pages[number]
    _ = try SnapshotPage(bytes: bytes, entry)
    try write { try $0.snapshots.save(page: bytes, digest: entry.digest) }
  }

  /// Gives up on snapshots: what is missing comes by the log.
  public func declineSnapshot() throws {
    try write { transaction in
      try transaction.snapshots.deleteAll()
      try transaction.meta.set(.snapshotAsked, .integer(1))
    }
  }

  /// Installs the fetched snapshot in one transaction in which everything captured is sealed first.
  ///
  /// All of it is checked before. Rows, conflicts, wrong values, totals and the frontier are worked out here from the
  /// heads; nothing of that is copied.
  ///
  /// - Throws: `StoreError` or `WireError` for a snapshot that is not whole and proper; nothing changes then.
  public func installSnapshot(now: Int64 = SystemClock.now()) throws -> SnapshotReport {
    let operation = "installing a snapshot"
    guard let pending = try pendingSnapshot(), pending.missing == nil else {
      throw StoreError(.missing, operation, "the snapshot is not whole", hint: "`birlik sync` fetches the rest")
    }
    let manifest = pending.manifest
    try checkIsForUs(manifest)
    var check = SnapshotCheck(manifest, role: try role(), headquarters: identity.headquarters)
    for entry in manifest.pages { try check.check(try read { try $0.snapshots.page(entry) }) }
    try check.finish()
    // What is seldom done, and mostly on a new file, may hold the file; memory stays bounded.
    try withFile { try $0.connection.execute("PRAGMA cache_spill=1") }
    defer { try? withFile { try $0.connection.execute("PRAGMA cache_spill=0") } }
    return try write { transaction in
      // What is sealed from here on is sealed under the right origin.
      let origin = try transaction.origin()
      let own = manifest.frontier.filter { $0.tip.origin == origin }
      if try own.contains(where: { try !transaction.log.holds($0.tip.hash) }) {
        try FreshOrigin(transaction).adopt(because: .peer)
      }
      try Sealer(transaction, wall: now).sealAll()
      let installer = try SnapshotInstaller(transaction)
      transaction.totalsTracker?.countAgain()
      for entry in manifest.pages { try installer.install(try transaction.snapshots.page(entry)) }
      let absorber = Absorber(transaction)
      try absorber.absorbWaiting()
      try transaction.snapshots.deleteAll()
      try transaction.meta.set(.snapshotAsked, .integer(1))
      var report = installer.report
      report.bytes = manifest.size
      report.conflictsOpened += absorber.report.conflictsOpened
      return report
    }
  }
}
