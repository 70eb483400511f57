import SyncCore
import Wire

/// Gateway of `birlik_snapshot` and `birlik_piece`: snapshots of heads and their pages, at headquarters those that nodes
/// are fetching, at a node the one that it fetches itself.
final class SnapshotTable {
  private let connection: Connection
  /// The 32 bytes of headquarters' public key, which signs manifests.
  private let headquarters: [UInt8]

  init(_ connection: Connection, headquarters: [UInt8]) {
    self.connection = connection
    self.headquarters = headquarters
  }

  // MARK: Pages

  func save(page bytes: [UInt8], digest: Digest) throws {
    let insert = try connection.prepared("INSERT OR REPLACE INTO birlik_piece(digest, bytes) VALUES(?1, ?2)")
    insert.bind(1, blob: digest.bytes)
    insert.bind(2, blob: bytes)
    try insert.step()
  }

  /// The bytes of a page; nil for one that is not here.
  func page(_ digest: Digest) throws -> [UInt8]? {
    let select = try connection.prepared("SELECT bytes FROM birlik_piece WHERE digest=?1")
    select.bind(1, blob: digest.bytes)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return select.bytes(0)
  }

  /// A page as its manifest describes it.
  ///
  /// - Throws: `StoreError` with code `missing` for one that is not here.
  func page(_ entry: SnapshotManifest.Page) throws -> SnapshotPage {
    guard let bytes = try page(entry.digest) else {
      throw StoreError(.missing, "reading a snapshot", "a page is missing", hint: "`birlik sync` fetches it")
    }
    return try SnapshotPage(bytes: bytes, entry)
  }

  func holdsPage(_ digest: Digest) throws -> Bool {
    let select = try connection.prepared("SELECT 1 FROM birlik_piece WHERE digest=?1")
    select.bind(1, blob: digest.bytes)
    defer { select.reset() }
    return try select.step()
  }

  // MARK: Manifests

  func save(_ manifest: SnapshotManifest, at now: Int64) throws {
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
    return try manifest(select)
  }

  /// The latest snapshot for a federation, or of all; nil when none was made in that time.
  func latestManifest(
    for federation: String? = nil, in time: ClosedRange<Int64> = Int64.min...Int64.max
  ) throws -> SnapshotManifest? {
    let select = try connection.prepared(
      "SELECT manifest FROM birlik_snapshot WHERE (?1 IS NULL OR federation=?1) AND made_at BETWEEN ?2 AND ?3 "
        + "ORDER BY made_at DESC LIMIT 1")
    if let federation { select.bind(1, text: federation) } else { select.bindNull(1) }
    select.bind(2, time.lowerBound)
    select.bind(3, time.upperBound)
    return try manifest(select)
  }

  private func manifest(_ select: Prepared) throws -> SnapshotManifest? {
    guard try select.step() else { return nil }
    defer { select.reset() }
    return try SnapshotManifest(bytes: select.bytes(0), signedBy: headquarters)
  }

  /// When somebody last fetched from a snapshot, in milliseconds since 1970; nil for one that is not here.
  func usedAt(_ name: Digest) throws -> Int64? {
    let select = try connection.prepared("SELECT used_at FROM birlik_snapshot WHERE name=?1")
    select.bind(1, blob: name.bytes)
    defer { select.reset() }
    return try select.step() ? select.int64(0) : nil
  }

  func setUsed(_ name: Digest, at time: Int64) throws {
    let update = try connection.prepared("UPDATE birlik_snapshot SET used_at=?2 WHERE name=?1")
    update.bind(1, blob: name.bytes)
    update.bind(2, time)
    try update.step()
  }

  // MARK: Deleting

  func deleteManifests() throws { try connection.execute("DELETE FROM birlik_snapshot") }

  func deleteAll() throws {
    try deleteManifests()
    try connection.execute("DELETE FROM birlik_piece")
  }

  /// Deletes snapshots that nobody fetches any longer, and pages that belong to none.
  ///
  /// - Parameter kept: how many may stay.
  func tidy(now: Int64, kept: Int = SnapshotPolicy.count) throws {
    let forget = try connection.prepared(
      "DELETE FROM birlik_snapshot WHERE used_at NOT BETWEEN ?1 AND ?3 OR name NOT IN "
        + "(SELECT name FROM birlik_snapshot ORDER BY used_at DESC, made_at DESC LIMIT ?2)")
    forget.bind(1, now &- SnapshotPolicy.keepTime)
    forget.bind(2, kept)
    // What was used later than now was used under a wrong clock, and would stay until then.
    forget.bind(3, now &+ SnapshotPolicy.keepTime)
    try forget.step()
    var named: Set<Digest> = []
    let manifests = try connection.prepared("SELECT manifest FROM birlik_snapshot")
    while try manifests.step() {
      let manifest = try SnapshotManifest(bytes: manifests.bytes(0), signedBy: headquarters)
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
