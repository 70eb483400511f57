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
      let gaps = try Self.gaps(table.kind.id, key, transaction.log)
      return try transaction.records.slots(table.kind.id, key)
        .compactMap { transaction.directory.channel($0.channel).flatMap { gaps[$0] } }
    }
  }

  private static func gaps(_ kind: KindID, _ key: RecordKey, _ log: SegmentLog) throws -> [Channel: LogGap] {
    let excluded = try log.numbersWithout(kind, key)
    var gaps: [Channel: LogGap] = [:]
    try log.eachPrunedSegment { segment in
      guard !excluded.contains(segment.number), let channel = log.channel(of: segment.stream) else { return }
      let header = try PrunedSegment(bytes: segment.bytes).header
      var gap = gaps[channel] ?? LogGap(channel: channel, segments: 0, changes: 0, sealedUntil: Int64.min)
      gap.segments += 1
      gap.changes &+= Int64(header.count)
      gap.sealedUntil = max(gap.sealedUntil, header.sealedAt)
      gaps[channel] = gap
    }
    return gaps
  }
}
