import Settings
import Store
import SyncCore
import Transport
import Wire

/// How far a sync is.
public struct SyncProgress: Sendable {
  public var sentChanges: Int
  public var receivedChanges: Int
  /// Changes that headquarters lacked when last seen, those of the batch on its way included.
  public var toSend: Int64
}

/// What a sync did.
public struct SyncReport: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// Both sides hold the same of every channel that this node may read.
    case even
    /// Something was not taken by one side.
    case partial
  }

  public struct Amount: Sendable, Equatable {
    public var changes = 0
    public var bytes = 0
  }

  public var outcome = Outcome.partial
  public var rounds = 0
  public var sent = Amount()
  public var received = Amount()
  public var conflictsOpened = 0
  /// Segments that one side did not take, and why, in words.
  public var refusals: [String] = []
  /// What the administrator should know.
  public var notices: [String] = []
  /// What headquarters lacks and this node cannot give back, in words.
  public var cannotGive: [String] = []
  /// The snapshot that this node began from in this sync; nil when none.
  public var snapshot: SnapshotReport?
}

extension LocalNode {
  /// Exchanges with headquarters until both sides are even.
  ///
  /// What each side sends is computed from the frontier that the other shows in this very exchange, and every batch is
  /// absorbed in one transaction: so it can be cut at any place, by either side, and goes on where it was.
  public func sync(progress: @Sendable (SyncProgress) -> Void = { _ in }) async throws -> SyncReport {
    // What a sync brought that was cut off before its end may say so as well.
    var session = try await offload {
      _ = try store.followServerKeys()
      return try SyncSession(self)
    }
    do {
      let report = try await session.run(progress)
      // What came may say with which key headquarters' server will be met from now on.
      try await offload { _ = try store.followServerKeys() }
      return report
    } catch {
      let error = Self.explained(error, self)
      let words = Self.words(error)
      try? await offload {
        try store.setLastSync(SyncMark(at: SystemClock.now(), outcome: "failed", error: words), heldUpstream: nil)
      }
      throw error
    }
  }
}

extension LocalNode {
  /// Headquarters cannot tell a database from before its key was renewed why it is refused.
  fileprivate static func explained(_ error: any Error, _ node: LocalNode) -> any Error {
    guard var refusal = error as? NodeError, refusal.code == .denied,
      (try? node.keyFile.holdsSuccessor(of: node.store.identity.key)) == true
    else { return error }
    refusal.hint = "this database is from before its key was renewed: `birlik rotate-key` goes on with it"
    return refusal
  }

  /// An error as `birlik status` tells it: a plain sentence without the words of libraries.
  fileprivate static func words(_ error: any Error) -> String {
    switch error {
    case let error as TransportError: "\(error.message) \(error.hint)"
    case let error as NodeError: "\(error.operation): \(error.detail)"
    case let error as StoreError: "\(error.operation): \(error.detail)"
    case let error as WireError: "\(error.operation): \(error.detail)"
    default: String(describing: error)
    }
  }
}

/// One run of exchanges with headquarters.
struct SyncSession {
  let store: Store
  let client: HeadquartersClient
  private(set) var role: NodeRole
  let keepLog: KeepLog
  let snapshotUse: SnapshotUse
  let snapshotAnswerBytes: Int
  var report = SyncReport()
  /// The frontier that this side showed last, to which the marks of the answer belong.
  private var shown: [FrontierEntry] = []
  private var marks: [FrontierMark] = []
  /// Where what was sent, and what was taken, in this sync ends: shown as well while one side does not know where the
  /// other's branch begins.
  private var sentEnds: [FrontierEntry] = []
  private var takenEnds: [FrontierEntry] = []
  /// Whether headquarters holds edits of this node that it lost. They are taken back before anything is sealed, because
  /// some of what was captured in the backup may be among them.
  private var awaitsOwn = false
  /// Whether edits were left for a later part of a large seal.
  private var hasMoreToSeal = false
  /// Where the parts of the log end whose bodies are not kept here, once headquarters seems to lack some.
  var prunedEnds: [FrontierEntry] = []

  init(_ node: LocalNode) throws {
    store = node.store
    role = try node.store.role()
    keepLog = node.keepLog
    snapshotUse = node.snapshotUse
    snapshotAnswerBytes = node.snapshotAnswerBytes
    client = try HeadquartersClient(for: store, "syncing")
  }

  /// Rounds without any progress after which a sync gives up: one learns the other's marks, one more confirms.
  private static let patience = 2
  /// Rounds in which nothing goes either way after which a sync gives up, whatever headquarters says of itself.
  private static let barrenPatience = 16
  /// How often all that headquarters lacked may be sent before a sync gives up.
  private static let mostSendings = 4
  /// Refusals that are kept for the report.
  private static let mostRefusals = 200
  /// The years of the clocks that a node goes by: 1970 to 9999, in milliseconds.
  private static let clockRange: ClosedRange<Int64> = 0...253_402_300_799_999

