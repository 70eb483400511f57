import Store
import SyncCore

/// Lists an inbox for a person: what is alike together where there is much, so that nothing else is lost among it.
final class InboxList {
  /// As many are told one by one; and a group of no more than a few always.
  private static let many = 20
  private static let few = 3
  /// How many keys of a group are named.
  private static let named = 3

  private let options: String
  private let output: Output
  private let isGrouping: Bool
  private(set) var isEmpty = true

  /// - Parameter options: those that reach the same file again.
  init(options: String, output: Output, isGrouping: Bool) {
    self.options = options
    self.output = output
    self.isGrouping = isGrouping
  }

  private func begin() {
    if !isEmpty { output.say() }
    isEmpty = false
  }

  private func keys(_ keys: [String]) -> String {
    let rest = keys.count - Self.named
    return keys.prefix(Self.named).joined(separator: ", ")
      + (rest > 0 ? " and \(Words.count(rest, "more", "more"))" : "")
  }

  // MARK: - This node's own edits

  /// What edits that were not taken have in common.
  private struct Fate: Hashable {
    var texts: [String]
    var isNew: Bool

    init(_ item: InboxItem) {
      let proposal = item.proposal.map { [$0.decision?.rawValue ?? "open", $0.reason] } ?? []
      texts = [item.kind, item.refused?.operation ?? "", item.reason, item.standing.rawValue] + proposal
      isNew = item.isNew
    }
  }

  func say(_ items: [InboxItem]) {
    let refused = Dictionary(grouping: items.filter { $0.sort == .refused }) { Fate($0) }
    let isMuch = isGrouping && items.count > Self.many
    var told: Set<Fate> = []
    for item in items {
      let fate = Fate(item)
      let alike = item.sort == .refused ? refused[fate] ?? [] : []
      guard isMuch, alike.count > Self.few else {
        begin()
        InboxText(item, options: options).say(to: output)
        continue
      }
      guard told.insert(fate).inserted else { continue }
      begin()
      output.say("\(item.kind), \(Words.count(alike.count, "edit")) alike\(item.isNew ? "" : "  (told before)")")
      InboxText(item, options: options).sayFate(to: output)
      output.say("  records    \(keys(alike.map(\.key)))")
      output.say("  list them  birlik inbox --all --each\(options)")
    }
  }

  // MARK: - Proposals of members

  func say(_ proposals: [Proposal], in groups: [ProposalGroup]) {
    let isMuch = isGrouping && proposals.count > Self.many
    let groups = isMuch ? groups.filter { $0.proposals.count > Self.few } : []
    let grouped = Set(groups.flatMap { $0.proposals.map(\.id) })
    for group in groups { say(group) }
    for proposal in proposals where !grouped.contains(proposal.id) {
      begin()
      ProposalText(proposal).say(options: options, to: output)
    }
  }

  private func say(_ group: ProposalGroup) {
    begin()
    let what =
      switch group.operation {
      case "insert": "to make"
      case "delete": "to delete"
      default: "to edit"
      }
    output.say(
      "\(group.kind), \(Words.count(group.proposals.count, "proposal")) \(what) records, group \(group.id)")
    if let first = group.proposals.first, let last = group.proposals.last {
      output.say("  proposed   by \(group.node), \(Moment(first.at).words) to \(Moment(last.at).words)")
      output.say("  the first  \(first.key): \(ProposalText(first).proposed)")
    }
    output.say("  records    \(keys(group.proposals.map(\.key)))")
    if group.isOvertaken {
      output.say("  beware     they were edited since by somebody whom the proposer had not heard")
    }
    let anyway = group.isOvertaken ? " --anyway" : ""
    output.say("  list them  birlik inbox --group \(group.id)\(options)")
    output.say("  accept     birlik inbox accept \(group.id)\(anyway)\(options)")
    output.say("  decline    birlik inbox decline \(group.id) --reason '...'\(options)")
  }
}
