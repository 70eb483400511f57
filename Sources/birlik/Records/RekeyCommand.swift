import ArgumentParser
import Node
import Store
import SyncCore

/// Gives a record another key.
struct RekeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rekey",
    abstract: "birlik rekey org_unit ftuu-001 ftuu-901",
    discussion: """
      The record goes on under the new key with all that it holds; records that name the old key keep it. Where two owners \
      use one key, this gives this node's own record another one, shown or not, and touches nobody else's.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: "The new key, which no record may ever have had.")
  var newKey: String

  @OptionGroup var owner: OwnerOption
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try node.open().store.rekey(kind: record.kind, key: record.key, to: newKey, owner: owner.federation)
    if output.json {
      return try Output.answer([
        "kind": .string(record.kind), "key": .string(record.key), "new_key": .string(newKey), "outcome": "rekeyed",
      ])
    }
    try Output.print("\(record.kind) \(record.key) is \(newKey) now; the next sync tells the others.")
  }
}
