/// How a node finds that it was restored from a backup or copied, so that it takes a fresh origin before it seals again.
///
/// Noticing is hygiene: a node that never notices loses nothing, because forks are ordinary (design.md).
public enum Restoration {
  /// True when a peer shows something of this node's own origin that is not held here.
  ///
  /// - Parameter unknown: tips of the peer that are not held here.
  public static func isShown(by unknown: [FrontierEntry], to origin: Origin) -> Bool {
    unknown.contains { $0.tip.origin == origin }
  }

  /// True when a segment about to be written into the log, and not held so far, is of this node's own origin.
  public static func isShown(by header: SegmentHeader, to origin: Origin) -> Bool { header.origin == origin }
}

/// How far a node had sealed, as the state file beside its database remembers.
///
/// The file is written after its transaction, so a crash between the two leaves the database ahead,
/// which is no restoration.
public struct SealMark: Hashable, Sendable {
  /// How many origins the node took.
  public var origins: Int64
  /// How many transactions sealed something.
  public var seals: Int64
  /// The random part of the node's origin.
  public var nonce: Int64

  public init(origins: Int64, seals: Int64, nonce: Int64) {
    self.origins = origins
    self.seals = seals
    self.nonce = nonce
  }

  /// True when a database at `other` is older than the one that left this mark: it was restored.
  public func isAhead(of other: SealMark) -> Bool {
    if origins != other.origins { return origins > other.origins }
    return seals > other.seals || nonce != other.nonce
  }
}
