import SyncCore
import Wire

/// What a peer lacks and cannot be sent, because its bodies are not kept here or because it builds on such: the peer
/// could not place it.
struct PrunedGaps {
  /// For each stream the first sequence that cannot be sent.
  private var starts: [Int: Int64] = [:]

  /// Looks for what is not kept in a stream of which the peer lacks everything after a sequence.
  ///
  /// - Returns: the first sequence that is not kept; nil when all is.
  mutating func begin(_ number: Int, after sequence: Int64, _ engine: Engine, _ batch: inout Store.Batch) -> Int64? {
    guard let first = engine.pruned.first(after: sequence, stream: number), let stream = engine.streams.stream(number)
    else { return nil }
    starts[number] = first
    let last = engine.pruned.ends(stream: number).last ?? first
    batch.unkept.append(
      Store.Unkept(
        channel: stream.channel, node: engine.name(of: stream.origin.node), first: first, last: max(first, last)))
    return first
  }

  /// Whether a segment builds on something that cannot be sent. To be asked in the order of the log.
  mutating func holds(_ id: Int64, stream number: Int, _ engine: Engine) throws -> Bool {
    guard !starts.isEmpty else { return false }
    let select = try engine.connection.prepared("SELECT first, bytes FROM birlik_segment WHERE id=?1")
    select.bind(1, id)
    guard try select.step() else { return true }
    let first = select.int64(0)
    let bytes = select.bytes(1)
    select.reset()
    if let start = starts[number], first >= start { return true }
    var bases: [Position] = []
    if let parent = engine.streams.stream(number)?.parent { bases.append(parent) }
    for tip in try PrunedSegment(bytes: bytes).header.context {
      if let position = try engine.position(of: tip.hash) { bases.append(position) }
    }
    guard bases.contains(where: { base in starts[base.stream].map { base.sequence >= $0 } ?? false }) else {
      return false
    }
    starts[number] = min(starts[number] ?? first, first)
    return true
  }
}
