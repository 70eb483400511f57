import Store
import SyncCore

/// A conflict as people and scripts read it.
struct ConflictText {
  let conflict: ConflictView
  /// The options that reach the same file again, as `NodeOptions.repeated` has them.
  let options: String

  /// True for a conflict that is not there yet, so that no command can decide it.
  let isRehearsed: Bool

  init(_ conflict: ConflictView, options: String, isRehearsed: Bool = false) {
    self.conflict = conflict
    self.options = options
    self.isRehearsed = isRehearsed
  }

  /// How the store labels a conflict of two owners, which no command decides.
  static let keyCollision = "(key)"

  // MARK: - Commands

  /// Keeps what is shown; nil where a command cannot.
  var keep: String? {
    canBeDecided && conflict.shown != nil ? command("--keep") : nil
  }

  /// Shows another value again; nil where a command cannot, such as for a value that is not allowed.
  func take(_ other: AttributedValue) -> String? {
    guard canBeDecided, other.isAllowed else { return nil }
    var text = other.display
    // A group is taken whole, and is named most briefly by whose it is.
    if other.cells.count > 1, conflict.others.count(where: { $0.node == other.node }) == 1 { text = other.node }
    return command(ShellWords.option("--take", text))
  }

  private var canBeDecided: Bool { conflict.closedAt == nil && conflict.field != Self.keyCollision && !isRehearsed }

  private func command(_ decision: String) -> String {
    let words = [conflict.kind, conflict.key, conflict.field].map(ShellWords.quoted).joined(separator: " ")
    return "birlik resolve \(words) \(decision)\(options)"
  }

  // MARK: - JSON

  func json(_ types: ColumnTypes) -> JSON {
    [
      "kind": .string(conflict.kind), "key": .string(conflict.key), "federation": .string(conflict.federation),
      "field": .string(conflict.field), "rule": .string(conflict.rule),
      "shown": conflict.shown.map { types.json($0) } ?? .null,
      "others": .array(conflict.others.map { types.json($0) }),
      "why": conflict.why.isEmpty ? .null : .string(conflict.why),
      "totals": .array(
        zip(conflict.others.indices, conflict.totals).flatMap { index, moves in
          moves.map { Self.json($0, of: index) }
        }),
      "commands": [
        "keep": .string(keep), "take": .array(conflict.others.map { .string(take($0)) }),
      ],
      "opened_at": .string(Moment(conflict.openedAt).iso),
      "closed_at": conflict.closedAt.map { .string(Moment($0).iso) } ?? .null,
      "resolution": conflict.resolution.map { resolution in
        .object(
          [(name: "outcome", value: .string(resolution.outcome.rawValue))] + types.members(resolution.value))
      } ?? .null,
    ]
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

  func say(to output: Output) {
    var title = "\(conflict.kind) \(conflict.key)  \(conflict.field)  (\(conflict.rule))"
    if let closedAt = conflict.closedAt { title += "  resolved \(Moment(closedAt).words)" }
    output.say(title)
    let label = conflict.closedAt == nil ? "other" : "lost"
    let values = [("shown", conflict.shown)] + conflict.others.map { (label, $0) }
    let texts = values.map { Self.words($0.1) }
    let width = min(60, texts.reduce(0) { max($0, $1.count) })
    for (value, text) in zip(values, texts) {
      let padding = String(repeating: " ", count: max(0, width - text.count))
      let who = value.1.map { "  \($0.node), \(Moment($0.at).words)" } ?? ""
      output.say("  \(Self.padded(value.0))\(text)\(padding)\(who)")
    }
    if conflict.closedAt != nil { return sayResolution(to: output) }
    output.say("  \(Self.padded("why"))\(conflict.why)")
    for (other, moves) in zip(conflict.others, conflict.totals) {
      for move in moves { output.say("  \(Self.padded("total"))\(Self.words(move, taking: Self.words(other)))") }
    }
    if conflict.field == Self.keyCollision {
      output.say("  two owners use this key: one of them has to remove its record and take another key")
    }
    if let keep { output.say("  \(Self.padded("keep"))\(keep)") }
    for other in conflict.others {
      if let take = take(other) { output.say("  \(Self.padded("take"))\(take)") }
    }
  }

  private func sayResolution(to output: Output) {
    guard let resolution = conflict.resolution else {
      return output.say("  \(Self.padded("how"))the log does not tell")
    }
    let how =
      switch resolution.outcome {
      case .kept: "kept what was shown"
      case .taken: "took another value, \(Self.words(resolution.value))"
      case .given: "gave a new value, \(Self.words(resolution.value))"
      }
    output.say("  \(Self.padded("how"))\(resolution.value.node) \(how), \(Moment(resolution.value.at).words)")
  }

  private static func padded(_ label: String) -> String {
    label + String(repeating: " ", count: max(1, 7 - label.utf8.count))
  }

  /// The value; of a group what it says at all.
  static func words(_ value: AttributedValue?) -> String {
    guard let value else { return Words.nothing }
    let cells = value.cells.filter { !$0.value.isNull }
    if cells.isEmpty { return Words.nothing }
    if value.cells.count == 1 { return value.display }
    return cells.map { "\($0.field)=\($0.value.display)" }.joined(separator: " ")
  }

  private static func words(_ move: TotalMove, taking value: String) -> String {
    "taking \(value) moves \(move.words)"
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
