import SyncCore
import Wire

/// A segment with its place in the log.
struct LoggedSegment {
  /// Its number in the log.
  var number: Int64
  var stream: StreamNumber
  var first: Int64
  var last: Int64
  var hash: [UInt8]
  /// A `Segment`, or a `PrunedSegment` where the body is not kept.
  var bytes: [UInt8]
  var hasBody: Bool
  /// Why its changes could not be read, where they could not.
  var problem: String?

  /// How many changes it holds.
  var count: Int64 { last &- first &+ 1 }
}

/// One change as the log holds it.
struct LoggedChange {
  var change: Change
  var clock: Clock
  /// What its segment's author had seen.
  var seen: VersionVector
  var hash: Digest
}

extension SegmentLog {
  private static let columns = "id, stream, first, last, hash, bytes, body, problem"

  private func segment(_ select: Prepared) -> LoggedSegment {
    LoggedSegment(
      number: select.int64(0), stream: select.id(1), first: select.int64(2), last: select.int64(3),
      hash: select.bytes(4), bytes: select.bytes(5), hasBody: select.int(6) != 0,
      problem: select.isNull(7) ? nil : select.string(7))
  }

  /// The number of the last segment of the log; 0 for none.
  func lastNumber() throws -> Int64 {
    let select = try connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_segment")
    defer { select.reset() }
    return try select.step() ? select.int64(0) : 0
  }

  /// The segment with a number; nil where there is none.
  func segment(_ number: Int64) throws -> LoggedSegment? {
    let select = try connection.prepared("SELECT \(Self.columns) FROM birlik_segment WHERE id=?1")
    select.bind(1, number)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return segment(select)
  }

  /// Calls `body` with the segments after a number, in the order of the log, until it returns false.
  ///
  /// - Returns: true when there was no segment left.
  @discardableResult
  func eachSegment(
    after number: Int64, through last: Int64 = Int64.max, _ body: (LoggedSegment) throws -> Bool
  ) throws -> Bool {
    let select = try connection.prepared(
      "SELECT \(Self.columns) FROM birlik_segment WHERE id>?1 AND id<=?2 ORDER BY id")
    select.bind(1, number)
    select.bind(2, last)
    defer { select.reset() }
    while try select.step() { guard try body(segment(select)) else { return false } }
    return true
  }

  /// Calls `body` with every segment whose body is not kept, and reads no other.
  func eachPrunedSegment(_ body: (LoggedSegment) throws -> Void) throws {
    let select = try connection.prepared(
      "SELECT \(Self.columns) FROM birlik_segment WHERE body=0 ORDER BY stream, last")
    defer { select.reset() }
    while try select.step() { try body(segment(select)) }
  }

  /// The segments of a stream that end after a sequence, in order.
  func segments(of stream: StreamNumber, after sequence: Int64) throws -> [LoggedSegment] {
    let select = try connection.prepared(
      "SELECT \(Self.columns) FROM birlik_segment WHERE stream=?1 AND last>?2 ORDER BY last")
    select.bind(1, stream)
    select.bind(2, sequence)
    var found: [LoggedSegment] = []
    while try select.step() { found.append(segment(select)) }
    return found
  }

  /// The numbers in the log of a stream's segments that end after one sequence and before another, at most so many.
  func numbers(of stream: StreamNumber, after start: Int64, before end: Int64 = Int64.max, limit: Int) throws -> [Int64]
  {
    let select = try connection.prepared(
      "SELECT id FROM birlik_segment WHERE stream=?1 AND last>?2 AND last<?3 ORDER BY last LIMIT ?4")
    select.bind(1, stream)
    select.bind(2, start)
    select.bind(3, end)
    select.bind(4, limit)
    var numbers: [Int64] = []
    while try select.step() { numbers.append(select.int64(0)) }
    return numbers
  }

  /// The end of the last segment of a stream that ends at or before a sequence.
  func end(of stream: StreamNumber, through sequence: Int64) throws -> (last: Int64, hash: Digest)? {
    let select = try connection.prepared(
      "SELECT last, hash FROM birlik_segment WHERE stream=?1 AND last<=?2 ORDER BY last DESC LIMIT 1")
    select.bind(1, stream)
    select.bind(2, sequence)
    guard try select.step() else { return nil }
    defer { select.reset() }
    return Digest(bytes: select.bytes(1)).map { (select.int64(0), $0) }
  }

