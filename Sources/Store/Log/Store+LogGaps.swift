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
    try read { transaction in
      guard !transaction.log.pruned.isEmpty else { return [] }
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      return try transaction.records.slots(table.kind.id, key).compactMap { slot in
        try transaction.directory.channel(slot.channel).flatMap {
          try Self.gap(table.kind.id, key, in: $0, transaction.log)
        }
      }
    }
  }

  private static func gap(_ kind: KindID, _ key: RecordKey, in channel: Channel, _ log: SegmentLog) throws -> LogGap? {
    let excluded = try log.numbersWithout(kind, key)
    var gap = LogGap(channel: channel, segments: 0, changes: 0, sealedUntil: Int64.min)
    try log.eachSegment(after: 0) { segment in
      guard !segment.hasBody, log.channel(of: segment.stream) == channel, !excluded.contains(segment.number) else {
        return true
      }
      let header = try PrunedSegment(bytes: segment.bytes).header
      gap.segments += 1
      gap.changes &+= Int64(header.count)
      gap.sealedUntil = max(gap.sealedUntil, header.sealedAt)
      return true
    }
    return gap.segments == 0 ? nil : gap
  }
}
