import SyncCore

/// What a node asks of the one that serves it.
struct Request {
  var sender: Int
  var role: NodeRole
  var catalogVersion: Int
  var shown: SyncRequest
  var batch = Batch()
}

struct Answer {
  /// By the clock of headquarters as the server knows it, in milliseconds since 1970.
  var now: Int64
  var shown: SyncAnswer
  var batch = Batch()
  var catalogVersion: Int
}

/// A node's side of a sync: does what its conversation decides.
struct Session {
  let server: Int
  private(set) var request: Request
  private var conversation: SyncConversation
  private var batch = Batch()
  private let isVisible: @Sendable (Channel) -> Bool

  init(_ machine: Machine, server: Int, serverRole: NodeRole) {
    self.server = server
    let role = machine.role
    isVisible = { role.mayRead($0) && serverRole.mayRead($0) }
    let frontier = machine.store.table.frontier(where: isVisible)
    conversation = SyncConversation(frontier: frontier, digest: Digest(of: frontier))
    request = Request(
      sender: machine.number, role: role, catalogVersion: machine.store.version, shown: conversation.greeting)
  }

  /// Seals the next part while the server absorbs the request, where the conversation asks for that.
  mutating func sealMeanwhile(_ machine: Machine) throws(Machine.Crash) {
    guard request.shown.sealsMeanwhile else { return }
    _ = try machine.sealPart()
    conversation.sealedMeanwhile(hasMore: !machine.store.captures.isEmpty)
  }

  /// Does what an answer leads to, up to the next request.
  ///
  /// - Returns: how the sync ended, or nil when there is another request.
  mutating func proceed(_ answer: Answer, _ machine: Machine) throws(Machine.Crash) -> SyncOutcome? {
    var shown = answer.shown
    // Some of them may be lost on the way.
    shown.segments = answer.batch.segments.count
    var action = conversation.answerReceived(shown)
    while true {
      switch action {
      case .finish(let outcome): return outcome
      case .send(let shown):
        request = Request(
          sender: machine.number, role: machine.role, catalogVersion: machine.store.version, shown: shown, batch: batch)
        return nil
      default: action = try perform(action, answer, machine)
      }
    }
  }

  private mutating func perform(
    _ action: SyncAction, _ answer: Answer, _ machine: Machine
  ) throws(Machine.Crash) -> SyncAction {
    switch action {
    case .send, .finish: return action
    case .compareClocks:
      try machine.setOffset(answer.now &- machine.wall)
      return conversation.clocksCompared()
    case .checkFrontier(let theirs):
      return conversation.frontierChecked(lost: try machine.lost(of: theirs))
    case .adoptCatalog:
      try machine.adopt(answer.catalogVersion)
      return conversation.catalogAdopted()
    case .absorb(let readsEnds):
      let received = try machine.absorb(answer.batch, mayRead: isVisible)
      return conversation.absorbed(segments: received, ends: readsEnds ? answer.batch.headers : [])
    case .lookUp(let entries):
      return conversation.held(entries.map { machine.store.holds($0.tip.hash) })
    case .seal:
      let sealed = try machine.sealPart()
      return conversation.sealed(changes: sealed, hasMore: !machine.store.captures.isEmpty)
    case .confirmFrontier where machine.chronicle.canary == .forgetsAdoption:
      return conversation.frontierRead([], digest: request.shown.digest)
    case .confirmFrontier, .readFrontier:
      let frontier = machine.store.table.frontier(where: isVisible)
      return conversation.frontierRead(frontier, digest: Digest(of: frontier))
    case .updateUnsendable:
      // No role changes in a simulation, so nothing becomes unsendable.
      return conversation.unsendableUpdated()
    case .prepareBatch(let theirs, let marks):
      let isTrusted = machine.chronicle.canary == .trustsMemory
      batch = machine.batch(
        lackedBy: isTrusted ? theirs + machine.remembered : theirs, marks: marks, isVisible: isVisible)
      return conversation.batchPrepared(batch.summary)
    case .readPrunedEnds: return conversation.prunedEndsRead([])
    }
  }
}

extension Machine {
  /// Notices a restoration, and finds which of this node's own edits a peer holds and this store does not.
  fileprivate func lost(of theirs: [FrontierEntry]) throws(Crash) -> [FrontierEntry] {
    let unknown = theirs.filter { !store.holds($0.tip.hash) }
    if Restoration.isShown(by: unknown, to: store.origin) {
      chronicle.coverage.add(.noticedThroughPeer)
      isUnnoticed = false
      let nonce = nonce()
      try commit { $0.adoptFreshOrigin(nonce) }
    }
    return unknown.filter { $0.tip.origin.node == store.id }
  }

  /// What a node that serves does with a request.
  func answer(_ request: Request) throws(Crash) -> Answer {
    let canary = chronicle.canary
    let mine = role
    let isVisible = { (channel: Channel) in
      canary == .opensHome || (request.role.mayRead(channel) && mine.mayRead(channel))
    }
    if request.batch.segments.isEmpty { _ = try seal() }
    if request.batch.snapshot != nil { chronicle.coverage.add(.snapshotFromMember) }
    _ = try absorb(request.batch, mayRead: isVisible)
    _ = try seal()
    let frontier = store.table.frontier(where: isVisible)
    let digest = Digest(of: frontier)
    let parts = ExchangeParts(
      mine: digest, theirs: request.shown.digest, peerShowsFrontier: request.shown.frontier != nil,
      catalogVersion: store.version, peerCatalogVersion: request.catalogVersion)
    // The clock of headquarters, as far as this node knows it.
    var answer = Answer(
      now: wall &+ store.offset,
      shown: SyncAnswer(
        digest: digest, frontier: parts.showsFrontier ? frontier : nil, offersCatalog: parts.offersCatalog),
      catalogVersion: store.version)
    guard parts.fillsBatch, let theirs = request.shown.frontier else { return answer }
    answer.shown.held = theirs.map { isVisible($0.channel) && store.holds($0.tip.hash) }
    answer.batch = batch(lackedBy: theirs.filter { isVisible($0.channel) }, marks: [], isVisible: isVisible)
    if answer.batch.snapshot != nil { chronicle.coverage.add(.snapshotFromUpstream) }
    return answer
  }
}

extension Batch {
  fileprivate var headers: [(header: SegmentHeader, hash: Digest)] { segments.map { ($0.header, $0.hash) } }

  fileprivate var summary: SyncBatch {
    SyncBatch(
      segments: segments.count, changes: segments.reduce(0) { $0 + $1.changes.count }, lacking: lacking,
      unknown: unknown, ends: headers)
  }
}

extension Digest {
  /// A cheap digest in place of the hash of a frontier.
  fileprivate init(of frontier: [FrontierEntry]) {
    var mixer = Mixer()
    for entry in frontier { mixer.add(entry.tip.hash) }
    self = mixer.digest
  }
}
