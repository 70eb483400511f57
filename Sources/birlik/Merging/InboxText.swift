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
    let owner = item.collides ? " " + ShellWords.option("--federation", item.federation) : ""
    if item.standing == .open {
      // A group is named by the node that gave its values: this one.
      let decision = ConflictText.decision(taking: typed, of: [typed])
      return ShellWords.command(
        "resolve", [item.kind, item.key, item.field], options: " " + decision + owner + options)
    }
    if item.field == RecordNotes.existence, typed.display == "deleted" {
      return ShellWords.command("remove", [item.kind, item.key], options: owner + options)
    }
    guard !item.isFixed else { return nil }
    let assignments: [String]
    if item.field == RecordNotes.existence {
      assignments = item.lastValues.map { "\($0.field)=\($0.value.display)" }
    } else if let whole = item.wholeSet {
      assignments = ["\(whole.field)=\(whole.json)"]
    } else {
      assignments = typed.shownCells.map { "\($0.field)=\($0.value.display)" }
    }
    return ShellWords.command("set", [item.kind, item.key] + assignments, options: owner + options)
  }

  /// The command that gives a record which another owner's hides another key; nil if there is no such record.
  var rekey: String? {
    guard item.field == RecordNotes.keyCollision, item.standing == .open, let newKey = item.newKey else { return nil }
    return ShellWords.command(
      "rekey", [item.kind, item.key, newKey],
      options: " " + ShellWords.option("--federation", item.federation) + options)
  }

  /// The command that takes an edit which waits, with the right value; nil for one that does not wait.
  var correct: String? {
    item.correction.map {
      "birlik inbox correct \($0.number) \(ShellWords.quoted("\($0.column)=\($0.suggestion)"))\(options)"
    }
  }

  /// The command that gives it up.
  var drop: String? { item.correction.map { "birlik inbox drop \($0.number)\(options)" } }

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
      "rekey": .string(rekey), "correct": .string(correct), "drop": .string(drop),
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
    if let correct, let drop {
      output.print(
        "  now        it waits here whole, and the record shows the last allowed values: write the right value after the ="
      )
      output.print("  correct    \(correct)")
      output.print("  or drop    \(drop)")
    }
    if item.standing == .settled {
      output.print(
        item.isUnsendable
          ? "  now        headquarters has it, or the next sync sends it" : "  now        it was corrected or dropped")
    }
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
      output.print("  yours      is not shown: another owner used this key first; `birlik conflicts` shows both")
      if let rekey { output.print("  move it    \(rekey)") }
    case .open: output.print("  now        both values are kept until somebody decides: `birlik conflicts`")
    case .decided: output.print("  now        \(item.shown?.node ?? "somebody") decided, having seen both")
    }
    if let restore { output.print("  restore    \(restore)") }
  }
}
