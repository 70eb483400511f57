import Crypto
import Foundation
import Store
import SyncCore
import Wire

extension LocalNode {
  private static let renewing = "renewing the key"

  /// Gives the node a new key, which the old one signs.
  ///
  /// Syncs first, seals for the last time under the old key, and asks headquarters. If it is interrupted, the next call goes
  /// on from there; meanwhile edits are captured and nothing is sealed. The old key stays beside the new one: earlier backups
  /// need it, and nothing that it signs later counts anywhere. If systemd provides the key, the node has to be opened with
  /// the folder from which systemd takes it.
  ///
  /// - Returns: the node under its new key; another process has to open the database again.
  /// - Throws: `NodeError`, `TransportError` or `StoreError`.
  public func renewKey() async throws -> LocalNode {
    let database = keyPlace
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(
        .usage, Self.renewing, "headquarters is recognized by its key, so the key is not renewed",
        hint: "the key of its server is: `birlik rotate-tls`")
    }
    let file = keyFile
    let (client, isFollowing) = try await offload { [store, keys] in
      try file.checkMayBeRenewed(in: keys)
      return (try HeadquartersClient(for: store, Self.renewing), try file.holdsSuccessor(of: store.identity.key))
    }
    if !isFollowing {
      let report = try await sync()
      guard report.outcome == .even else {
        throw NodeError(
          .busy, Self.renewing, "headquarters does not hold all of this node's edits yet",
          hint: "run `birlik sync` until it is in sync with headquarters, then try again")
      }
    }
    let store = store
    let new = try await offload { try file.successor(of: store.identity.key) }
    // Edits captured in a backup may have been sealed already: they come back from headquarters under the new key.
    let renewal = try await offload { try store.beginRenewal(to: new, seals: !isFollowing) }
    let card: [UInt8]
    do {
      let offset = try await offload { try store.clockOffset() }
      card = try await client.post("/v1/renew-key", renewal.bytes, offset: offset)
    } catch let error as NodeError where error.code == .denied {
      // Headquarters signed its refusal: the old key stays.
      try await offload { try store.abandonRenewal() }
      throw error
    }
    return try await offload { [keys] in
      try store.finishRenewal(card)
      try file.complete(new)
      try store.close()
      return try LocalNode.open(database: database, keys: keys.isNamed ? keys.path : nil, waiting: store.waiting)
    }
  }
}
