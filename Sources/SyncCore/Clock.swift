import Algorithms

/// The place of a change: the stream as this store numbers it, its sequence there, and its time.
///
/// Stream numbers are local to one store. Across nodes a change is named by origin, sequence and segment hash.
public struct Clock: Hashable, Sendable {
  /// The store's own number of the stream (one branch of an origin's changes in one channel).
  public var stream: StreamNumber
  /// 1, 2, 3 … without a gap.
  public var sequence: Int64
  /// Milliseconds since 1970, as the rule of time stamped it.
  public var time: Int64

  public init(stream: StreamNumber, sequence: Int64, time: Int64) {
    self.stream = stream
    self.sequence = sequence
    self.time = time
  }
}

/// What a change had seen: for every stream of its channel the last sequence that is an ancestor.
///
/// "Seen" means ancestor: along a stream, into the stream that it forked from, and through contexts.
public struct VersionVector: Hashable, Sendable {
  /// Pairs in ascending order of stream; a stream that is absent was not seen.
  public private(set) var entries: [Entry]

  public struct Entry: Hashable, Sendable {
    public var stream: StreamNumber
    public var sequence: Int64

    public init(stream: StreamNumber, sequence: Int64) {
      self.stream = stream
      self.sequence = sequence
    }
  }

  public init() { entries = [] }

  /// The highest sequence of `stream` that was seen; 0 for none.
  public subscript(stream: StreamNumber) -> Int64 {
    let index = lowerBound(stream)
    return index < entries.count && entries[index].stream == stream ? entries[index].sequence : 0
  }

  public func covers(_ clock: Clock) -> Bool { self[clock.stream] >= clock.sequence }

  public mutating func join(_ other: VersionVector) {
    for entry in other.entries { raise(entry.stream, to: entry.sequence) }
  }

  /// Adds that `sequence` of `stream`, and with it all before, was seen.
  ///
  /// - Returns: false when that was known already.
  @discardableResult
  public mutating func raise(_ stream: StreamNumber, to sequence: Int64) -> Bool {
    guard sequence > 0 else { return false }
    let index = lowerBound(stream)
    if index < entries.count, entries[index].stream == stream {
      guard entries[index].sequence < sequence else { return false }
      entries[index].sequence = sequence
    } else {
      entries.insert(Entry(stream: stream, sequence: sequence), at: index)
    }
    return true
  }

  private func lowerBound(_ stream: StreamNumber) -> Int { entries.partitioningIndex { $0.stream >= stream } }
}
