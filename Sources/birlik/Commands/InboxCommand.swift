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
      is not told again: --all lists it all the same, --peek leaves it to be told once more.
      """)

  @Flag(help: "What was told before as well.")
  var all = false

  @Flag(help: "Do not mark as told.")
  var peek = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let items = try store.inbox(includingSeen: all)
    let proposals = store.identity.role.isHeadquarters ? try store.proposals(includingDecided: all) : []
    let output = Output()
    let texts = items.map { InboxText($0, options: node.repeated) }
    if self.output.json {
      let catalog = try store.catalog()
      output.line(
        .array(
          texts.map { $0.json(ColumnTypes(catalog.kind(named: $0.item.kind))) }
            + proposals.map { ProposalText($0).json(ColumnTypes(catalog.kind(named: $0.kind))) }))
    } else if items.isEmpty && proposals.isEmpty {
      output.say(all ? "There was nothing." : "There is nothing new.")
    } else {
      for (index, text) in texts.enumerated() {
        if index > 0 { output.say() }
        text.say(to: output)
      }
      for (index, proposal) in proposals.enumerated() {
        if index > 0 || !texts.isEmpty { output.say() }
        ProposalText(proposal).say(options: node.repeated, to: output)
      }
    }
    // Only what was written out was told.
    try output.finish()
    if !peek { try store.markInboxSeen() }
  }
}

/// Makes a proposal headquarters' own edit.
struct InboxAcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "birlik inbox accept 3f2a9c1de07b44f5a8b6c2d19e3f7a50 --database hq.db",
    discussion: "What was typed becomes an edit of headquarters; whoever typed it is told at the next sync.")

  @Argument(help: "The proposal, by its whole number.")
  var id: String

  @Flag(help: "Even where the record was edited since by somebody whom the proposer had not heard.")
  var anyway = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let proposal = try store.accept(id, isAnyway: anyway)
    if output.json { return try Output.answer(ProposalText(proposal).json(try .of(proposal, store))) }
    try Output.say("\(proposal.kind) \(proposal.key) is edited as \(proposal.node) proposed.")
  }
}

/// Leaves a record as it is.
struct InboxDeclineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decline",
    abstract: "birlik inbox decline 3f2a --reason \"the return is right\" --database hq.db",
    discussion: "The record stays as it is; whoever proposed the edit is told at the next sync, and why.")

  @Argument(help: "The proposal, by the first digits of its number.")
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
