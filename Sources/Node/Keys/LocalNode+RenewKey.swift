import Crypto
import Foundation
import Store
import SyncCore
import Wire

extension LocalNode {
  private static let renewing = "renewing the key"

  /// Goes on under a new key, with the word of both.
  ///
  /// Syncs first, seals for the last time under the old key, and asks headquarters. Cut off anywhere, the same call goes on
  /// where it was; meanwhile edits are captured and nothing is sealed. The old key stays beside the new one: backups made
  /// before need it, and nothing that it seals later counts anywhere. Where systemd hands the key over, the node has to be
  /// opened with the folder from which it is taken.
  ///
  /// - Returns: the node under its new key; whoever has the database open has to open it again.
  /// - Throws: `NodeError`, `TransportError` or `StoreError`.
  public func renewKey() async throws -> LocalNode {
    let database = store.path
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(
        .usage, Self.renewing, "headquarters' key is what everybody knows it by, so it is not renewed",
        hint: "the key of its server is: `birlik rotate-tls`")
    }
    let file = keyFile
    try file.checkMayBeRenewed(in: keys)
    let client = try HeadquartersClient(for: store, Self.renewing)
    let isFollowing = try file.holdsSuccessor(of: store.identity.key)
    if !isFollowing {
      let report = try await sync()
      guard report.outcome == .even else {
        throw NodeError(
          .busy, Self.renewing, "headquarters does not hold all of this node's edits yet",
          hint: "run `birlik sync` until it is even, then try again")
      }
    }
    let new = try file.successor(of: store.identity.key)
    let store = store
    // What a backup holds captured may be sealed already, in the tail that comes back under the new key.
    let renewal = try await offload { try store.beginRenewal(to: new, seals: !isFollowing) }
    let card: [UInt8]
    do {
      card = try await client.post("/v1/renew-key", renewal.bytes, offset: try store.clockOffset())
    } catch let error as NodeError where error.code == .denied {
      // Headquarters said so under its signature: the old key stays.
      try await offload { try store.abandonRenewal() }
      throw error
    }
    try await offload { try store.finishRenewal(card) }
    try file.complete(new)
    try store.close()
    return try LocalNode.open(database: database, keys: keys.isNamed ? keys.path : nil)
  }
}
