import Node
import Store
import SyncCore

/// What a sync would do, as people and scripts read it.
struct DryRunText {
  let report: DryRunReport
  let options: String

  init(_ report: DryRunReport, options: String) {
    self.report = report
    self.options = options
  }

  func answer(asJSON: Bool) throws {
    let output = Output()
    if asJSON { output.line(json) } else { print(to: output) }
    try output.finish()
  }

  private func texts(_ conflicts: [ConflictView]) -> [ConflictText] {
    conflicts.map { ConflictText($0, options: options, isHypothetical: true) }
  }

  // MARK: - JSON

  private var json: JSON {
    [
      "dry_run": .bool(true), "send": Self.json(report.sent), "receive": Self.json(report.received),
      "conflicts_opened": .array(texts(report.opened).map { $0.json(ColumnTypes(nil)) }),
      "conflicts_closed": .array(texts(report.closed).map { $0.json(ColumnTypes(nil)) }),
      "totals": .array(report.totals.map { .object(ConflictText.members($0)) }),
      "refused": .array(
        report.refused.map { ["kind": .string($0.kind), "key": .string($0.key), "reason": .string($0.reason)] }),
      "catalog": report.catalog.map { ["from": .number($0.from), "to": .number($0.to)] } ?? .null,
      "notices": .strings(report.notices),
    ]
  }

  private static func json(_ tally: ChangeTally) -> JSON {
    [
      "changes": .number(tally.changes),
      "kinds": .array(
        tally.parts.map { part in
          [
            "kind": .string(part.kind), "records": .number(part.records), "changes": .number(part.changes),
            "rows": .array(part.first.map(json)),
          ]
        }),
    ]
  }

  private static func json(_ row: ChangeTally.Row) -> JSON {
    [
      "key": .string(row.key), "at": .string(Moment(row.entry.at).iso), "node": .string(row.entry.node),
      "operation": .string(operation(row.entry)),
      "fields": .object(row.entry.fields.map { (name: $0.name, value: ColumnTypes(nil).json($0.value, of: $0.name)) }),
    ]
  }

  private static func operation(_ entry: HistoryEntry) -> String {
    entry.isDeletion ? "delete" : entry.isInsertion ? "insert" : "edit"
  }

  // MARK: - Words

  private func print(to output: Output) {
    output.print("A dry run: nothing was sent and nothing was changed.")
    if let catalog = report.catalog {
      output.print("The catalog would go from version \(catalog.from) to \(catalog.to).")
    }
    for notice in report.notices { output.print("Note: \(notice).") }
    Self.print(report.sent, "would be sent", to: output)
    Self.print(report.received, "would be received", to: output)
    for edit in report.refused {
      output.print("  cannot be used: \(edit.operation) of \(edit.kind) \(edit.key): \(edit.reason)")
    }
    output.print()
    output.print("\(Words.count(report.opened.count, "conflict")) would open.")
    for text in texts(report.opened) {
      output.print()
      text.print(to: output)
    }
    if !report.closed.isEmpty {
      output.print()
      output.print("\(Words.count(report.closed.count, "conflict")) would close:")
      for conflict in report.closed { output.print("  \(conflict.kind) \(conflict.key)  \(conflict.field)") }
    }
    output.print()
    output.print(report.totals.isEmpty ? "No total would change." : "Totals that would change:")
    for move in report.totals { output.print("  \(move.words)") }
  }

  private static func print(_ tally: ChangeTally, _ verb: String, to output: Output) {
    output.print()
    output.print("\(Words.count(tally.changes, "change")) \(verb).")
    for part in tally.parts {
      output.print("  \(part.kind): \(Words.count(part.records, "record")), \(Words.count(part.changes, "change"))")
      for row in part.first {
        let fields = row.entry.fields.map { "\($0.name)=\($0.value.isNull ? Words.nothing : $0.value.display)" }
        let words = fields.isEmpty ? "" : ": " + fields.joined(separator: " ")
        output.print(
          "    \(row.key)  \(operation(row.entry)) by \(row.entry.node), \(Moment(row.entry.at).words)\(words)")
      }
      let rest = part.changes - part.first.count
      if rest > 0 { output.print("    and \(Words.count(rest, "more change", "more changes"))") }
    }
  }
}
