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
      Every node that is known here: its name, its id, when it last exchanged changes with headquarters, its program and \
      catalog, and how many changes it lacked then (lag). Only headquarters knows about exchanges.
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
      .number("catalog"), .number("lag"), .text("state"),
    ])
    for view in nodes {
      table.add([
        view.name, String(view.node.hex.prefix(12)), Self.last(view, isHeadquarters: isHeadquarters),
        view.contact?.agent ?? "", view.contact.map { String($0.catalogVersion) } ?? "",
        view.contact.map { Words.grouped($0.lag) } ?? "", Self.state(view),
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

  static func state(_ view: NodeView) -> String {
    guard let statement = view.statement else { return "valid" }
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
