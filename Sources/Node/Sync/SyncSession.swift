import Limits
import Settings
import Store
import SyncCore
import Wire

/// One run of exchanges with headquarters: does what a `SyncConversation` decides, with the store and the client.
struct SyncSession {
  let store: Store
  let client: HeadquartersClient
  let keepLog: KeepLog
  let snapshotUse: SnapshotUse
  let snapshotAnswerBytes: Int
  var report = SyncReport()
  private var role: NodeRole
  /// Notes on what was typed that the report of a sync lists.
  private static let notesListed = 10
  /// What came last, and how far the clocks were apart then.
  private var answer = ExchangeAnswer(now: 0, frontierDigest: .zero)
  private var measuredOffset: Int64 = 0
  private var hasBroughtCatalog = false
  /// What is sent next.
  private var batch = Store.Batch()
  /// What was typed here and sealed in this sync.
  private var typed = TypedEntries()

  init(_ node: LocalNode) throws {
    store = node.store
    role = try node.store.role()
    keepLog = node.keepLog
    snapshotUse = node.snapshotUse
    snapshotAnswerBytes = node.snapshotAnswerBytes
    client = try HeadquartersClient(for: store, "syncing")
  }

  mutating func run(_ progress: @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
    do {
      return try await converse(progress)
    } catch {
      // What was sealed before the line broke is not looked at again. The error itself matters more than this notice.
      let (store, typed) = (store, typed)
      try? await offload { try store.addNotice(of: typed) }
      throw error
    }
  }

  private mutating func converse(_ progress: @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
    try await rememberBeginning()
    try await beginFromSnapshot()
    let (frontier, digest) = try await frontier()
    var conversation = SyncConversation(frontier: frontier, digest: digest)
    var action = SyncAction.send(conversation.greeting)
    while true {
      if case .finish(let outcome) = action {
        try await finish(outcome)
        return report
      }
      let performed = action
      action = try await perform(performed, in: &conversation)
      guard case .prepareBatch = performed else { continue }
      progress(
        SyncProgress(
          sentChanges: report.sent.changes, receivedChanges: report.received.changes, toSend: batch.lacking))
    }
  }

  /// Does what the conversation asks for, and reports the result to it.
  private mutating func perform(
    _ action: SyncAction, in conversation: inout SyncConversation
  ) async throws -> SyncAction {
    let (store, role) = (store, role)
    switch action {
    case .send(let request):
      if let part = try await exchange(request) { conversation.sealedMeanwhile(hasMore: part.hasMore) }
      return conversation.answerReceived(
        SyncAnswer(
          digest: answer.frontierDigest, frontier: answer.frontier, held: answer.held,
          offersCatalog: answer.catalog != nil, segments: answer.segments.count))
    case .compareClocks:
      let offset = measuredOffset
      try await offload { try store.setClockOffset(offset) }
      return conversation.clocksCompared()
    case .checkFrontier(let theirs):
      return conversation.frontierChecked(lost: try await lost(of: theirs))
    case .adoptCatalog:
      try await adoptCatalog()
      return conversation.catalogAdopted()
    case .absorb(let readsEnds):
      let (received, arrivals) = try await absorb()
      // One that cannot be read was refused, which is reported elsewhere.
      return conversation.absorbed(segments: received, ends: readsEnds ? arrivals.compactMap(\.end) : [])
    case .lookUp(let entries):
      return conversation.held(try await offload { try store.holds(entries, visibleTo: role) })
    case .seal:
      let part = try await offload { try store.sealPart() }
      report.add(part.report)
      typed.add(part.report.typed)
      return conversation.sealed(changes: part.report.changes, hasMore: part.hasMore)
    case .updateUnsendable(let theirs, let marks):
      report.addUnsendable(try await offload { try store.updateUnsendable(from: theirs, marks: marks) })
      return conversation.unsendableUpdated()
    case .confirmFrontier, .readFrontier:
      let (frontier, digest) = try await frontier()
      return conversation.frontierRead(frontier, digest: digest)
    case .prepareBatch(let theirs, let marks):
      var limit = Store.BatchLimit.standard
      limit.bytes = min(limit.bytes, client.line.answerLimit / 2)
      let batchLimit = limit
      batch = try await offload { try store.batch(lackedBy: theirs, marks: marks, role: role, limit: batchLimit) }
      report.setCannotGive(batch.unkept)
      return conversation.batchPrepared(
        SyncBatch(
          segments: batch.segments.count, changes: batch.changes, lacking: batch.lacking, unknown: batch.unknown,
          ends: batch.unknown.isEmpty ? [] : batch.segments.compactMap { Arrival($0).end },
          lacksPruned: !batch.unkept.isEmpty))
    case .readPrunedEnds:
      return conversation.prunedEndsRead(try await offload { try store.prunedEnds(visibleTo: role) })
    case .finish: return action
    }
  }

