import ArgumentParser
import Node
import Store

/// Removes a record.
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "birlik remove org_unit ftuu-001",
    discussion: """
      Its history stays readable. Where two owners use one key, this node's own record is meant, shown or not. If somebody else edits it at the same time without knowing, the record stays and a \
      conflict opens.
      """)

  @OptionGroup var record: RecordArguments
  @OptionGroup var owner: OwnerOption
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try node.open().store.remove(kind: record.kind, key: record.key, owner: owner.federation)
    try EditAnswer.write(record, .removed, output)
  }
}
