import ArgumentParser
import Node
import Store
import SyncCore

/// Decides a conflict.
struct ResolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "birlik resolve org_unit ftuu-001 name --take \"Textile workers of Andijan\"",
    discussion: """
      --keep says that what is shown is right, --take shows another value instead: one of the others or a new one. Of a \
      group of fields name the node whose values to take. It is an ordinary edit, which closes the conflict on every \
      node. `birlik conflicts` prints these commands.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: "The field as `birlik conflicts` names it.")
  var field: String

  @Option(help: ArgumentHelp("Show this value from now on.", valueName: "value"))
  var take: String?

  @Flag(help: "What is shown stays.")
  var keep = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if keep == (take != nil) { throw ValidationError("Give either --take VALUE or --keep.") }
  }

  func run() throws {
    let store = try node.open().store
    try store.resolve(
      kind: record.kind, key: record.key, field: field, decision: take.map { .take($0) } ?? .keep)
    if output.json {
      return try Output.answer([
        "kind": .string(record.kind), "key": .string(record.key), "field": .string(field), "outcome": "resolved",
      ])
    }
    try Output.say("\(record.kind) \(record.key), \(field): resolved; the others learn it with the next sync.")
  }
}
