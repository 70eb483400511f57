/// One record as one owner's channel knows it: where two owners use one key, each has a record of its own.
public struct OwnedRecord: Hashable, Sendable {
  public var channel: Channel
  public var state: RecordState

  public init(channel: Channel, state: RecordState) {
    self.channel = channel
    self.state = state
  }
}

extension RecordState {
  /// The change by which the record came into being, as far as heads remember: the earliest whole row, else the earliest
  /// edit; nil for a record that nobody but deletions speaks of.
  public func created(facts: some HeadFacts) -> Clock? {
    let clocks = rows.isEmpty ? Array(edits) : rows.map(\.clock)
    return clocks.min { facts.precedes($0, $1) }
  }

  /// Which of several owners' records under one key is shown: the one created earliest of those that exist.
  ///
  /// - Returns: its index, or nil when none exists.
  public static func shown(among states: [RecordState], rule: DeletionRule, facts: some HeadFacts) -> Int? {
    let existing = states.indices.filter { states[$0].exists(rule) }
    guard existing.count > 1 else { return existing.first }
    return existing.min { a, b in
      guard let x = states[a].created(facts: facts), let y = states[b].created(facts: facts) else { return a < b }
      return facts.precedes(x, y)
    }
  }
}
