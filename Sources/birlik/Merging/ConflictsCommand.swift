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
      A conflict is a field to which people gave different values without knowing of each other. For each it prints the \
      value that is shown and why, the other values with who gave them and when, which totals another value would change, \
      and the commands that resolve it. With --all it also lists resolved conflicts: how, by whom and when.
      """)

  @Flag(help: "List resolved conflicts as well.")
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
      output.print(all ? "There were none." : "There are none.")
    } else {
      for (index, text) in texts.enumerated() {
        if index > 0 { output.print() }
        text.print(to: output)
      }
    }
    try output.finish()
  }
}
