import SyncCore
import Wire

/// Headquarters' word on a node that may seal no more, and up to where its streams count.
public struct NodeStatement: Sendable, Equatable {
  public enum State: String, Sendable {
    /// Headquarters took its right away.
    case revoked
    /// It goes on under another key.
    case replaced
  }

  public var node: NodeID
  public var state: State
  /// When, in milliseconds since 1970, by headquarters' clock.
  public var at: Int64
  /// The last of each of its streams that counts: so everybody cuts at the same place.
  public var tips: [FrontierEntry]
  /// The node under its new key, where it was replaced.
  public var successor: NodeID?
  public var reason: String
  /// The bytes of the `KeyRenewal` that both keys signed, where it was replaced.
  public var proof: [UInt8]

  public init(
    node: NodeID, state: State, at: Int64, tips: [FrontierEntry], successor: NodeID? = nil, reason: String = "",
    proof: [UInt8] = []
  ) {
    self.node = node
    self.state = state
    self.at = at
    self.tips = tips
    self.successor = successor
    self.reason = reason
    self.proof = proof
  }

  /// Nil for a record that does not say all of it.
  init?(_ record: SystemRecord) {
    guard let node = NodeID(hex: String(decoding: record.key.bytes, as: UTF8.self)),
      let state = State(rawValue: record.text("state"))
    else { return nil }
    self.init(
      node: node, state: state, at: record["at"].integer ?? 0, tips: Self.tips(in: record.text("tips")),
      successor: NodeID(hex: record.text("successor")), reason: record.text("reason"),
      proof: Hex.bytes(record.text("proof")) ?? [])
  }

  var values: [(String, Value)] {
    [
      ("state", .text(state.rawValue)), ("at", .integer(at)), ("tips", .text(Self.text(of: tips))),
      ("successor", successor.map { .text($0.hex) } ?? .null), ("reason", reason.isEmpty ? .null : .text(reason)),
      ("proof", proof.isEmpty ? .null : .text(Hex.string(proof))),
    ]
  }

  /// Whether a segment was sealed before the node was stopped.
  ///
  /// Below a tip the chain decides, which ends in the tip's hash: whoever holds that holds all that leads to it, so that
  /// anything else below it is another branch.
  ///
  /// - Parameter isHeld: whether the segment with a hash is held.
  public func covers(_ header: SegmentHeader, hash: Digest, isHeld: (Digest) throws -> Bool) rethrows -> Bool {
    try tips.contains { entry in
      guard entry.channel == header.channel, entry.tip.origin == header.origin else { return false }
      if header.last == entry.tip.sequence { return hash == entry.tip.hash }
      return try header.last < entry.tip.sequence && !isHeld(entry.tip.hash)
    }
  }

  // MARK: Tips as text

  /// One line for each: channel, origin, number, hash.
  static func text(of tips: [FrontierEntry]) -> String {
    tips.sorted().map { "\($0.channel) \($0.tip.origin.hex) \($0.tip.sequence) \($0.tip.hash.hex)" }
      .joined(separator: "\n")
  }

  static func tips(in text: String) -> [FrontierEntry] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count == 4, let channel = Channel(parts[0]), let bytes = Hex.bytes(parts[1]),
        let origin = Origin(bytes: bytes), let sequence = Int64(parts[2]), let hash = Digest(hex: parts[3])
      else { return nil }
      return FrontierEntry(channel: channel, tip: Tip(origin: origin, sequence: sequence, hash: hash))
    }
  }
}

extension Engine {
  /// What headquarters said of nodes that may seal no more.
  func nodeStatements() throws -> [NodeID: NodeStatement] {
    if let known = knownStatements { return known }
    let channel = headquartersChannel
    var found: [NodeID: NodeStatement] = [:]
    for record in try systemRecords(SystemKind.node, where: { $0 == channel }) {
      guard let statement = NodeStatement(record) else { continue }
      found[statement.node] = statement
    }
    knownStatements = found
    return found
  }

  /// The ids of a node under the keys that it had before.
  func earlier(than node: NodeID) throws -> Set<NodeID> {
    let statements = try nodeStatements().values
    var found: Set<NodeID> = []
    var next = [node]
    while let node = next.popLast() {
      // What a hostile log bends into a ring ends as well.
      next += statements.filter { $0.successor == node && found.insert($0.node).inserted }.map(\.node)
    }
    return found
  }

  /// To be called when something of a system's kind was sealed or absorbed: what was read of it is old.
  func noteStatement(_ kind: Int) {
    knownStatements = nil
    needsNewGeneration = true
  }

  /// The last of each stream of a node.
  func tips(of node: NodeID) -> [FrontierEntry] {
    streams.streams.filter { $0.origin.node == node }.map { FrontierEntry(channel: $0.channel, tip: $0.tip) }.sorted()
  }
}

extension Store {
  /// What headquarters said of a node that may seal no more; nil for one in good standing.
  public func statement(on node: NodeID) throws -> NodeStatement? { try read { try $0.nodeStatements()[node] } }

  /// The ids of a node under the keys that it had before.
  public func earlier(than node: NodeID) throws -> Set<NodeID> { try read { try $0.earlier(than: node) } }

  public func nodeStatements() throws -> [NodeStatement] {
    try read { try $0.nodeStatements().values.sorted { $0.node < $1.node } }
  }

  /// Takes a node's right away, from now on and for everybody.
  ///
  /// - Throws: `StoreError` with code `notPermitted` anywhere else than at headquarters, and for headquarters itself;
  ///   `invalid` for a node that goes on under another key.
  public func revoke(_ node: NodeID, reason: String, now: Int64 = SystemClock.now()) throws -> NodeStatement {
    try state(about: node, now: now) { engine, at in
      NodeStatement(node: node, state: .revoked, at: at, tips: engine.tips(of: node), reason: reason)
    }
  }

  func state(
    about node: NodeID, now: Int64, _ statement: (Engine, _ at: Int64) throws -> NodeStatement
  ) throws -> NodeStatement {
    let operation = "stopping a node"
    guard identity.role.isHeadquarters else {
      throw StoreError(.notPermitted, operation, "only headquarters does that", hint: "ask headquarters")
    }
    guard node != NodeCard.id(of: identity.headquarters), node != identity.node else {
      throw StoreError(.notPermitted, operation, "headquarters cannot stop itself")
    }
    return try write { engine in
      guard let channel = engine.headquartersChannel else {
        throw StoreError(.damaged, operation, "the card of headquarters is missing")
      }
      if let known = try engine.nodeStatements()[node] {
        let latest = try engine.latest(of: node)
        guard try engine.nodeStatements()[latest] != nil else {
          throw StoreError(
            .invalid, operation, "the node goes on under another key, and so under another id",
            hint: "name it by that: \(latest.hex.prefix(12))")
        }
        return known
      }
      let made = try statement(engine, now)
      try Sealer(engine, wall: now).sealAll { sealer in
        try sealer.seal(SystemKind.node, key: RecordKey(node.hex), in: channel, at: now, made.values)
      }
      return made
    }
  }
}
