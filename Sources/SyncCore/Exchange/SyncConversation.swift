/// A node's side of a sync with a peer, without doing any of it: it is fed events and answers each with the next action.
///
/// What is sent is computed only from the frontier that the peer shows in this conversation. So it can be cut off at any
/// place, and the next one goes on from there.
public struct SyncConversation: Sendable {
  /// What the conversation waits for.
  private enum State {
    case answer(to: SyncRequest, hasSealed: Bool)
    case clocks(Round)
    case frontierCheck(Round)
    case catalog(Round)
    case absorption(Round)
    case lookUp(Round, ends: [FrontierEntry])
    case seal(Round)
    case confirmation(Round)
    case unsendable(Round)
    case frontier(Round)
    case batch(Round)
    case prunedEnds(Round, SyncBatch)
    case end
  }

  /// What is known since an answer came.
  private struct Round {
    var answer: SyncAnswer
    /// What the peer holds.
    var theirs: [FrontierEntry]
    /// Whether a part was sealed while the answer was on its way.
    var hasSealed: Bool
    /// Edits of this node that the peer holds and this side does not.
    var lost: [FrontierEntry] = []
    /// Segments that were new here.
    var received = 0
  }

  private var state: State
  /// What this side holds, and its digest.
  private var mine: [FrontierEntry]
  private var digest: Digest
  /// What was shown last, and what the peer said to that.
  private var shown: [FrontierEntry] = []
  private var marks: [FrontierMark] = []
  private var ends = ShownEnds()
  private var patience: SyncPatience
  private var lastDigest: Digest?
  /// Whether the peer holds edits of this node that it lost and has not got back.
  private var awaitsOwn = false
  /// Whether captured edits were left for the next part of a large seal.
  private var hasMoreToSeal = false

  /// Begins with the `greeting`.
  ///
  /// - Parameters:
  ///   - frontier: what this side holds.
  ///   - digest: the digest of that.
  public init(frontier: [FrontierEntry], digest: Digest) {
    mine = frontier
    self.digest = digest
    patience = SyncPatience(holding: frontier)
    state = .answer(to: SyncRequest(digest: digest), hasSealed: false)
  }

  /// The first request. It carries a digest alone, however many streams there are.
  public var greeting: SyncRequest { SyncRequest(digest: digest) }

  // MARK: An answer

  /// A part was sealed while an answer is on its way.
  public mutating func sealedMeanwhile(hasMore: Bool) {
    guard case .answer(let request, _) = state else { outOfTurn() }
    hasMoreToSeal = hasMore
    state = .answer(to: request, hasSealed: true)
  }

  public mutating func answerReceived(_ answer: SyncAnswer) -> SyncAction {
    guard case .answer(let request, let hasSealed) = state else { outOfTurn() }
    marks = FrontierMark.marks(of: request.frontier ?? [], held: answer.held)
    patience.countSent(request.changes)
    let round = Round(answer: answer, theirs: answer.frontier ?? mine, hasSealed: hasSealed)
    // A batch that was absorbed on the way took its time; only a quick answer shows the peer's clock.
    guard request.segments == 0, answer.segments == 0 else { return checkFrontier(round) }
    state = .clocks(round)
    return .compareClocks
  }

  public mutating func clocksCompared() -> SyncAction {
    guard case .clocks(let round) = state else { outOfTurn() }
    return checkFrontier(round)
  }

  private mutating func checkFrontier(_ round: Round) -> SyncAction {
    // Before anything else: whatever is sealed from here on is sealed under the right origin.
    guard let theirs = round.answer.frontier else { return adoptOrAbsorb(round) }
    state = .frontierCheck(round)
    return .checkFrontier(theirs)
  }

  /// - Parameter lost: of the peer's tips those of this node's own edits that it does not hold.
  public mutating func frontierChecked(lost: [FrontierEntry]) -> SyncAction {
    guard case .frontierCheck(var round) = state else { outOfTurn() }
    round.lost = lost
    return adoptOrAbsorb(round)
  }

  private mutating func adoptOrAbsorb(_ round: Round) -> SyncAction {
    // Adopting a catalog seals, which has to wait for lost edits. The peer offers it again.
    guard round.answer.offersCatalog, round.lost.isEmpty else { return absorb(round) }
    state = .catalog(round)
    return .adoptCatalog
  }

  public mutating func catalogAdopted() -> SyncAction {
    guard case .catalog(let round) = state else { outOfTurn() }
    return absorb(round)
  }

  private mutating func absorb(_ round: Round) -> SyncAction {
    state = .absorption(round)
    return .absorb(readsEnds: !missing.isEmpty)
  }

  /// What this side showed and the peer does not hold.
  private var missing: [FrontierEntry] { marks.filter { !$0.isHeld }.map(\.entry) }

