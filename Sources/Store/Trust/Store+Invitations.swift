import SyncCore
import Wire

/// Headquarters' invitations. Only the hash of each secret is kept.
extension Store {
  public func addInvitation(token: [UInt8], federation: String, name: String, expiresAt: Int64) throws {
    try write { engine in
      let statement = try engine.connection.prepared(
        "INSERT INTO birlik_invitation(token, federation, name, expires_at) VALUES(?1, ?2, ?3, ?4)")
      statement.bind(1, blob: Digest(sha256: token).bytes)
      statement.bind(2, text: federation)
      statement.bind(3, text: name)
      statement.bind(4, expiresAt)
      try statement.step()
    }
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
    try write { engine in
      let find = try engine.connection.prepared(
        "SELECT federation, name, expires_at, used_at FROM birlik_invitation WHERE token=?1")
      find.bind(1, blob: Digest(sha256: token).bytes)
      guard try find.step() else { return nil }
      let (federation, name) = (find.string(0), find.string(1))
      let isOpen = find.int64(2) >= now && find.isNull(3)
      let isInTime = find.int64(2) >= now
      find.reset()
      if let known = engine.cards[NodeCard.id(of: publicKey)] {
        return isInTime && known.name == name ? known : nil
      }
      guard isOpen else { return nil }
      let card = try issue(federation, name)
      try engine.keep(card)
      let use = try engine.connection.prepared("UPDATE birlik_invitation SET used_at=?2 WHERE token=?1")
      use.bind(1, blob: Digest(sha256: token).bytes)
      use.bind(2, now)
      try use.step()
      return card
    }
  }
}
