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
      and the commands that resolve it. With --all it also lists resolved conflicts: how, by whom and when. Of a long list \
      the first \(many) are printed, and for many conflicts of one field the command that decides them together; --each \
      prints every one.
      """)

  /// How many conflicts are printed one by one.
  private static let many = 100
  /// From how many conflicts of one field on a command is printed that decides them together.
  private static let alike = 20

  @Flag(help: "List resolved conflicts as well.")
  var all = false

  @Flag(help: "List every conflict by itself, however many there are.")
  var each = false

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
      for (index, text) in (each ? texts[...] : texts.prefix(Self.many)).enumerated() {
        if index > 0 { output.print() }
        text.print(to: output)
      }
      if !each, texts.count > Self.many {
        output.print()
        output.print(
          "and \(Words.count(texts.count - Self.many, "more", "more")): "
            + "`birlik conflicts\(all ? " --all" : "") --each\(node.repeated)`")
      }
      summarize(conflicts, to: output)
    }
    try output.finish()
  }

  /// What a field has in common with others: its kind and its name.
  private struct Place: Hashable {
    var kind: String
    var field: String
  }

  /// Says how many conflicts of one field can be decided together.
  private func summarize(_ conflicts: [ConflictView], to output: Output) {
    let open = conflicts.filter { $0.closedAt == nil && $0.isWritable && $0.field != RecordNotes.keyCollision }
    let groups = Dictionary(grouping: open) { Place(kind: $0.kind, field: $0.field) }.filter { $1.count > Self.alike }
    let inOrder = groups.sorted { ($0.key.kind, $0.key.field) < ($1.key.kind, $1.key.field) }
    if !inOrder.isEmpty { output.print() }
    for (place, group) in inOrder {
      let options = " --all " + ShellWords.option("--field", place.field) + " --keep --dry-run" + node.repeated
      guard let command = ShellWords.command("resolve", [place.kind], options: options) else { continue }
      output.print(
        "\(place.kind) \(place.field), \(Words.count(group.count, "conflict")): decide them together by `\(command)`")
    }
  }
}
