import ArgumentParser
import Node
import Store
import SyncCore

/// Shows a record.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "birlik show org_unit ftuu-001",
    discussion: "Every field, the conflicts that are open in it, and values that the catalog does not allow.")

  @OptionGroup var record: RecordArguments
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    guard let view = try store.record(kind: record.kind, key: record.key) else {
      throw Failure(
        .data, "there is no \(record.kind) \(record.key)", hint: "`birlik list \(record.kind)` shows what there is")
    }
    if output.json { return try Output.answer(ColumnTypes(try store.catalog().kind(named: view.kind)).json(view)) }
    let output = Output()
    output.print("\(view.kind) \(view.key)")
    // A deprecated column is shown only if it still holds something.
    let deprecated = Set(try store.catalog().kind(named: view.kind)?.fields.filter(\.isDeprecated).map(\.name) ?? [])
    let amounts = AmountText(try store.catalog().kind(named: view.kind), namesCurrency: true)
    print(view, amounts, without: deprecated, to: output)
    for conflict in view.conflicts { output.print("  conflict in \(conflict): see `birlik conflicts`") }
    for invalid in view.invalid { output.print("  not allowed in \(invalid.field): \(invalid.reason)") }
    if let words = Words.ownColumns(try store.ownColumns(of: view.kind)) { output.print("  \(words)") }
    for hidden in view.hidden {
      let owner = hidden.columns.first { $0.name == "federation" }?.value.display ?? ""
      output.print()
      output.print("\(hidden.kind) \(hidden.key), of \(owner), who used the key later: it is not shown elsewhere")
      print(hidden, amounts, without: deprecated, to: output)
    }
    try output.finish()
  }

  private func print(
    _ view: RecordView, _ amounts: AmountText, without deprecated: Set<String>, to output: Output
  ) {
    let columns = view.columns.filter { !$0.value.isNull || !deprecated.contains($0.name) }
    let width = columns.reduce(0) { max($0, $1.name.count) }
    for column in columns {
      let name = column.name + String(repeating: " ", count: width - column.name.count)
      output.print("  \(name)  \(column.value.isNull ? Words.nothing : amounts.text(column, in: view))")
    }
  }
}
