import Crypto
import Limits
import SyncCore
import Wire

/// Going on under another key.
extension Store {
  private static let renewing = "renewing the key"
  /// Ends of streams that a renewal may leave: a member writes two channels.
  private static let mostTips = 2 * WireLimits.streamsPerNode

  /// Seals everything under the old key for the last time and says to which.
  ///
  /// From here on nothing is sealed until `finishRenewal`, in no process. A renewal that was begun already is told again
  /// where it is to the same key; otherwise it begins anew, as headquarters takes one key alone.
  ///
  /// - Parameter seals: false to leave what is captured for the new key.
  public func beginRenewal(
    to new: Curve25519.Signing.PrivateKey, seals: Bool = true, now: Int64 = SystemClock.now()
  ) throws -> KeyRenewal {
    let old = identity.key
    return try write { engine in
      let wanted = Array(new.publicKey.rawRepresentation)
      if let begun = try engine.renewal(), begun.newKey == wanted { return begun }
      try engine.setMeta(.renewal, .null)
      if seals { try Sealer(engine, wall: now).sealAll() }
      let renewal = try KeyRenewal(from: old, to: new, tips: engine.tips(of: engine.identity.node), at: now)
      try engine.setMeta(.renewal, blob: renewal.bytes)
      return renewal
    }
  }

  /// The renewal that was begun and not finished; nil mostly.
  public func renewal() throws -> KeyRenewal? { try read { try $0.renewal() } }

  /// Whether a node is this one, under the key of today or an earlier one.
  public func isOwn(_ node: NodeID) throws -> Bool { try read { $0.isOwn(node) } }

  /// Lets the node seal again under the key that it has: headquarters certainly refused the new one.
  public func abandonRenewal() throws { try write { try $0.setMeta(.renewal, .null) } }

  /// Takes the card for the new key. Whoever has the database open has to open it again.
  ///
  /// - Throws: `StoreError` with code `invalid` for the card of another key than the one that was begun.
  public func finishRenewal(_ bytes: [UInt8]) throws {
    try write { engine in
      let card = try NodeCard(bytes: bytes, signedBy: engine.identity.headquarters)
      guard let begun = try engine.renewal(), begun.newKey == card.publicKey, card.role == engine.identity.role else {
        throw StoreError(
          .invalid, Self.renewing, "headquarters answered for another key", hint: "run `birlik rotate-key` again")
      }
      try engine.keep(card)
      let former = (engine.ownNodes.subtracting([card.id]).union([engine.identity.node])).sorted().map(\.hex)
      try engine.setMeta(.formerNodes, .text(former.joined(separator: " ")))
      try engine.setMeta(.card, blob: card.bytes)
      try engine.setMeta(.nonce, .integer(Int64.random(in: Int64.min...Int64.max)))
      try engine.setMeta(.renewal, .null)
      engine.needsNewGeneration = true
      engine.needsNewMark = true
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
    return try write { engine in
      guard let card = engine.cards[old], let channel = engine.headquartersChannel,
        renewal.tips.allSatisfy({ $0.tip.origin.node == old && card.role.mayWrite($0.channel) })
      else { return nil }
      let known = try engine.nodeStatements()[old]
      guard known.map({ $0.state == .replaced && $0.successor == new }) ?? (engine.cards[new] == nil),
        try engine.nodeStatements()[engine.latest(of: new)]?.state != .revoked
      else { return nil }
      let fresh = try engine.cards[new] ?? issue(card)
      try engine.keep(fresh)
      let tips = Set((known?.tips ?? engine.tips(of: old)) + renewal.tips).sorted()
      guard known?.tips != tips else { return fresh }
      // It is written into the log of everybody, each time anew.
      guard tips.count <= Self.mostTips else { return nil }
      let made = NodeStatement(
        node: old, state: .replaced, at: known?.at ?? now, tips: tips, successor: new, proof: renewal.bytes)
      try Sealer(engine, wall: now).sealAll { sealer in
        try sealer.seal(SystemKind.node, key: RecordKey(old.hex), in: channel, at: now, made.values)
      }
      return fresh
    }
  }
}

extension Engine {
  /// Whether a node is this one, under the key of today or an earlier one.
  func isOwn(_ node: NodeID) -> Bool { node == identity.node || ownNodes.contains(node) }

  /// Under which id a node goes on now: its own, or that of its latest key.
  func latest(of node: NodeID) throws -> NodeID {
    let statements = try nodeStatements()
    var latest = node
    var passed: Set<NodeID> = []
    // What a hostile log bends into a ring ends as well.
    while passed.insert(latest).inserted, let next = statements[latest]?.successor { latest = next }
    return latest
  }

  func loadOwnNodes() throws {
    let words = try meta(.formerNodes)?.display.split(separator: " ") ?? []
    ownNodes = Set(words.compactMap { NodeID(hex: String($0)) } + [identity.node])
  }

  func renewal() throws -> KeyRenewal? {
    let bytes = try bytes(of: .renewal)
    return bytes.isEmpty ? nil : try KeyRenewal(bytes: bytes)
  }

  /// - Throws: `StoreError` with code `busy` while the key is being renewed: what were sealed now would count for nobody.
  func checkMaySeal() throws {
    guard try !bytes(of: .renewal).isEmpty else { return }
    throw StoreError(
      .busy, "sealing", "this node's key is being renewed", hint: "finish it with `birlik rotate-key`; edits are kept")
  }

  /// - Throws: `StoreError` with code `renewed` when another process renewed this node's key.
  func checkIdentity() throws {
    guard try bytes(of: .card) != identity.card.bytes else { return }
    throw StoreError(
      .renewed, "using the database", "this node's key was renewed meanwhile", hint: "start birlik again")
  }
}