  private func frontier() async throws -> ([FrontierEntry], Digest) {
    let (store, role) = (store, role)
    return try await offload {
      let frontier = try store.frontier(visibleTo: role)
      return (frontier, Digest(of: frontier))
    }
  }
}

// MARK: One exchange

extension SyncSession {
  /// Sends a request with the prepared batch, and seals the next part meanwhile where that is asked for.
  ///
  /// - Returns: the part that was sealed.
  private mutating func exchange(_ request: SyncRequest) async throws -> (report: SealReport, hasMore: Bool)? {
    let (store, client) = (store, client)
    let (version, offset) = try await offload { (try store.catalog().version, try store.clockOffset()) }
    var body = ExchangeRequest(
      card: store.identity.card.bytes, catalogVersion: version, frontierDigest: request.digest,
      frontier: request.frontier, cards: batch.cards, segments: batch.segments)
    async let sealing = Self.seal(store, if: request.sealsMeanwhile)
    // Of the last attempt: earlier ones may have waited long for a busy headquarters.
    var before = SystemClock.now()
    let answer = try ExchangeAnswer(
      bytes: try await client.post("/v1/exchange", offset: offset) { limit in
        body.answerLimit = min(limit, WireLimits.messageBytes)
        before = SystemClock.now()
        return body.bytes
      })
    let after = SystemClock.now()
    guard WireLimits.clock.contains(answer.now) else {
      throw NodeError(
        .data, "talking to headquarters", "headquarters' clock is beyond all years",
        hint: "ask headquarters to correct its clock; its answer was discarded")
    }
    let part = try await sealing
    if let part {
      report.add(part.report)
      typed.add(part.report.typed)
    }
    try await bringCatalogBack()
    self.answer = answer
    measuredOffset = answer.now &- (before / 2 &+ after / 2)
    report.rounds += 1
    report.sent.changes += batch.changes
    report.sent.bytes += batch.bytes
    report.addRefusals(answer.refusals.map { "headquarters did not take a segment: \($0.reason)" })
    return part
  }

  /// Gives headquarters its own later catalog where it lost that, once in a sync.
  private mutating func bringCatalogBack() async throws {
    guard let version = client.line.takeLaggingCatalog(), !hasBroughtCatalog else { return }
    hasBroughtCatalog = true
    let store = store
    let (catalog, offset) = try await offload { (try store.publishedCatalog(), try store.clockOffset()) }
    guard catalog.catalog.version > version else { return }
    do {
      _ = try await client.post("/v1/catalog", catalog.bytes, offset: offset)
      report.notices.append(
        "headquarters was restored from a backup: this node brought its catalog \(catalog.catalog.version) back")
    } catch let error as NodeError where error.code != .unreachable {
      report.notices.append(
        "headquarters follows catalog \(version), earlier than this node's \(catalog.catalog.version), and did not take it "
          + "back: \(error.detail)")
    }
  }

  private static func seal(_ store: Store, if isWanted: Bool) async throws -> (report: SealReport, hasMore: Bool)? {
    guard isWanted else { return nil }
    return try await offload { try store.sealPart() }
  }

