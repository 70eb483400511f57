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
      Different values that were given to one field by people who did not know of each other: which one is shown, by \
      which rule, the others, and the command that decides.
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
    if self.output.json {
      let catalog = try store.catalog()
      output.line(.array(conflicts.map { Self.json($0, ColumnTypes(catalog.kind(named: $0.kind))) }))
    } else if conflicts.isEmpty {
      output.say(all ? "There were none." : "There are none.")
    } else {
      for (index, conflict) in conflicts.enumerated() {
        if index > 0 { output.say() }
        say(conflict, to: output)
      }
    }
    try output.finish()
  }

  private static func json(_ conflict: ConflictView, _ types: ColumnTypes) -> JSON {
    [
      "kind": .string(conflict.kind), "key": .string(conflict.key), "federation": .string(conflict.federation),
      "field": .string(conflict.field), "rule": .string(conflict.rule),
      "shown": conflict.shown.map { types.json($0) } ?? .null,
      "others": .array(conflict.others.map { types.json($0) }),
      "opened_at": .string(Moment(conflict.openedAt).iso),
      "closed_at": conflict.closedAt.map { .string(Moment($0).iso) } ?? .null,
    ]
  }

  // MARK: - Words

  private func say(_ conflict: ConflictView, to output: Output) {
    var title = "\(conflict.kind) \(conflict.key)  \(conflict.field)  (\(conflict.rule))"
    if let closedAt = conflict.closedAt { title += "  resolved \(Moment(closedAt).words)" }
    output.say(title)
    let values = [("shown", conflict.shown)] + conflict.others.map { ("other", $0) }
    let texts = values.map { Self.words($0.1) }
    let width = min(60, texts.reduce(0) { max($0, $1.count) })
    for (value, text) in zip(values, texts) {
      let padding = String(repeating: " ", count: max(0, width - text.count))
      let who = value.1.map { "  \($0.node), \(Moment($0.at).words)" } ?? ""
      output.say("  \(value.0)  \(text)\(padding)\(who)")
    }
    guard conflict.closedAt == nil else { return }
    if conflict.field == Self.clash {
      output.say("  two owners use this key: one of them has to remove its record and take another key")
      return
    }
    output.say("  keep   \(command(conflict, "--keep"))")
    for other in conflict.others { output.say("  take   \(command(conflict, take(other, in: conflict)))") }
  }

  /// The value; of a group what it says at all.
  private static func words(_ value: AttributedValue?) -> String {
    guard let value else { return Words.nothing }
    let cells = value.cells.filter { !$0.value.isNull }
    if cells.isEmpty { return Words.nothing }
    if value.cells.count == 1 { return value.display }
    return cells.map { "\($0.field)=\($0.value.display)" }.joined(separator: " ")
  }

  /// How the store labels a conflict of two owners.
  private static let clash = "(key)"

  private func command(_ conflict: ConflictView, _ decision: String) -> String {
    let words = [conflict.kind, conflict.key, conflict.field].map(ShellWords.quoted).joined(separator: " ")
    return "birlik resolve \(words) \(decision)\(node.repeated)"
  }

  private func take(_ other: AttributedValue, in conflict: ConflictView) -> String {
    var text = other.display
    // A group is taken whole, and is named most briefly by whose it is.
    if other.cells.count > 1, conflict.others.count(where: { $0.node == other.node }) == 1 { text = other.node }
    return ShellWords.option("--take", text)
  }
}
