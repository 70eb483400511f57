import SyncCore
import Wire

/// Where snapshots and their pages are kept: at headquarters those that nodes are fetching, at a node the one that it
/// fetches itself.
enum SnapshotShelf {
  /// How long a snapshot is offered to those who ask anew, in milliseconds. What changed since comes by the log.
  static let offerTime: Int64 = 3_600_000
  /// How long after the last request a snapshot is kept for those who are fetching it, in milliseconds.
  static let keepTime: Int64 = 7 * 86_400_000
  /// How many are kept; the one used longest ago goes first.
  static let count = 16
  /// Below so many bytes the log is short enough.
  static let shortLog: Int64 = 1 << 20
  /// How many times longer than the snapshot the log has to be.
  static let factor: Int64 = 2
  /// From so many changes on, so many for each record, the log is much work however few bytes it takes; the snapshot may
  /// then take up to `factor` times its bytes.
  static let manyChanges: Int64 = 100_000
  static let changesPerRecord: Int64 = 3
  /// How many bytes one record and one segment take in a snapshot at least, mostly.
  static let bytesPerRecord: Int64 = 8
  static let bytesPerSegment: Int64 = 112
}

extension Engine {
  func keep(page bytes: [UInt8], digest: Digest) throws {
    let insert = try connection.prepared("INSERT OR REPLACE INTO birlik_piece(digest, bytes) VALUES(?1, ?2)")
    insert.bind(1, blob: digest.bytes)
    insert.bind(2, blob: bytes)
    try insert.step()
  }

  func page(_ digest: Digest) throws -> [UInt8]? {
    let select = try connection.prepared("SELECT bytes FROM birlik_piece WHERE digest=?1")
    select.bind(1, blob: digest.bytes)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return select.bytes(0)
  }

  func holdsPage(_ digest: Digest) throws -> Bool {
    let select = try connection.prepared("SELECT 1 FROM birlik_piece WHERE digest=?1")
    select.bind(1, blob: digest.bytes)
    defer { select.reset() }
    return try select.step()
  }

  func keep(_ manifest: SnapshotManifest, at now: Int64) throws {
    let insert = try connection.prepared(
      "INSERT OR REPLACE INTO birlik_snapshot(name, federation, made_at, used_at, manifest) VALUES(?1, ?2, ?3, ?3, ?4)")
    insert.bind(1, blob: manifest.name.bytes)
    insert.bind(2, text: manifest.federation)
    insert.bind(3, now)
    insert.bind(4, blob: manifest.bytes)
    try insert.step()
  }

  func manifest(_ name: Digest) throws -> SnapshotManifest? {
    let select = try connection.prepared("SELECT manifest FROM birlik_snapshot WHERE name=?1")
    select.bind(1, blob: name.bytes)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return try SnapshotManifest(bytes: select.bytes(0), signedBy: identity.headquarters)
  }

  /// The latest snapshot for a federation, or of all; nil when there is none that young.
  func latestManifest(for federation: String? = nil, since time: Int64 = Int64.min) throws -> SnapshotManifest? {
    let select = try connection.prepared(
      "SELECT manifest FROM birlik_snapshot WHERE (?1 IS NULL OR federation=?1) AND made_at>=?2 "
        + "ORDER BY made_at DESC LIMIT 1")
    if let federation { select.bind(1, text: federation) } else { select.bindNull(1) }
    select.bind(2, time)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return try SnapshotManifest(bytes: select.bytes(0), signedBy: identity.headquarters)
  }

  /// Forgets snapshots that nobody fetches any longer, and pages that belong to none.
  ///
  /// - Parameter kept: how many may stay.
  func tidySnapshots(now: Int64, kept: Int = SnapshotShelf.count) throws {
    let forget = try connection.prepared(
      "DELETE FROM birlik_snapshot WHERE used_at<?1 OR name NOT IN "
        + "(SELECT name FROM birlik_snapshot ORDER BY used_at DESC, made_at DESC LIMIT ?2)")
    forget.bind(1, now &- SnapshotShelf.keepTime)
    forget.bind(2, kept)
    try forget.step()
    var named: Set<Digest> = []
    let manifests = try connection.prepared("SELECT manifest FROM birlik_snapshot")
    while try manifests.step() {
      let manifest = try SnapshotManifest(bytes: manifests.bytes(0), signedBy: identity.headquarters)
      named.formUnion(manifest.pages.map(\.digest))
    }
    var orphans: [[UInt8]] = []
    let pages = try connection.prepared("SELECT digest FROM birlik_piece")
    while try pages.step() {
      let digest = pages.bytes(0)
      if let known = Digest(bytes: digest), named.contains(known) { continue }
      orphans.append(digest)
    }
    for digest in orphans {
      let delete = try connection.prepared("DELETE FROM birlik_piece WHERE digest=?1")
      delete.bind(1, blob: digest)
      try delete.step()
    }
  }
}