  /// Where every segment ends, by stream and ascending.
  func ends() throws -> [StreamNumber: [(last: Int64, hash: [UInt8])]] {
    var ends: [StreamNumber: [(last: Int64, hash: [UInt8])]] = [:]
    let select = try connection.prepared("SELECT stream, last, hash FROM birlik_segment ORDER BY stream, last")
    while try select.step() { ends[select.id(0), default: []].append((select.int64(1), select.bytes(2))) }
    return ends
  }

  /// The changes of segments whose bodies could not be read.
  func unreadChanges() throws -> PrunedChanges {
    var unread = PrunedChanges()
    let select = try connection.prepared("SELECT stream, first, last FROM birlik_segment WHERE problem IS NOT NULL")
    while try select.step() {
      let first = select.int64(1)
      unread.insert(first...max(first, select.int64(2)), stream: select.id(0))
    }
    return unread
  }

  /// Bytes, segments and changes of each stream.
  func sizes() throws -> [(stream: StreamNumber, bytes: Int64, segments: Int64, changes: Int64)] {
    let select = try connection.prepared(
      "SELECT stream, sum(length(bytes)), count(*), sum(last-first+1) FROM birlik_segment GROUP BY stream")
    var sizes: [(stream: StreamNumber, bytes: Int64, segments: Int64, changes: Int64)] = []
    while try select.step() { sizes.append((select.id(0), select.int64(1), select.int64(2), select.int64(3))) }
    return sizes
  }

  /// How much of the log is kept here.
  func summary() throws -> LogSummary {
    // Two statements, each of which an index answers without a look at the segments.
    var summary = LogSummary()
    summary.segments = try connection.count("birlik_segment")
    let select = try connection.prepared(
      "SELECT count(*), coalesce(sum(last-first+1), 0) FROM birlik_segment WHERE body=0")
    defer { select.reset() }
    guard try select.step() else { return summary }
    summary.prunedSegments = select.int(0)
    summary.prunedChanges = select.int64(1)
    return summary
  }

  // MARK: Changes of records

  /// Calls `body` with every change of some records of a kind whose body is kept here, in the order of the log.
  ///
  /// Every segment is opened once, however many records are asked for.
  func eachChange(kind: KindID, keys: Set<RecordKey>, _ body: (LoggedChange) throws -> Void) throws {
    guard let low = keys.min(), let high = keys.max() else { return }
    for number in try numbers(holding: kind, from: low, to: high) {
      // One whose bytes were altered in the file tells nothing, and must not keep anybody from working on: `birlik verify`
      // reports it.
      guard let logged = try segment(number), logged.hasBody, let segment = try? Segment(bytes: logged.bytes),
        let blocks = try? segment.blocks()
      else { continue }
      var seen: VersionVector?
      var sequence = segment.header.first
      for block in blocks {
        defer { sequence &+= Int64(block.count) }
        guard block.kind == kind else { continue }
        var cursor = KindBlock.Cursor(block)
        for place in 0..<block.count {
          defer { cursor.pass(place, of: block) }
          guard keys.contains(block.key(place)) else { continue }
          let vector = try seen ?? self.seen(at: Position(stream: logged.stream, sequence: segment.header.last))
          seen = vector
          let clock = Clock(stream: logged.stream, sequence: sequence &+ Int64(place), time: block.times[place])
          try body(
            LoggedChange(change: block.change(place, at: cursor), clock: clock, seen: vector, hash: segment.hash))
        }
      }
    }
  }

  /// The numbers of the segments that may hold keys of a kind between two keys.
  private func numbers(holding kind: KindID, from low: RecordKey, to high: RecordKey) throws -> [Int64] {
    let select = try connection.prepared(
      "SELECT segment FROM birlik_segment_keys WHERE kind=?1 AND low<=?3 AND high>=?2 ORDER BY segment")
    select.bind(1, kind)
    select.bind(2, blob: low.bytes)
    select.bind(3, blob: high.bytes)
    var numbers: [Int64] = []
    while try select.step() { numbers.append(select.int64(0)) }
    return numbers
  }

  /// The segments whose keys are recorded and do not hold a record.
  func numbersWithout(_ kind: KindID, _ key: RecordKey) throws -> Set<Int64> {
    var known: Set<Int64> = []
    var may: Set<Int64> = []
    let select = try connection.prepared("SELECT segment, kind, low, high FROM birlik_segment_keys")
    while try select.step() {
      known.insert(select.int64(0))
      guard select.id(1) == kind else { continue }
      let (low, high) = (RecordKey(bytes: select.bytes(2)), RecordKey(bytes: select.bytes(3)))
      if low <= key && key <= high { may.insert(select.int64(0)) }
    }
    return known.subtracting(may)
  }
}
