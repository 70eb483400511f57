import Limits
import SyncCore
import Wire

/// What the exchange asks of a store.
extension Store {
  /// Seals everything captured.
  @discardableResult
  public func seal(now: Int64 = SystemClock.now()) throws -> SealReport {
    try withFile { try $0.lookAfterCapture() }
    // Looking first keeps a sync with nothing new from taking the write lock.
    guard try hasCaptured() else { return SealReport() }
    return try write { transaction in
      let sealer = try Sealer(transaction, wall: now)
      try sealer.sealAll()
      return sealer.report
    }
  }

  /// Seals everything captured, where this process has the key. Else that waits for the next sync or the service.
  func sealIfPossible(now: Int64) throws {
    if identity.keyProblem == nil { try seal(now: now) }
  }

  /// Seals a part of what was captured, so that sending it can begin while the rest is sealed.
  ///
  /// - Returns: what was sealed, and whether there may be more.
  public func sealPart(now: Int64 = SystemClock.now()) throws -> (report: SealReport, hasMore: Bool) {
    try withFile { try $0.lookAfterCapture() }
    guard try hasCaptured() else { return (SealReport(), false) }
    // Totals of headquarters are exact in every transaction, for which all that was captured has to be looked at.
    guard !identity.role.isHeadquarters else { return (try seal(now: now), false) }
    let report = try write { transaction in
      let sealer = try Sealer(transaction, wall: now, limit: StoreLimits.editsPerShortSealPass)
      _ = try sealer.sealPass()
      if try transaction.capture.isEmpty() { try sealer.sealConfirmed() }
      return sealer.report
    }
    return (report, try hasCaptured())
  }

  /// True when edits were captured, or confirmed by whoever has not the key, and not sealed yet.
  public func hasCaptured() throws -> Bool {
    try withFile { try !$0.capture.isEmpty() || !$0.held.confirmed().isEmpty }
  }

  /// Absorbs segments of a peer. Whatever was captured is sealed first, in the same transaction.
  ///
  /// - Parameters:
  ///   - cards: cards of the segments' authors; those that headquarters did not sign are passed over.
  ///   - mayRead: which channels the exchange may carry.
  public func absorb(
    _ arrivals: [Arrival], cards: [[UInt8]], now: Int64 = SystemClock.now(), mayRead: (Channel) -> Bool = { _ in true }
  ) throws -> AbsorbReport {
    guard !arrivals.isEmpty else { return AbsorbReport() }
    return try write { try Absorber.absorb(arrivals, cards: cards, $0, now: now, mayRead: mayRead) }
  }

  /// The tips held of the channels that a role may read, without what may not be sent.
  public func frontier(visibleTo role: NodeRole) throws -> [FrontierEntry] {
    try read { try Unsendable($0).frontier(where: role.mayRead) }
  }

  /// For each tip whether it is held.
  public func holds(_ frontier: [FrontierEntry], visibleTo role: NodeRole) throws -> [Bool] {
    try read { try $0.log.holds(frontier, visibleTo: role) }
  }

  /// The next batch of what a peer lacks, in causal order; at least one segment where there is any.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what this side showed in its last message and whether the peer holds it.
  ///   - role: the peer's, which decides which channels it may read.
  public func batch(
    lackedBy frontier: [FrontierEntry], marks: [FrontierMark] = [], role: NodeRole, limit: BatchLimit = .standard
  ) throws -> Batch {
    try read { try Batch($0, lackedBy: frontier, marks: marks, role: role, limit: limit) }
  }
}
