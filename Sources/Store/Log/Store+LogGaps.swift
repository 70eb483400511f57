import SyncCore
import Wire

/// A part of the log that is not kept here and may hold edits of a record.
public struct LogGap: Sendable, Equatable {
  public var channel: Channel
  public var segments: Int
  /// All changes of those segments, whichever records they are of.
  public var changes: Int64
  /// When the latest of them was sealed, in milliseconds since 1970.
  public var sealedUntil: Int64
}

extension Store {
  /// Where `history` is silent because the bodies of segments are not kept here: one entry a channel.
  public func logGaps(kind: String, key: String) throws -> [LogGap] {
    try read { engine in
      guard !engine.pruned.isEmpty else { return [] }
      let table = try engine.table(named: kind)
      let key = try Self.key(table, key)
      let slots = try engine.slots(table, kind: table.kind.id, key: key)
      return try slots.compactMap { slot in
        guard let channel = engine.channelNames[slot.channel] else { return nil }
        return try engine.gap(table, key, in: channel)
      }
    }
  }
}

extension Engine {
  fileprivate func gap(_ table: KindTable, _ key: RecordKey, in channel: Channel) throws -> LogGap? {
    let excluded = try segmentsWithout(table, key)
    var gap = LogGap(channel: channel, segments: 0, changes: 0, sealedUntil: Int64.min)
    let select = try connection.prepared("SELECT id, stream, bytes FROM birlik_segment WHERE body=0")
    while try select.step() {
      guard streams.stream(select.int(1))?.channel == channel, !excluded.contains(select.int64(0)) else { continue }
      let header = try PrunedSegment(bytes: select.bytes(2)).header
      gap.segments += 1
      gap.changes &+= Int64(header.count)
      gap.sealedUntil = max(gap.sealedUntil, header.sealedAt)
    }
    return gap.segments == 0 ? nil : gap
  }

  /// The segments of which is known which keys they held, and that a record is not among them.
  private func segmentsWithout(_ table: KindTable, _ key: RecordKey) throws -> Set<Int64> {
    var known: Set<Int64> = []
    var may: Set<Int64> = []
    let select = try connection.prepared("SELECT segment, kind, low, high FROM birlik_segment_keys")
    while try select.step() {
      known.insert(select.int64(0))
      guard select.int(1) == table.kind.id else { continue }
      let (low, high) = (RecordKey(bytes: select.bytes(2)), RecordKey(bytes: select.bytes(3)))
      if low <= key && key <= high { may.insert(select.int64(0)) }
    }
    return known.subtracting(may)
  }
}
