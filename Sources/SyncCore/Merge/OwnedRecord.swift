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
  public func created<Facts: HeadFacts>(facts: Facts) throws(Facts.Failure) -> Clock? {
    try facts.earliest(rows.isEmpty ? Array(edits) : rows.map(\.clock))
  }

  /// Which of several owners' records under one key is shown: the one created earliest of those that exist.
  ///
  /// - Returns: its index, or nil when none exists.
  public static func shown<Facts: HeadFacts>(
    among states: [RecordState], rule: DeletionRule, facts: Facts
  ) throws(Facts.Failure) -> Int? {
    let existing = states.indices.filter { states[$0].exists(rule) }
    guard existing.count > 1 else { return existing.first }
    var shown: (index: Int, created: Clock)?
    for index in existing {
      // A record that exists was created by something.
      guard let created = try states[index].created(facts: facts) else { continue }
      if let known = shown, try !facts.precedes(created, known.created) { continue }
      shown = (index, created)
    }
    return shown?.index ?? existing.first
  }
}
