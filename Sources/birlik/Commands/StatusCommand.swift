import ArgumentParser
import Node
import Store
import SyncCore

/// Says where the node stands.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "birlik status --database uz.db",
    discussion: "Who this node is, what is still to be sent, what cannot be taken and why, how the last sync ended.")

  /// How many entries of a list are shown to a person.
  private static let shown = 5

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let status = try store.status()
    let refused = status.refused > 0 ? try store.refusedEdits() : []
    let invalid = status.invalid > 0 ? try store.invalidValues() : []
    let proposals = status.role.isHeadquarters ? try store.openProposalCount() : 0
    let inbox = try store.newInboxCount() + proposals
    let log = try store.logSummary()
    let cannotGive = try store.cannotGive()
    if output.json { return try Output.answer(Self.json(status, inbox: inbox, refused, invalid, log, cannotGive)) }
    let output = Output()
    Self.sayWho(status, to: output)
    Self.sayWork(status, inbox: inbox, to: output)
    Self.saySync(status, to: output)
    Self.sayLog(log, cannotGive, to: output)
    Self.say(
      refused.map { "\(Moment($0.at).words)  \($0.operation) of \($0.kind) \($0.key): \($0.reason)" },
      "Edits that cannot be taken", to: output)
    Self.say(
      invalid.map { "\($0.kind) \($0.key), \($0.field): \($0.reason)" }, "Values that the catalog does not allow",
      to: output)
    try output.finish()
  }

  // MARK: - JSON

  private static func json(
    _ status: StoreStatus, inbox: Int, _ refused: [RefusedView], _ invalid: [InvalidView], _ log: LogSummary,
    _ cannotGive: String?
  ) -> JSON {
    [
      "node": .string(status.node), "role": .string(status.roleName), "federation": .string(status.role.federation),
      "name": .string(status.name), "catalog": .number(status.catalogVersion), "unsealed": .number(status.unsealed),
      "unsent": .integer(status.unsent), "kept_back": .integer(status.unsendable), "refused": .number(status.refused),
      "invalid": .number(status.invalid),
      "conflicts": .number(status.conflicts), "inbox": .number(inbox), "waiting": .number(status.waiting),
      "upstream": .string(status.upstream),
      "last_sync": status.lastSync.map(json) ?? .null, "clock_offset_ms": .integer(status.clock.offset),
      "clock": ClockJSON.reading(status.clock),
      "notice": .string(status.notice), "frontier": .array(status.frontier.map(json)),
      "refused_edits": .array(refused.map(json)), "invalid_values": .array(invalid.map(json)),
      "segments": .number(log.segments), "segments_not_kept": .number(log.prunedSegments),
      "changes_not_kept": .integer(log.prunedChanges), "cannot_give": .string(cannotGive),
    ]
  }

  private static func json(_ mark: SyncMark) -> JSON {
    ["at": .string(Moment(mark.at).iso), "outcome": .string(mark.outcome), "error": .string(mark.error)]
  }

  private static func json(_ entry: FrontierEntry) -> JSON {
    [
      "origin": .string(entry.tip.origin.hex), "channel": .string(entry.channel.description),
      "seq": .integer(entry.tip.sequence), "hash": .string(entry.tip.hash.hex),
    ]
  }

  private static func json(_ edit: RefusedView) -> JSON {
    [
      "at": .string(Moment(edit.at).iso), "kind": .string(edit.kind), "key": .string(edit.key),
      "operation": .string(edit.operation), "record": .string(edit.record), "reason": .string(edit.reason),
    ]
  }

  private static func json(_ value: InvalidView) -> JSON {
    [
      "kind": .string(value.kind), "key": .string(value.key), "field": .string(value.field),
      "value": ColumnTypes(nil).json(value.value, of: value.field), "reason": .string(value.reason),
    ]
  }

  // MARK: - Words

  private static func sayWho(_ status: StoreStatus, to output: Output) {
    let role = status.role.isHeadquarters ? "headquarters" : "\(status.roleName) of \(status.role.federation)"
    output.say("\(status.name), \(role), node \(status.node), catalog \(status.catalogVersion)")
    if let upstream = status.upstream { output.say("  headquarters   \(upstream)") }
  }

  private static func sayWork(_ status: StoreStatus, inbox: Int, to output: Output) {
    output.say("  to seal        \(Words.count(status.unsealed, "edit"))")
    if !status.role.isHeadquarters { output.say("  to send        \(Words.count(status.unsent, "change"))") }
    if status.unsendable > 0 {
      output.say(
        "  kept back      \(Words.count(status.unsendable, "change")): the catalog lets \(status.role.federation) write "
          + "nothing that is open to all; `birlik inbox --all` lists them")
    }
    output.say(
      "  conflicts      \(Words.grouped(status.conflicts)) open" + (status.conflicts > 0 ? ": `birlik conflicts`" : ""))
    if inbox > 0 { output.say("  inbox          \(Words.count(inbox, "edit")) to hear of: `birlik inbox`") }
    if status.waiting > 0 {
      output.say("  waiting        \(Words.count(status.waiting, "segment")) for others that they build on")
    }
  }

  private static func saySync(_ status: StoreStatus, to output: Output) {
    if let mark = status.lastSync {
      output.say(
        "  last sync      \(Moment(mark.at).words): \(mark.outcome)" + (mark.error.map { ", \($0)" } ?? ""))
    } else if !status.role.isHeadquarters {
      output.say("  last sync      none yet")
    }
    if let warning = status.clock.warning {
      output.say("  clock          \(warning)")
    } else if let measuredAt = status.clock.measuredAt {
      let difference = Words.duration(milliseconds: status.clock.offset)
      output.say("  clock          within \(difference) of headquarters', measured \(Moment(measuredAt).words)")
    }
    if let notice = status.notice { output.say("  notice         \(notice)") }
  }

  private static func sayLog(_ log: LogSummary, _ cannotGive: String?, to output: Output) {
    if log.prunedSegments > 0 {
      output.say(
        "  log            \(Words.count(log.prunedChanges, "older change")) not kept here; headquarters has them")
    }
    if let cannotGive { output.say("  not given back " + SyncRun.cannotGive(cannotGive)) }
  }

  private static func say(_ lines: [String], _ title: String, to output: Output) {
    guard !lines.isEmpty else { return }
    output.say()
    output.say("\(title) (\(Words.grouped(lines.count))):")
    for line in lines.prefix(shown) { output.say("  " + line) }
    if lines.count > shown { output.say("  and \(Words.grouped(lines.count - shown)) more: `birlik status --json`") }
  }
}

extension StoreStatus {
  /// `headquarters`, `federation` or `office`.
  var roleName: String {
    if role.isHeadquarters { return "headquarters" }
    return name.utf8.starts(with: (role.federation + "/").utf8) ? "office" : "federation"
  }
}
