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

  /// True when a database is not the one that last wrote the file beside it, or older than it was then: it was restored
  /// while the file stayed.
  ///
  /// The file is written after the transaction that it tells of, so a crash between the two leaves the database ahead,
  /// which is no restoration. Where the nonces differ nobody can tell, and one fresh origin too many does no harm.
  public static func isOlder(_ database: SealMark, than file: SealMark) -> Bool {
    database.nonce != file.nonce || database.seals < file.seals
  }
}

/// What the state file beside a database holds: under which nonce the node numbers its changes, and how often it sealed.
public struct SealMark: Hashable, Sendable {
  /// The random part of the node's origin.
  public var nonce: UInt64
  /// How many times anything was sealed in this database, under all nonces.
  public var seals: Int64

  public init(nonce: UInt64, seals: Int64) {
    self.nonce = nonce
    self.seals = seals
  }
}
