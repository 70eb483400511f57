/// What a peer lacks, computed from nothing but the frontier that it shows in this exchange.
///
/// Receipts and memories never decide what to send: a peer restored from a backup shows an older frontier and gets all
/// that it lost, and no sync ends "in sync" wrongly.
public struct ExchangePlan: Sendable, Equatable {
  /// For each own stream the last sequence that the peer has; segments after it are to be sent.
  public private(set) var peer: VersionVector
  /// Streams of which the peer shows a later tip that is not known here: most likely it is ahead. Nothing of them is
  /// sent until its marks answer whether it holds what this side shows.
  public private(set) var unclear: Set<StreamNumber>
  /// Tips of the peer that are not held here.
  public private(set) var unknown: [FrontierEntry]

  /// - Parameters:
  ///   - table: what this side holds.
  ///   - frontier: what the peer shows.
  ///   - marks: what this side showed, and whether the peer holds each; empty while the peer has not answered.
  ///   - position: the last sequence of the held segment with a hash.
  public init<Failure: Error>(
    _ table: StreamTable, peer frontier: [FrontierEntry], marks: [FrontierMark],
    position: (Digest) throws(Failure) -> Position?
  ) throws(Failure) {
    var peer = VersionVector()
    var unknown: [FrontierEntry] = []
    for entry in frontier {
      if let found = try position(entry.tip.hash) {
        table.join(found, into: &peer)
      } else {
        unknown.append(entry)
      }
    }
    var answered: Set<Digest> = []
    for mark in marks {
      answered.insert(mark.entry.tip.hash)
      if mark.isHeld, let found = try position(mark.entry.tip.hash) { table.join(found, into: &peer) }
    }
    var unclear: Set<StreamNumber> = []
    // A peer may invent as many tips as a frontier holds, so the streams are not searched for each.
    var numbers: [Origin: [StreamNumber]] = [:]
    if !unknown.isEmpty {
      for (number, stream) in table.numbered { numbers[stream.origin, default: []].append(number) }
    }
    for entry in unknown {
      for number in numbers[entry.tip.origin] ?? [] {
        guard let stream = table.stream(number), stream.channel == entry.channel else { continue }
        // Were the peer behind, its tip would be known here. At the same number or before, it has another branch.
        let isAhead = entry.tip.sequence > stream.tip.sequence
        if isAhead && !answered.contains(stream.tip.hash) && peer[number] < stream.tip.sequence {
          unclear.insert(number)
        }
      }
    }
    self.peer = peer
    self.unclear = unclear
    self.unknown = unknown
  }

  /// Whether anything of a stream is to be sent, and from where.
  ///
  /// - Returns: the last sequence that the peer has, or nil when nothing is to be sent.
  public func lacks(_ number: StreamNumber, of table: StreamTable) -> Int64? {
    guard let stream = table.stream(number), !unclear.contains(number), peer[number] < stream.tip.sequence else {
      return nil
    }
    return peer[number]
  }

  /// Where what went over in this sync ends, after one more batch, of the streams in which one side does not know where
  /// the other's branch begins: shown beside the tips.
  ///
  /// A side that does not know sends its own branch from the beginning of the stream, and as the other holds the stem
  /// already no tip moves. Without these ends it would send the first batch of the stem again and again.
  ///
  /// - Parameters:
  ///   - batch: in causal order.
  ///   - tips: those that one side shows and the other does not hold.
  public static func ends(
    _ ends: [FrontierEntry], continuedBy batch: [(header: SegmentHeader, hash: Digest)], of tips: [FrontierEntry]
  ) -> [FrontierEntry] {
    var known: [Digest: FrontierEntry] = [:]
    for entry in ends { known[entry.tip.hash] = entry }
    for (header, hash) in batch {
      known[header.predecessor] = nil
      let tip = Tip(origin: header.origin, sequence: header.last, hash: hash)
      known[hash] = FrontierEntry(channel: header.channel, tip: tip)
    }
    let wanted = Set(tips.map { Branch(origin: $0.tip.origin, channel: $0.channel) })
    return known.values.filter { wanted.contains(Branch(origin: $0.tip.origin, channel: $0.channel)) }.sorted()
  }

  private struct Branch: Hashable {
    var origin: Origin
    var channel: Channel
  }
}
