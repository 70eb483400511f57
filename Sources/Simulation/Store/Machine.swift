import SyncCore

/// One installation: a store and a state file that survive, and a running program that does not.
final class Machine {
  /// The machine stopped at a persistent step.
  struct Crash: Error {}

  let number: Int
  let name: String
  let role: NodeRole
  let upstreams: [Int]
  /// How many machines this one is copied from, one after the other: 1 for a clone, 2 for a clone of a clone.
  let generation: Int
  let chronicle: Chronicle
  var store: MemoryStore
  /// The small file beside the database; nil where there is none.
  var stateFile: SealMark?
  /// How far its clock is off the true time, in milliseconds.
  var skew: Int64
  /// The running sync: lost in a crash.
  var session: Session?
  /// How many persistent steps it still makes before it stops; nil while nothing is wrong.
  var stepsToCrash: Int?
  /// The moment until which it has no network, in milliseconds since 1970.
  var awayUntil: Int64 = 0
  var lastSync: Int64
  /// What the other side held when the last sync ended: only a broken rule asks for it.
  var remembered: [FrontierEntry] = []
  /// Whether it was restored or copied and has not noticed yet.
  var isUnnoticed = false
  /// Fresh nonces, the same in every run of the seed.
  private var nonces: SeededRandom

  init(
    number: Int, name: String, role: NodeRole, upstreams: [Int], generation: Int, store: MemoryStore,
    stateFile: SealMark?, skew: Int64, chronicle: Chronicle
  ) {
    self.number = number
    self.name = name
    self.role = role
    self.upstreams = upstreams
    self.generation = generation
    self.store = store
    self.stateFile = stateFile
    self.skew = skew
    self.chronicle = chronicle
    lastSync = chronicle.now
    nonces = SeededRandom(seed: UInt64(number) &* 0x1234_5678_9ABC_DEF1 &+ 17)
  }

  /// Headquarters itself, not an office of it.
  var isFirst: Bool { upstreams.isEmpty }
  var hasStateFile: Bool { chronicle.setting.faults.hasStateFiles }

  /// What its clock shows, in milliseconds since 1970.
  var wall: Int64 {
    let time = chronicle.now &+ skew
    return chronicle.setting.faults.roundsClocks ? time - time % Self.hour : time
  }

  private static let hour: Int64 = 3_600_000

  /// Called when a sync has ended in sync.
  func finishedInSync() {
    if chronicle.now - lastSync > Setting.year { chronicle.coverage.add(.yearAway) }
    lastSync = chronicle.now
    if chronicle.canary == .trustsMemory { remembered = store.table.frontier { _ in true } }
  }

  func nonce() -> UInt64 { nonces.next() }

  /// Runs one transaction, which happens whole or not at all, and then writes the state file.
  func commit<Result>(_ body: (inout MemoryStore) -> Result) throws(Crash) -> Result {
    try step(.crashBeforeCommit)
    let result = body(&store)
    try step(.crashAfterCommit)
    if hasStateFile, stateFile != store.mark {
      try step(.crashBeforeStateFile)
      stateFile = store.mark
    }
    return result
  }

  private func step(_ event: Coverage.Event) throws(Crash) {
    guard let rest = stepsToCrash else { return }
    guard rest > 0 else {
      chronicle.coverage.add(event)
      throw Crash()
    }
    stepsToCrash = rest - 1
  }

  /// Starts the program again after a crash, a restoration or a move: whatever was in memory is gone.
  ///
  /// - Parameter isCopy: true when the database is another than the one that the program last saw.
  func open(isCopy: Bool = false) {
    session = nil
    stepsToCrash = nil
    isUnnoticed = isCopy
    guard hasStateFile else { return }
    if let file = stateFile, file.isAhead(of: store.mark) {
      chronicle.coverage.add(.noticedByStateFile)
      isUnnoticed = false
      store.adoptFreshOrigin(nonce())
    }
    stateFile = store.mark
  }

  /// Remembers how far the clock is off. Small differences are the network's.
  func setOffset(_ offset: Int64) throws(Crash) {
    guard store.offset != offset, abs(store.offset &- offset) > 250 else { return }
    let measuredAt = wall &+ offset
    try commit {
      $0.offset = offset
      $0.measuredAt = measuredAt
    }
  }

