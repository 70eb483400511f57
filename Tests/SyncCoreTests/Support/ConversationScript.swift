@testable import SyncCore

/// A conversation whose actions are answered by what a test sets, round by round.
struct ConversationScript {
  private var conversation: SyncConversation
  /// What this side holds.
  var frontier: [FrontierEntry]
  /// What came of the actions of the next rounds.
  var lost: [FrontierEntry] = []
  var received = 0
  var came: [(header: SegmentHeader, hash: Digest)] = []
  var isHeld = false
  /// What is sealed by one action after the other, then nothing.
  var seals: [(changes: Int, hasMore: Bool)] = []
  var batch = SyncBatch()
  var pruned: [FrontierEntry] = []
  /// Becomes the frontier as soon as it is confirmed.
  var confirmed: [FrontierEntry]?
  /// All actions of the round before.
  private(set) var actions: [SyncAction] = []

  init(holding frontier: [FrontierEntry]) {
    self.frontier = frontier
    conversation = SyncConversation(frontier: frontier, digest: Digest(of: frontier))
  }

  var greeting: SyncRequest { conversation.greeting }
  /// The actions of the round before by their names.
  var names: [String] { actions.map { String(String(describing: $0).prefix { $0 != "(" }) } }
  /// What the round before led to.
  var request: SyncRequest? {
    if case .send(let request) = actions.last { request } else { nil }
  }
  var outcome: SyncOutcome? {
    if case .finish(let outcome) = actions.last { outcome } else { nil }
  }

  mutating func sealMeanwhile(hasMore: Bool) { conversation.sealedMeanwhile(hasMore: hasMore) }

  /// Plays one round: from an answer to the next request, or to the end.
  mutating func answer(_ answer: SyncAnswer) {
    actions = [conversation.answerReceived(answer)]
    while let event = respond(to: actions[actions.count - 1]) { actions.append(event) }
  }

  /// An answer of a peer that holds what this side does.
  mutating func answerSame() { answer(SyncAnswer(digest: Digest(of: frontier), frontier: nil)) }

  /// An answer of a peer that holds something else.
  mutating func answer(
    holding theirs: [FrontierEntry], held: [Bool] = [], offersCatalog: Bool = false, segments: Int = 0
  ) {
    answer(
      SyncAnswer(
        digest: Digest(of: theirs), frontier: theirs, held: held, offersCatalog: offersCatalog, segments: segments))
  }

  private mutating func respond(to action: SyncAction) -> SyncAction? {
    switch action {
    case .send, .finish: return nil
    case .compareClocks: return conversation.clocksCompared()
    case .checkFrontier: return conversation.frontierChecked(lost: lost)
    case .adoptCatalog: return conversation.catalogAdopted()
    case .absorb(let readsEnds): return conversation.absorbed(segments: received, ends: readsEnds ? came : [])
    case .lookUp(let entries): return conversation.held(entries.map { _ in isHeld })
    case .seal:
      let (changes, hasMore) = seals.isEmpty ? (0, false) : seals.removeFirst()
      return conversation.sealed(changes: changes, hasMore: hasMore)
    case .confirmFrontier:
      frontier = confirmed ?? frontier
      return conversation.frontierRead(frontier, digest: Digest(of: frontier))
    case .readFrontier: return conversation.frontierRead(frontier, digest: Digest(of: frontier))
    case .updateUnsendable: return conversation.unsendableUpdated()
    case .prepareBatch: return conversation.batchPrepared(batch)
    case .readPrunedEnds: return conversation.prunedEndsRead(pruned)
    }
  }
}
