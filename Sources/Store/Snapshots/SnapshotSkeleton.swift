import Algorithms
import SyncCore
import Wire

/// The streams of a snapshot, put together from its skeleton and checked on the way.
struct SnapshotSkeleton {
  private struct Stream {
    var origin: Origin
    var channel: Channel
    /// Where each segment ends, ascending.
    var ends: [Tip] = []
    /// The place of a branch's first segment.
    var before: Tip?
  }

  private static let operation = "reading a snapshot"
  private var streams: [Stream] = []

  /// The tips of all streams, in order.
  var frontier: [FrontierEntry] {
    streams.compactMap { stream in
      stream.ends.last.map { FrontierEntry(channel: stream.channel, tip: $0) }
    }.sorted()
  }

  /// The segment that an entry describes. To be called with every entry, in order.
  ///
  /// - Throws: `StoreError` with code `damaged` for one that does not follow from those before.
  mutating func segment(_ entry: SkeletonEntry) throws(StoreError) -> PrunedSegment {
    if let beginning = entry.beginning {
      guard entry.stream.number == streams.count else { throw broken("a stream begins out of turn") }
      var stream = Stream(origin: beginning.origin, channel: beginning.channel)
      if let parent = beginning.parent {
        let tip = try tip(parent)
        guard tip.origin == beginning.origin else { throw broken("a branch has another origin than its stem") }
        stream.before = tip
      }
      streams.append(stream)
    }
    guard streams.indices.contains(entry.stream.number) else { throw broken("a segment belongs to no stream") }
    let stream = streams[entry.stream.number]
    let before = stream.ends.last ?? stream.before
    guard (before?.sequence ?? 0) < Int64.max - Int64(entry.count) - 1 else { throw broken("a number is impossible") }
    var context: [Tip] = []
    for position in entry.context { context.append(try tip(position)) }
    let segment = entry.segment(stream.origin, stream.channel, after: before, context: context)
    streams[entry.stream.number].ends.append(
      Tip(origin: stream.origin, sequence: segment.header.last, hash: segment.hash))
    return segment
  }

  /// Whether a change belongs to the streams so far.
  func holds(_ clock: Clock) -> Bool {
    guard streams.indices.contains(clock.stream.number) else { return false }
    let stream = streams[clock.stream.number]
    guard let last = stream.ends.last else { return false }
    return clock.sequence > stream.before?.sequence ?? 0 && clock.sequence <= last.sequence
  }

  private func tip(_ position: Position) throws(StoreError) -> Tip {
    guard streams.indices.contains(position.stream.number) else { throw broken("a context names an unknown stream") }
    let ends = streams[position.stream.number].ends
    let place = ends.partitioningIndex { $0.sequence >= position.sequence }
    guard place < ends.count, ends[place].sequence == position.sequence else {
      throw broken("a context names an unknown segment")
    }
    return ends[place]
  }

  private func broken(_ detail: String) -> StoreError {
    StoreError(.damaged, Self.operation, detail, hint: "nothing of it was installed; the log is fetched in its place")
  }
}
