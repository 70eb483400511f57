import ArgumentParser
import Node
import Store
import SyncCore
import Wire

/// Lists the nodes.
struct NodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract: "birlik nodes --database hq.db",
    discussion: """
      Every node that is known here: its name, its id, when headquarters last had an exchange with it, its program and \
      catalog, and how many changes it lacked then. Elsewhere than at headquarters nothing is known of exchanges.
      """)

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let nodes = try store.nodes()
    if output.json { return try Output.answer(.array(nodes.map(Self.json))) }
    let output = Output()
    let isHeadquarters = store.identity.role.isHeadquarters
    var table = Table([
      .name("node"), .name("id"), .text(isHeadquarters ? "last exchange" : "since"), .text("program"),
      .number("catalog"), .number("lag"), .text("standing"),
    ])
    for view in nodes {
      table.add([
        view.name, String(view.node.hex.prefix(12)), Self.last(view, isHeadquarters: isHeadquarters),
        view.contact?.agent ?? "", view.contact.map { String($0.catalogVersion) } ?? "",
        view.contact.map { Words.grouped($0.lag) } ?? "", Self.standing(view),
      ])
    }
    table.write(to: output)
    try output.finish()
  }

  private static func last(_ view: NodeView, isHeadquarters: Bool) -> String {
    guard isHeadquarters else { return Moment(view.since).words }
    if view.role.isHeadquarters { return "headquarters" }
    return view.contact.map { Moment($0.at).words } ?? "never"
  }

  static func standing(_ view: NodeView) -> String {
    guard let statement = view.statement else { return "good" }
    var words = "\(statement.state.rawValue) \(Moment(statement.at).words)"
    if let successor = statement.successor { words += " by \(successor.hex.prefix(12))" }
    if !statement.reason.isEmpty { words += ": \(statement.reason)" }
    return words
  }

  static func json(_ view: NodeView) -> JSON {
    [
      "node": .string(view.node.hex), "name": .string(view.name), "federation": .string(view.role.federation),
      "headquarters": .bool(view.role.isHeadquarters), "since": .string(Moment(view.since).iso),
      "last_exchange": .string(view.contact.map { Moment($0.at).iso }),
      "program": .string(view.contact?.agent), "catalog": view.contact.map { .number($0.catalogVersion) } ?? .null,
      "lag": view.contact.map { .integer($0.lag) } ?? .null,
      "standing": .string(view.statement?.state.rawValue ?? "good"),
      "stopped_at": .string(view.statement.map { Moment($0.at).iso }),
      "successor": .string(view.statement?.successor?.hex),
      "reason": .string(view.statement.flatMap { $0.reason.isEmpty ? nil : $0.reason }),
    ]
  }
}

/// Takes a node's right away.
struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "birlik revoke \"ftuu/Samarkand\" --reason \"stolen\" --database hq.db",
    discussion: """
      From the node's next request on nothing of it is answered or taken, here and at all that exchange with \
      headquarters. What it sent before stays. It cannot be undone: a machine that comes back joins with a new invitation.
      """)

  @Argument(help: "The node's name, or the beginning of its id, as `birlik nodes` lists them.")
  var name: String

  @Option(help: "Why, for those who read it later.")
  var reason = ""

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard reason.utf8.count <= 1000 else { throw ValidationError("The reason is longer than 1000 bytes.") }
  }

  func run() throws {
    let store = try node.open().store
    let view = try store.node(called: name)
    _ = try store.revoke(view.node, reason: reason)
    var after = view
    after.statement = try store.statement(on: view.node)
    if output.json { return try Output.answer(NodesCommand.json(after)) }
    try Output.say(
      "\(view.name) (\(view.node.hex.prefix(12))) is \(NodesCommand.standing(after)).",
      "What it sent until then stays; nothing that it seals from now on is taken by anybody.")
  }
}

/// Renews a node's key.
struct RotateKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-key",
    abstract: "birlik rotate-key --database uz.db",
    discussion: """
      Goes on under a new key, with the word of the old and the new one: syncs, asks headquarters, and puts the new key \
      in place of FILE.key. The old one stays as FILE.key.old for backups made before; nothing that it signs from now on \
      counts. Cut off anywhere, the same command goes on.

      Where systemd hands the key over (LoadCredential=birlik.key:FOLDER/birlik.key), --keys FOLDER renews it there.
      """)

  @OptionGroup var keys: KeyOptions
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let before = try keys.opening { try node.openToSync(keys: keys.keys) }
    let old = before.store.identity.node
    let after = try await before.renewKey()
    let key = after.keyWords
    if output.json {
      return try Output.answer([
        "node": .string(after.store.identity.node.hex), "before": .string(old.hex), "key": .string(key),
      ])
    }
    try Output.say(
      "\(after.store.identity.card.name) goes on as node \(after.store.identity.node.hex).",
      "Its key is \(key): back it up. A running `birlik serve` ends by itself; systemd starts it again.")
  }
}
