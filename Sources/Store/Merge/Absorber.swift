import Limits
import SyncCore
import Wire

/// What absorbing did.
public struct AbsorbReport: Sendable, Equatable {
  public var segments = 0
  public var changes = 0
  /// Of the changes those that delete a record.
  public var deletions = 0
  public var bytes = 0
  public var conflictsOpened = 0
  /// Segments that wait for one that they build on.
  public var waiting = 0
  /// Segments that were refused, and why.
  public var refusals: [ExchangeAnswer.Refusal] = []
  public var seal = SealReport()

  public init() {}

  public static func += (a: inout Self, b: Self) {
    a.segments += b.segments
    a.changes += b.changes
    a.deletions += b.deletions
    a.bytes += b.bytes
    a.conflictsOpened += b.conflictsOpened
    a.waiting += b.waiting
    a.refusals += b.refusals
    a.seal.changes += b.seal.changes
    a.seal.refused += b.seal.refused
    a.seal.deletions += b.seal.deletions
    a.seal.held += b.seal.held
    a.seal.typed.add(b.seal.typed)
  }
}

/// Absorbs segments of others: checks them, places them in the log, and merges their changes.
///
/// Runs within a write transaction, after everything captured was sealed.
final class Absorber {
  private let transaction: Transaction
  private let merger: Merger
  private let skips: ((RecordName, ChannelNumber) -> Bool)?
  private var counted = AbsorbReport()
  private var waitingRoom: WaitingRoom?

  /// - Parameter skips: records whose changes are not merged; used where the log is folded again without all of it.
  init(_ transaction: Transaction, skips: ((RecordName, ChannelNumber) -> Bool)? = nil) {
    self.transaction = transaction
    merger = Merger(transaction)
    self.skips = skips
  }

  /// Seals everything captured and absorbs segments of a peer.
  ///
  /// - Parameters:
  ///   - cards: of the segments' authors; those that headquarters did not sign are passed over.
  ///   - mayRead: which channels the exchange may carry.
  static func absorb(
    _ arrivals: [Arrival], cards: [[UInt8]], _ transaction: Transaction, now: Int64, mayRead: (Channel) -> Bool
  ) throws -> AbsorbReport {
    let sealedBefore = SealedBefore(transaction)
    try sealedBefore.dropEdits(in: arrivals.compactMap(\.segment))
    let sealer = try Sealer(transaction, wall: now)
    try sealer.sealAll()
    // Without segments the cards of their authors are of no use.
    for bytes in arrivals.isEmpty ? [] : cards {
      // A segment whose author has no card is refused, which is reported.
      guard let card = try? NodeCard(bytes: bytes, signedBy: transaction.identity.headquarters) else { continue }
      try transaction.directory.add(card)
    }
    let absorber = Absorber(transaction)
    for arrival in arrivals { try absorber.absorb(arrival, mayRead: mayRead) }
    if sealedBefore.isPending {
      try sealedBefore.retype()
      try sealer.sealAll()
    }
    var report = absorber.report
    report.seal = sealer.report
    return report
  }

  var report: AbsorbReport {
    var report = counted
    report.conflictsOpened = merger.conflictsOpened
    return report
  }

  /// Absorbs one segment, and those that waited for it.
  ///
  /// - Parameter mayRead: which channels the exchange may carry.
  func absorb(_ arrival: Arrival, mayRead: (Channel) -> Bool = { _ in true }) throws {
    let segment: Segment
    switch arrival {
    case .segment(let read): segment = read
    case .unreadable(let bytes, let problem): return refuse(Digest(sha256: bytes), problem)
    }
    guard mayRead(segment.header.channel) else {
      return refuse(segment.hash, "its channel is not one that may be exchanged here")
    }
    guard let card = transaction.directory.cards[segment.header.origin.node] else {
      return refuse(segment.hash, "its author is not known here")
    }
    guard card.role.mayWrite(segment.header.channel) else {
      return refuse(segment.hash, "its author may not write the channel \(segment.header.channel)")
    }
    if let reason = try reasonOfStop(segment) { return refuse(segment.hash, reason) }
    do {
      try segment.verify(publicKey: card.publicKey)
    } catch {
      return refuse(segment.hash, error.detail)
    }
    try place(segment)
  }

  /// Absorbs what waited for segments that are held now.
  func absorbWaiting() throws {
    var waiting: [[UInt8]] = []
    try transaction.log.eachWaiting { waiting.append($0) }
    guard !waiting.isEmpty else { return }
    try transaction.log.forgetWaiting()
    for bytes in waiting { try absorb(Arrival(bytes)) }
  }

  /// Why a segment does not count because its author was stopped; nil for one that does.
  private func reasonOfStop(_ segment: Segment) throws -> String? {
    let log = transaction.log
    guard let statement = try transaction.statements.all()[segment.header.origin.node], try !log.holds(segment.hash),
      try !statement.covers(segment.header, hash: segment.hash, isHeld: { try log.holds($0) })
    else { return nil }
    return "its author was \(statement.state.rawValue), and it was sealed after that"
  }

