import Node
import Store
import SyncCore

/// What leaves and what stays, for people and scripts.
struct EgressText {
  let report: EgressReport

  init(_ report: EgressReport) { self.report = report }

  func answer(asJSON: Bool) throws {
    let output = Output()
    if asJSON { output.line(json) } else { print(to: output) }
    try output.finish()
  }

  private static func operation(_ entry: HistoryEntry) -> String {
    entry.isDeletion ? "delete" : entry.isInsertion ? "insert" : "edit"
  }

  /// Who can read the changes of a channel.
  private static func readers(_ channel: Channel) -> String {
    switch channel.audience {
    case .home: "\(channel.owner)'s offices and headquarters"
    case .open: "all members"
    }
  }

  // MARK: - JSON

  private var json: JSON {
    let summary = report.summary
    var basis: [(name: String, value: JSON)] = []
    switch report.basis {
    case .asked: basis = [("held", "asked")]
    case .receipt(let at): basis = [("held", "receipt"), ("receipt_at", .string(Moment(at).iso))]
    case .nothing: basis = [("held", "unknown")]
    }
    return .object(
      basis + [
        ("changes", .number(summary.changes)), ("segments", .number(summary.segments)),
        ("bytes", .number(summary.bytes)), ("unreadable", .number(summary.unreadable)),
        ("cards", .strings(summary.cards)), ("rows", .array(report.changes.map(Self.json))),
        (
          "stays",
          [
            "places": .array(
              report.stay.places.map {
                ["kind": .string($0.kind), "column": .string($0.column), "count": .integer($0.count)]
              }),
            "refused": .array((report.stay.refused + report.refused).map(Self.json)),
          ]
        ), ("notices", .strings(report.notices)),
      ])
  }

  private static func json(_ change: EgressChange) -> JSON {
    [
      "kind": .string(change.kind), "key": .string(change.key), "operation": .string(operation(change.entry)),
      "node": .string(change.entry.node), "origin": .string(change.entry.origin),
      "sequence": .integer(change.entry.sequence), "at": .string(Moment(change.entry.at).iso),
      "channel": .string(change.channel.description), "readers": .string(readers(change.channel)),
      "fields": .object(change.entry.fields.map { ($0.name, ColumnTypes(nil).json($0.value, of: $0.name)) }),
    ]
  }

  private static func json(_ edit: RefusedView) -> JSON {
    ["kind": .string(edit.kind), "key": .string(edit.key), "reason": .string(edit.reason)]
  }

  // MARK: - Words

  private func print(to output: Output) {
    let summary = report.summary
    switch report.basis {
    case .asked: output.print("The next sync would send this; headquarters was asked what it holds.")
    case .receipt(let at):
      output.print("The next sync would send this, judging by headquarters' receipt of \(Moment(at).words).")
    case .nothing: output.print("The next sync would send this, or less: what headquarters holds is not known here.")
    }
    for notice in report.notices { output.print("Note: \(notice).") }
    output.print()
    output.print(
      "\(Words.count(summary.changes, "change")) in \(Words.count(summary.segments, "signed part")), "
        + "\(Words.bytes(summary.bytes)).")
    for change in report.changes {
      output.print(
        "  \(change.kind) \(change.key)  \(Self.operation(change.entry)) by \(change.entry.node); "
          + "\(change.channel.description): \(Self.readers(change.channel))")
      for field in change.entry.fields {
        output.print("    \(field.name) = \(field.value.isNull ? Words.nothing : field.value.display)")
      }
    }
    let rest = summary.changes - report.changes.count
    if rest > 0 { output.print("  and \(Words.count(rest, "more change", "more changes")); list them with --limit") }
    if summary.unreadable > 0 {
      output.print(
        "\(Words.count(summary.unreadable, "part")) of the log of other nodes cannot be read here and would be passed on."
      )
    }
    if !summary.cards.isEmpty {
      output.print("Cards (name, federation, public key) of: \(summary.cards.joined(separator: ", ")).")
    }
    output.print("Every exchange also sends this node's card, the version of its catalog and how far its log goes.")
    output.print()
    output.print("What stays on this machine:")
    for place in report.stay.places {
      if let column = place.column {
        output.print("  \(place.kind).\(column): \(Words.count(Int(clamping: place.count), "value"))")
      } else {
        output.print("  \(place.kind): \(Words.count(Int(clamping: place.count), "record"))")
      }
    }
    for edit in report.stay.refused + report.refused {
      output.print("  \(edit.kind) \(edit.key), an edit that cannot be sent: \(edit.reason)")
    }
  }
}
