/// What the driver of a `SyncConversation` does next, and with which event it reports the result.
public enum SyncAction: Sendable, Equatable {
  /// Send a request, with the batch that was prepared last; report `answerReceived`.
  case send(SyncRequest)
  /// Compare this side's clock with the peer's; report `clocksCompared`.
  case compareClocks
  /// Look up which tips of the peer are not held, take a fresh origin where they show that this node was restored;
  /// report `frontierChecked`.
  case checkFrontier([FrontierEntry])
  /// Adopt the catalog of the answer; report `catalogAdopted`.
  case adoptCatalog
  /// Absorb what the answer carries; report `absorbed`.
  ///
  /// - Parameter readsEnds: whether the conversation asks for the headers of the segments.
  case absorb(readsEnds: Bool)
  /// Look up which tips are held; report `held`.
  case lookUp([FrontierEntry])
  /// Seal what was captured, or the first part of much; report `sealed`.
  case seal
  /// Read the frontier once more, because only it tells whether both sides hold the same; report `frontierRead`.
  case confirmFrontier
  /// Mark what the peer would not take, and unmark what it takes again; report `unsendableUpdated`.
  case updateUnsendable(lackedBy: [FrontierEntry], marks: [FrontierMark])
  /// Read the frontier; report `frontierRead`.
  case readFrontier
  /// Prepare a batch of what the peer lacks; report `batchPrepared`.
  case prepareBatch(lackedBy: [FrontierEntry], marks: [FrontierMark])
  /// Read where the pruned parts of the log end; report `prunedEndsRead`.
  case readPrunedEnds
  /// Stop.
  case finish(SyncOutcome)
}

/// How a sync ends that was not cut off.
public enum SyncOutcome: Sendable, Equatable {
  /// Both sides hold the same of all that both may read, and nothing waits to be sealed.
  case inSync(holding: [FrontierEntry])
  /// Nothing moves any more: one side does not take what the other has.
  case partial
}

/// What a request shows and carries.
public struct SyncRequest: Sendable, Equatable {
  /// The digest of the frontier that this side holds.
  public var digest: Digest
  /// The frontier and the ends beside it; nil in the first request, which carries no more than the digest.
  public var frontier: [FrontierEntry]?
  /// How many segments and changes go with it.
  public var segments = 0
  public var changes = 0
  /// Whether the next part is sealed while the peer absorbs this batch; report `sealedMeanwhile` before the answer.
  public var sealsMeanwhile = false
}

/// What an answer shows and carries.
public struct SyncAnswer: Sendable, Equatable {
  /// The digest of the frontier that the peer holds.
  public var digest: Digest
  /// The peer's frontier; nil when it is the one whose digest was shown to it.
  public var frontier: [FrontierEntry]?
  /// For each entry that was shown to the peer, in the same order, whether it holds it.
  public var held: [Bool]
  /// Whether it carries a later catalog.
  public var offersCatalog: Bool
  /// How many segments it carries.
  public var segments: Int

  public init(
    digest: Digest, frontier: [FrontierEntry]?, held: [Bool] = [], offersCatalog: Bool = false, segments: Int = 0
  ) {
    self.digest = digest
    self.frontier = frontier
    self.held = held
    self.offersCatalog = offersCatalog
    self.segments = segments
  }
}

/// What the conversation knows of a batch that was prepared.
public struct SyncBatch: Sendable {
  /// How many segments and changes it has.
  public var segments: Int
  public var changes: Int
  /// All changes that the peer lacks, those of the batch included.
  public var lacking: Int64
  /// Tips of the peer that are not held here.
  public var unknown: [FrontierEntry]
  /// The segments of the batch, in its order; needed only where `unknown` is not empty.
  public var ends: [(header: SegmentHeader, hash: Digest)]
  /// Whether the peer seems to lack segments whose bodies are pruned here.
  public var lacksPruned: Bool

  public init(
    segments: Int = 0, changes: Int = 0, lacking: Int64 = 0, unknown: [FrontierEntry] = [],
    ends: [(header: SegmentHeader, hash: Digest)] = [], lacksPruned: Bool = false
  ) {
    self.segments = segments
    self.changes = changes
    self.lacking = lacking
    self.unknown = unknown
    self.ends = ends
    self.lacksPruned = lacksPruned
  }
}