  /// - Parameters:
  ///   - segments: how many segments were new.
  ///   - ends: the segments of the answer, in its order, where they were asked for.
  public mutating func absorbed(
    segments: Int, ends came: [(header: SegmentHeader, hash: Digest)] = []
  ) -> SyncAction {
    guard case .absorption(var round) = state else { outOfTurn() }
    round.received = segments
    let candidates = ends.taken(with: came, missing: missing)
    guard !round.lost.isEmpty || !candidates.isEmpty else {
      awaitsOwn = false
      ends.setTaken([])
      return seal(round)
    }
    state = .lookUp(round, ends: candidates)
    return .lookUp(round.lost + candidates)
  }

  /// - Parameter held: for each tip that was looked up, in the same order, whether it is held.
  public mutating func held(_ held: [Bool]) -> SyncAction {
    guard case .lookUp(let round, let candidates) = state else { outOfTurn() }
    awaitsOwn = held.prefix(round.lost.count).contains(false)
    ends.setTaken(zip(candidates, held.dropFirst(round.lost.count)).filter { $1 }.map(\.0))
    return seal(round)
  }

  // MARK: Sealing

  private mutating func seal(_ round: Round) -> SyncAction {
    // A restored node gets its lost edits back before it seals, because some of what was captured in the backup may be
    // among them. A peer that never gives them back holds nothing up for ever.
    if awaitsOwn, patience.idle == 0 { return updateUnsendable(round) }
    // The part that was sealed on the way is sent first.
    if round.hasSealed, hasMoreToSeal { return updateUnsendable(round) }
    state = .seal(round)
    return .seal
  }

  /// - Parameters:
  ///   - changes: how many changes were sealed.
  ///   - hasMore: whether captured edits were left for the next part.
  public mutating func sealed(changes: Int, hasMore: Bool) -> SyncAction {
    guard case .seal(let round) = state else { outOfTurn() }
    hasMoreToSeal = hasMore
    guard looksInSync(round), changes == 0, !hasMore else { return updateUnsendable(round) }
    // Adopting a catalog seals as well, and so may another process.
    state = .confirmation(round)
    return .confirmFrontier
  }

  /// Whether the peer held what this side held when it sent its request, and sent nothing new.
  private func looksInSync(_ round: Round) -> Bool {
    round.answer.digest == digest && round.answer.frontier == nil && round.received == 0
  }

  // MARK: The next request

  private mutating func updateUnsendable(_ round: Round) -> SyncAction {
    state = .unsendable(round)
    return .updateUnsendable(lackedBy: round.theirs, marks: marks)
  }

  public mutating func unsendableUpdated() -> SyncAction {
    guard case .unsendable(let round) = state else { outOfTurn() }
    // Only now: a frontier leaves out what is unsendable.
    state = .frontier(round)
    return .readFrontier
  }

  public mutating func frontierRead(_ frontier: [FrontierEntry], digest: Digest) -> SyncAction {
    switch state {
    case .confirmation(let round):
      guard digest != round.answer.digest else {
        state = .end
        return .finish(.inSync(holding: frontier))
      }
      return updateUnsendable(round)
    case .frontier(let round):
      mine = frontier
      self.digest = digest
      patience.countHeld(frontier)
      state = .batch(round)
      return .prepareBatch(lackedBy: round.theirs, marks: marks)
    default: outOfTurn()
    }
  }

  public mutating func batchPrepared(_ batch: SyncBatch) -> SyncAction {
    guard case .batch(let round) = state else { outOfTurn() }
    guard batch.lacksPruned, ends.pruned.isEmpty else { return sendOrStop(round, batch) }
    state = .prunedEnds(round, batch)
    return .readPrunedEnds
  }

  public mutating func prunedEndsRead(_ pruned: [FrontierEntry]) -> SyncAction {
    guard case .prunedEnds(let round, let batch) = state else { outOfTurn() }
    ends.pruned = pruned
    return sendOrStop(round, batch)
  }

  private mutating func sendOrStop(_ round: Round, _ batch: SyncBatch) -> SyncAction {
    ends.addSent(batch)
    let before = shown
    shown = ends.beside(mine)
    // A batch that the peer refuses, or holds already, brings the sides no closer.
    let isMoving =
      round.received > 0 || shown != before || hasMoreToSeal || lastDigest.map { $0 != round.answer.digest } ?? false
    lastDigest = round.answer.digest
    patience.countRound(received: round.received, isMoving: isMoving, next: batch)
    guard !patience.isExhausted else {
      state = .end
      return .finish(.partial)
    }
    let request = SyncRequest(
      digest: digest, frontier: shown, segments: batch.segments, changes: batch.changes, sealsMeanwhile: hasMoreToSeal)
    state = .answer(to: request, hasSealed: false)
    return .send(request)
  }

  /// An event that no action asked for: an error of the driver's.
  private func outOfTurn(_ event: StaticString = #function) -> Never {
    preconditionFailure("\(event) is no event of the state \(state)")
  }
}
