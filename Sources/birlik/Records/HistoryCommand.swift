import ArgumentParser
import Node
import Store
import SyncCore

/// Lists the edits of a record.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "birlik history org_unit ftuu-001",
    discussion: """
      Every edit of the record that this node holds: when, by which node, and which values it gave. An edit that waits \
      for an earlier one builds on something that has not arrived; until then nothing else shows it.
      """)

  @OptionGroup var record: RecordArguments
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    try TypedEdits.include(in: store)
    let entries = try store.history(kind: record.kind, key: record.key)
    let gaps = try store.logGaps(kind: record.kind, key: record.key)
    let output = Output()
    if self.output.json {
      let types = ColumnTypes(try store.catalog().kind(named: record.kind))
      output.line(.array(entries.map { Self.json($0, types) }))
    } else if entries.isEmpty && gaps.isEmpty {
      output.print("Nothing is known about \(record.kind) \(record.key).")
    } else {
      var table = Table([.text("when"), .text("node"), .text("what"), .text("values")])
      for entry in entries {
        let values = entry.fields.map { "\($0.name)=\($0.value.display)" }.joined(separator: " ")
        table.add([Moment(entry.at).words, entry.node, Self.what(entry), values])
      }
      if !entries.isEmpty { table.write(to: output) }
    }
    try output.finish()
    for gap in gaps { StandardError.printNote(Self.words(gap)) }
  }

  /// Says which part of the log was removed here.
  private static func words(_ gap: LogGap) -> String {
    "the log of \(gap.channel) until \(Moment(gap.sealedUntil).words) is no longer kept here "
      + "(\(Words.count(gap.segments, "part"))) and may hold older edits of this record; headquarters has them"
  }

  private static func what(_ entry: HistoryEntry) -> String {
    let verb = entry.isDeletion ? "removed" : entry.isInsertion ? "created" : "changed"
    return verb + (entry.isFlagged ? " (not allowed)" : "") + (entry.isWaiting ? " (waits for an earlier edit)" : "")
  }

  private static func json(_ entry: HistoryEntry, _ types: ColumnTypes) -> JSON {
    [
      "at": .string(Moment(entry.at).iso), "node": .string(entry.node), "origin": .string(entry.origin),
      "seq": .integer(entry.sequence), "channel": .string(entry.channel),
      "fields": .object(entry.fields.map { ($0.name, types.json($0.value, of: $0.name)) }),
      "deleted": .bool(entry.isDeletion), "created": .bool(entry.isInsertion), "flagged": .bool(entry.isFlagged),
      "waiting": .bool(entry.isWaiting),
    ]
  }
}
