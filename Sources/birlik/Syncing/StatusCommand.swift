import ArgumentParser
import Node
import Store
import SyncCore

/// Shows the state of this node.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "birlik status --database uz.db",
    discussion: """
      Who this node is, how many edits wait to be sent, which edits cannot be used and why, and how the last sync ended.
      """)

  /// How many entries of a list are shown to a person.
  private static let shown = 5

  @Flag(help: "Take the notice away once it is read.")
  var dismissNotice = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    if dismissNotice { try store.dismissNotice() }
    let status = try store.status()
    let refused = status.refused > 0 ? try store.openRefusals() : []
    let invalid = status.invalid > 0 ? try store.invalidValues() : []
    let proposals = status.role.isHeadquarters ? try store.openProposalCount() : 0
    let inbox = try store.newInboxCount() + proposals
    let log = try store.logSummary()
    let cannotGive = try store.cannotGive()
    let findings = try store.findingTally()
    if output.json {
      return try Output.answer(Self.json(status, inbox: inbox, refused, invalid, log, cannotGive, findings))
    }
    let output = Output()
    Self.printIdentity(status, to: output)
    if let problem = store.identity.keyProblem.flatMap(Failure.init) {
      output.print("  key            not used, because \(problem.message); only syncing and signing need it")
    }
    Self.printWork(status, inbox: inbox, to: output)
    Self.print(findings, to: output)
    Self.printLastSync(status, to: output)
    Self.printLog(log, cannotGive, to: output)
    Self.print(
      refused.map { "\(Moment($0.at).words)  \($0.operation) of \($0.kind) \($0.key): \($0.reason)" },
      "Edits that cannot be used; `birlik inbox --all` says what to do", to: output)
    Self.print(
      invalid.map { "\($0.kind) \($0.key), \($0.field): \($0.reason)" }, "Values that the catalog does not allow",
      to: output)
    try output.finish()
  }

  // MARK: - JSON

  private static func json(
    _ status: StoreStatus, inbox: Int, _ refused: [RefusedView], _ invalid: [InvalidView], _ log: LogSummary,
    _ cannotGive: String?, _ findings: FindingTally?
  ) -> JSON {
    [
      "node": .string(status.node), "role": .string(status.roleName), "federation": .string(status.role.federation),
      "name": .string(status.name), "catalog": .number(status.catalogVersion), "unsealed": .number(status.unsealed),
      "unsent": .integer(status.unsent), "kept_back": .integer(status.unsendable), "held": .number(status.held),
      "refused": .number(status.refused), "invalid": .number(status.invalid),
      "conflicts": .number(status.conflicts), "shared_keys": .number(status.collisions), "inbox": .number(inbox),
      "waiting": .number(status.waiting),
      "upstream": .string(status.upstream),
      "last_sync": status.lastSync.map(json) ?? .null, "clock_offset_ms": .integer(status.clock.offset),
      "clock": ClockJSON.reading(status.clock),
      "notice": .string(status.notice), "frontier": .array(status.frontier.map(json)),
      "refused_edits": .array(refused.map(json)), "invalid_values": .array(invalid.map(json)),
      "segments": .number(log.segments), "segments_not_kept": .number(log.prunedSegments),
      "changes_not_kept": .integer(log.prunedChanges), "cannot_give": .string(cannotGive),
      "findings": findings.map { .number($0.count) } ?? .null,
      "findings_at": findings?.countedAt.map { .string(Moment($0).iso) } ?? .null,
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
      "operation": .string(edit.operation.rawValue), "record": .string(edit.record), "reason": .string(edit.reason),
    ]
  }

  private static func json(_ value: InvalidView) -> JSON {
    [
      "kind": .string(value.kind), "key": .string(value.key), "field": .string(value.field),
      "value": ColumnTypes(nil).json(value.value, of: value.field), "reason": .string(value.reason),
    ]
  }

  // MARK: - Words

  private static func printIdentity(_ status: StoreStatus, to output: Output) {
    let role = status.role.isHeadquarters ? "headquarters" : "\(status.roleName) of \(status.role.federation)"
    output.print("\(status.name), \(role), node \(status.node), catalog \(status.catalogVersion)")
    if let upstream = status.upstream { output.print("  headquarters   \(upstream)") }
  }

  private static func printWork(_ status: StoreStatus, inbox: Int, to output: Output) {
    if status.role.isHeadquarters {
      if status.unsealed > 0 { output.print("  to add         \(Words.count(status.unsealed, "edit")) to the totals") }
    } else {
      let waiting = Int64(status.unsealed).addingReportingOverflow(status.unsent).partialValue
      output.print("  to send        \(Words.count(waiting, "edit")) waiting to be sent")
    }
    if status.unsendable > 0 {
      output.print(
        "  not sendable   \(Words.count(status.unsendable, "change")): the catalog does not let "
          + "\(status.role.federation) write records that all members read; `birlik inbox --all` lists them")
    }
    if status.held > 0 {
      output.print(
        "  to confirm     edits of \(Words.count(status.held, "record")), not sent until you confirm them: `birlik held`"
      )
    }
    output.print(
      "  conflicts      \(Words.grouped(status.conflicts)) open" + (status.conflicts > 0 ? ": `birlik conflicts`" : ""))
    if status.collisions > 0 {
      output.print(
        "  shared keys    \(Words.count(status.collisions, "record")) of \(status.role.federation) with a key that another "
          + "owner uses too: `birlik conflicts` shows both")
    }
    if inbox > 0 { output.print("  inbox          news about \(Words.count(inbox, "edit")): `birlik inbox`") }
    if status.waiting > 0 {
      output.print(
        "  incomplete     \(Words.count(status.waiting, "part")) of the log, waiting for earlier ones that have not arrived"
      )
    }
  }

  private static func print(_ findings: FindingTally?, to output: Output) {
    guard let findings else { return output.print("  findings       not counted yet: `birlik check`") }
    let time = findings.countedAt.map { " at " + Moment($0).words } ?? ""
    guard findings.count > 0 || findings.countedAt != nil else { return }
    output.print("  findings       \(Words.grouped(findings.count))\(time): `birlik check`")
  }

  private static func printLastSync(_ status: StoreStatus, to output: Output) {
    if let mark = status.lastSync {
      output.print(
        "  last sync      \(Moment(mark.at).words): \(Self.words(mark.outcome))" + (mark.error.map { ", \($0)" } ?? ""))
    } else if !status.role.isHeadquarters {
      output.print("  last sync      none yet")
    }
    if let warning = status.clock.warning {
      output.print("  clock          \(warning)")
    } else if let measuredAt = status.clock.measuredAt {
      let difference = Words.duration(milliseconds: status.clock.offset)
      output.print(
        "  clock          within \(difference) of that of headquarters, measured \(Moment(measuredAt).words)")
    }
    if let notice = status.notice {
      output.print("  notice         \(notice)")
      output.print("                 Once it is read: birlik status --dismiss-notice")
    }
  }

  private static func words(_ outcome: String) -> String {
    switch SyncReport.Outcome(rawValue: outcome) {
    case .even: "in sync with headquarters"
    case .partial: "not yet in sync with headquarters"
    case nil: outcome
    }
  }

  private static func printLog(_ log: LogSummary, _ cannotGive: String?, to output: Output) {
    if log.prunedSegments > 0 {
      output.print(
        "  log            \(Words.count(log.prunedChanges, "older change")) removed here; headquarters keeps them")
    }
    if let cannotGive { output.print("  lost           " + SyncRun.cannotGive(cannotGive)) }
  }

  private static func print(_ lines: [String], _ title: String, to output: Output) {
    guard !lines.isEmpty else { return }
    output.print()
    output.print("\(title) (\(Words.grouped(lines.count))):")
    for line in lines.prefix(shown) { output.print("  " + line) }
    if lines.count > shown { output.print("  and \(Words.grouped(lines.count - shown)) more: `birlik status --json`") }
  }
}

extension StoreStatus {
  /// `headquarters`, `federation` or `office`.
  var roleName: String {
    if role.isHeadquarters { return "headquarters" }
    return name.utf8.starts(with: (role.federation + "/").utf8) ? "office" : "federation"
  }
}
