/// What a node shows beside its tips: where the segments end that went over in this sync.
///
/// Tips alone do not say enough while one side does not know where the other's branch begins.
struct ShownEnds: Sendable {
  private var sent: [FrontierEntry] = []
  private var taken: [FrontierEntry] = []
  /// Where the pruned parts of the log end, once the peer seems to lack some of them: it may hold them and show another
  /// branch only.
  var pruned: [FrontierEntry] = []

  /// What is shown of a side that holds `frontier`.
  func beside(_ frontier: [FrontierEntry]) -> [FrontierEntry] {
    let ends = sent + taken + pruned
    return ends.isEmpty ? frontier : Set(frontier + ends).sorted()
  }

  mutating func addSent(_ batch: SyncBatch) {
    sent = ExchangePlan.ends(sent, continuedBy: batch.ends, of: batch.unknown)
  }

  /// Where what came ends; to be shown only as far as it is held.
  func taken(
    with segments: [(header: SegmentHeader, hash: Digest)], missing: [FrontierEntry]
  ) -> [FrontierEntry] {
    ExchangePlan.ends(taken, continuedBy: segments, of: missing)
  }

  mutating func setTaken(_ ends: [FrontierEntry]) { taken = ends }
}
