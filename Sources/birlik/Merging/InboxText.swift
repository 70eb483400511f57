import Store
import SyncCore

/// What became of an edit, for people and scripts.
struct InboxText {
  let item: InboxItem
  /// The options of the command, which the printed commands repeat (`NodeOptions.repeated`).
  let options: String

  init(_ item: InboxItem, options: String) {
    self.item = item
    self.options = options
  }

  // MARK: - Command

  /// The command that restores what was typed; nil if no command can.
  var restore: String? {
    guard item.sort == .lost, item.standing != .settled, item.field != RecordNotes.keyCollision, let typed = item.typed
    else {
      return nil
    }
    let place = [item.kind, item.key].map(ShellWords.quoted).joined(separator: " ")
    if item.standing == .open {
      // A group is named by the node that gave its values: this one.
      let text = typed.cells.count > 1 ? typed.node : typed.display
      let field = ShellWords.quoted(item.field)
      return "birlik resolve \(place) \(field) \(ShellWords.option("--take", text))\(options)"
    }
    if item.field == RecordNotes.existence, typed.display == "deleted" { return "birlik remove \(place)\(options)" }
    let assignments: [String]
    if item.field == RecordNotes.existence {
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
      "reason": item.reason.isEmpty ? .null : .string(item.reason),
      "operation": .string(item.refused?.operation.rawValue),
      "record": .string(item.refused?.record), "kept_back": .bool(item.isUnsendable), "restore": .string(restore),
      "proposal": item.proposal.map {
        ["id": .string($0.id), "decision": .string($0.decision?.rawValue), "reason": .string($0.reason)]
      } ?? .null,
    ]
  }

  // MARK: - Words

  func print(to output: Output) {
    let field = item.field.isEmpty ? "" : ", \(item.field)"
    output.print("\(item.kind) \(item.key)\(field)\(item.isNew ? "" : "  (seen before)")")
    switch item.sort {
    case .refused: printUnaccepted(to: output)
    case .invalid:
      printTyped(to: output)
      output.print("  not shown  \(item.reason)")
      if item.standing == .settled { output.print("  now        it was corrected") }
    case .lost:
      printTyped(to: output)
      if let shown = item.shown {
        output.print("  shown now  \(ConflictText.words(shown))  (\(shown.node), \(Moment(shown.at).words))")
      } else {
        output.print("  shown now  nothing")
      }
      printStanding(to: output)
    }
  }

  private func printTyped(to output: Output) {
    guard let typed = item.typed else { return }
    output.print("  typed      \(ConflictText.words(typed))  (here, \(Moment(typed.at).words))")
  }

  private func printUnaccepted(to output: Output) {
    let what = item.isUnsendable ? "not sent " : "not used "
    output.print(
      "  \(what)  the \(item.refused?.operation.rawValue ?? "edit") of \(Moment(item.toldAt).words): \(item.reason)")
    output.print("  typed      \(item.refused?.record ?? "")")
    if item.standing == .settled { output.print("  now        headquarters has it, or the next sync sends it") }
    guard let proposal = item.proposal else { return }
    let number = proposal.decision == nil ? " as \(proposal.id)" : ""
    printProposal(number, to: output)
  }

  /// What became of an edit that could not be used, and of all that are alike.
  func printFate(to output: Output) {
    let what = item.isUnsendable ? "not sent " : "not used "
    output.print("  \(what)  each \(item.refused?.operation.rawValue ?? "edit"): \(item.reason)")
    if item.standing == .settled { output.print("  now        headquarters has them, or the next sync sends them") }
    printProposal("", to: output)
  }

  private func printProposal(_ number: String, to output: Output) {
    guard let proposal = item.proposal else { return }
    let reason = proposal.reason.isEmpty ? "" : ": \(proposal.reason)"
    switch proposal.decision {
    case nil: output.print("  proposed   to headquarters\(number); it has not decided yet")
    case .accepted: output.print("  accepted   by headquarters, as its own edit\(reason)")
    case .declined: output.print("  declined   by headquarters\(reason)")
    }
  }

  private func printStanding(to output: Output) {
    switch item.standing {
    case .settled: output.print("  now        it is shown again")
    case .open where item.field == RecordNotes.keyCollision:
      output.print("  both owners use this key: one has to remove its record and take another key")
    case .open: output.print("  now        both values are kept until somebody decides: `birlik conflicts`")
    case .decided: output.print("  now        \(item.shown?.node ?? "somebody") decided, having seen both")
    }
    if let restore { output.print("  restore    \(restore)") }
  }
}
