import SyncCore
import Wire

extension Engine {
  /// One change of a record as the log holds it.
  struct LoggedChange {
    var change: Change
    var clock: Clock
    var seen: VersionVector
    var hash: Digest
  }

  /// Folds records again from the log, for when their rows no longer hold the values that heads rely on.
  ///
  /// Every segment is opened once, however many records are asked for. Heads that are written out in full need no
  /// folding, and must not be folded where the log no longer holds what they came from.
  ///
  /// - Returns: what is known under each key; empty for one of which the log knows nothing.
  func fold(_ table: KindTable, _ keys: Set<RecordKey>) throws -> [RecordKey: [RecordSlot]] {
    var found = Dictionary(uniqueKeysWithValues: keys.map { ($0, [RecordSlot]()) })
    var folded: [RecordKey: Set<Int>] = [:]
    for key in keys {
      for (channel, stored) in try storedHeads(table, key) {
        if StateCodec.form(of: stored) == .full {
          let state = try StateCodec.decodeClocks(stored)
          found[key, default: []].append(RecordSlot(channel: channel, state: state, stored: stored))
        } else {
          found[key, default: []].append(RecordSlot(channel: channel, state: RecordState(), stored: stored))
          folded[key, default: []].insert(channel)
        }
      }
    }
    try eachChange(kind: table.kind.id, keys: Set(folded.keys)) { logged in
      let key = logged.change.key
      guard let stream = streams.stream(logged.clock.stream) else { return }
      let channel = try number(of: stream.channel)
      guard folded[key]?.contains(channel) == true else { return }
      guard let index = found[key]?.firstIndex(where: { $0.channel == channel }) else { return }
      found[key, default: []][index].state.absorb(logged.change, at: logged.clock) { other in
        other.stream == logged.clock.stream ? other.sequence < logged.clock.sequence : logged.seen.covers(other)
      }
    }
    return found
  }

  private func storedHeads(_ table: KindTable, _ key: RecordKey) throws -> [(channel: Int, state: [UInt8])] {
    let statement = try connection.prepared("SELECT channel, state FROM birlik_head WHERE kind=?1 AND key=?2")
    statement.bind(1, table.kind.id)
    statement.bind(2, blob: key.bytes)
    var found: [(channel: Int, state: [UInt8])] = []
    while try statement.step() { found.append((statement.int(0), statement.bytes(1))) }
    return found
  }

  /// Calls `body` with every change of some records of a kind whose body is kept here, in the order of the log.
  func eachChange(kind: Int, keys: Set<RecordKey>, _ body: (LoggedChange) throws -> Void) throws {
    guard let low = keys.min(), let high = keys.max() else { return }
    let held = try connection.prepared(
      "SELECT segment FROM birlik_segment_keys WHERE kind=?1 AND low<=?3 AND high>=?2 ORDER BY segment")
    held.bind(1, kind)
    held.bind(2, blob: low.bytes)
    held.bind(3, blob: high.bytes)
    var numbers: [Int64] = []
    while try held.step() { numbers.append(held.int64(0)) }
    for number in numbers {
      let select = try connection.prepared("SELECT stream, bytes FROM birlik_segment WHERE id=?1 AND body=1")
      select.bind(1, number)
      guard try select.step() else { continue }
      let stream = select.int(0)
      let bytes = select.bytes(1)
      select.reset()
      let segment = try Segment(bytes: bytes)
      var seen: VersionVector?
      var sequence = segment.header.first
      for block in try segment.blocks() {
        defer { sequence &+= Int64(block.count) }
        guard block.kind == kind else { continue }
        var cursor = KindBlock.Cursor(block)
        for place in 0..<block.count {
          defer { cursor.pass(place, of: block) }
          guard keys.contains(block.key(place)) else { continue }
          let vector = try seen ?? self.seen(at: Position(stream: stream, sequence: segment.header.last))
          seen = vector
          let clock = Clock(stream: stream, sequence: sequence &+ Int64(place), time: block.times[place])
          try body(
            LoggedChange(change: block.change(place, at: cursor), clock: clock, seen: vector, hash: segment.hash))
        }
      }
    }
  }
}
