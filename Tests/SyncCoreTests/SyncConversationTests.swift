import Testing

@testable import SyncCore

/// Every rule of a sync, without a store and without a network.
@Suite struct SyncConversationTests {
  private static let open = Channel(owner: "ftuu", audience: .open)

  private static func entry(_ node: UInt64, _ sequence: Int64) -> FrontierEntry {
    let hash = Digest(node, UInt64(sequence), 7, 7)
    return FrontierEntry(channel: open, tip: Tip(origin: origin(node), sequence: sequence, hash: hash))
  }

  /// The segment that ends with an entry.
  private static func segment(_ entry: FrontierEntry, after predecessor: Digest) -> (
    header: SegmentHeader, hash: Digest
  ) {
    let header = header(entry.tip.origin, open, first: entry.tip.sequence, after: predecessor)
    return (header, entry.tip.hash)
  }

  private let mine = [entry(1, 5)]
  private let theirs = [entry(2, 3)]

  // MARK: Clocks, order

  @Test("The greeting shows a digest alone")
  func greeting() {
    let script = ConversationScript(holding: mine)
    #expect(script.greeting == SyncRequest(digest: Digest(of: mine)))
    #expect(script.greeting.frontier == nil && !script.greeting.sealsMeanwhile)
  }

  @Test("Nothing is sealed before the clocks were compared")
  func comparesClocksFirst() {
    var script = ConversationScript(holding: mine)
    script.answerSame()
    #expect(script.names == ["compareClocks", "absorb", "seal", "confirmFrontier", "finish"])
  }

  @Test("An exchange that carries segments, either way, does not show the peer's clock")
  func slowAnswer() {
    var script = ConversationScript(holding: mine)
    script.batch = SyncBatch(segments: 1, changes: 1, lacking: 1)
    script.answer(holding: theirs, segments: 1)
    #expect(!script.names.contains("compareClocks"))
    script.answer(holding: theirs)
    #expect(!script.names.contains("compareClocks"))
    script.batch = SyncBatch()
    script.answer(holding: theirs + [Self.entry(2, 4)])
    script.answer(holding: theirs)
    #expect(script.names.first == "compareClocks")
  }

