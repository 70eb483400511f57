import SyncCore
import Wire

/// How a sync ended.
public struct SyncMark: Sendable, Equatable {
  /// In milliseconds since 1970.
  public var at: Int64
  /// `even`, `partial` or `failed`.
  public var outcome: String
  public var error: String?

  public init(at: Int64, outcome: String, error: String?) {
    self.at = at
    self.outcome = outcome
    self.error = error
  }
}

/// Where a node stands.
public struct StoreStatus: Sendable, Equatable {
  public var node: String
  public var name: String
  public var role: NodeRole
  public var catalogVersion: Int
  /// Captured edits that are not sealed yet.
  public var unsealed: Int
  /// Changes that headquarters was last seen to lack, those sealed since included; nil where it was never seen.
  public var unsent: Int64
  /// Sealed changes that are not sent because the catalog takes the right to write their channel.
  public var unsendable: Int64
  /// Records whose edits wait until a person confirms them.
  public var held: Int
  /// Edits that could not be used and that nobody mended, decided or read about yet.
  public var refused: Int
  /// Values that the catalog does not allow, in records that this node may write.
  public var invalid: Int
  public var conflicts: Int
  /// Records of this federation with a key that another owner uses as well.
  public var collisions: Int
  /// Segments that wait for one that they build on.
  public var waiting: Int
  public var upstream: String?
  public var lastSync: SyncMark?
  /// What the administrator should know.
  public var notice: String?
  public var frontier: [FrontierEntry]
  /// How far this machine's clock is off.
  public var clock: ClockReading
}

extension Store {
  public func status() throws -> StoreStatus {
    var status = try storedStatus()
    let words = try [status.notice].compactMap(\.self) + fileWarnings().map { $0 + "." }
    status.notice = words.isEmpty ? nil : words.joined(separator: " ")
    return status
  }

  private func storedStatus() throws -> StoreStatus {
    try read { transaction in
      let (meta, log) = (transaction.meta, transaction.log)
      let unsendable = try Unsendable(transaction).count()
      let sealed = Self.ownChanges(transaction)
      let held = try meta.integer(.unsent) ?? 0
      var mark: SyncMark?
      if let at = try meta.integer(.lastSyncAt) {
        let error = try meta.text(.lastSyncError) ?? ""
        mark = SyncMark(
          at: at, outcome: try meta.text(.lastSyncOutcome) ?? "", error: error.isEmpty ? nil : error)
      }
      return StoreStatus(
        node: identity.node.hex, name: identity.card.name, role: identity.role,
        catalogVersion: transaction.catalog.version, unsealed: try transaction.capture.count(),
        unsent: identity.role.isHeadquarters ? 0 : max(0, sealed &- held &- unsendable), unsendable: unsendable,
        held: try transaction.held.count(),
        refused: try OpenRefusals(transaction).all().count,
        invalid: try transaction.conflicts.invalidCount(in: transaction.writableChannels()),
        conflicts: try transaction.conflicts.openCount(), collisions: try Self.collisions(transaction),
        waiting: try log.waitingCount(),
        upstream: try meta.text(.upstream), lastSync: mark,
        notice: try meta.text(.notice).flatMap { $0.isEmpty ? nil : $0 },
        frontier: log.streams.frontier { _ in true }, clock: try ClockReading(in: meta))
    }
  }

  private static func collisions(_ transaction: Transaction) throws -> Int {
    let owner = transaction.identity.role.federation
    return try Channel.Audience.allCases.reduce(0) { sum, audience in
      guard let number = transaction.directory.number(of: Channel(owner: owner, audience: audience)) else { return sum }
      return try sum + transaction.conflicts.collisionCount(in: number)
    }
  }

  /// How many changes this node sealed itself, under all its origins.
  private static func ownChanges(_ transaction: Transaction) -> Int64 {
    transaction.log.streams.streams.filter { transaction.directory.isOwn($0.origin.node) }
      .reduce(0) { $0 &+ $1.tip.sequence &- ($1.parent?.sequence ?? 0) }
  }

  /// What happened to this node that no sync reported yet. From now on `birlik status` alone shows it.
  public func reportNotice() throws -> String? {
    let (notice, reported) = try read { (try $0.meta.text(.notice) ?? "", try $0.meta.text(.reportedNotice)) }
    guard !notice.isEmpty, notice != reported else { return nil }
    try write { try $0.meta.set(.reportedNotice, .text(notice)) }
    return notice
  }