  mutating func run(_ progress: @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
    try await beginFromSnapshot()
    var mine = try await frontier()
    // A greeting carries no more than a hash, however many streams there are.
    var answer = try await exchange(frontier: nil, digest: Digest(of: mine), batch: Store.Batch())
    var idle = 0
    var (barren, unanswered) = (0, 0)
    var mostLacking: Int64 = 0
    var last = answer.frontierDigest
    while true {
      let received = try await take(answer)
      if answer.frontierDigest == Digest(of: mine) && received == 0 && answer.frontier == nil {
        // Even so far. What was captured is sealed only now that the clocks are compared.
        let sealed = try await seal()
        // Going over to another catalog seals as well, and so may another process: only what is held now tells.
        if sealed == 0, !hasMoreToSeal, try await Digest(of: frontier()) == answer.frontierDigest {
          report.outcome = .even
          break
        }
      } else if !awaitsOwn || idle > 0 {
        _ = try await seal()
      }
      let theirs = answer.frontier ?? mine
      try await updateUnsendable(from: theirs)
      mine = try await frontier()
      let batch = try await batch(for: theirs)
      try await note(batch.unkept)
      progress(
        SyncProgress(
          sentChanges: report.sent.changes, receivedChanges: report.received.changes, toSend: batch.lacking))
      let before = shown
      shown = toShow(mine, sending: batch)
      // A batch that the other side refuses, or holds already, brings nobody closer.
      let isMoving = received > 0 || answer.frontierDigest != last || shown != before || hasMoreToSeal
      idle = isMoving ? 0 : idle + 1
      barren = received > 0 || !batch.segments.isEmpty ? 0 : barren + 1
      unanswered = received > 0 ? 0 : unanswered + 1
      mostLacking = max(mostLacking, batch.lacking)
      let isRepeating =
        unanswered > Self.barrenPatience && Int64(report.sent.changes / Self.mostSendings) > mostLacking
      if idle > Self.patience || barren > Self.barrenPatience || isRepeating { break }
      last = answer.frontierDigest
      answer = try await exchange(frontier: shown, digest: Digest(of: mine), batch: batch)
    }
    if report.outcome == .even { report.cannotGive = [] }
    try await remember()
    try await dropOldBodies(answer.frontier ?? mine)
    return report
  }

  // MARK: One round

  private mutating func exchange(
    frontier: [FrontierEntry]?, digest: Digest, batch: Store.Batch
  ) async throws -> ExchangeAnswer {
    let store = store
    let version = try await offload { try store.catalog().version }
    let request = ExchangeRequest(
      card: store.identity.card.bytes, catalogVersion: version, frontierDigest: digest, frontier: frontier,
      cards: batch.cards, segments: batch.segments)
    let offset = try await offload { try store.clockOffset() }
    // While headquarters absorbs this batch, the next one is sealed.
    let sealing = hasMoreToSeal ? Task { try await offload { try store.sealPart() } } : nil
    let before = SystemClock.now()
    let answer: ExchangeAnswer
    do {
      answer = try ExchangeAnswer(bytes: try await client.post("/v1/exchange", request.bytes, offset: offset))
    } catch {
      _ = await sealing?.result
      throw error
    }
    let after = SystemClock.now()
    guard Self.clockRange.contains(answer.now) else {
      _ = await sealing?.result
      throw NodeError(
        .data, "talking to headquarters", "headquarters' clock is beyond all years",
        hint: "tell headquarters; nothing of its answer was taken")
    }
    if let sealing { note(try await sealing.value) }
    report.rounds += 1
    // A batch that was absorbed on the way took its time; only a quick answer tells the clocks.
    let isQuick = batch.segments.isEmpty && answer.segments.isEmpty
    if isQuick {
      let measured = answer.now &- (before / 2 &+ after / 2)
      try await offload { try store.setClockOffset(measured) }
    }
    report.sent.changes += batch.changes
    report.sent.bytes += batch.bytes
    note(answer.refusals.map { "headquarters did not take a segment: \($0.reason)" })
    marks = FrontierMark.marks(of: frontier ?? [], held: answer.held)
    return answer
  }

