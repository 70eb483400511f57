import SyncCore

/// What a node asks of the one that serves it.
struct Request {
  var sender: Int
  var role: NodeRole
  var catalogVersion: Int
  /// Stands for the digest of the frontier.
  var tips: [FrontierEntry]
  /// Nil in a greeting, which carries no more than the digest.
  var frontier: [FrontierEntry]?
  var batch = Batch()
}

struct Answer {
  /// By the clock of headquarters as the server knows it, in milliseconds since 1970.
  var now: Int64
  /// Stands for the digest of the frontier.
  var tips: [FrontierEntry]
  var frontier: [FrontierEntry]?
  var held: [Bool] = []
  var batch = Batch()
  var catalogVersion: Int?
}

/// A node's side of a sync, round by round.
struct Session {
  let server: Int
  private(set) var request: Request
  private var mine: [FrontierEntry]
  private var last: [FrontierEntry]?
  private var shown: [FrontierEntry] = []
  private var marks: [FrontierMark] = []
  private var sentEnds: [FrontierEntry] = []
  private var takenEnds: [FrontierEntry] = []
  private var idle = 0
  /// Whether the other side shows edits of this node that it has not got back yet.
  private var awaitsOwn = false
  /// Whether a part of what is captured was left for the next round.
  private var hasMore = false
  private var isVisible: @Sendable (Channel) -> Bool

  enum Outcome {
    case even
    /// Nothing moves any more.
    case partial
  }

  /// Rounds without any progress after which a sync gives up.
  private static let patience = 2

  init(_ machine: Machine, server: Int, serverRole: NodeRole) {
    self.server = server
    let role = machine.role
    isVisible = { role.mayRead($0) && serverRole.mayRead($0) }
    mine = machine.store.table.frontier(where: isVisible)
    request = Request(sender: machine.number, role: role, catalogVersion: machine.store.version, tips: mine)
  }

  /// Takes an answer and makes the next request.
  ///
  /// - Returns: how the sync ended, or nil when there is another request.
  mutating func take(_ answer: Answer, _ machine: Machine) throws(Machine.Crash) -> Outcome? {
    let sent = request.batch
    // A batch that was absorbed on the way took its time; only a quick answer tells the clocks.
    if sent.segments.isEmpty, answer.batch.segments.isEmpty { try machine.setOffset(answer.now &- machine.wall) }
    marks = FrontierMark.marks(of: request.frontier ?? [], held: answer.held)
    let received = try absorb(answer, machine)
    if answer.tips == mine, received == 0, answer.frontier == nil {
      // Even so far. What was captured is sealed only now that the clocks are compared.
      let sealed = try machine.sealPart()
      hasMore = !machine.store.captures.isEmpty
      // Going over to another catalog seals as well, and so may another process: only what is held now tells.
      let now = machine.chronicle.canary == .forgetsAdoption ? mine : machine.store.table.frontier(where: isVisible)
      if sealed == 0, !hasMore, now == answer.tips { return .even }
    } else if !awaitsOwn || idle > 0 {
      // A restored node waits with sealing until its lost tail is here, in which most of it may be sealed already.
      _ = try machine.sealPart()
      hasMore = !machine.store.captures.isEmpty
    }
    var theirs = answer.frontier ?? mine
    if machine.chronicle.canary == .trustsMemory { theirs += machine.remembered }
    mine = machine.store.table.frontier(where: isVisible)
    let batch = machine.batch(lackedBy: theirs, marks: marks, isVisible: isVisible)
    let before = shown
    sentEnds = ExchangePlan.ends(sentEnds, continuedBy: Self.headers(batch), of: batch.unknown)
    shown = sentEnds.isEmpty && takenEnds.isEmpty ? mine : Set(mine + sentEnds + takenEnds).sorted()
    let isMoving = received > 0 || answer.tips != last || shown != before || hasMore
    idle = isMoving ? 0 : idle + 1
    if idle > Self.patience { return .partial }
    last = answer.tips
    request = Request(
      sender: machine.number, role: machine.role, catalogVersion: machine.store.version, tips: mine, frontier: shown,
      batch: batch)
    return nil
  }

  private mutating func absorb(_ answer: Answer, _ machine: Machine) throws(Machine.Crash) -> Int {
    var lost: [FrontierEntry] = []
    // First of all: whatever is sealed from here on is sealed under the right origin.
    if let theirs = answer.frontier {
      let unknown = theirs.filter { !machine.store.holds($0.tip.hash) }
      lost = unknown.filter { $0.tip.origin.node == machine.store.id }
      if Restoration.isShown(by: unknown, to: machine.store.origin) {
        machine.chronicle.coverage.add(.noticedThroughPeer)
        machine.isUnnoticed = false
        let nonce = machine.nonce()
        try machine.commit { $0.takeFreshOrigin(nonce) }
      }
    }
    // Going over to another catalog seals as well. It is offered again.
    if let version = answer.catalogVersion, version > machine.store.version, lost.isEmpty {
      let wall = machine.wall
      let chronicle = machine.chronicle
      try machine.commit { store in
        store.seal(wall: wall, chronicle)
        store.adopt(version, chronicle)
      }
    }
    let received = try machine.absorb(answer.batch, mayRead: isVisible)
    awaitsOwn = lost.contains { !machine.store.holds($0.tip.hash) }
    let missing = marks.filter { !$0.isHeld }.map(\.entry)
    takenEnds = ExchangePlan.ends(takenEnds, continuedBy: Self.headers(answer.batch), of: missing)
      .filter { machine.store.holds($0.tip.hash) }
    return received
  }

  private static func headers(_ batch: Batch) -> [(header: SegmentHeader, hash: Digest)] {
    batch.segments.map { ($0.header, $0.hash) }
  }
}

extension Machine {
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
    let tips = store.table.frontier(where: isVisible)
    // The clock of headquarters, as far as this node knows it.
    var answer = Answer(now: wall &+ store.offset, tips: tips)
    if store.version > request.catalogVersion { answer.catalogVersion = store.version }
    guard tips != request.tips else { return answer }
    answer.frontier = tips
    guard let theirs = request.frontier else { return answer }
    answer.held = theirs.map { isVisible($0.channel) && store.holds($0.tip.hash) }
    answer.batch = batch(lackedBy: theirs.filter { isVisible($0.channel) }, marks: [], isVisible: isVisible)
    if answer.batch.snapshot != nil { chronicle.coverage.add(.snapshotFromUpstream) }
    return answer
  }
}
