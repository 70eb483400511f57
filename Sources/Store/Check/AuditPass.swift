import SyncCore
import Wire

/// Goes through the log from its first segment to its last and checks that each is what its author sealed, in the place
/// where it was sealed. Trusts nothing in the file but the key of headquarters.
struct AuditPass {
  private let cards: [NodeID: NodeCard]
  private let isHeadquarters: Bool
  private(set) var result = AuditReport()
  /// The streams as the segments themselves make them.
  private var table = StreamTable()
  private var known: [Digest: Position] = [:]
  /// What segments name in their contexts, by stream and ascending.
  private var contexts: [StreamNumber: [(last: Int64, seen: [Position])]] = [:]
  /// What the rows say that each stream ends with.
  private var ends: [StreamNumber: (last: Int64, hash: [UInt8])] = [:]
  /// Streams of which the first thing that is wrong was reported.
  private var reported: Set<StreamNumber> = []
  /// False from the first wrong segment on: what the streams should be can then not be worked out any more.
  private var isSound = true
  /// The hashes of the whole log, to distinguish what is gone from what is elsewhere.
  private let isHeld: (Digest) throws -> Bool

  init(cards: [NodeID: NodeCard], isHeadquarters: Bool, isHeld: @escaping (Digest) throws -> Bool) {
    self.cards = cards
    self.isHeadquarters = isHeadquarters
    self.isHeld = isHeld
  }

  /// Whether a segment with this hash ends there.
  func position(of tip: Tip) -> Position? {
    guard let position = known[tip.hash], position.sequence == tip.sequence else { return nil }
    return position
  }

  // MARK: Segments

  mutating func check(_ row: LoggedSegment) throws {
    result.segments += 1
    result.changes &+= row.last &- row.first &+ 1
    if !row.hasBody { result.prunedSegments += 1 }
    let position = Position(stream: row.stream, sequence: row.last)
    do throws(Wrong) {
      let (header, hash) = try sealed(row)
      try check(header, hash, row)
      known[hash] = position
    } catch {
      report(error, row)
      isSound = false
    }
    // What builds on a wrong segment is not wrong for that.
    if let claimed = Digest(bytes: row.hash) { known[claimed] = position }
    ends[row.stream] = (row.last, row.hash)
  }

  /// Why a row is not what it should be.
  private struct Wrong: Error {
    var code: AuditFinding.Code
    var detail: String
    var numbers: ClosedRange<Int64>?
  }

  /// The segment in a row, when it is as its author sealed it.
  private func sealed(_ row: LoggedSegment) throws(Wrong) -> (header: SegmentHeader, hash: Digest) {
    func wrong(_ detail: String) -> Wrong { Wrong(code: .altered, detail: detail) }
    let header: SegmentHeader
    let hash: Digest
    let verify: ([UInt8]) throws(WireError) -> Void
    do throws(WireError) {
      if row.hasBody {
        let segment = try Segment(bytes: row.bytes)
        (header, hash, verify) = (segment.header, segment.hash, segment.verify)
      } else {
        let segment = try PrunedSegment(bytes: row.bytes)
        (header, hash, verify) = (segment.header, segment.hash, segment.verify)
        guard segment.bytes == row.bytes else {
          throw WireError(.malformed, "auditing", "it is marked as one without its changes and holds them")
        }
      }
    } catch {
      throw wrong("its bytes were altered: \(error.detail)")
    }
    guard hash.bytes == row.hash else { throw wrong("its bytes are not those of its hash") }
    guard header.first == row.first, header.last == row.last else {
      throw wrong("its numbers are not those that its author signed")
    }
    guard let card = cards[header.origin.node] else { throw wrong("no card of its author is kept here") }
    guard card.role.mayWrite(header.channel) else { throw wrong("its author may not write this channel") }
    do throws(WireError) { try verify(card.publicKey) } catch {
      throw wrong("its author did not sign it")
    }
    return (header, hash)
  }

  /// Checks that a segment stands after what it builds on, in the stream that it belongs to.
  private mutating func check(_ header: SegmentHeader, _ hash: Digest, _ row: LoggedSegment) throws(Wrong) {
    guard isSound else { return try checkLinks(header, row) }
    let contexts = contexts
    let table = table
    let placement = table.place(header, hash: hash, position: { known[$0] }) { position in
      Self.seen(at: position, table, contexts)
    }
    switch placement {
    case .extends(let stream, _) where stream == row.stream: break
    case .begins where table.streams.count == row.stream.number: break
    case .extends, .begins: throw Wrong(code: .reordered, detail: "it is in a stream to which it does not belong")
    case .held: throw Wrong(code: .altered, detail: "it is there twice")
    case .waits: return try checkLinks(header, row)
    case .contradicts(let reason): throw Wrong(code: .reordered, detail: reason)
    }
    self.table.append(header, hash: hash, placement: placement)
    let seen = header.context.compactMap { known[$0.hash] }
    if !seen.isEmpty { self.contexts[row.stream, default: []].append((header.last, seen)) }
  }

