import SyncCore
import Wire

/// What a peer lacks and cannot be sent, because its bodies are not kept here or because it builds on such: the peer
/// could not place it.
struct PrunedGaps {
  /// For each stream the first sequence that cannot be sent.
  private var starts: [StreamNumber: Int64] = [:]

  /// Finds which changes of a stream cannot be sent to a peer that lacks all after a sequence, because their bodies are
  /// not kept.
  ///
  /// - Returns: the first sequence that is not kept; nil when all is.
  mutating func begin(
    _ number: StreamNumber, after sequence: Int64, _ transaction: Transaction, _ batch: inout Store.Batch
  ) -> Int64? {
    guard let first = transaction.log.pruned.first(after: sequence, stream: number),
      let stream = transaction.log.streams.stream(number)
    else { return nil }
    starts[number] = first
    let last = transaction.log.pruned.ends(stream: number).last ?? first
    batch.unkept.append(
      Store.Unkept(
        channel: stream.channel, node: transaction.directory.name(of: stream.origin.node), first: first,
        last: max(first, last)))
    return first
  }

  /// Whether a segment builds on something that cannot be sent. To be asked in the order of the log.
  mutating func holds(_ segment: LoggedSegment, _ log: SegmentLog) throws -> Bool {
    guard !starts.isEmpty else { return false }
    if let start = starts[segment.stream], segment.first >= start { return true }
    var bases: [Position] = []
    if let parent = log.streams.stream(segment.stream)?.parent { bases.append(parent) }
    for tip in try PrunedSegment(bytes: segment.bytes).header.context {
      if let position = try log.position(of: tip.hash) { bases.append(position) }
    }
    guard bases.contains(where: { base in starts[base.stream].map { base.sequence >= $0 } ?? false }) else {
      return false
    }
    starts[segment.stream] = min(starts[segment.stream] ?? segment.first, segment.first)
    return true
  }
}
