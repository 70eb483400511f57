import ArgumentParser
import Limits
import Node
import Store
import SyncCore

/// Lists edits that wait for a person, confirms them or puts them back.
struct HeldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "held",
    abstract: "birlik held --confirm --database uz.db",
    discussion: """
      Edits that would delete or empty more than \(StoreLimits.removalsWithoutPerson) records of a kind at once, and more \
      than \(StoreLimits.removalsWithoutPersonPercent) % of them, are not sent until you confirm them. Neither are edits \
      that were made where the triggers did not see them. Until then your tables show what was typed, all others what was \
      there before, and everything else is sent. Typing the old values again also ends the waiting.

      Without an option it lists these edits. --confirm makes them final, and the next sync sends them. --put-back undoes \
      them: the records are as they were. Both take all of them, those of one kind, or those of one record. What somebody \
      else changed since is left by --confirm until you name the record.
      """)

  /// How many records are listed one by one.
  private static let shown = 20

  @Argument(help: "Only this kind.")
  var kind: String?

  @Argument(help: "Only the record with this key.")
  var key: String?

  @Flag(help: "Make the edits final.")
  var confirm = false

  @Flag(help: "Undo the edits.")
  var putBack = false

  @Flag(help: "List every record, however many there are.")
  var each = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if confirm && putBack { throw ValidationError("Give either --confirm or --put-back.") }
  }

  func run() throws {
    let store = try node.open().store
    if confirm || putBack {
      let decision =
        confirm
        ? try store.confirmHeld(kind: kind, key: key) : try store.putBackHeld(kind: kind, key: key)
      return try print(decision)
    }
    let views = try store.held(kind: kind, key: key)
    if output.json { return try Output.answer(.array(views.map(Self.json))) }
    let output = Output()
    list(views, to: output)
    try output.finish()
  }

  private func print(_ decision: HeldDecision) throws {
    if output.json {
      return try Output.answer([
        confirm ? "confirmed" : "put_back": .number(decision.records),
        "changed_since": .array(decision.changedSince.map(Self.json)),
      ])
    }
    let output = Output()
    let records = Words.count(decision.records, "record")
    output.print(
      decision.records == 0 && decision.changedSince.isEmpty
        ? "Nothing waited."
        : confirm ? "The edits of \(records) are final. `birlik sync` sends them." : "Put back: \(records).")
    if let first = decision.changedSince.first {
      let example = ShellWords.command("held", [first.kind, first.key], options: " --confirm\(node.repeated)")
      output.print(
        "Somebody else changed \(Words.count(decision.changedSince.count, "record")) since; their edits wait on. See "
          + "`birlik held\(node.repeated)`, and confirm each by its key\(example.map { ", such as `\($0)`" } ?? "").")
    }
    try output.finish()
  }

  private func list(_ views: [HeldView], to output: Output) {
    guard !views.isEmpty else { return output.print("Nothing waits for you.") }
    for view in each ? views[...] : views.prefix(Self.shown) { output.print(Self.words(view)) }
    if !each, views.count > Self.shown {
      output.print("and \(Words.count(views.count - Self.shown, "more record")): `birlik held --each\(node.repeated)`")
    }
    output.print()
    for count in views.counts {
      let parts = [(count.deleted, "deleted"), (count.edited, "edited"), (count.inserted, "created")]
        .filter { $0.0 > 0 }.map { "\(Words.grouped($0.0)) \($0.1)" }
      output.print("\(count.kind): \(parts.joined(separator: ", "))")
    }
    output.print(
      "`birlik held --confirm\(node.repeated)` makes this final; `birlik held --put-back\(node.repeated)` undoes it.")
  }

  private static func words(_ view: HeldView) -> String {
    let value = { (value: Value) in value.isNull ? Words.nothing : value.display }
    let fields = view.difference.fields.map { field in
      switch view.difference.sort {
      case .inserted: "\(field.name)=\(value(field.new))"
      case .deleted: "\(field.name)=\(value(field.old))"
      case .edited: "\(field.name): \(value(field.old)) → \(value(field.new))"
      }
    }
    let since = view.isChangedSince ? "  (somebody else changed it since)" : ""
    let why =
      switch view.reason {
      case .many: ""
      case .unnoticed: "  (no trigger saw it)"
      case .confirmed: "  (confirmed; the next sync sends it)"
      }
    return "\(view.kind) \(view.key)  \(verb(view))  \(fields.joined(separator: ", "))\(why)\(since)"
  }

  private static func verb(_ view: HeldView) -> String {
    switch view.difference.sort {
    case .inserted: "created"
    case .edited: "edited"
    case .deleted: "deleted"
    }
  }

  private static func json(_ view: HeldView) -> JSON {
    let types = ColumnTypes(nil)
    return [
      "kind": .string(view.kind), "key": .string(view.key), "at": .string(Moment(view.at).iso),
      "what": .string(verb(view)), "reason": .string(view.reason.rawValue),
      "changed_since": .bool(view.isChangedSince),
      "fields": .array(
        view.difference.fields.map { field in
          [
            "field": .string(field.name), "old": types.json(field.old, of: field.name),
            "new": types.json(field.new, of: field.name),
          ]
        }),
    ]
  }
}
