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
