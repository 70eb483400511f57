import Limits
import SyncCore
import Wire

/// What absorbing did.
public struct AbsorbReport: Sendable, Equatable {
  public var segments = 0
  public var changes = 0
  public var bytes = 0
  public var conflictsOpened = 0
  /// Segments that wait for one that they build on.
  public var waiting = 0
  /// Segments that were not taken, and why.
  public var refusals: [ExchangeAnswer.Refusal] = []
  public var seal = SealReport()

  public init() {}

  public static func += (a: inout Self, b: Self) {
    a.segments += b.segments
    a.changes += b.changes
    a.bytes += b.bytes
    a.conflictsOpened += b.conflictsOpened
    a.waiting += b.waiting
    a.refusals += b.refusals
    a.seal.changes += b.seal.changes
    a.seal.refused += b.seal.refused
  }
}

/// Takes foreign segments into the log and their changes into heads, rows, conflicts and totals.
///
/// Runs within a write transaction of the engine, after everything captured was sealed.
final class Absorber {
  private let engine: Engine
  private(set) var report = AbsorbReport()
  private var waiting: WaitingRoom?

  init(_ engine: Engine) { self.engine = engine }

  /// Absorbs one segment, and those that waited for it.
  ///
  /// - Parameter mayRead: which channels the exchange may carry.
  func absorb(_ bytes: [UInt8], mayRead: (Channel) -> Bool) throws {
    let segment: Segment
    do {
      segment = try Segment(bytes: bytes)
    } catch {
      return refuse(Digest(sha256: bytes), error.detail)
    }
    guard mayRead(segment.header.channel) else {
      return refuse(segment.hash, "its channel is not one that may be exchanged here")
    }
    guard let card = engine.cards[segment.header.origin.node] else {
      return refuse(segment.hash, "its author is not known here")
    }
    guard card.role.mayWrite(segment.header.channel) else {
      return refuse(segment.hash, "its author may not write the channel \(segment.header.channel)")
    }
    if let stopped = try stopped(segment) { return refuse(segment.hash, stopped) }
    do {
      try segment.verify(publicKey: card.publicKey)
    } catch {
      return refuse(segment.hash, error.detail)
    }
    try place(segment)
  }

  /// Why a segment does not count because its author was stopped; nil for one that does.
  private func stopped(_ segment: Segment) throws -> String? {
    guard let statement = try engine.nodeStatements()[segment.header.origin.node],
      try engine.position(of: segment.hash) == nil,
      try !statement.covers(segment.header, hash: segment.hash, isHeld: { try engine.position(of: $0) != nil })
    else { return nil }
    return "its author was \(statement.state.rawValue), and it was sealed after that"
  }

  private func refuse(_ hash: Digest, _ reason: String) {
    report.refusals.append(ExchangeAnswer.Refusal(segment: hash, reason: reason))
  }

  /// Puts a segment where it belongs, and those that waited for it, and those that waited for these.
  private func place(_ segment: Segment) throws {
    var next = [segment]
    while let segment = next.popLast() {
      let placement = try engine.place(segment)
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
        try take(segment, placement: placement, seen: seen)
        next += try takeWaiting(for: segment.hash)
      }
    }
  }

  private func wait(_ segment: Segment, for missing: Digest) throws {
    var room = try waiting ?? WaitingRoom(engine.connection)
    defer { waiting = room }
    let author = segment.header.origin.node
    guard room.hasPlace(for: segment.bytes.count, of: author) else {
      return refuse(segment.hash, "it builds on a segment that is missing, and too many wait already")
    }
    let statement = try engine.connection.prepared(
      "INSERT OR IGNORE INTO birlik_waiting(hash, missing, bytes, author) VALUES(?1, ?2, ?3, ?4)")
    statement.bind(1, blob: segment.hash.bytes)
    statement.bind(2, blob: missing.bytes)
    statement.bind(3, blob: segment.bytes)
    statement.bind(4, blob: author.bytes)
    try statement.step()
    guard engine.connection.changes > 0 else { return }
    report.waiting += 1
    room.enter(segment.bytes.count, of: author)
  }

  /// Whether the author of a segment began as many streams of its channel as one node may, under all its keys.
  ///
  /// Headquarters alone says so: what it took in all others may take.
  private func hasBegunMany(_ header: SegmentHeader) throws -> Bool {
    let all = engine.streams.streams
    guard engine.identity.role.isHeadquarters, !engine.isOwn(header.origin.node),
      all.count >= WireLimits.streamsPerNode
    else { return false }
    let author = try engine.earlier(than: header.origin.node).union([header.origin.node])
    return all.count { $0.channel == header.channel && author.contains($0.origin.node) } >= WireLimits.streamsPerNode
  }

  /// Segments that waited for this one; they wait no longer.
  private func takeWaiting(for hash: Digest) throws -> [Segment] {
    let select = try engine.connection.prepared("SELECT bytes FROM birlik_waiting WHERE missing=?1")
    select.bind(1, blob: hash.bytes)
    var waiting: [Segment] = []
    // One that somebody altered in the file must not keep out what it waited for.
    while try select.step() {
      if let segment = try? Segment(bytes: select.bytes(0)) { waiting.append(segment) }
    }
    self.waiting = nil
    // Its author may have been stopped while it waited.
    waiting = try waiting.filter { segment in
      let stopped = try stopped(segment)
      if let stopped { refuse(segment.hash, stopped) }
      return stopped == nil
    }
    let forget = try engine.connection.prepared("DELETE FROM birlik_waiting WHERE missing=?1")
    forget.bind(1, blob: hash.bytes)
    try forget.step()
    return waiting
  }

  private func take(_ segment: Segment, placement: StreamTable.Placement, seen: VersionVector) throws {
    // A sealed segment is never sealed again, and refusing one would block all that saw it: one whose body cannot be
    // read is kept all the same, and told.
    var blocks: [KindBlock] = []
    var problem: String?
    do {
      blocks = try segment.blocks()
    } catch {
      problem = error.detail
    }
    if Restoration.isShown(by: segment.header, to: try engine.origin()) { try engine.takeFreshOrigin(because: .peer) }
    let stream = try engine.append(segment, placement: placement, problem: problem)
    try engine.noteKeys(of: blocks, hash: segment.hash)
    let channel = try engine.number(of: segment.header.channel)
    var sequence = segment.header.first
    for block in blocks {
      try engine.absorb(block, stream: stream, first: sequence, channel: channel, seen: seen)
      sequence &+= Int64(block.count)
    }
    report.segments += 1
    report.changes += segment.header.count
    report.bytes += segment.bytes.count
  }
}

