import Store
import SyncCore

/// Lists an inbox for a person. A long list is grouped by what is alike, so that nothing else is lost among it.
final class InboxList {
  /// Up to this many entries are listed one by one, and so is a group of at most a few.
  private static let many = 20
  private static let few = 3
  /// How many keys of a group are listed.
  private static let named = 3

  private let options: String
  private let output: Output
  private let isGrouping: Bool
  private(set) var isEmpty = true

  /// - Parameter options: the options of the command, which the printed commands repeat.
  init(options: String, output: Output, isGrouping: Bool) {
    self.options = options
    self.output = output
    self.isGrouping = isGrouping
  }

  private func begin() {
    if !isEmpty { output.print() }
    isEmpty = false
  }

  private func keys(_ keys: [String]) -> String {
    let rest = keys.count - Self.named
    return keys.prefix(Self.named).joined(separator: ", ")
      + (rest > 0 ? " and \(Words.count(rest, "more", "more"))" : "")
  }

  // MARK: - This node's own edits

  /// What edits that could not be used have in common.
  private struct Fate: Hashable {
    var texts: [String]
    var isNew: Bool

    init(_ item: InboxItem) {
      let proposal = item.proposal.map { [$0.decision?.rawValue ?? "open", $0.reason] } ?? []
      texts = [item.kind, item.refused?.operation.rawValue ?? "", item.reason, item.standing.rawValue] + proposal
      isNew = item.isNew
    }
  }

  func print(_ items: [InboxItem]) {
    let refused = Dictionary(grouping: items.filter { $0.sort == .refused }) { Fate($0) }
    let isMuch = isGrouping && items.count > Self.many
    var listed: Set<Fate> = []
    for item in items {
      let fate = Fate(item)
      let alike = item.sort == .refused ? refused[fate] ?? [] : []
      guard isMuch, alike.count > Self.few else {
        begin()
        InboxText(item, options: options).print(to: output)
        continue
      }
      guard listed.insert(fate).inserted else { continue }
      begin()
      output.print("\(item.kind), \(Words.count(alike.count, "edit")) alike\(item.isNew ? "" : "  (seen before)")")
      InboxText(item, options: options).printFate(to: output)
      output.print("  records    \(keys(alike.map(\.key)))")
      output.print("  list them  birlik inbox --all --each\(options)")
    }
  }

  // MARK: - Proposals of members

  func print(_ proposals: [Proposal], in groups: [ProposalGroup]) {
    let isMuch = isGrouping && proposals.count > Self.many
    let groups = isMuch ? groups.filter { $0.proposals.count > Self.few } : []
    let grouped = Set(groups.flatMap { $0.proposals.map(\.id) })
    for group in groups { print(group) }
    for proposal in proposals where !grouped.contains(proposal.id) {
      begin()
      ProposalText(proposal).print(options: options, to: output)
    }
  }

  private func print(_ group: ProposalGroup) {
    begin()
    let what =
      switch group.operation {
      case .insert: "to make"
      case .delete: "to delete"
      default: "to edit"
      }
    output.print(
      "\(group.kind), \(Words.count(group.proposals.count, "proposal")) \(what) records, group \(group.id)")
    if let first = group.proposals.first, let last = group.proposals.last {
      output.print("  proposed   by \(group.node), \(Moment(first.at).words) to \(Moment(last.at).words)")
      output.print("  the first  \(first.key): \(ProposalText(first).proposed)")
    }
    output.print("  records    \(keys(group.proposals.map(\.key)))")
    if group.isOvertaken {
      output.print("  beware     somebody edited them since, unknown to the proposer")
    }
    let anyway = group.isOvertaken ? " --anyway" : ""
    output.print("  list them  birlik inbox --group \(group.id)\(options)")
    output.print("  accept     birlik inbox accept \(group.id)\(anyway)\(options)")
    output.print("  decline    birlik inbox decline \(group.id) --reason '...'\(options)")
  }
}
