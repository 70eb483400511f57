import SyncCore

/// A sealed segment as the simulation moves it: header, hash, content, and the truth about what its author held.
final class SealedSegment {
  /// The number under which the run knows it.
  let number: Int
  let header: SegmentHeader
  let hash: Digest
  let changes: [Change]
  /// The number of each change's record.
  let records: [Int]
  let author: NodeRole
  /// The segments that the author's store really held when it sealed, by number. Only the oracle reads it.
  let truth: Bitset
  /// When it was really sealed, in milliseconds since 1970, and how far its author's corrected clock was off then.
  let trueTime: Int64
  let clockError: Int64
  /// When each change was really typed, in milliseconds since 1970.
  let typedAt: [Int64]
  /// The captured edits that went into it, by number. Only the oracle reads it.
  var writes: Bitset

  init(
    number: Int, header: SegmentHeader, hash: Digest, changes: [Change], records: [Int], author: NodeRole,
    truth: Bitset, writes: Bitset, trueTime: Int64, typedAt: [Int64]
  ) {
    self.number = number
    self.header = header
    self.hash = hash
    self.changes = changes
    self.records = records
    self.author = author
    self.truth = truth
    self.writes = writes
    self.trueTime = trueTime
    clockError = header.sealedAt &- trueTime
    self.typedAt = typedAt
  }

  static func hash(_ header: SegmentHeader, _ changes: [Change]) -> Digest {
    var mixer = Mixer()
    mixer.add(header)
    for change in changes { mixer.add(change) }
    return mixer.digest
  }
}
