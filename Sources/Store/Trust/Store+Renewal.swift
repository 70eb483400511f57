import Crypto
import Limits
import SyncCore
import Wire

/// Going on under another key.
extension Store {
  private static let renewing = "renewing the key"
  /// Ends of streams that a renewal may leave: a member writes two channels.
  private static let mostTips = 2 * WireLimits.streamsPerNode

  /// Seals everything under the old key for the last time, and returns the signed renewal to the new one.
  ///
  /// From here on nothing is sealed until `finishRenewal`, in no process. A renewal that was begun already is returned
  /// where it is to the same key; otherwise it begins anew, as headquarters takes one key alone.
  ///
  /// - Parameter seals: false to leave what is captured for the new key.
  public func beginRenewal(
    to new: Curve25519.Signing.PrivateKey, seals: Bool = true, now: Int64 = SystemClock.now()
  ) throws -> KeyRenewal {
    let old = try identity.key
    return try write { transaction in
      let wanted = Array(new.publicKey.rawRepresentation)
      if let begun = try KeyRenewal(begunIn: transaction.meta), begun.newKey == wanted { return begun }
      try transaction.meta.set(.renewal, .null)
      if seals { try Sealer(transaction, wall: now).sealAll() }
      let renewal = try KeyRenewal(
        from: old, to: new, tips: transaction.log.tips(of: transaction.identity.node), at: now)
      try transaction.meta.set(.renewal, blob: renewal.bytes)
      return renewal
    }
  }

  /// The renewal that was begun and not finished; nil mostly.
  public func renewal() throws -> KeyRenewal? { try read { try KeyRenewal(begunIn: $0.meta) } }

  /// Whether a node is this one, under the key of today or an earlier one.
  public func isOwn(_ node: NodeID) throws -> Bool { try read { $0.directory.isOwn(node) } }

  /// Lets the node seal again under the key that it has: headquarters certainly refused the new one.
  public func abandonRenewal() throws { try write { try $0.meta.set(.renewal, .null) } }

  /// Takes the card for the new key. Whoever has the database open has to open it again.
  ///
  /// - Throws: `StoreError` with code `invalid` for the card of another key than the one that was begun.
  public func finishRenewal(_ bytes: [UInt8]) throws {
    try write { transaction in
      let card = try NodeCard(bytes: bytes, signedBy: transaction.identity.headquarters)
      guard let begun = try KeyRenewal(begunIn: transaction.meta), begun.newKey == card.publicKey,
        card.role == transaction.identity.role
      else {
        throw StoreError(
          .invalid, Self.renewing, "headquarters answered for another key", hint: "run `birlik rotate-key` again")
      }
      try transaction.directory.add(card)
      let former = transaction.directory.ownNodes.subtracting([card.id]).union([transaction.identity.node]).sorted()
        .map(\.hex)
      try transaction.meta.set(.formerNodes, .text(former.joined(separator: " ")))
      try transaction.meta.set(.card, blob: card.bytes)
      try transaction.renewNonce()
      try transaction.meta.set(.renewal, .null)
      transaction.changeWhatOthersRemember()
    }
  }

  /// What headquarters does with a renewal: a card for the new key, and the end of the old one for everybody.
  ///
  /// A repetition is answered again, as the first answer may have been lost; what a backup of the node had sealed in
  /// between counts as well.
  ///
  /// - Parameter issue: signs the card of the node under its new key.
  /// - Returns: nil for a node that is not known or was revoked, under this key or a later one, and for a key that is
  ///   another node's.
  public func replace(
    _ renewal: KeyRenewal, now: Int64 = SystemClock.now(), issue: (NodeCard) throws -> NodeCard
  ) throws -> NodeCard? {
    let old = NodeCard.id(of: renewal.oldKey)
    let new = NodeCard.id(of: renewal.newKey)
    guard identity.role.isHeadquarters, old != identity.node, old != NodeCard.id(of: identity.headquarters) else {
      return nil
    }
    return try write { transaction in
      guard let card = transaction.directory.cards[old], let channel = transaction.directory.headquartersChannel,
        renewal.tips.allSatisfy({ $0.tip.origin.node == old && card.role.mayWrite($0.channel) })
      else { return nil }
      let statements = transaction.statements
      let known = try statements.all()[old]
      guard known.map({ $0.state == .replaced && $0.successor == new }) ?? (transaction.directory.cards[new] == nil),
        try statements.all()[statements.latest(of: new)]?.state != .revoked
      else { return nil }
      let fresh = try transaction.directory.cards[new] ?? issue(card)
      try transaction.directory.add(fresh)
      let tips = Set((known?.tips ?? transaction.log.tips(of: old)) + renewal.tips).sorted()
      guard known?.tips != tips else { return fresh }
      // It is written into the log of everybody, each time anew.
      guard tips.count <= Self.mostTips else { return nil }
      let made = NodeStatement(
        node: old, state: .replaced, at: known?.at ?? now, tips: tips, successor: new, proof: renewal.bytes)
      try Sealer(transaction, wall: now).sealAll { sealer in
        try sealer.seal(SystemKind.node, key: RecordKey(old.hex), in: channel, at: now, made.values)
      }
      return fresh
    }
  }
}

extension KeyRenewal {
  /// The renewal that was begun and not finished; nil mostly.
  init?(begunIn meta: MetaTable) throws {
    guard let bytes = try meta.bytes(.renewal), !bytes.isEmpty else { return nil }
    try self.init(bytes: bytes)
  }
}
