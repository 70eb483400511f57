import SyncCore
import Testing
import Wire

@testable import Store

/// What the protocol does between two nodes, without the network.
enum Exchange {
  struct Options {
    var limit = Store.BatchLimit.standard
    /// What arrives of a batch's segments.
    var arriving: ([[UInt8]]) -> [[UInt8]] = { $0 }
    /// Whether a node that finds itself restored or copied takes a fresh origin.
    var noticesRestoration = true
    var rounds = 64
  }

  /// Whose eyes decide what the two may exchange: those of the one that is not headquarters.
  static func role(_ a: TestNode, _ b: TestNode) -> NodeRole { a.role.isHeadquarters ? b.role : a.role }

  /// Carries one batch.
  @discardableResult
  static func carry(from sender: TestNode, to receiver: TestNode, _ options: Options = Options()) throws
    -> (batch: Store.Batch, report: AbsorbReport)
  {
    let role = role(sender, receiver)
    let shown = try sender.store.frontier(visibleTo: role) + sender.store.prunedEnds(visibleTo: role)
    let held = try receiver.store.holds(shown, visibleTo: role)
    let marks = FrontierMark.marks(of: shown, held: held)
    let batch = try sender.store.batch(
      lackedBy: try receiver.store.frontier(visibleTo: role), marks: marks, role: role, limit: options.limit)
    if options.noticesRestoration { _ = try sender.store.noticeRestoration(batch.unknown) }
    let report = try receiver.store.absorb(
      segments: options.arriving(batch.segments), cards: batch.cards, now: receiver.clock ?? SystemClock.now(),
      mayRead: role.mayRead)
    return (batch, report)
  }

  /// One request and its answer, in both directions.
  static func round(_ a: TestNode, _ b: TestNode, _ options: Options = Options()) throws {
    try a.seal()
    try b.seal()
    try carry(from: a, to: b, options)
    try carry(from: b, to: a, options)
  }

  /// Rounds until both sides are in sync.
  static func sync(_ a: TestNode, _ b: TestNode, _ options: Options = Options()) throws {
    let role = role(a, b)
    for _ in 0..<options.rounds {
      try round(a, b, options)
      let isInSync = try a.store.frontier(visibleTo: role) == b.store.frontier(visibleTo: role)
      if try isInSync && !a.store.hasCaptured() && !b.store.hasCaptured() { return }
    }
    Issue.record("\(a.name) and \(b.name) do not get in sync")
  }

  /// Everybody with headquarters until nothing moves.
  static func settle(_ headquarters: TestNode, _ others: [TestNode]) throws {
    for _ in 0..<3 { for node in others { try sync(node, headquarters) } }
  }
}

extension Store {
  /// Absorbs segments as they come over the line.
  func absorb(
    segments: [[UInt8]], cards: [[UInt8]], now: Int64 = SystemClock.now(), mayRead: (Channel) -> Bool = { _ in true }
  ) throws -> AbsorbReport {
    try absorb(segments.map { Arrival($0) }, cards: cards, now: now, mayRead: mayRead)
  }
}
