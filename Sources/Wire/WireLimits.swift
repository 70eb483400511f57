import SyncCore

/// The largest of everything that is read from outside. A message beyond one of these is refused as a whole.
public enum WireLimits {
  /// Bytes of one exchange request or answer.
  public static let messageBytes = 8 << 20
  /// Bytes of one segment as it travels.
  public static let segmentBytes = 4 << 20
  /// Bytes of one segment's body when it is unpacked.
  public static let bodyBytes = 16 << 20
  /// Changes of one segment.
  public static let changesPerSegment = 65_536
  /// Entries of one context.
  public static let contextEntries = 16_384
  /// Entries of one frontier.
  public static let frontierEntries = 65_536
  /// Streams that one node may begin in one channel, under all its keys: everybody shows and reads all of them, and a
  /// frontier holds no more than `frontierEntries`. Headquarters holds to it.
  public static let streamsPerNode = 1024
  /// Segments of one message.
  public static let segmentsPerMessage = 8192
  /// Node cards of one message.
  public static let cardsPerMessage = 8192
  /// Bytes of one receipt: a node keeps many.
  public static let receiptBytes = 64 << 10
  /// Receipts of one file for comparing.
  public static let receiptsPerEvidence = 4096
  /// Columns of one kind within a segment.
  public static let columnsPerKind = 128
  /// Bytes of one cell or element.
  public static let cellBytes = 1 << 20
  /// Bytes of all keys and texts of one segment, each counted as often as it occurs: what a reader may have to hold
  /// of a body that packs repetitions into nothing.
  public static let contentBytes = 32 << 20
  /// Elements of sets that one segment names.
  public static let elementsPerSegment = 1 << 20
  /// Bytes of one key, all its columns together.
  public static let keyBytes = 4096
  /// Columns of a key.
  public static let keyColumns = 4
  /// Bytes of a name: of a node, an office, a kind, a field.
  public static let nameBytes = 256
  /// Bytes of a catalog.
  public static let catalogBytes = 1 << 20
  /// Bytes of one snapshot's manifest.
  public static let manifestBytes = 4 << 20
  /// Pieces of one snapshot.
  public static let snapshotPieces = 16_384
  /// Bytes of one piece of a snapshot as it travels.
  public static let pieceBytes = 3 << 20
  /// Bytes of one piece when it is unpacked.
  public static let pieceContentBytes = 8 << 20
  /// Records of one snapshot that changed while it was taken.
  public static let snapshotAmendments = 65_536
}

/// Ours, where Crypto's protocol of the same name is in sight as well.
public typealias Digest = SyncCore.Digest
