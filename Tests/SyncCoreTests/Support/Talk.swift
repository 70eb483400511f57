import SyncCore
import TestSupport

/// Syncs of a node with a hub on the pure core: does what a `SyncConversation` decides, over a network that loses messages.
struct Talk {
  /// How the last sync ended.
  struct Outcome {
    var isEven = false
    var isCut = false
    var rounds = 0
    var sent = 0
    var received = 0
  }

  /// Segments of one batch at most.
  var limit: Int
  /// In how many of a hundred messages something is lost: the request, its answer, or the end of a batch.
  var loss = 0
  /// In how many of a hundred rounds a clerk types on either side.
  var edits = 0
  /// Which channels the node may read.
  var isVisible: @Sendable (Channel) -> Bool = { _ in true }
  var random: SeededRandom
  /// What no sync may do, in words.
  private(set) var problems: [String] = []
  /// Segments that were sent to a side that had them: only where its branch was not known.
  private(set) var repeated = 0
  private(set) var fresh = 0
  private var time: Int64 = 1_000_000

  init(limit: Int, random: SeededRandom) {
    self.limit = limit
    self.random = random
  }

  private struct Request {
    var shown: SyncRequest
    var segments: [TestSegment]
  }

  private struct Answer {
    var shown: SyncAnswer
    var segments: [TestSegment] = []
  }

  private struct Cut: Error {}

  /// One sync of `node` with `hub`.
  mutating func sync(_ node: inout Replica, with hub: inout Replica) -> Outcome {
    var outcome = Outcome()
    do { try run(&node, &hub, &outcome) } catch { outcome.isCut = true }
    if outcome.isEven, difference(node, hub) != nil { problems.append("even was told wrongly") }
    return outcome
  }

  /// What one of them holds of the visible channels and the other does not, in words.
  func difference(_ node: Replica, _ hub: Replica) -> String? {
    let left = Set(node.log.filter { isVisible($0.header.channel) }.map(\.hash))
    let right = Set(hub.log.filter { isVisible($0.header.channel) }.map(\.hash))
    return left == right ? nil : "\(left.subtracting(right).count) and \(right.subtracting(left).count) are missing"
  }

  private mutating func run(_ node: inout Replica, _ hub: inout Replica, _ outcome: inout Outcome) throws {
    var frontier = node.table.frontier(where: isVisible)
    var conversation = SyncConversation(frontier: frontier, digest: Digest(of: frontier))
    var action = SyncAction.send(conversation.greeting)
    var answer = Answer(shown: SyncAnswer(digest: .zero, frontier: nil))
    var segments: [TestSegment] = []
    while outcome.rounds <= 10_000 {
      switch action {
      case .send(let request):
        outcome.sent += segments.count
        answer = try exchange(Request(shown: request, segments: segments), &node, &hub, &outcome)
        answer.shown.segments = answer.segments.count
        action = conversation.answerReceived(answer.shown)
      case .compareClocks: action = conversation.clocksCompared()
      case .checkFrontier(let theirs):
        let unknown = theirs.filter { !node.holds($0.tip.hash) }
        notice(unknown, &node)
        action = conversation.frontierChecked(lost: unknown.filter { $0.tip.origin.node == node.origin.node })
      case .adoptCatalog: action = conversation.catalogAdopted()
      case .absorb:
        let before = node.log.count
        node.take(answer.segments)
        outcome.received += node.log.count - before
        action = conversation.absorbed(segments: node.log.count - before, ends: headers(answer.segments))
      case .lookUp(let entries): action = conversation.held(entries.map { node.holds($0.tip.hash) })
      case .seal: action = conversation.sealed(changes: type(&node) ? 1 : 0, hasMore: false)
      case .updateUnsendable: action = conversation.unsendableUpdated()
      case .confirmFrontier, .readFrontier:
        frontier = node.table.frontier(where: isVisible)
        action = conversation.frontierRead(frontier, digest: Digest(of: frontier))
      case .prepareBatch(let theirs, let marks):
        let (batch, summary) = batch(of: node, for: theirs, marks: marks, to: hub)
        segments = batch
        action = conversation.batchPrepared(summary)
      case .readPrunedEnds: action = conversation.prunedEndsRead([])
      case .finish(let end):
        outcome.isEven = end != .partial
        return
      }
    }
    problems.append("a sync without end")
  }

  private mutating func exchange(
    _ request: Request, _ node: inout Replica, _ hub: inout Replica, _ outcome: inout Outcome
  ) throws -> Answer {
    outcome.rounds += 1
    var request = request
    if random.chance(loss) {
      if random.chance(40) { throw Cut() }
      request.segments.removeLast(random.below(request.segments.count + 1))
    }
    _ = type(&hub)
    hub.take(request.segments)
    var answer = self.answer(request, &hub, to: node)
    if random.chance(loss) {
      if random.chance(40) { throw Cut() }
      answer.segments.removeLast(random.below(answer.segments.count + 1))
    }
    return answer
  }

