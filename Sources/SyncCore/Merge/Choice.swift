/// What the merge rules need to know of a head besides its value: the total order and whose edit it was.
///
/// All of it is a pure function of what travels, so every node chooses alike whatever the order of arrival.
public protocol HeadFacts {
  /// What looking a change up can fail with; `Never` where all is in memory.
  associatedtype Failure: Error
  /// The proved total order of changes: time, origin, sequence, hash, bytewise.
  func precedes(_ a: Clock, _ b: Clock) throws(Failure) -> Bool
  /// Who made the change.
  func author(of clock: Clock) -> Author
}

/// Whose edit a head is, as far as merge rules ask.
public enum Author: Sendable, Equatable {
  /// A node of the federation that owns the record's channel.
  case owner
  case headquarters
  /// Headquarters editing a record that it owns itself.
  case owningHeadquarters
  case other

  /// Whose edit a change in a channel is that a node of a role made; `other` where the role is not known.
  public init(_ role: NodeRole?, in channel: Channel) {
    guard let role else {
      self = .other
      return
    }
    let owns = role.federation.sameBytes(as: channel.owner)
    if role.isHeadquarters {
      self = owns ? .owningHeadquarters : .headquarters
    } else {
      self = owns ? .owner : .other
    }
  }

  var isOwner: Bool { self == .owner || self == .owningHeadquarters }
  public var isHeadquarters: Bool { self == .headquarters || self == .owningHeadquarters }
}

/// Which head of a register is shown, and whether a person should look.
public struct Choice: Sendable, Equatable {
  /// The head that is shown; nil when none is valid.
  public var shown: Head?
  /// The other heads whose values differ from what is shown, latest first.
  public var others: [Head]
  /// True when heads hold different values.
  public var isConflict: Bool { !others.isEmpty }

  /// Chooses between concurrent heads.
  ///
  /// - Parameters:
  ///   - heads: the heads of one register.
  ///   - rule: the register's merge rule.
  ///   - facts: the order and the authors of heads.
  ///   - isValid: whether the catalog allows a content; invalid ones are never shown.
  public init<Facts: HeadFacts>(
    among heads: [Head], rule: MergeRule, facts: Facts, isValid: (Content) -> Bool = { _ in true }
  ) throws(Facts.Failure) {
    if heads.count == 1 {
      // By far the most registers have one head, and there is nothing to choose.
      shown = isValid(heads[0].content) ? heads[0] : nil
      others = []
      return
    }
    let ordered = try facts.latestFirst(heads, \.clock)
    let valid = ordered.filter { isValid($0.content) }
    shown = Self.best(of: valid, rule: rule, facts: facts)
    let shownContent = shown?.content
    others = ordered.filter { $0.content != shownContent }
    // One head that is merely invalid is no conflict: there is no other value.
    if shown == nil, Set(heads.map(\.content)).count <= 1 { others = [] }
  }

  private static func best(of latestFirst: [Head], rule: MergeRule, facts: some HeadFacts) -> Head? {
    switch rule {
    case .latest, .review, .frozen:
      return latestFirst.first
    case .owner:
      return latestFirst.first { facts.author(of: $0.clock).isOwner } ?? latestFirst.first
    case .headquarters:
      return latestFirst.first { facts.author(of: $0.clock).isHeadquarters } ?? latestFirst.first
    case .max:
      return extreme(of: latestFirst) { $0 < $1 }
    case .min:
      return extreme(of: latestFirst) { $1 < $0 }
    case .union:
      // Of an element added and removed at once, the addition is shown.
      return latestFirst.first { !$0.content.isEmpty } ?? latestFirst.first
    }
  }

  /// The head with the most extreme value; a head without a value counts only when there is no other.
  private static func extreme(of latestFirst: [Head], isBetter: (Value, Value) -> Bool) -> Head? {
    var best: Head?
    for head in latestFirst {
      guard let value = head.content.cells.first?.value else { continue }
      guard let standing = best?.content.cells.first?.value else {
        best = head
        continue
      }
      if isBetter(standing, value) { best = head }
    }
    return best ?? latestFirst.first
  }
}
