import ArgumentParser
import Node
import Store
import SyncCore

/// Takes an edit that waits because the catalog does not allow a value of it.
struct InboxCorrectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "correct",
    abstract: "birlik inbox correct 3 method=register",
    discussion: """
      What was typed is taken with the given values in place of the wrong ones. `birlik inbox` lists the edits that wait, \
      with their numbers.
      """)

  @Argument(help: "The edit, by its number in the inbox.")
  var number: Int64

  @Argument(help: ArgumentHelp("Fields or key columns with the right values.", valueName: "field=value"))
  var values: [Assignment] = []

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try Assignment.checkDistinct(values) }

  func run() throws {
    let store = try node.open().store
    let taken = try store.correct(number, values: values.map { (field: $0.field, text: $0.text) })
    if output.json {
      return try Output.answer([
        "kind": .string(taken.kind), "key": .string(taken.key), "outcome": .string(taken.outcome.rawValue),
      ])
    }
    try Output.print("\(taken.kind) \(taken.key): the edit is taken; the next sync sends it to the others.")
  }
}

/// Gives up an edit that waits for a correction.
struct InboxDropCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop",
    abstract: "birlik inbox drop 3",
    discussion: "The record stays as it is. What was typed stays readable: `birlik inbox --all`.")

  @Argument(help: "The edit, by its number in the inbox.")
  var number: Int64

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let dropped = try store.dropCorrection(number)
    if output.json {
      return try Output.answer(["kind": .string(dropped.kind), "key": .string(dropped.key), "outcome": "dropped"])
    }
    try Output.print("\(dropped.kind) \(dropped.key) stays as it is.")
  }
}