  @Test("A restoration is looked for before anything is adopted, absorbed or sealed")
  func checksFrontierFirst() {
    var script = ConversationScript(holding: mine)
    script.answer(holding: theirs, offersCatalog: true, segments: 1)
    #expect(
      script.names == [
        "checkFrontier", "adoptCatalog", "absorb", "seal", "updateUnsendable", "readFrontier", "prepareBatch", "send",
      ])
  }

  @Test("A request shows the frontier without what became unsendable")
  func updatesUnsendableFirst() throws {
    var script = ConversationScript(holding: mine)
    script.answer(holding: theirs)
    let updated = try #require(script.names.firstIndex(of: "updateUnsendable"))
    let read = try #require(script.names.firstIndex(of: "readFrontier"))
    #expect(updated < read)
    #expect(script.request?.frontier == mine)
    #expect(script.request?.digest == Digest(of: mine))
  }

  @Test("What is sent is planned from what the peer shows now, and from its marks of what was shown before")
  func plansFromThisAnswer() {
    var script = ConversationScript(holding: mine)
    script.answer(holding: theirs)
    #expect(script.actions.contains(.prepareBatch(lackedBy: theirs, marks: [])))
    script.answer(holding: theirs + mine, held: [true])
    let mark = FrontierMark(entry: mine[0], isHeld: true)
    #expect(script.actions.contains(.prepareBatch(lackedBy: theirs + mine, marks: [mark])))
  }

  // MARK: In sync

  @Test("In sync: the digests are the same, nothing came, nothing was sealed and nothing is left to seal")
  func inSync() {
    var script = ConversationScript(holding: mine)
    script.answerSame()
    #expect(script.outcome == .inSync(holding: mine))
  }

  @Test("Not in sync while something is sealed", arguments: [(1, false), (1, true), (0, true)])
  func sealing(changes: Int, hasMore: Bool) {
    var script = ConversationScript(holding: mine)
    script.seals = [(changes, hasMore)]
    script.answerSame()
    #expect(script.outcome == nil && script.request?.sealsMeanwhile == hasMore)
    #expect(!script.names.contains("confirmFrontier"))
    script.answerSame()
    #expect(script.outcome == .inSync(holding: mine))
  }

  @Test("Not in sync when the frontier has moved although nothing was sealed here: a catalog or another process did")
  func confirms() {
    var script = ConversationScript(holding: mine)
    script.confirmed = [Self.entry(1, 6)]
    script.answerSame()
    #expect(script.names.contains("confirmFrontier"))
    #expect(script.request?.frontier == [Self.entry(1, 6)])
  }

  @Test("Not in sync when the peer shows a frontier, or the digest of another one")
  func differs() {
    var script = ConversationScript(holding: mine)
    script.answer(SyncAnswer(digest: Digest(of: mine), frontier: mine))
    #expect(script.outcome == nil && !script.names.contains("confirmFrontier"))
    script.answer(SyncAnswer(digest: Digest(of: theirs), frontier: nil))
    #expect(script.outcome == nil && !script.names.contains("confirmFrontier"))
  }

  @Test("Not in sync in a round that brought something new")
  func received() {
    var script = ConversationScript(holding: mine)
    script.received = 1
    script.answer(SyncAnswer(digest: Digest(of: mine), frontier: nil, segments: 1))
    #expect(script.outcome == nil && !script.names.contains("confirmFrontier"))
  }

  // MARK: Giving up

  @Test("Idle: two rounds without progress are borne, a third one ends the sync")
  func idle() {
    var script = ConversationScript(holding: mine)
    // The first answer leads to showing the frontier, which is progress.
    for _ in 0..<3 {
      script.answer(holding: theirs)
      #expect(script.outcome == nil)
    }
    script.answer(holding: theirs)
    #expect(script.outcome == .partial)
  }

  @Test("Idle: a batch that the peer does not take is no progress")
  func idleWithBatch() {
    var script = ConversationScript(holding: mine)
    script.batch = SyncBatch(segments: 1, changes: 1, lacking: 100)
    var rounds = 0
    while script.outcome == nil, rounds < 100 {
      script.answer(holding: theirs)
      rounds += 1
    }
    #expect(script.outcome == .partial && rounds == 4)
  }

  @Test("Idle: whatever moves on either side begins the count again", arguments: 0..<4)
  func progress(way: Int) {
    var script = ConversationScript(holding: mine)
    for _ in 0..<3 { script.answer(holding: theirs) }
    switch way {
    case 0: script.received = 1
    case 1: script.frontier = [Self.entry(1, 6)]
    case 2: script.seals = [(0, true)]
    default: break
    }
    let next = way == 3 ? [Self.entry(2, 4)] : theirs
    script.answer(holding: next)
    script.received = 0
    // The part that was left is sealed while the answer is on its way.
    if way == 2 { script.sealMeanwhile(hasMore: false) }
    for _ in 0..<2 {
      script.answer(holding: next)
      #expect(script.outcome == nil)
    }
    script.answer(holding: next)
    #expect(script.outcome == .partial)
  }

  @Test("Barren: a peer that shows another frontier each time, while nothing goes either way, is left after 17 rounds")
  func barren() {
    var script = ConversationScript(holding: mine)
    for round in 1...16 as ClosedRange<Int64> {
      script.answer(holding: [Self.entry(2, round)])
      #expect(script.outcome == nil)
    }
    script.answer(holding: [Self.entry(2, 17)])
    #expect(script.outcome == .partial)
  }

  @Test("Barren: a round in which segments go over begins the count again", arguments: [true, false])
  func notBarren(isReceived: Bool) {
    var script = ConversationScript(holding: mine)
    for round in 1...16 as ClosedRange<Int64> { script.answer(holding: [Self.entry(2, round)]) }
    if isReceived { script.received = 1 } else { script.batch = SyncBatch(segments: 1, changes: 1, lacking: 1) }
    script.answer(holding: [Self.entry(2, 17)])
    (script.received, script.batch) = (0, SyncBatch())
    for round in 18...33 as ClosedRange<Int64> {
      script.answer(holding: [Self.entry(2, round)])
      #expect(script.outcome == nil)
    }
    script.answer(holding: [Self.entry(2, 34)])
    #expect(script.outcome == .partial)
  }

  @Test("Repeating: what a peer ever lacked is sent four times, and at least 16 batches")
  func repeating() {
    // 10 changes a batch: after 17 answers 160 are sent, of 10. Of 100, more than four times as many after 42.
    for (lacking, expected) in [(10, 17), (100, 42)] as [(Int64, Int64)] {
      var script = ConversationScript(holding: mine)
      script.batch = SyncBatch(segments: 1, changes: 10, lacking: lacking)
      var rounds: Int64 = 0
      while script.outcome == nil, rounds < 1000 {
        rounds += 1
        script.answer(holding: [Self.entry(2, rounds)])
      }
      #expect(script.outcome == .partial && rounds == expected, "of \(lacking)")
    }
  }

  @Test("Repeating: a bulk that is sealed part by part is no repetition, however large it is")
  func largeBulk() {
    var script = ConversationScript(holding: [Self.entry(1, 5)])
    // 100 parts of which the peer lacks one at a time: as of three million rows.
    for part in 1...100 as ClosedRange<Int64> {
      script.frontier = [Self.entry(1, 5 + part * 32_768)]
      script.seals = [(32_768, part < 100)]
      script.batch = SyncBatch(segments: 2, changes: 32_768, lacking: 32_768)
      script.answer(holding: [Self.entry(1, 5 + (part - 1) * 32_768)])
      #expect(script.outcome == nil, "part \(part)")
    }
    script.batch = SyncBatch()
    script.answerSame()
    guard case .inSync = script.outcome else { return #expect(Bool(false), "\(script.names)") }
  }

  @Test("Repeating: a peer that gives something back is no such peer")
  func notRepeating() {
    var script = ConversationScript(holding: mine)
    script.batch = SyncBatch(segments: 1, changes: 10, lacking: 10)
    for round in 1...200 as ClosedRange<Int64> {
      script.received = round % 16 == 0 ? 1 : 0
      script.answer(holding: [Self.entry(2, round)])
      #expect(script.outcome == nil)
    }
  }

  // MARK: A restored node

  @Test("Nothing is sealed while the peer holds lost edits of this node")
  func lostTailFirst() {
    var script = ConversationScript(holding: mine)
    script.lost = [Self.entry(1, 9)]
    script.answer(holding: theirs)
    #expect(script.actions.contains(.lookUp(script.lost)))
    #expect(!script.names.contains("seal"))
    script.isHeld = true
    script.received = 1
    script.answer(holding: theirs, segments: 1)
    #expect(script.names.contains("seal"))
  }

  @Test("A peer that does not give lost edits back holds sealing up for one idle round")
  func lostTailThatDoesNotCome() {
    var script = ConversationScript(holding: mine)
    script.lost = [Self.entry(1, 9)]
    script.answer(holding: theirs)
    script.answer(holding: theirs)
    #expect(!script.names.contains("seal"))
    script.answer(holding: theirs)
    #expect(script.names.contains("seal"))
  }

  @Test("A catalog is adopted before the batch is absorbed, and not while own edits are lost")
  func catalog() {
    var script = ConversationScript(holding: mine)
    script.lost = [Self.entry(1, 9)]
    script.answer(holding: theirs, offersCatalog: true)
    #expect(script.names.contains("absorb") && !script.names.contains("adoptCatalog"))
    script.lost = []
    script.answer(holding: theirs, offersCatalog: true)
    let both = script.names.filter { $0 == "adoptCatalog" || $0 == "absorb" }
    #expect(both == ["adoptCatalog", "absorb"])
  }

  // MARK: A large seal

  @Test("A part that was sealed while the answer was on its way is sent before the next one is sealed")
  func sealedMeanwhile() {
    var script = ConversationScript(holding: mine)
    script.seals = [(10, true)]
    script.answerSame()
    #expect(script.request?.sealsMeanwhile == true)
    script.sealMeanwhile(hasMore: true)
    script.answer(holding: theirs)
    #expect(!script.names.contains("seal") && script.request?.sealsMeanwhile == true)
    script.sealMeanwhile(hasMore: false)
    script.answer(holding: theirs)
    #expect(script.names.contains("seal") && script.request?.sealsMeanwhile == false)
  }

  // MARK: What is shown

  @Test("Where sent segments end is shown while a tip of the peer is unknown, the last of each branch alone")
  func sentEnds() {
    let (first, second) = (Self.entry(1, 1), Self.entry(1, 2))
    let fork = Self.entry(1, 7)
    var script = ConversationScript(holding: mine)
    script.batch = SyncBatch(
      segments: 1, changes: 1, lacking: 2, unknown: [fork], ends: [Self.segment(first, after: .zero)])
    script.answer(holding: [fork])
    #expect(script.request?.frontier == [first, mine[0]])
    script.batch.ends = [Self.segment(second, after: first.tip.hash)]
    script.answer(holding: [fork])
    #expect(script.request?.frontier == [second, mine[0]])
    script.batch = SyncBatch()
    script.answer(holding: [second])
    #expect(script.request?.frontier == mine)
  }

  @Test("Where segments end that came is shown while the peer lacks a tip of this side, as far as it is held")
  func takenEnds() {
    let end = Self.entry(1, 2)
    var script = ConversationScript(holding: mine)
    script.answer(holding: theirs)
    script.came = [Self.segment(end, after: .zero)]
    script.received = 1
    script.answer(holding: theirs, held: [false], segments: 1)
    #expect(script.actions.contains(.absorb(readsEnds: true)) && script.actions.contains(.lookUp([end])))
    #expect(script.request?.frontier == mine, "it was not held")
    script.isHeld = true
    script.answer(holding: theirs, held: [false], segments: 1)
    #expect(script.request?.frontier == [end, mine[0]])
    script.answer(holding: theirs, held: [true, true])
    #expect(script.actions.contains(.absorb(readsEnds: false)))
    #expect(script.request?.frontier == mine)
  }

  @Test("Where pruned parts end is read once, when the peer seems to lack them, and shown from then on")
  func prunedEnds() {
    let end = Self.entry(1, 2)
    var script = ConversationScript(holding: mine)
    script.answer(holding: theirs)
    #expect(!script.names.contains("readPrunedEnds"))
    script.pruned = [end]
    script.batch.lacksPruned = true
    script.answer(holding: theirs)
    #expect(script.names.contains("readPrunedEnds"))
    #expect(script.request?.frontier == [end, mine[0]])
    script.answer(holding: theirs)
    #expect(!script.names.contains("readPrunedEnds"))
    #expect(script.request?.frontier == [end, mine[0]])
  }
}
