import ArgumentParser
import Node
import Store
import SyncCore

/// Creates or edits a record.
struct SetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "birlik set org_unit ftuu-001 name=\"Textile workers of Andijan\" country=UZB",
    discussion: """
      Creates the record, or edits the given fields of it. An empty value empties the field; a set is written as texts \
      between semicolons or as a JSON array. Values that the catalog does not allow are refused. Where two owners use one \
      key, this node's own record is meant, shown or not.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: ArgumentHelp("Fields with their values.", valueName: "field=value"))
  var values: [Assignment] = []

  @OptionGroup var owner: OwnerOption
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try Assignment.checkDistinct(values) }

  func run() throws {
    let store = try node.open().store
    let (outcome, notes) = try store.editNoting(
      kind: record.kind, key: record.key, values: values.map { (field: $0.field, text: $0.text) },
      owner: owner.federation)
    Deprecated.warn(values.filter { !$0.text.isEmpty }.map(\.field), try store.catalog().kind(named: record.kind))
    try EditAnswer.write(record, outcome, output, notes: notes)
  }
}