  private mutating func answer(_ request: Request, _ hub: inout Replica, to node: Replica) -> Answer {
    let frontier = hub.table.frontier(where: isVisible)
    let parts = ExchangeParts(
      mine: Digest(of: frontier), theirs: request.shown.digest, peerShowsFrontier: request.shown.frontier != nil,
      catalogVersion: 1, peerCatalogVersion: 1)
    var answer = Answer(shown: SyncAnswer(digest: parts.digest, frontier: parts.showsFrontier ? frontier : nil))
    guard parts.fillsBatch, let theirs = request.shown.frontier else { return answer }
    answer.shown.held = theirs.map { isVisible($0.channel) && hub.holds($0.tip.hash) }
    notice(zip(theirs, answer.shown.held).filter { !$1 }.map(\.0), &hub)
    answer.segments = batch(of: hub, for: theirs.filter { isVisible($0.channel) }, marks: [], to: node).segments
    return answer
  }

  private mutating func notice(_ unknown: [FrontierEntry], _ replica: inout Replica) {
    if unknown.contains(where: { $0.tip.origin == replica.origin }) { replica.adoptFreshOrigin(random.next()) }
  }

  private func headers(_ segments: [TestSegment]) -> [(header: SegmentHeader, hash: Digest)] {
    segments.map { ($0.header, $0.hash) }
  }

  private func changes(_ segments: [TestSegment]) -> Int { segments.reduce(0) { $0 + $1.header.count } }

  /// What `Store.batch` picks: in the order of the log, whatever the plan says that the peer lacks.
  private mutating func batch(
    of replica: Replica, for frontier: [FrontierEntry], marks: [FrontierMark],
    to receiver: Replica
  ) -> (segments: [TestSegment], summary: SyncBatch) {
    let plan = ExchangePlan(replica.table, peer: frontier, marks: marks) { replica.positions[$0] }
    check(plan, replica, frontier, marks)
    let lacking = replica.log.filter { segment in
      guard isVisible(segment.header.channel), let position = replica.positions[segment.hash] else { return false }
      return plan.lacks(position.stream, of: replica.table).map { position.sequence > $0 } ?? false
    }
    let batch = Array(lacking.prefix(limit))
    for segment in batch {
      guard receiver.holds(segment.hash) else {
        fresh += 1
        continue
      }
      repeated += 1
      let isForked = plan.unknown.contains {
        $0.tip.origin == segment.header.origin && $0.channel == segment.header.channel
      }
      if !isForked { problems.append("something held is sent though no branch is unknown") }
    }
    let summary = SyncBatch(
      segments: batch.count, changes: changes(batch), lacking: Int64(changes(lacking)), unknown: plan.unknown,
      ends: headers(batch))
    return (batch, summary)
  }

  /// Nothing is planned that the peer showed, said to hold, or holds as what such a segment continues.
  private mutating func check(
    _ plan: ExchangePlan, _ replica: Replica, _ frontier: [FrontierEntry],
    _ marks: [FrontierMark]
  ) {
    var log: [Digest: TestSegment] = [:]
    for segment in replica.log { log[segment.hash] = segment }
    for entry in frontier + marks.filter(\.isHeld).map(\.entry) {
      var next = log[entry.tip.hash]
      while let segment = next {
        if let position = replica.positions[segment.hash],
          let from = plan.lacks(position.stream, of: replica.table), position.sequence > from
        {
          problems.append("what the peer has would be sent")
          return
        }
        next = log[segment.header.predecessor]
      }
    }
    if plan.unknown != frontier.filter({ log[$0.tip.hash] == nil }) { problems.append("other unknown tips") }
  }

  private mutating func type(_ replica: inout Replica) -> Bool {
    guard random.chance(edits) else { return false }
    time += 1
    let channel = random.pick(World.channels)
    let change = Change(
      kind: 3, key: RecordKey("typed"), operation: .edit,
      registers: [RegisterContent(RegisterKey(1), Content([Cell(field: 1, value: .integer(time))]))], captured: time,
      time: time)
    _ = replica.seal([change], in: channel, at: time, nonce: random.next())
    return isVisible(channel)
  }
}

extension Digest {
  /// Stands for the hash of a frontier.
  init(of frontier: [FrontierEntry]) {
    var mixer = Mixer()
    for entry in frontier { mixer.add(entry.tip.hash) }
    self = mixer.digest
  }
}
