import ArgumentParser
import Node
import Store
import SyncCore

/// Lists conflicts.
struct ConflictsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: "birlik conflicts --all",
    discussion: """
      Different values that were given to one field by people who did not know of each other: which one is shown and \
      why, the others with who gave them and when, which totals would move if another were shown, and the command that \
      decides. With --all also those that were resolved, with how, by whom and when, as far as the log tells.
      """)

  @Flag(help: "Those that were resolved as well.")
  var all = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    try TypedEdits.include(in: store)
    let conflicts = try store.conflicts(includingResolved: all)
    let output = Output()
    let texts = conflicts.map { ConflictText($0, options: node.repeated) }
    if self.output.json {
      let catalog = try store.catalog()
      output.line(.array(texts.map { $0.json(ColumnTypes(catalog.kind(named: $0.conflict.kind))) }))
    } else if conflicts.isEmpty {
      output.say(all ? "There were none." : "There are none.")
    } else {
      for (index, text) in texts.enumerated() {
        if index > 0 { output.say() }
        text.say(to: output)
      }
    }
    try output.finish()
  }
}
