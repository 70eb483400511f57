import ArgumentParser
import Node
import Store
import SyncCore

/// Tells the people at a node what became of their edits.
struct InboxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inbox",
    abstract: "birlik inbox --all",
    discussion: """
      Edits of this node that lost to others', with what is shown now, who gave it, and the command that restores what \
      was typed here; values typed here that the catalog does not allow; edits that could not be taken. What was listed \
      is not told again: --all lists it all the same, --peek leaves it to be told once more.
      """)

  @Flag(help: "What was told before as well.")
  var all = false

  @Flag(help: "Do not mark as told.")
  var peek = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let items = try store.inbox(includingSeen: all)
    let output = Output()
    let texts = items.map { InboxText($0, options: node.repeated) }
    if self.output.json {
      let catalog = try store.catalog()
      output.line(.array(texts.map { $0.json(ColumnTypes(catalog.kind(named: $0.item.kind))) }))
    } else if items.isEmpty {
      output.say(all ? "There was nothing." : "There is nothing new.")
    } else {
      for (index, text) in texts.enumerated() {
        if index > 0 { output.say() }
        text.say(to: output)
      }
    }
    // Only what was written out was told.
    try output.finish()
    if !peek { try store.markInboxSeen() }
  }
}