  /// Checks that what a segment names is there before it. Where it stands instead only chooses the words, so a failure to
  /// look is as good as nowhere.
  private func checkLinks(_ header: SegmentHeader, _ row: LoggedSegment) throws(Wrong) {
    if header.predecessor != .zero, known[header.predecessor] == nil {
      if (try? isHeld(header.predecessor)) == true {
        throw Wrong(code: .reordered, detail: "it comes in the log before the segment that it continues")
      }
      let before = min(ends[row.stream]?.last ?? 0, header.first - 1)
      let gap = before < header.first - 1 ? (before + 1)...(header.first - 1) : nil
      throw Wrong(code: .missing, detail: "gone from the log, though change \(header.first) builds on it", numbers: gap)
    }
    for tip in header.context where known[tip.hash] == nil {
      if (try? isHeld(tip.hash)) == true {
        throw Wrong(code: .reordered, detail: "it comes in the log before a segment that its author had seen")
      }
      let author = cards[tip.origin.node]?.name ?? String(tip.origin.node.hex.prefix(8))
      throw Wrong(
        code: .missing, detail: "its author had seen change \(tip.sequence) of \(author), which is gone from the log")
    }
  }

  /// What a segment that is no tip had seen.
  private static func seen(
    at position: Position, _ table: StreamTable, _ contexts: [StreamNumber: [(last: Int64, seen: [Position])]]
  ) -> VersionVector {
    var seen = VersionVector()
    table.join(position, into: &seen)
    for entry in seen.entries {
      for context in contexts[entry.stream] ?? [] where context.last <= entry.sequence {
        for position in context.seen { table.join(position, into: &seen) }
      }
    }
    return seen
  }

  private mutating func report(_ wrong: Wrong, _ row: LoggedSegment) {
    guard reported.insert(row.stream).inserted else { return }
    // What the row itself says may be altered as well, so the stream's own words come first.
    let stream = table.stream(row.stream)
    let header = (try? PrunedSegment(bytes: row.bytes))?.header
    let origin = stream?.origin ?? header?.origin
    let numbers = wrong.numbers ?? min(row.first, row.last)...row.last
    result.findings.append(
      finding(
        wrong.code, stream?.channel ?? header?.channel, origin, numbers, wrong.detail))
  }

  // MARK: Streams

  /// Compares the streams that the file names with those that the segments make.
  mutating func compare(_ stored: [LocalStream]) {
    result.streams = stored.count
    for (index, stream) in stored.enumerated() {
      let number = StreamNumber(index)
      guard !reported.contains(number) else { continue }
      guard let end = ends[number] else {
        report(number, stream, .missing, "all of the stream is gone from the log", 1...max(1, stream.tip.sequence))
        continue
      }
      guard end.last == stream.tip.sequence else {
        let isShort = end.last < stream.tip.sequence
        let numbers = isShort ? (end.last + 1)...stream.tip.sequence : nil
        report(
          number, stream, isShort ? .missing : .stream,
          isShort ? "gone from the end of the log" : "its end is not what the log says", numbers)
        continue
      }
      guard end.hash == stream.tip.hash.bytes else {
        report(number, stream, .stream, "the hash of its end is not what the log says", nil)
        continue
      }
      guard isSound, let made = table.stream(number) else { continue }
      if made != stream {
        report(number, stream, .stream, "where it began, or what it had seen, is not what the log says", nil)
      }
    }
    for number in ends.keys.sorted() where number.number >= stored.count && reported.insert(number).inserted {
      let made = table.stream(number)
      result.findings.append(
        finding(.stream, made?.channel, made?.origin, nil, "its stream is gone from the list of streams"))
    }
  }

  private mutating func report(
    _ number: StreamNumber, _ stream: LocalStream, _ code: AuditFinding.Code, _ detail: String,
    _ numbers: ClosedRange<Int64>?
  ) {
    reported.insert(number)
    result.findings.append(finding(code, stream.channel, stream.origin, numbers, detail))
  }

  // MARK: Words

  mutating func add(_ finding: AuditFinding) { result.findings.append(finding) }

  mutating func setCounts(cards: Int, receipts: Int, lastReceiptAt: Int64?) {
    (result.cards, result.receipts, result.lastReceiptAt) = (cards, receipts, lastReceiptAt)
  }

  func finding(
    _ code: AuditFinding.Code, _ channel: Channel?, _ origin: Origin?, _ numbers: ClosedRange<Int64>?, _ detail: String,
    hint: String? = nil
  ) -> AuditFinding {
    let usual =
      isHeadquarters
      ? "keep this file as it is, and put a backup back: what members keep comes back from them"
      : "keep this file as it is, and put a backup back or join anew: what headquarters holds comes back"
    return AuditFinding(
      code: code, channel: channel, node: origin.map { cards[$0.node]?.name ?? String($0.node.hex.prefix(8)) },
      origin: origin, first: numbers?.lowerBound, last: numbers?.upperBound, detail: detail, hint: hint ?? usual)
  }
}