extension Engine {
  /// The identity under which this node seals now.
  func origin() throws -> Origin {
    Origin(node: identity.node, nonce: UInt64(bitPattern: try meta(.nonce)?.integer ?? 0))
  }

  /// Who showed that this node was restored from a backup or copied.
  enum Witness {
    case peer
    case stateFile

    /// In words for the administrator.
    var notice: String {
      switch self {
      case .peer:
        "This database was restored from a backup or copied: headquarters holds edits of this node that it had lost. "
          + "They were taken back, nothing was overwritten, and the node goes on under a new identity."
      case .stateFile:
        "This database was restored from a backup: the state file beside it is of a later day. The node goes on under a "
          + "new identity, and what it had sent since then comes back when it syncs."
      }
    }
  }

  /// Seals under a new identity from now on, because this node was restored or copied.
  func takeFreshOrigin(because witness: Witness) throws {
    try setMeta(.nonce, .integer(Int64.random(in: Int64.min...Int64.max)))
    try setMeta(.origins, .integer((try meta(.origins)?.integer ?? 0) &+ 1))
    needsNewMark = true
    try setMeta(.notice, .text(witness.notice))
  }

  /// The stream that this node's next segment in a channel continues.
  func ownStream(in channel: Channel) throws -> Int? {
    let origin = try origin()
    return streams.streams.lastIndex { $0.origin == origin && $0.channel == channel }
  }

  /// Absorbs the changes of one block.
  func absorb(_ block: KindBlock, stream: Int, first: Int64, channel: Int, seen: VersionVector) throws {
    if SystemKind.isReserved(block.kind) { noteStatement(block.kind) }
    let table = tables[block.kind]
    let writer = try table.flatMap { table in
      try FreshWriter(table, block, owner: channelNames[channel]?.owner ?? "", connection)
    }
    var cursor = KindBlock.Cursor(block)
    for place in 0..<block.count {
      if let isPassedOver, isPassedOver(RecordName(kind: block.kind, key: block.key(place)), channel) {
        cursor.pass(place, of: block)
        continue
      }
      let clock = Clock(stream: stream, sequence: first &+ Int64(place), time: block.times[place])
      if let writer, let table, try writer.write(place, at: cursor, clock: clock, channel: channel, engine: self, table)
      {
        cursor.pass(place, of: block)
        continue
      }
      let change = block.change(place, at: cursor)
      cursor.pass(place, of: block)
      try absorb(change, table, at: clock, channel: channel, seen: seen)
    }
  }

  private func absorb(
    _ change: Change, _ table: KindTable?, at clock: Clock, channel: Int, seen: VersionVector
  ) throws {
    if let table { try totals?.touch(table, change.key) }
    var slots = try slots(table, kind: change.kind, key: change.key)
    let index = slots.firstIndex { $0.channel == channel } ?? slots.count
    if index == slots.count { slots.append(RecordSlot(channel: channel, state: RecordState(), stored: nil)) }
    // Within one stream everything before was seen; the vector ends at the predecessor of the segment.
    slots[index].state.absorb(change, at: clock) { other in
      other.stream == clock.stream ? other.sequence < clock.sequence : seen.covers(other)
    }
    if let table, table.isShared, change.key.columns.count == table.kind.key.count {
      try project(table, change.key, slots)
    } else {
      for slot in slots {
        let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
        if bytes != slot.stored { try save(bytes, kind: change.kind, key: change.key, channel: slot.channel) }
      }
    }
  }

  /// Shows a record as its heads say, after an edit that was not taken.
  ///
  /// - Parameter folded: the record as the log has it, for values that stood in the row alone, which was overwritten.
  func restore(_ table: KindTable, _ key: RecordKey, folded: () throws -> [RecordSlot]) throws {
    let heads = try slots(kind: table.kind.id, key: key) { [:] }
    guard heads.contains(where: { $0.stored.map { StateCodec.form(of: $0) != .full } ?? false }) else {
      return try project(table, key, heads)
    }
    try project(table, key, try folded())
  }
}
