import SyncCore
import Wire

/// What headquarters answers in one exchange, and what the request did.
public struct ExchangeReply: Sendable {
  /// Without the time, which is that of sending.
  public var answer: ExchangeAnswer
  public var absorbed = AbsorbReport()
  /// How many changes the sender lacks, those of the answer included; nil where its request did not show it.
  public var lag: Int64?
  /// True when the sender follows a later catalog, which only this headquarters can have signed.
  public var lacksCatalog = false
  /// True when the request gave back edits that this database had lost: it was restored or copied.
  public var showsRestoration = false
}

extension Store {
  /// Answers one exchange: seals, absorbs what the request carries, and collects what its sender lacks.
  ///
  /// One transaction; two where the request carries nothing and edits have to be sealed first.
  ///
  /// - Parameter now: this machine's clock, read inside the transaction: of two receipts the later one must not show less.
  /// - Throws: `WireError` with code `badSignature` for a sender that is not known here and shows no card of its own.
  public func answer(
    _ request: ExchangeRequest, from node: NodeID, now: () -> Int64 = SystemClock.now
  ) throws -> ExchangeReply {
    // A request without segments mostly finds nothing to write; looking first keeps it from taking the write lock.
    if request.segments.isEmpty {
      let reply: ExchangeReply? = try read { transaction in
        guard try transaction.capture.isEmpty(), try !CaptureRepair(transaction).isNeeded(),
          let card = transaction.directory.cards[node]
        else { return nil }
        return try Answerer(transaction, transaction.role(card.role), node, now: now()).answer(request)
      }
      if let reply { return reply }
    }
    let arrivals = request.segments.map { Arrival($0) }
    return try write { transaction in
      let role = try Self.role(of: node, request.card, transaction)
      let now = now()
      let absorbed = try Absorber.absorb(
        arrivals, cards: request.cards, transaction, now: now, mayRead: role.mayExchange)
      var reply = try Answerer(transaction, role, node, now: now).answer(request)
      reply.absorbed = absorbed
      reply.answer.refusals = absorbed.refusals
      // Absorbing its own edits, it took a fresh origin. That is the proof; what a frontier claims would be none.
      reply.showsRestoration = absorbed.segments > 0 && request.cards.contains(identity.card.bytes)
      return reply
    }
  }

  private static func role(of node: NodeID, _ bytes: [UInt8], _ transaction: Transaction) throws -> NodeRole {
    if let card = transaction.directory.cards[node] { return transaction.role(card.role) }
    // Headquarters lost its record of this node; its own signature on the card proves it.
    let card = try NodeCard(bytes: bytes, signedBy: transaction.identity.headquarters)
    guard card.id == node else {
      throw WireError(.badSignature, "recognizing a node", "the card is that of another node")
    }
    try transaction.directory.add(card)
    return transaction.role(card.role)
  }
}

/// Collects what one node lacks.
private struct Answerer {
  private let transaction: Transaction
  private let role: NodeRole
  private let node: NodeID
  private let now: Int64

  init(_ transaction: Transaction, _ role: NodeRole, _ node: NodeID, now: Int64) {
    self.transaction = transaction
    self.role = role
    self.node = node
    self.now = now
  }

  func answer(_ request: ExchangeRequest) throws -> ExchangeReply {
    let mine = try Unsendable(transaction).frontier(where: role.mayRead)
    let published = transaction.adopted.published
    let parts = ExchangeParts(
      mine: Digest(of: mine), theirs: request.frontierDigest, peerShowsFrontier: request.frontier != nil,
      catalogVersion: published.catalog.version, peerCatalogVersion: request.catalogVersion)
    var answer = ExchangeAnswer(now: 0, frontierDigest: parts.digest)
    if parts.offersCatalog { answer.catalog = published.bytes }
    if parts.showsFrontier { answer.frontier = mine }
    var lacking: Int64?
    if parts.fillsBatch, let theirs = request.frontier {
      lacking = try fill(&answer, for: theirs, limit: request.answerLimit)
    }
    if parts.issuesReceipt(absorbing: request.segments.count, sending: answer.segments.count) {
      answer.receipt = try receipt(for: mine)
    }
    return ExchangeReply(answer: answer, lag: parts.lag(lacking: lacking), lacksCatalog: parts.lacksCatalog)
  }

  /// Adds what the node lacks, and of its own frontier what is held.
  ///
  /// - Returns: how many changes it lacks, those of this answer included.
  private func fill(_ answer: inout ExchangeAnswer, for theirs: [FrontierEntry], limit: Int) throws -> Int64 {
    answer.held = try transaction.log.holds(theirs, visibleTo: role)
    var batchLimit = Store.BatchLimit.standard
    batchLimit.bytes = min(batchLimit.bytes, limit / 2)
    let batch = try Store.Batch(
      transaction, lackedBy: theirs.filter { role.mayRead($0.channel) }, marks: [], role: role, limit: batchLimit)
    answer.segments = batch.segments
    answer.cards = batch.cards
    answer.hasMore = batch.hasMore
    return batch.lacking
  }

  /// - Parameter frontier: what is held of the channels that the node may read, every open one among them.
  private func receipt(for frontier: [FrontierEntry]) throws -> [UInt8] {
    let own = try transaction.statements.earlier(than: node).union([node])
    let receipt = try Receipt.issue(
      to: node, tips: frontier.filter { own.contains($0.tip.origin.node) },
      open: frontier.filter { $0.channel.audience == .open }, at: now, by: transaction.identity.key)
    return receipt?.bytes ?? []
  }
}