  // MARK: What an exchange asks of the store

  func batch(
    lackedBy frontier: [FrontierEntry], marks: [FrontierMark], isVisible: (Channel) -> Bool
  ) -> Batch {
    let plan = ExchangePlan(store.table, peer: frontier, marks: marks) { store.positions[$0] }
    var batch = Batch(unknown: plan.unknown)
    let from = store.table.numbered.map { plan.lacks($0.number, of: store.table) }
    for (stream, last) in zip(store.table.streams, from) where isVisible(stream.channel) {
      if let last { batch.lacking += stream.tip.sequence - max(last, stream.parent?.sequence ?? 0) }
    }
    for entry in store.log where isVisible(entry.segment.header.channel) {
      guard let position = store.positions[entry.segment.hash], let last = from[position.stream.number],
        position.sequence > last
      else { continue }
      guard entry.hasBody else {
        batch.snapshot = store.snapshot(of: isVisible)
        return batch
      }
      if batch.segments.count >= chronicle.setting.batchLimit {
        chronicle.coverage.add(.batchLimited)
        break
      }
      batch.segments.append(entry.segment)
    }
    checkThrift(batch, frontier + marks.filter(\.isHeld).map(\.entry))
    return batch
  }

  /// Checks that nothing is sent that the other side showed or marked as held, or that lies below that.
  private func checkThrift(_ batch: Batch, _ shown: [FrontierEntry]) {
    guard chronicle.canary != .trustsMemory else { return }
    var held = Bitset()
    for entry in shown where store.holds(entry.tip.hash) {
      var next = chronicle.segment(entry.tip.hash)
      while let segment = next, !held.contains(segment.number) {
        held.insert(segment.number)
        next = chronicle.segment(segment.header.predecessor)
      }
    }
    for segment in batch.segments where held.contains(segment.number) {
      chronicle.fail("\(name) sends what the other side marked as held")
    }
  }

  /// Absorbs what came, in one transaction.
  ///
  /// - Returns: how many segments were new.
  func absorb(_ batch: Batch, mayRead: (Channel) -> Bool) throws(Crash) -> Int {
    guard !batch.segments.isEmpty || batch.snapshot != nil else { return 0 }
    let fresh = nonce()
    let wall = wall
    let chronicle = chronicle
    return try commit { store in
      if let snapshot = batch.snapshot {
        return store.join(snapshot, wall: wall, nonce: fresh, mayRead: mayRead, chronicle)
      }
      return store.absorb(batch.segments, wall: wall, nonce: fresh, mayRead: mayRead, chronicle)
    }
  }

  /// Adopts a catalog. Whatever was captured is sealed first, in the same transaction.
  func adopt(_ version: Int) throws(Crash) {
    let wall = wall
    let chronicle = chronicle
    try commit { store in
      store.seal(wall: wall, chronicle)
      store.adopt(version, chronicle)
    }
  }

  private func countSealing() {
    if isUnnoticed { chronicle.coverage.add(.sealedBeforeNoticing) }
    if chronicle.now - lastSync > Setting.year { chronicle.coverage.add(.longAbsenceSealed) }
  }

  func seal() throws(Crash) -> Int {
    guard !store.captures.isEmpty else { return 0 }
    countSealing()
    let wall = wall
    let chronicle = chronicle
    return try commit { $0.seal(wall: wall, chronicle) }
  }

  func sealPart() throws(Crash) -> Int {
    guard !store.captures.isEmpty else { return 0 }
    countSealing()
    let wall = wall
    let chronicle = chronicle
    // Totals of headquarters are exact in every transaction, for which all that was captured has to be looked at.
    return try commit { role.isHeadquarters ? $0.seal(wall: wall, chronicle) : $0.sealPart(wall: wall, chronicle) }
  }
}

/// What one message carries.
struct Batch {
  var segments: [SealedSegment] = []
  /// Heads in place of segments, where bodies were dropped.
  var snapshot: Snapshot?
  /// Tips of the other side that are not held.
  var unknown: [FrontierEntry] = []
  /// All changes that the other side lacks, those of the batch included.
  var lacking: Int64 = 0
}
