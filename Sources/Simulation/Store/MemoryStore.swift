import Algorithms
import Consolidation
import SyncCore

/// A node's database in memory, on the pure modules that the one on disk is built of. Copying the struct is copying the
/// file: a backup, a restored node, a clone.
///
/// Every mutating function that others call is one transaction.
struct MemoryStore {
  struct Row: Equatable {
    var owner: [UInt8]
    /// As in `KindShape.fields`.
    var values: [Value]
  }

  /// What a trigger captured.
  struct Capture {
    var sequence: Int64
    var record: Int
    /// -1 for an insertion, 0 for a deletion, else one bit for each register that was edited.
    var mask: Int64
    var at: Int64
    /// What the row held when it was deleted.
    var old: Row?
    /// The number of the edit in the chronicle.
    var write: Int
  }

  struct Entry {
    var segment: SealedSegment
    var hasBody: Bool
  }

  let id: NodeID
  let role: NodeRole
  var nonce: UInt64
  var seals: Int64 = 0
  var origins: Int64 = 0
  var version: Int
  var offset: Int64 = 0
  /// When that was measured, by headquarters' clock.
  var measuredAt: Int64?
  var previousSeal = Int64.min

  /// By record.
  var rows: [Row?]
  var records: [[OwnedRecord]]
  /// Which of `records` keeps its values in the row alone, as the compact form on disk does.
  var standsInRow: [Int?]
  /// Conflicts as people read them, with the channel, in order.
  var conflicts: [[String]]

  var captures: [Capture] = []
  var nextCapture: Int64 = 1

  var table = StreamTable()
  var positions: [Digest: Position] = [:]
  /// In the order of absorbing, which is causal.
  var log: [Entry] = []
  /// By stream, in order.
  var ends: [[SealedSegment]] = []
  /// The numbers of all segments held.
  var known = Bitset()
  var waiting: [(missing: Digest, segment: SealedSegment)] = []
  /// Edits that this node may not seal, by number.
  var refused = Bitset()

  var totals: [TotalKey: TotalDelta] = [:]
  var contributions: [[TotalKey: TotalDelta]]

  /// Records and segments that the running step wrote, for the checks after it.
  var touched: [Int] = []
  var logged: [SealedSegment] = []

  init(id: NodeID, role: NodeRole, nonce: UInt64, version: Int, setting: Setting) {
    self.id = id
    self.role = role
    self.nonce = nonce
    self.version = version
    rows = Array(repeating: nil, count: setting.records.count)
    records = Array(repeating: [], count: setting.records.count)
    standsInRow = Array(repeating: nil, count: setting.records.count)
    conflicts = Array(repeating: [], count: setting.records.count)
    contributions = Array(repeating: [:], count: setting.units.count)
  }

  var origin: Origin { Origin(node: id, nonce: nonce) }
  var mark: SealMark { SealMark(origins: origins, seals: seals, nonce: Int64(bitPattern: nonce)) }

  func shape(_ kind: KindID) -> KindShape? { Catalogs.shapes[version][kind.number] }

  func holds(_ hash: Digest) -> Bool { positions[hash] != nil }

  mutating func adoptFreshOrigin(_ nonce: UInt64) {
    self.nonce = nonce
    origins += 1
  }

  /// The stream that this node's next segment in a channel continues.
  func ownStream(in channel: Channel) -> StreamNumber? {
    let origin = origin
    return table.streams.lastIndex { $0.origin == origin && $0.channel == channel }.map { StreamNumber($0) }
  }

  // MARK: The log

  func place(_ header: SegmentHeader, _ hash: Digest) -> StreamTable.Placement {
    table.place(header, hash: hash, position: { positions[$0] }, seenAt: { seen(at: $0) })
  }

  /// What a held segment had seen that is no stream's tip: read from the contexts along its stream and its parents.
  func seen(at position: Position) -> VersionVector {
    var seen = VersionVector()
    table.join(position, into: &seen)
    for entry in seen.entries {
      for segment in ends[entry.stream.number] where segment.header.last <= entry.sequence {
        for tip in segment.header.context {
          if let found = positions[tip.hash] { table.join(found, into: &seen) }
        }
      }
    }
    return seen
  }

  /// Writes a placed segment into the log and its stream.
  mutating func append(
    _ segment: SealedSegment, _ placement: StreamTable.Placement, hasBody: Bool, _ chronicle: Chronicle
  ) -> StreamNumber? {
    guard let number = table.append(segment.header, hash: segment.hash, placement: placement) else { return nil }
    if number.number == ends.count {
      ends.append([])
      if table.stream(number)?.parent != nil { chronicle.coverage.add(.streamForked) }
    }
    ends[number.number].append(segment)
    positions[segment.hash] = Position(stream: number, sequence: segment.header.last)
    log.append(Entry(segment: segment, hasBody: hasBody))
    known.insert(segment.number)
    logged.append(segment)
    return number
  }

  /// The segment in which a change stands; nil while it is being sealed.
  func segment(at clock: Clock) -> SealedSegment? {
    guard ends.indices.contains(clock.stream.number) else { return nil }
    let stream = ends[clock.stream.number]
    let index = stream.partitioningIndex { $0.header.last >= clock.sequence }
    return index < stream.count ? stream[index] : nil
  }
}

extension MemoryStore: HeadFacts {
  func precedes(_ a: Clock, _ b: Clock) -> Bool { table.precedes(a, b) { segment(at: $0)?.hash } }

  func author(of clock: Clock) -> Author {
    guard let stream = table.stream(clock.stream) else { return .other }
    return Author(ends[clock.stream.number].first?.author, in: stream.channel)
  }
}