  private func refuse(_ hash: Digest, _ reason: String) {
    counted.refusals.append(ExchangeAnswer.Refusal(segment: hash, reason: reason))
  }

  /// Puts a segment where it belongs, and those that waited for it, and those that waited for these.
  private func place(_ segment: Segment) throws {
    var next = [segment]
    while let segment = next.popLast() {
      let placement = try transaction.log.place(segment.header, hash: segment.hash)
      switch placement {
      case .held:
        continue
      case .contradicts(let reason):
        refuse(segment.hash, reason)
      case .waits(let missing):
        try wait(segment, for: missing)
      case .begins where try hasBegunMany(segment.header):
        let limit = WireLimits.streamsPerNode
        refuse(
          segment.hash, "its author began \(limit) streams in its channel already: it may join anew, with a new file")
      case .extends(_, let seen), .begins(_, let seen):
        try absorb(segment, placement, seen)
        next += try removeWaiting(for: segment.hash)
      }
    }
  }

  private func wait(_ segment: Segment, for missing: Digest) throws {
    var room = try waitingRoom ?? transaction.log.waitingRoom()
    defer { waitingRoom = room }
    let author = segment.header.origin.node
    guard room.hasPlace(for: segment.bytes.count, of: author) else {
      return refuse(segment.hash, "it builds on a segment that is missing, and too many wait already")
    }
    guard try transaction.log.wait(segment, for: missing) else { return }
    counted.waiting += 1
    room.enter(bytes: segment.bytes.count, of: author)
  }

  /// Whether the author of a segment began as many streams of its channel as one node may, under all its keys.
  ///
  /// Only headquarters refuses for that: what it absorbed all others may absorb.
  private func hasBegunMany(_ header: SegmentHeader) throws -> Bool {
    let all = transaction.log.streams.streams
    guard transaction.identity.role.isHeadquarters, !transaction.directory.isOwn(header.origin.node),
      all.count >= WireLimits.streamsPerNode
    else { return false }
    let author = try transaction.statements.earlier(than: header.origin.node).union([header.origin.node])
    return all.count { $0.channel == header.channel && author.contains($0.origin.node) } >= WireLimits.streamsPerNode
  }

  /// Segments that waited for this one; they wait no longer.
  private func removeWaiting(for hash: Digest) throws -> [Segment] {
    let waiting = try transaction.log.removeWaiting(for: hash)
    if !waiting.isEmpty { waitingRoom = nil }
    return try waiting.compactMap { bytes in
      // One that somebody altered in the file must not keep out what it waited for.
      guard let segment = Arrival(bytes).segment else { return nil }
      // Its author may have been stopped while it waited.
      guard let reason = try reasonOfStop(segment) else { return segment }
      refuse(segment.hash, reason)
      return nil
    }
  }

  /// Writes a segment into the log and merges its changes.
  private func absorb(_ segment: Segment, _ placement: StreamTable.Placement, _ seen: VersionVector) throws {
    // A sealed segment is never sealed again, and refusing one would block all that saw it: one whose body cannot be
    // read is logged all the same, with the reason.
    var blocks: [KindBlock] = []
    var problem: String?
    do {
      blocks = try segment.blocks()
    } catch {
      problem = error.detail
    }
    if Restoration.isShown(by: segment.header, to: try transaction.origin()) {
      try FreshOrigin(transaction).adopt(because: .peer)
    }
    let stream = try transaction.log.append(segment, blocks: blocks, placement: placement, problem: problem)
    let channel = try transaction.directory.assignNumber(to: segment.header.channel)
    var sequence = segment.header.first
    for block in blocks {
      try absorb(block, stream, first: sequence, channel, seen)
      sequence &+= Int64(block.count)
    }
    counted.segments += 1
    counted.changes += segment.header.count
    counted.bytes += segment.bytes.count
  }

  private func absorb(
    _ block: KindBlock, _ stream: StreamNumber, first: Int64, _ channel: ChannelNumber, _ seen: VersionVector
  ) throws {
    if SystemKind.isReserved(block.kind) { transaction.statements.forgetBecauseOfChange() }
    let table = transaction.table(block.kind)
    let owner = transaction.directory.owner(of: channel)
    let writer = try table.flatMap { try FreshWriter($0, block, owner: owner, transaction, merger) }
    var cursor = KindBlock.Cursor(block)
    for place in 0..<block.count {
      defer { cursor.pass(place, of: block) }
      if let skips, skips(RecordName(kind: block.kind, key: block.key(place)), channel) { continue }
      let clock = Clock(stream: stream, sequence: first &+ Int64(place), time: block.times[place])
      if let writer, try writer.write(place, at: cursor, clock: clock, channel: channel) { continue }
      let change = block.change(place, at: cursor)
      if change.operation == .deletion, table != nil { counted.deletions += 1 }
      try merger.merge(change, table, at: clock, in: channel, .vector(seen))
    }
  }
}
