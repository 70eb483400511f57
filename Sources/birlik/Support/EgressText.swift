import Node
import Store
import SyncCore

/// What leaves and what stays, as people and scripts read it.
struct EgressText {
  let report: EgressReport

  init(_ report: EgressReport) { self.report = report }

  func answer(asJSON: Bool) throws {
    let output = Output()
    if asJSON { output.line(json) } else { say(to: output) }
    try output.finish()
  }

  private static func operation(_ entry: HistoryEntry) -> String {
    entry.isDeletion ? "delete" : entry.isInsertion ? "insert" : "edit"
  }

  /// Who will be able to read what is sealed into a channel.
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

  private func say(to output: Output) {
    let summary = report.summary
    switch report.basis {
    case .asked: output.say("The next sync would send this; headquarters was asked what it holds.")
    case .receipt(let at):
      output.say("The next sync would send this, reckoned from headquarters' receipt of \(Moment(at).words).")
    case .nothing: output.say("The next sync would send this, or less: what headquarters holds is not known here.")
    }
    for notice in report.notices { output.say("Note: \(notice).") }
    output.say()
    output.say(
      "\(Words.count(summary.changes, "change")) in \(Words.count(summary.segments, "segment")), "
        + "\(Words.bytes(summary.bytes)).")
    for change in report.changes {
      output.say(
        "  \(change.kind) \(change.key)  \(Self.operation(change.entry)) by \(change.entry.node); "
          + "\(change.channel.description): \(Self.readers(change.channel))")
      for field in change.entry.fields {
        output.say("    \(field.name) = \(field.value.isNull ? Words.nothing : field.value.display)")
      }
    }
    let rest = summary.changes - report.changes.count
    if rest > 0 { output.say("  and \(Words.count(rest, "more change", "more changes")); list them with --limit") }
    if summary.unreadable > 0 {
      output.say("\(Words.count(summary.unreadable, "segment")) of others cannot be read here and are passed on.")
    }
    if !summary.cards.isEmpty {
      output.say("Cards (name, federation, public key) of: \(summary.cards.joined(separator: ", ")).")
    }
    output.say("Beside it every exchange tells this node's card, its catalog's version and how far its log goes.")
    output.say()
    output.say("What stays on this machine:")
    for place in report.stay.places {
      if let column = place.column {
        output.say("  \(place.kind).\(column): \(Words.count(Int(clamping: place.count), "value"))")
      } else {
        output.say("  \(place.kind): \(Words.count(Int(clamping: place.count), "record"))")
      }
    }
    for edit in report.stay.refused + report.refused {
      output.say("  \(edit.kind) \(edit.key), an edit that may not be sent: \(edit.reason)")
    }
  }
}
