import Store
import SyncCore

/// What became of an edit, as people and scripts read it.
struct InboxText {
  let item: InboxItem
  /// The options that reach the same file again, as `NodeOptions.repeated` has them.
  let options: String

  init(_ item: InboxItem, options: String) {
    self.item = item
    self.options = options
  }

  private static let record = "(record)"

  // MARK: - Command

  /// Shows what was typed again; nil where no command can.
  var restore: String? {
    guard item.sort == .lost, item.standing != .settled, item.field != ConflictText.keyCollision, let typed = item.typed
    else {
      return nil
    }
    let place = [item.kind, item.key].map(ShellWords.quoted).joined(separator: " ")
    if item.standing == .open {
      // A group is named by whose values they are: this node's.
      let text = typed.cells.count > 1 ? typed.node : typed.display
      let field = ShellWords.quoted(item.field)
      return "birlik resolve \(place) \(field) \(ShellWords.option("--take", text))\(options)"
    }
    if item.field == Self.record, typed.display == "deleted" { return "birlik remove \(place)\(options)" }
    let assignments: [String]
    if item.field == Self.record {
      assignments = item.lastValues.map { "\($0.field)=\($0.value.display)" }
    } else if let whole = item.wholeSet {
      assignments = ["\(whole.field)=\(whole.json)"]
    } else {
      assignments = typed.cells.map { "\($0.field)=\($0.value.display)" }
    }
    return "birlik set \(place) \(assignments.map(ShellWords.quoted).joined(separator: " "))\(options)"
  }

  // MARK: - JSON

  func json(_ types: ColumnTypes) -> JSON {
    [
      "sort": .string(item.sort.rawValue), "standing": .string(item.standing.rawValue), "new": .bool(item.isNew),
      "told_at": .string(Moment(item.toldAt).iso), "kind": .string(item.kind), "key": .string(item.key),
      "field": item.field.isEmpty ? .null : .string(item.field),
      "typed": item.typed.map { types.json($0) } ?? .null, "shown": item.shown.map { types.json($0) } ?? .null,
      "reason": item.reason.isEmpty ? .null : .string(item.reason), "operation": .string(item.refused?.operation),
      "record": .string(item.refused?.record), "kept_back": .bool(item.isUnsendable), "restore": .string(restore),
      "proposal": item.proposal.map {
        ["id": .string($0.id), "decision": .string($0.decision?.rawValue), "reason": .string($0.reason)]
      } ?? .null,
    ]
  }

  // MARK: - Words

  func say(to output: Output) {
    let field = item.field.isEmpty ? "" : ", \(item.field)"
    output.say("\(item.kind) \(item.key)\(field)\(item.isNew ? "" : "  (told before)")")
    switch item.sort {
    case .refused: sayRefused(to: output)
    case .invalid:
      sayTyped(to: output)
      output.say("  not shown  \(item.reason)")
      if item.standing == .settled { output.say("  now        it was corrected") }
    case .lost:
      sayTyped(to: output)
      if let shown = item.shown {
        output.say("  shown now  \(ConflictText.words(shown))  (\(shown.node), \(Moment(shown.at).words))")
      } else {
        output.say("  shown now  nothing")
      }
      sayStanding(to: output)
    }
  }

  private func sayTyped(to output: Output) {
    guard let typed = item.typed else { return }
    output.say("  typed      \(ConflictText.words(typed))  (here, \(Moment(typed.at).words))")
  }

  private func sayRefused(to output: Output) {
    let what = item.isUnsendable ? "kept back" : "not taken"
    output.say("  \(what)  the \(item.refused?.operation ?? "edit") of \(Moment(item.toldAt).words): \(item.reason)")
    output.say("  typed      \(item.refused?.record ?? "")")
    if item.standing == .settled { output.say("  now        headquarters has it, or the next sync sends it") }
    guard let proposal = item.proposal else { return }
    let number = proposal.decision == nil ? " as \(proposal.id)" : ""
    sayProposal(number, to: output)
  }

  /// What became of an edit that was not taken and of all that are like it.
  func sayFate(to output: Output) {
    let what = item.isUnsendable ? "kept back" : "not taken"
    output.say("  \(what)  each \(item.refused?.operation ?? "edit"): \(item.reason)")
    if item.standing == .settled { output.say("  now        headquarters has them, or the next sync sends them") }
    sayProposal("", to: output)
  }

  private func sayProposal(_ number: String, to output: Output) {
    guard let proposal = item.proposal else { return }
    let reason = proposal.reason.isEmpty ? "" : ": \(proposal.reason)"
    switch proposal.decision {
    case nil: output.say("  proposed   to headquarters\(number); it has not decided yet")
    case .accepted: output.say("  accepted   by headquarters, as its own edit\(reason)")
    case .declined: output.say("  declined   by headquarters\(reason)")
    }
  }

  private func sayStanding(to output: Output) {
    switch item.standing {
    case .settled: output.say("  now        it is shown again")
    case .open where item.field == ConflictText.keyCollision:
      output.say("  both owners use this key: one has to remove its record and take another key")
    case .open: output.say("  now        both stand beside each other until somebody decides: `birlik conflicts`")
    case .decided: output.say("  now        \(item.shown?.node ?? "somebody") decided, having seen both")
    }
    if let restore { output.say("  restore    \(restore)") }
  }
}
