import SyncCore
import Wire

/// Headquarters' invitations. Only the hash of each secret is kept.
extension Store {
  public func addInvitation(token: [UInt8], federation: String, name: String, expiresAt: Int64) throws {
    try write {
      try $0.directory.addInvitation(
        token: Digest(sha256: token), federation: federation, name: name, expiresAt: expiresAt)
    }
  }

  /// The hash of the invitation with which this node joined; nil at headquarters and where an older program joined.
  public func ownInvitation() throws -> Digest? {
    try read { try $0.meta.bytes(.invitation).flatMap { Digest(bytes: $0) } }
  }

  /// Uses an invitation up.
  ///
  /// - Parameters:
  ///   - publicKey: of the node that joins. A repetition by the same node within the time is answered again, because the
  ///     first answer may have been lost on the way.
  ///   - issue: signs the card of the new node.
  /// - Returns: nil for one that is unknown, used or expired, all alike.
  public func useInvitation(
    token: [UInt8], publicKey: [UInt8], now: Int64, issue: (_ federation: String, _ name: String) throws -> NodeCard
  ) throws -> NodeCard? {
    let hash = Digest(sha256: token)
    return try write { transaction in
      guard let invitation = try transaction.directory.invitation(hash), invitation.expiresAt >= now else { return nil }
      if let known = transaction.directory.cards[NodeCard.id(of: publicKey)] {
        return known.name == invitation.name ? known : nil
      }
      guard !invitation.isUsed else { return nil }
      let card = try issue(invitation.federation, invitation.name)
      try transaction.directory.add(card)
      try transaction.directory.markUsed(hash, at: now)
      return card
    }
  }
}
