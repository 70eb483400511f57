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
  public var refused: Int
  public var invalid: Int
  public var conflicts: Int
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
    try read { engine in
      let own = engine.streams.streams.filter { engine.isOwn($0.origin.node) }
      let sealed = own.reduce(Int64(0)) { $0 &+ $1.tip.sequence &- ($1.parent?.sequence ?? 0) }
      let held = try engine.meta(.unsent)?.integer ?? 0
      let unsendable = try engine.unsendableCount()
      var mark: SyncMark?
      if let at = try engine.meta(.lastSyncAt)?.integer {
        let error = try engine.meta(.lastSyncError)?.display ?? ""
        mark = SyncMark(
          at: at, outcome: try engine.meta(.lastSyncOutcome)?.display ?? "", error: error.isEmpty ? nil : error)
      }
      return StoreStatus(
        node: engine.identity.node.hex, name: engine.identity.card.name, role: engine.identity.role,
        catalogVersion: engine.catalog.version, unsealed: try engine.count("birlik_capture"),
        unsent: engine.identity.role.isHeadquarters ? 0 : max(0, sealed &- held &- unsendable),
        unsendable: unsendable,
        refused: try engine.count("birlik_refused WHERE \(UnsendableEdits.isRefusal)"),
        invalid: try engine.count("birlik_invalid"),
        conflicts: try engine.count("birlik_conflict WHERE closed_at IS NULL"),
        waiting: try engine.count("birlik_waiting"), upstream: try engine.meta(.upstream)?.display, lastSync: mark,
        notice: try engine.meta(.notice)?.display, frontier: engine.streams.frontier { _ in true },
        clock: try engine.clockReading())
    }
  }

  /// Where headquarters listens; nil at headquarters.
  public func upstream() throws -> String? { try read { try $0.meta(.upstream)?.display } }

  /// Where headquarters listens by its own word, such as `127.0.0.1:8650`; nil at other nodes.
  public func listen() throws -> String? { try read { try $0.meta(.listen)?.display } }

  public func setListen(_ address: String) throws { try write { try $0.setMeta(.listen, .text(address)) } }

  public func setUpstream(_ url: String) throws { try write { try $0.setMeta(.upstream, .text(url)) } }

  /// The card of headquarters.
  public func headquartersCard() throws -> NodeCard? {
    try read { engine in engine.cards.values.first { $0.role.isHeadquarters } }
  }

  /// The card of a node, where one is held.
  public func card(of node: NodeID) throws -> NodeCard? { try read { $0.cards[node] } }

  /// Every node that is known, by name.
  public func cards() throws -> [NodeCard] { try read { $0.cards.values.sorted { $0.name < $1.name } } }

  /// Keeps a card that headquarters signed.
  public func keep(_ card: NodeCard) throws {
    if try self.card(of: card.id) == nil { try write { try $0.keep(card) } }
  }

  /// Remembers how a sync ended, and how many of this node's own changes headquarters holds.
  public func setLastSync(_ mark: SyncMark, heldUpstream: Int64?) throws {
    try write { engine in
      try engine.setMeta(.lastSyncAt, .integer(mark.at))
      try engine.setMeta(.lastSyncOutcome, .text(mark.outcome))
      try engine.setMeta(.lastSyncError, mark.error.map { .text($0) } ?? .null)
      if let heldUpstream { try engine.setMeta(.unsent, .integer(heldUpstream)) }
    }
  }

  /// How many changes that may be sent this node sealed itself, under all its origins.
  public func ownChangeCount() throws -> Int64 {
    try read { engine in
      let kept = try engine.unsendableCount()
      return engine.streams.streams.filter { engine.isOwn($0.origin.node) }
        .reduce(-kept) { $0 &+ $1.tip.sequence &- ($1.parent?.sequence ?? 0) }
    }
  }

  /// The catalog as headquarters signed it.
  public func publishedCatalog() throws -> PublishedCatalog { try read { $0.published } }

  /// Goes over to a later catalog, in one transaction: seal, tables and columns, triggers, and what was kept for fields
  /// unknown so far.
  ///
  /// - Throws: `StoreError` with code `notPermitted` for a catalog that would drop, retype or give away what was typed.
  public func adopt(_ catalog: PublishedCatalog, now: Int64 = SystemClock.now()) throws {
    try write { engine in
      guard catalog.catalog.version > engine.catalog.version else { return }
      try engine.checkSuccession(catalog.catalog)
      engine.coming = catalog.catalog
      defer { engine.coming = nil }
      try Sealer(engine, wall: now).sealAll()
      try engine.adopt(catalog)
    }
    try inQueue { try $0.checkTriggers() }
  }

  /// True when a peer shows something of this node's own origin that is not held here: this database was restored from a
  /// backup or copied. A fresh origin is taken before anything is sealed again.
  public func noticeRestoration(_ unknown: [FrontierEntry]) throws -> Bool {
    guard !unknown.isEmpty else { return false }
    let origin = try read { try $0.origin() }
    guard Restoration.isShown(by: unknown, to: origin) else { return false }
    try write { engine in
      if try engine.origin() == origin { try engine.takeFreshOrigin(because: .peer) }
    }
    return true
  }
}
