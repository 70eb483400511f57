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
      --keep confirms the value that is shown; --take shows another one instead, one of the conflict's or a new one. For a \
      group of fields give the name of the node whose values to take. This is an ordinary edit, which closes the conflict \
      on every node. `birlik conflicts` prints the commands to use.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: "The field as `birlik conflicts` names it.")
  var field: String

  @Option(help: ArgumentHelp("Show this value instead.", valueName: "value"))
  var take: String?

  @Flag(help: "Keep the value that is shown.")
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
    try Output.print("\(record.kind) \(record.key), \(field): resolved; the next sync sends it to the others.")
  }
}