  /// Notices a restoration, and finds which of this node's own edits headquarters holds and this store does not.
  private mutating func lost(of theirs: [FrontierEntry]) async throws -> [FrontierEntry] {
    let (store, role) = (store, role)
    let (lost, wasRestored) = try await offload {
      let unknown = zip(theirs, try store.holds(theirs, visibleTo: role)).filter { !$1 }.map(\.0)
      let wasRestored = try store.noticeRestoration(unknown)
      return (try unknown.filter { try store.isOwn($0.tip.origin.node) }, wasRestored)
    }
    if wasRestored {
      report.notices.append(
        "this database was restored or copied; it goes on under a new identity and nothing is lost")
    }
    return lost
  }

  private mutating func adoptCatalog() async throws {
    guard let bytes = answer.catalog else { return }
    let store = store
    let catalog = try PublishedCatalog(bytes: bytes, signedBy: store.identity.headquarters)
    role = try await offload {
      try store.adopt(catalog)
      return try store.role()
    }
    report.notices.append("the catalog is now version \(catalog.catalog.version)")
  }

  /// Absorbs the segments of the answer and retains its receipt.
  ///
  /// - Returns: how many segments were new, and all of them.
  private mutating func absorb() async throws -> (received: Int, [Arrival]) {
    let (store, role, answer) = (store, role, answer)
    let (absorbed, arrivals) = try await offload {
      let arrivals = answer.segments.map { Arrival($0) }
      let absorbed = try store.absorb(arrivals, cards: answer.cards, mayRead: role.mayRead)
      // A receipt is evidence, never state: a sync goes on without one that cannot be read.
      if !answer.receipt.isEmpty,
        let receipt = try? Receipt(bytes: answer.receipt, signedBy: store.identity.headquarters),
        receipt.node == store.identity.node
      {
        try store.retain(receipt)
      }
      return (absorbed, arrivals)
    }
    report.received.changes += absorbed.changes
    report.received.bytes += absorbed.bytes
    report.conflictsOpened += absorbed.conflictsOpened
    report.deleted.received += absorbed.deletions
    report.add(absorbed.seal)
    typed.add(absorbed.seal.typed)
    report.addRefusals(absorbed.refusals.map { "a segment from headquarters was not taken: \($0.reason)" })
    return (absorbed.segments, arrivals)
  }
}

// MARK: The end

extension SyncSession {
  private mutating func finish(_ outcome: SyncOutcome) async throws {
    if case .inSync = outcome {
      report.outcome = .even
      report.cannotGive = []
    }
    let (store, typed) = (store, typed)
    report.notices += try await offload { try store.notes(on: typed).words(atMost: Self.notesListed) }
    let isInSync = report.outcome == .even
    (report.held, report.deleted.sent) = try await offload {
      (try store.heldCount(), isInSync ? try store.countSentDeletions() : 0)
    }
    try await remember()
    if case .inSync(let held) = outcome { try await dropOldBodies(held) }
  }

  /// What an earlier version of this program sent is no part of the first sync that this one remembers.
  private func rememberBeginning() async throws {
    let store = store
    try await offload {
      guard try !store.hasRememberedSync(), let last = try store.status().lastSync else { return }
      try store.rememberSync(at: last.at)
    }
  }

  private func remember() async throws {
    let (store, report, line) = (store, report, client.line.remembered)
    try await offload {
      let mark = SyncMark(at: SystemClock.now(), outcome: report.outcome.rawValue, error: report.refusals.first)
      let status = try store.status()
      let last = status.lastSync
      try store.setCannotGive(report.cannotGive)
      try store.setLineSize(line)
      let held = report.outcome == .even ? try store.ownChangeCount() : nil
      if report.sent.changes > 0 { try store.rememberSync(at: mark.at) }
      // An uneventful sync within the same hour is not worth a durable commit.
      let isNews =
        report.rounds > 1 || status.unsent > 0 || last?.outcome != mark.outcome
        || !(0...3_600_000).contains(mark.at &- (last?.at ?? 0))
      if isNews { try store.setLastSync(mark, heldUpstream: held) }
    }
  }
}
