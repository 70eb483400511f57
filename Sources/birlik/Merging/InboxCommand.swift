import ArgumentParser
import Limits
import Node
import Store
import SyncCore

/// Groups the commands on the inbox: news for the people at a node, and proposals for headquarters to decide.
struct InboxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inbox",
    abstract: "birlik inbox --all",
    subcommands: [
      InboxListCommand.self, InboxCorrectCommand.self, InboxDropCommand.self, InboxAcceptCommand.self,
      InboxDeclineCommand.self,
    ],
    defaultSubcommand: InboxListCommand.self)
}

/// Lists what became of the edits typed at this node.
struct InboxListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "birlik inbox --all",
    discussion: """
      Lists edits of this node that others' edits replaced, with what is shown now, who gave it, and the command that \
      restores what was typed here; values typed here that the catalog does not allow, with the command that takes them \
      when they are corrected; and edits that could not be used. Each is listed once: --all lists old news again, --peek does not mark the news as read. At headquarters it also lists \
      what members proposed. A long list is grouped by what is alike; --each lists every entry, --group the proposals of \
      one group.
      """)

  @Flag(help: "List old news as well.")
  var all = false

  @Flag(help: "Do not mark the news as read.")
  var peek = false

  @Flag(help: "List every entry by itself, however many there are.")
  var each = false

  @Option(help: ArgumentHelp("List only the proposals of this group, each by itself.", valueName: "number"))
  var group: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    if let group { return try list(group, store) }
    let items = try store.inbox(includingSeen: all)
    let proposals = store.identity.role.isHeadquarters ? try store.proposals(includingDecided: all) : []
    let groups = proposals.isEmpty ? [] : try store.proposalGroups()
    let output = Output()
    if self.output.json {
      let catalog = try store.catalog()
      let names = Dictionary(groups.flatMap { group in group.proposals.map { ($0.id, group.id) } }) { first, _ in first
      }
      output.line(
        .array(
          items.map {
            InboxText($0, options: node.repeated).json(ColumnTypes(catalog.kind(named: $0.kind)))
          }
            + proposals.map {
              ProposalText($0).json(ColumnTypes(catalog.kind(named: $0.kind)), group: names[$0.id])
            }))
    } else {
      let list = InboxList(options: node.repeated, output: output, isGrouping: !each)
      list.print(items)
      list.print(proposals, in: groups)
      if list.isEmpty { output.print(all ? "There was nothing." : "There is nothing new.") }
    }
    // Mark as read only what really reached the reader.
    try output.finish()
    guard !peek else { return }
    do { try store.markInboxSeen() } catch let error as StoreError
      where [.busy, .full, .notPermitted].contains(error.code)
    {
      StandardError.printNote("the same news is listed again the next time: \(error.detail)")
    }
  }

  /// Lists the proposals of one group.
  private func list(_ id: String, _ store: Store) throws {
    guard let group = try store.proposalGroup(id) else {
      throw StoreError(
        .unknown, "listing proposals", "there is no group of proposals '\(id)', or it changed since it was listed",
        hint: "`birlik inbox` lists them as they are now")
    }
    let output = Output()
    if self.output.json {
      let types = ColumnTypes(try store.catalog().kind(named: group.kind))
      output.line(.array(group.proposals.map { ProposalText($0).json(types, group: group.id) }))
    } else {
      InboxList(options: node.repeated, output: output, isGrouping: false).print(group.proposals, in: [])
    }
    try output.finish()
  }
}

/// Accepts a proposal.
struct InboxAcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "birlik inbox accept 3f2a9c1de07b44f5a8b6c2d19e3f7a50 --database hq.db",
    discussion: """
      The proposal becomes an edit of headquarters; whoever proposed it hears of it at the next sync. A group is accepted \
      in one transaction, all or nothing. Its number depends on what is in it, so only what was listed can be accepted.
      """)

  @Argument(help: "The proposal, or the group of them, by its whole number.")
  var id: String

  @Flag(help: "Accept although somebody edited the record since, unknown to the proposer.")
  var anyway = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    if try store.proposalGroup(id) != nil {
      let accepted = try store.acceptGroup(id, isAnyway: anyway)
      return try Self.printDecision(accepted, asJSON: output.json, store, "accepted")
    }
    let proposal = try store.accept(id, isAnyway: anyway)
    if output.json { return try Output.answer(ProposalText(proposal).json(try .of(proposal, store))) }
    try Output.print("\(proposal.kind) \(proposal.key) is edited as \(proposal.node) proposed.")
  }

  /// Prints what became of a group.
  static func printDecision(_ decided: [Proposal], asJSON: Bool, _ store: Store, _ decision: String) throws {
    guard let first = decided.first else { return }
    if asJSON {
      let types = try ColumnTypes.of(first, store)
      return try Output.answer(.array(decided.map { ProposalText($0).json(types) }))
    }
    let count = Words.count(decided.count, "proposal")
    try Output.print(
      "\(count) of \(first.node) about \(first.kind): \(decision). \(first.node) hears of it at its next sync.")
  }
}

/// Declines a proposal.
struct InboxDeclineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decline",
    abstract: "birlik inbox decline 3f2a --reason \"the return is right\" --database hq.db",
    discussion: "The record stays as it is. Whoever proposed the edit hears of it, and why, at the next sync.")

  @Argument(help: "The proposal, by the first digits of its number, or the group of them by its whole number.")
  var id: String

  @Option(help: "Why, for whoever proposed it.")
  var reason = ""

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try InputLimits.checkReason(reason) }

  func run() throws {
    let store = try node.open().store
    if try store.proposalGroup(id) != nil {
      let declined = try store.declineGroup(id, reason: reason)
      return try InboxAcceptCommand.printDecision(declined, asJSON: output.json, store, "declined")
    }
    let proposal = try store.decline(id, reason: reason)
    if output.json { return try Output.answer(ProposalText(proposal).json(try .of(proposal, store))) }
    try Output.print("\(proposal.kind) \(proposal.key) stays as it is. \(proposal.node) hears of it at its next sync.")
  }
}

extension ColumnTypes {
  fileprivate static func of(_ proposal: Proposal, _ store: Store) throws -> ColumnTypes {
    ColumnTypes(try store.catalog().kind(named: proposal.kind))
  }
}
