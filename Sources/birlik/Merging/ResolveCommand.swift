import ArgumentParser
import Node
import Store
import SyncCore

/// Resolves a conflict.
struct ResolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "birlik resolve org_unit ftuu-001 name --take \"Textile workers of Andijan\"",
    discussion: """
      --keep confirms the value that is shown; --take shows another one instead, one of the conflict's or a new one; \
      --from shows the one that a node gave. For a group of fields give the name of the node whose values to take. This is an ordinary edit, which closes the conflict \
      on every node. `birlik conflicts` prints the commands to use.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: "The field as `birlik conflicts` names it.")
  var field: String

  @Option(help: ArgumentHelp("Show this value instead.", valueName: "value"))
  var take: String?

  @Option(help: ArgumentHelp("Show the value that this node gave instead.", valueName: "node"))
  var from: String?

  @Flag(help: "Keep the value that is shown.")
  var keep = false

  @OptionGroup var owner: OwnerOption
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard [keep, take != nil, from != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("Give either --take VALUE, --from NODE or --keep.")
    }
  }

  func run() throws {
    let store = try node.open().store
    let decision = take.map { Store.Decision.take($0) } ?? from.map { .from($0) } ?? .keep
    try store.resolve(
      kind: record.kind, key: record.key, field: field, decision: decision, owner: owner.federation)
    if output.json {
      return try Output.answer([
        "kind": .string(record.kind), "key": .string(record.key), "field": .string(field), "outcome": "resolved",
      ])
    }
    let next =
      store.identity.keyProblem == nil
      ? "the next sync sends it to the others"
      : "the service sends it to the others at its next sync, and `birlik conflicts` lists it until then"
    try Output.print("\(record.kind) \(record.key), \(field): resolved; \(next).")
  }
}
