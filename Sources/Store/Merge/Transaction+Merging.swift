import SyncCore
import Wire

extension Transaction {
  /// Seals everything captured.
  func sealAll(now: Int64) throws -> SealReport {
    let sealer = try Sealer(self, wall: now)
    try sealer.sealAll()
    return sealer.report
  }

  /// Seals everything captured and absorbs segments of a peer.
  ///
  /// - Parameter cards: of the segments' authors; those that headquarters did not sign are passed over.
  func absorb(
    _ arrivals: [Arrival], cards: [[UInt8]], now: Int64, mayRead: (Channel) -> Bool
  ) throws -> AbsorbReport {
    let segments = arrivals.compactMap { if case .segment(let segment) = $0 { segment } else { nil } }
    try SealedBefore(self).dropEdits(in: segments)
    let sealed = try sealAll(now: now)
    for bytes in cards {
      // A segment whose author has no card is refused, which is reported.
      if let card = try? NodeCard(bytes: bytes, signedBy: identity.headquarters) { try directory.add(card) }
    }
    let absorber = Absorber(self)
    for arrival in arrivals { try absorber.absorb(arrival, mayRead: mayRead) }
    var report = absorber.report
    report.seal = sealed
    return report
  }

  /// For each tip whether it is held, as far as a role may hear of it.
  func holds(_ frontier: [FrontierEntry], visibleTo role: NodeRole) throws -> [Bool] {
    try frontier.map { entry in
      guard role.mayRead(entry.channel), let position = try log.position(of: entry.tip.hash) else { return false }
      // The channel is the peer's word: entries of channels that the peer may not read are reported as not held.
      return log.channel(of: position.stream).map(role.mayRead) ?? false
    }
  }
}