  /// Takes the notice away that somebody read.
  public func dismissNotice() throws {
    try write { transaction in
      for name in [Meta.notice, .reportedNotice] { try transaction.meta.set(name, .null) }
    }
  }

  /// Where headquarters listens; nil at headquarters.
  public func upstream() throws -> String? { try read { try $0.meta.text(.upstream) } }

  /// Where headquarters listens by its own word, such as `127.0.0.1:8650`; nil at other nodes.
  public func listen() throws -> String? { try read { try $0.meta.text(.listen) } }

  public func setListen(_ address: String) throws { try write { try $0.meta.set(.listen, .text(address)) } }

  public func setUpstream(_ url: String) throws { try write { try $0.meta.set(.upstream, .text(url)) } }

  /// The card of headquarters.
  public func headquartersCard() throws -> NodeCard? {
    try read { $0.directory.headquartersCard }
  }

  /// The card of a node, where one is held.
  public func card(of node: NodeID) throws -> NodeCard? { try read { $0.directory.cards[node] } }

  /// Every node that is known, by name.
  public func cards() throws -> [NodeCard] { try read { $0.directory.cards.values.sorted { $0.name < $1.name } } }

  /// Remembers how a sync ended, and how many of this node's own changes headquarters holds.
  public func setLastSync(_ mark: SyncMark, heldUpstream: Int64?) throws {
    try write { transaction in
      try transaction.meta.set(.lastSyncAt, .integer(mark.at))
      try transaction.meta.set(.lastSyncOutcome, .text(mark.outcome))
      try transaction.meta.set(.lastSyncError, mark.error.map { .text($0) } ?? .null)
      if let heldUpstream { try transaction.meta.set(.unsent, .integer(heldUpstream)) }
    }
  }

  /// How many records this node deleted since this was asked last. To be asked when a sync has sent everything.
  public func countSentDeletions() throws -> Int {
    guard let count = try read({ try $0.meta.integer(.unsentDeletions) }), count > 0 else { return 0 }
    try write { try $0.meta.set(.unsentDeletions, .integer(0)) }
    return Int(clamping: count)
  }

  /// What the line to headquarters carried in the last sync.
  public func lineSize() throws -> LineSize { LineSize(remembered: try read { try $0.meta.integer(.lineSize) }) }

  /// Remembers what the line to headquarters carries; nil for whatever is put on it.
  public func setLineSize(_ bytes: Int64?) throws {
    guard try read({ try $0.meta.integer(.lineSize) }) != bytes else { return }
    try write { try $0.meta.set(.lineSize, bytes.map { .integer($0) } ?? .null) }
  }

  /// How many changes that may be sent this node sealed itself, under all its origins.
  public func ownChangeCount() throws -> Int64 {
    try read { try Self.ownChanges($0) &- Unsendable($0).count() }
  }

  /// The catalog as headquarters signed it.
  public func publishedCatalog() throws -> PublishedCatalog { try read { $0.adopted.published } }

  /// Goes over to a later catalog, in one transaction: seal, tables and columns, triggers, and what was kept for fields
  /// unknown so far.
  ///
  /// - Parameter notice: what the administrator should know of it.
  /// - Returns: whether it was a later one.
  /// - Throws: `StoreError` with code `notPermitted` for a catalog that would drop, retype or give away what was typed.
  @discardableResult
  public func adopt(
    _ catalog: PublishedCatalog, notice: String? = nil, now: Int64 = SystemClock.now()
  ) throws -> Bool {
    let isLater = try write { transaction in
      guard catalog.catalog.version > transaction.catalog.version else { return false }
      let adoption = CatalogAdoption(transaction)
      try adoption.checkSuccession(catalog.catalog)
      try Sealer(transaction, wall: now, under: catalog.catalog).sealAll()
      try adoption.adopt(catalog)
      if let notice { try transaction.meta.addNotice(notice) }
      return true
    }
    try withFile { try $0.checkTriggers() }
    return isLater
  }

  /// True when a peer shows something of this node's own origin that is not held here: this database was restored from a
  /// backup or copied. A fresh origin is taken before anything is sealed again.
  public func noticeRestoration(_ unknown: [FrontierEntry]) throws -> Bool {
    guard !unknown.isEmpty else { return false }
    let origin = try read { try $0.origin() }
    guard Restoration.isShown(by: unknown, to: origin) else { return false }
    try write { transaction in
      if try transaction.origin() == origin { try FreshOrigin(transaction).adopt(because: .peer) }
    }
    return true
  }
}