  /// Takes what an answer brings.
  ///
  /// - Returns: how many segments were new.
  private mutating func take(_ answer: ExchangeAnswer) async throws -> Int {
    let store = store
    let role = role
    // First of all: whatever is sealed from here on is sealed under the right origin.
    var lost: [FrontierEntry] = []
    if let theirs = answer.frontier {
      let (unknown, noticed) = try await offload { () throws -> ([FrontierEntry], Bool) in
        let held = try store.holds(theirs, visibleTo: role)
        let unknown = zip(theirs, held).filter { !$1 }.map(\.0)
        return (unknown, try store.noticeRestoration(unknown))
      }
      lost = try unknown.filter { try store.isOwn($0.tip.origin.node) }
      if noticed {
        report.notices.append(
          "this database was restored or copied; it goes on under a new identity and nothing is lost")
      }
    }
    // Going over to another catalog seals as well. Headquarters offers it again.
    if let bytes = answer.catalog, lost.isEmpty {
      let catalog = try PublishedCatalog(bytes: bytes, signedBy: store.identity.headquarters)
      self.role = try await offload {
        try store.adopt(catalog)
        return try store.role()
      }
      report.notices.append("the catalog is now version \(catalog.catalog.version)")
    }
    let current = self.role
    let absorbed = try await offload {
      try store.absorb(segments: answer.segments, cards: answer.cards, mayRead: current.mayRead)
    }
    awaitsOwn = try await offload { [lost] in try store.holds(lost, visibleTo: role).contains(false) }
    report.received.changes += absorbed.changes
    report.received.bytes += absorbed.bytes
    report.conflictsOpened += absorbed.conflictsOpened
    note(absorbed.refusals.map { "a segment from headquarters was not taken: \($0.reason)" })
    let missing = marks.filter { !$0.isHeld }.map(\.entry)
    let taken = headers(answer.segments, unless: missing.isEmpty)
    let ends = ExchangePlan.ends(takenEnds, continuedBy: taken, of: missing)
    let held = try await offload { try store.holds(ends, visibleTo: role) }
    takenEnds = zip(ends, held).filter { $1 }.map(\.0)
    if !answer.receipt.isEmpty,
      let receipt = try? Receipt(bytes: answer.receipt, signedBy: store.identity.headquarters),
      receipt.node == store.identity.node
    {
      try await offload { try store.keep(receipt) }
    }
    return absorbed.segments
  }

  /// The tips, and the ends of what went over where tips alone do not tell.
  private mutating func toShow(_ mine: [FrontierEntry], sending batch: Store.Batch) -> [FrontierEntry] {
    let sent = headers(batch.segments, unless: batch.unknown.isEmpty)
    sentEnds = ExchangePlan.ends(sentEnds, continuedBy: sent, of: batch.unknown)
    let ends = sentEnds + takenEnds + prunedEnds
    return ends.isEmpty ? mine : Set(mine + ends).sorted()
  }

  private func headers(
    _ segments: [[UInt8]], unless isNeedless: Bool
  ) -> [(header: SegmentHeader, hash: Digest)] {
    guard !isNeedless else { return [] }
    // One that cannot be read was refused, which is told elsewhere.
    return segments.compactMap { try? Segment(bytes: $0) }.map { ($0.header, $0.hash) }
  }

  /// Tells a refusal once, however often the segment is sent.
  private mutating func note(_ refusals: [String]) {
    for words in refusals where report.refusals.count < Self.mostRefusals && !report.refusals.contains(words) {
      report.refusals.append(words)
    }
  }

  private func frontier() async throws -> [FrontierEntry] {
    let store = store
    let role = role
    return try await offload { try store.frontier(visibleTo: role) }
  }

  /// Seals what was captured, or the first part of much.
  private mutating func seal() async throws -> Int {
    // A part may wait already that was sealed on the way.
    if hasMoreToSeal { return 0 }
    let store = store
    let part = try await offload { try store.sealPart() }
    note(part)
    return part.report.changes
  }

  private mutating func note(_ part: (report: SealReport, hasMore: Bool)) {
    hasMoreToSeal = part.hasMore
    guard part.report.refused > 0 else { return }
    let count = part.report.refused
    let edits = count == 1 ? "1 edit of another's record was" : "\(count) edits of others' records were"
    report.notices.append("\(edits) not taken; `birlik status` tells why")
  }

  /// Keeps back what may not be sent, and says so once.
  private mutating func updateUnsendable(from theirs: [FrontierEntry]) async throws {
    let (store, marks) = (store, marks)
    let change = try await offload { try store.updateUnsendable(from: theirs, marks: marks) }
    func changes(_ count: Int64) -> String { count == 1 ? "1 change" : "\(count) changes" }
    if change.kept > 0 {
      report.notices.append(
        "\(changes(change.kept)) sealed here may not be sent any more, because headquarters' catalog took the right to "
          + "write what is open to all; they are put before headquarters, and `birlik inbox` lists them")
    }
    if change.released > 0 {
      report.notices.append("\(changes(change.released)) that had to be kept back are kept back no more")
    }
  }

  private func batch(for theirs: [FrontierEntry]) async throws -> Store.Batch {
    let store = store
    let role = role
    let marks = marks
    return try await offload { try store.batch(lackedBy: theirs, marks: marks, role: role) }
  }

  private func remember() async throws {
    let store = store
    let report = report
    try await offload {
      let error = report.refusals.first
      let mark = SyncMark(at: SystemClock.now(), outcome: report.outcome.rawValue, error: error)
      let status = try store.status()
      let last = status.lastSync
      try store.setCannotGive(report.cannotGive)
      let held = report.outcome == .even ? try store.ownChangeCount() : nil
      // An uneventful sync within the same hour is not worth a durable commit.
      let isNews =
        report.rounds > 1 || status.unsent > 0 || last?.outcome != mark.outcome
        || mark.at &- (last?.at ?? 0) > 3_600_000
      if isNews { try store.setLastSync(mark, heldUpstream: held) }
    }
  }
}
