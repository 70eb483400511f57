import Store
import SyncCore

/// A conflict, for people and scripts.
struct ConflictText {
  let conflict: ConflictView
  /// The options of the command, which the printed commands repeat (`NodeOptions.repeated`).
  let options: String

  /// True for a conflict that a sync would open: no command can resolve it yet.
  let isHypothetical: Bool

  init(_ conflict: ConflictView, options: String, isHypothetical: Bool = false) {
    self.conflict = conflict
    self.options = options
    self.isHypothetical = isHypothetical
  }

  // MARK: - Commands

  /// The command that keeps what is shown; nil if no command can.
  var keepCommand: String? {
    canBeResolved && conflict.shown != nil ? command("--keep") : nil
  }

  /// The command that shows another value instead; nil if no command can, as for a value that is not allowed.
  func takeCommand(for other: AttributedValue) -> String? {
    guard canBeResolved, other.isAllowed else { return nil }
    return command(Self.decision(taking: other, of: conflict.others))
  }

  /// The commands that give records under a key that two owners use another key, by owner.
  var rekeyCommands: [(federation: String, command: String)] {
    guard conflict.closedAt == nil, !isHypothetical else { return [] }
    return conflict.rekeyable.compactMap { one in
      let owner = " " + ShellWords.option("--federation", one.federation)
      return ShellWords.command("rekey", [conflict.kind, conflict.key, one.newKey], options: owner + options)
        .map { (one.federation, $0) }
    }
  }

  /// The option of `resolve` that names a value: its words, or the node that gave it where that is shorter for a group, or
  /// the value is one that people cannot type.
  static func decision(taking other: AttributedValue, of others: [AttributedValue]) -> String {
    let isNamed = others.count(where: { $0.node == other.node }) == 1
    let text = other.display
    let isTypable =
      !text.isEmpty && ShellWords.isPossible(text) && !text.unicodeScalars.contains(where: ShellWords.isUnprintable)
    if isNamed, other.cells.count > 1 { return ShellWords.option("--take", other.node) }
    return isNamed && !isTypable ? ShellWords.option("--from", other.node) : ShellWords.option("--take", text)
  }

  private var canBeResolved: Bool {
    conflict.closedAt == nil && conflict.field != RecordNotes.keyCollision && !isHypothetical && conflict.isWritable
  }

  private func command(_ decision: String) -> String? {
    let owner = conflict.collides ? " " + ShellWords.option("--federation", conflict.federation) : ""
    return ShellWords.command(
      "resolve", [conflict.kind, conflict.key, conflict.field], options: " " + decision + owner + options)
  }

  // MARK: - JSON

  func json(_ types: ColumnTypes) -> JSON {
    [
      "kind": .string(conflict.kind), "key": .string(conflict.key), "federation": .string(conflict.federation),
      "field": .string(conflict.field), "rule": .string(conflict.rule),
      "shown": conflict.shown.map { Self.json($0, types) } ?? .null,
      "others": .array(conflict.others.map { Self.json($0, types) }),
      "why": conflict.why.isEmpty ? .null : .string(conflict.why),
      "totals": .array(
        zip(conflict.others.indices, conflict.totals).flatMap { index, moves in
          moves.map { Self.json($0, of: index) }
        }),
      "commands": [
        "keep": .string(keepCommand), "take": .array(conflict.others.map { .string(takeCommand(for: $0)) }),
        "rekey": .array(rekeyCommands.map { .string($0.command) }),
      ],
      "opened_at": .string(Moment(conflict.openedAt).iso),
      "closed_at": conflict.closedAt.map { .string(Moment($0).iso) } ?? .null,
      "resolution": conflict.resolution.map { resolution in
        .object(
          [(name: "outcome", value: .string(resolution.outcome.rawValue))] + types.members(resolution.value))
      } ?? .null,
    ]
  }

  /// Where two owners use one key, each with its record.
  private static func json(_ value: AttributedValue, _ types: ColumnTypes) -> JSON {
    guard !value.record.isEmpty else { return types.json(value) }
    let fields = value.record.map { (name: $0.field, value: types.json($0.value, of: $0.field)) }
    return .object(types.members(value) + [(name: "record", value: .object(fields))])
  }

