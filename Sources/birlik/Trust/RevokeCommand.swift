import ArgumentParser
import Limits
import Node
import Store
import SyncCore

/// Revokes a node.
struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "birlik revoke \"ftuu/Samarkand\" --reason \"stolen\" --database hq.db",
    discussion: """
      From now on headquarters, and every node that exchanges with it, accepts nothing from this node and answers none \
      of its requests. What it sent before stays. This cannot be undone: a machine that comes back needs a new invitation.
      """)

  @Argument(help: "The node's name, or the beginning of its id, as `birlik nodes` lists them.")
  var name: String

  @Option(help: "Why, for those who read it later.")
  var reason = ""

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try InputLimits.checkReason(reason) }

  func run() throws {
    let store = try node.open(needsKey: true).store
    let view = try store.node(called: name)
    _ = try store.revoke(view.node, reason: reason)
    var after = view
    after.statement = try store.statement(on: view.node)
    if output.json { return try Output.answer(NodesCommand.json(after)) }
    try Output.print(
      "\(view.name) (\(view.node.hex.prefix(12))) is \(NodesCommand.state(after)).",
      "What it sent until then stays; nobody accepts what it signs from now on.")
  }
}
