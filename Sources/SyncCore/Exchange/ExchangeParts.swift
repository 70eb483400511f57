/// Which parts the answer to a request has, on the side that serves.
public struct ExchangeParts: Sendable, Equatable {
  /// The digest of what this side holds.
  public let digest: Digest
  /// Whether this side's later catalog is offered.
  public let offersCatalog: Bool
  /// Whether the peer follows a later catalog, which this side lost: it was restored from a backup.
  public let lacksCatalog: Bool
  /// Whether the frontier is shown: only where the two differ, so that an exchange in which nothing moves stays tiny.
  public let showsFrontier: Bool
  /// Whether the answer marks what is held of the peer's frontier, and carries what the peer lacks. A greeting shows no
  /// frontier, so nothing is known to be lacking.
  public let fillsBatch: Bool

  /// - Parameters:
  ///   - mine: the digest of what this side holds after it absorbed the request.
  ///   - theirs: the digest that the request shows.
  public init(
    mine: Digest, theirs: Digest, peerShowsFrontier: Bool, catalogVersion: Int, peerCatalogVersion: Int
  ) {
    digest = mine
    offersCatalog = catalogVersion > peerCatalogVersion
    lacksCatalog = catalogVersion < peerCatalogVersion
    showsFrontier = mine != theirs
    fillsBatch = showsFrontier && peerShowsFrontier
  }

  /// Whether a receipt is issued: only where segments went either way.
  ///
  /// - Parameters:
  ///   - received: segments of the request, refused ones included.
  ///   - sent: segments of the answer.
  public func issuesReceipt(absorbing received: Int, sending sent: Int) -> Bool { received > 0 || sent > 0 }

  /// How many changes the peer lags behind; nil when a greeting has not shown it.
  ///
  /// - Parameter lacking: what the peer lacks, the batch of this answer included; nil where there is no batch.
  public func lag(lacking: Int64?) -> Int64? { showsFrontier ? lacking : 0 }
}