  /// - Parameter index: of the value in `others` that would be shown.
  private static func json(_ move: TotalMove, of index: Int) -> JSON {
    .object([(name: "other", value: .number(index))] + members(move))
  }

  static func members(_ move: TotalMove) -> [(name: String, value: JSON)] {
    [
      ("indicator", .string(move.indicator)), ("unit", .string(move.unit)), ("figure", .string(move.figure.rawValue)),
      ("as_of", .string(move.asOf)), ("from", .number(move.from)), ("to", .number(move.to)),
    ]
  }

  // MARK: - Words

  func print(to output: Output) {
    var title = "\(conflict.kind) \(conflict.key)  \(conflict.field)  (\(conflict.rule))"
    if let closedAt = conflict.closedAt { title += "  resolved \(Moment(closedAt).words)" }
    output.print(title)
    let label = conflict.closedAt == nil ? "other" : "lost"
    let values = [("shown", conflict.shown)] + conflict.others.map { (label, $0) }
    let texts = values.map { Self.words($0.1) }
    let width = min(60, texts.reduce(0) { max($0, $1.count) })
    for (value, text) in zip(values, texts) {
      let padding = String(repeating: " ", count: max(0, width - text.count))
      let who = value.1.map { "  \($0.node), \(Moment($0.at).words)" } ?? ""
      output.print("  \(Self.padded(value.0))\(text)\(padding)\(who)")
    }
    if conflict.closedAt != nil { return printResolution(to: output) }
    output.print("  \(Self.padded("why"))\(conflict.why)")
    for (other, moves) in zip(conflict.others, conflict.totals) {
      for move in moves { output.print("  \(Self.padded("total"))\(Self.words(move, taking: Self.words(other)))") }
    }
    if conflict.field == RecordNotes.keyCollision {
      for one in [conflict.shown].compactMap({ $0 }) + conflict.others where !one.record.isEmpty {
        output.print(
          "  of \(one.display): " + one.record.map { "\($0.field)=\($0.value.display)" }.joined(separator: " "))
      }
      output.print("  two owners use this key: one of their records has to take another key, or to be removed")
      for (owner, command) in rekeyCommands { output.print("  give that of \(owner) another key: \(command)") }
    }
    if !conflict.isWritable {
      output.print("  \(conflict.federation) or headquarters decides: this node may not edit the record")
    }
    if let keep = keepCommand { output.print("  \(Self.padded("keep"))\(keep)") }
    for other in conflict.others {
      if let take = takeCommand(for: other) { output.print("  \(Self.padded("take"))\(take)") }
    }
  }

  private func printResolution(to output: Output) {
    guard let resolution = conflict.resolution else {
      return output.print("  \(Self.padded("how"))the log does not say")
    }
    let how =
      switch resolution.outcome {
      case .kept: "kept what was shown"
      case .taken: "took another value, \(Self.words(resolution.value))"
      case .given: "gave a new value, \(Self.words(resolution.value))"
      }
    output.print("  \(Self.padded("how"))\(resolution.value.node) \(how), \(Moment(resolution.value.at).words)")
  }

  private static func padded(_ label: String) -> String {
    label + String(repeating: " ", count: max(1, 7 - label.utf8.count))
  }

  /// The value; of a group the fields that are not empty.
  static func words(_ value: AttributedValue?) -> String {
    guard let value else { return Words.nothing }
    let cells = value.shownCells.filter { !$0.value.isNull }
    if cells.isEmpty { return Words.nothing }
    if value.cells.count == 1 { return value.display }
    return cells.map { "\($0.field)=\($0.value.display)" }.joined(separator: " ")
  }

  private static func words(_ move: TotalMove, taking value: String) -> String {
    "taking \(value) changes \(move.words)"
  }
}

extension TotalMove {
  /// `members of ftuu, counted, as of 2026-01-05, from 5,700,000 to 5,700,010`
  var words: String {
    let figure = figure == .expected ? "units expected" : figure == .reported ? "units reported" : figure.rawValue
    let whose = unit == "total" ? "in all" : "of \(unit)"
    return "\(indicator) \(whose), \(figure), as of \(asOf), from \(Words.grouped(from)) to \(Words.grouped(to))"
  }
}
