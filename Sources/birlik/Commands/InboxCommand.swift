import ArgumentParser
import Node
import Store
import SyncCore

/// What people at a node have to hear of, and what headquarters has to decide.
struct InboxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inbox",
    abstract: "birlik inbox --all",
    subcommands: [InboxListCommand.self, InboxAcceptCommand.self, InboxDeclineCommand.self],
    defaultSubcommand: InboxListCommand.self)
}

/// Tells the people at a node what became of their edits.
struct InboxListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "birlik inbox --all",
    discussion: """
      Edits of this node that lost to others', with what is shown now, who gave it, and the command that restores what \
      was typed here; values typed here that the catalog does not allow; edits that could not be taken. What was listed \
      is not told again: --all lists it all the same, --peek leaves it to be told once more. At headquarters also what \
      members proposed. Where there is much of it, what is alike is told together; --each tells every one, --group those \
      of one group of proposals.
      """)

  @Flag(help: "What was told before as well.")
  var all = false

  @Flag(help: "Do not mark as told.")
  var peek = false

  @Flag(help: "Everything by itself, however much there is.")
  var each = false

  @Option(help: ArgumentHelp("The proposals of one group alone, each by itself.", valueName: "number"))
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
      list.say(items)
      list.say(proposals, in: groups)
      if list.isEmpty { output.say(all ? "There was nothing." : "There is nothing new.") }
    }
    // Only what was written out was told.
    try output.finish()
    if !peek { try store.markInboxSeen() }
  }

  /// Tells the proposals of one group.
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
      InboxList(options: node.repeated, output: output, isGrouping: false).say(group.proposals, in: [])
    }
    try output.finish()
  }
}

/// Makes a proposal headquarters' own edit.
struct InboxAcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "birlik inbox accept 3f2a9c1de07b44f5a8b6c2d19e3f7a50 --database hq.db",
    discussion: """
      What was typed becomes an edit of headquarters; whoever typed it is told at the next sync. Of a group all are \
      accepted in one transaction, or none: it is called by all that is in it, so what is accepted is what was listed.
      """)

  @Argument(help: "The proposal, or the group of them, by its whole number.")
  var id: String

  @Flag(help: "Even where the record was edited since by somebody whom the proposer had not heard.")
  var anyway = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    if try store.proposalGroup(id) != nil {
      let accepted = try store.acceptGroup(id, isAnyway: anyway)
      return try Self.tell(accepted, asJSON: output.json, store, "accepted")
    }
    let proposal = try store.accept(id, isAnyway: anyway)
    if output.json { return try Output.answer(ProposalText(proposal).json(try .of(proposal, store))) }
    try Output.say("\(proposal.kind) \(proposal.key) is edited as \(proposal.node) proposed.")
  }

  /// Tells what became of a group.
  static func tell(_ decided: [Proposal], asJSON: Bool, _ store: Store, _ decision: String) throws {
    guard let first = decided.first else { return }
    if asJSON {
      let types = try ColumnTypes.of(first, store)
      return try Output.answer(.array(decided.map { ProposalText($0).json(types) }))
    }
    let count = Words.count(decided.count, "proposal")
    try Output.say("\(count) of \(first.node) about \(first.kind): \(decision); \(first.node) will be told.")
  }
}

/// Leaves a record as it is.
struct InboxDeclineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decline",
    abstract: "birlik inbox decline 3f2a --reason \"the return is right\" --database hq.db",
    discussion: "The record stays as it is; whoever proposed the edit is told at the next sync, and why.")

  @Argument(help: "The proposal, by the first digits of its number, or the group of them by its whole number.")
  var id: String

  @Option(help: "Why, for whoever proposed it.")
  var reason = ""

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard reason.utf8.count <= 1000 else { throw ValidationError("The reason is longer than 1000 bytes.") }
  }

  func run() throws {
    let store = try node.open().store
    if try store.proposalGroup(id) != nil {
      let declined = try store.declineGroup(id, reason: reason)
      return try InboxAcceptCommand.tell(declined, asJSON: output.json, store, "declined")
    }
    let proposal = try store.decline(id, reason: reason)
    if output.json { return try Output.answer(ProposalText(proposal).json(try .of(proposal, store))) }
    try Output.say("\(proposal.kind) \(proposal.key) stays as it is; \(proposal.node) will be told.")
  }
}

extension ColumnTypes {
  fileprivate static func of(_ proposal: Proposal, _ store: Store) throws -> ColumnTypes {
    ColumnTypes(try store.catalog().kind(named: proposal.kind))
  }
}
