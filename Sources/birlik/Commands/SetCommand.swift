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
      Creates the record, or edits the fields that are named. An empty value empties the field; a set is written as \
      texts between semicolons or as a JSON array. What the catalog does not allow is refused.
      """)

  @OptionGroup var record: RecordArguments

  @Argument(help: ArgumentHelp("Fields with their values.", valueName: "field=value"))
  var values: [Assignment] = []

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try Assignment.checkDistinct(values) }

  func run() throws {
    let store = try node.open().store
    let outcome = try store.edit(
      kind: record.kind, key: record.key, values: values.map { (field: $0.field, text: $0.text) })
    Deprecated.note(values.filter { !$0.text.isEmpty }.map(\.field), try store.catalog().kind(named: record.kind))
    try EditAnswer.write(record, outcome, output)
  }
}

/// What `set` and `remove` answer.
enum EditAnswer {
  static func write(_ record: RecordArguments, _ outcome: EditOutcome, _ options: OutputOptions) throws {
    if options.json {
      return try Output.answer([
        "kind": .string(record.kind), "key": .string(record.key), "outcome": .string(outcome.rawValue),
      ])
    }
    try Output.say("\(record.kind) \(record.key): \(outcome.rawValue)")
  }
}
