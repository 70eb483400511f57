import Node
import Store
import SyncCore

/// What a derivation did, for people and scripts.
struct DeriveText {
  let report: DeriveReport
  let isDryRun: Bool
  let limit: Int

  init(_ report: DeriveReport, isDryRun: Bool, limit: Int) {
    self.report = report
    self.isDryRun = isDryRun
    self.limit = limit
  }

  func answer(asJSON: Bool) throws {
    let output = Output()
    if asJSON { output.line(json) } else { print(to: output) }
    try output.finish()
  }

  private static let outcomes: [DeriveReport.Outcome] = [
    .created, .changed, .unchanged, .kept, .elsewhere, .hidden, .unknown, .stale,
  ]

  /// Those that a person wants to look at first.
  private var shown: [DeriveReport.Line] { Array(report.lines.filter { $0.outcome != .unchanged }.prefix(limit)) }

  // MARK: - JSON

  private var json: JSON {
    [
      "derivation": .string(report.derivation), "from": .string(report.source), "into": .string(report.target),
      "span": .string(report.span), "dry_run": .bool(isDryRun), "withhold_below": .integer(report.threshold),
      "rows": .integer(report.rows), "counted": .integer(report.counted), "undecided": .integer(report.undecided),
      "without_key": .integer(report.keyless),
      "untold": .object(report.untold.map { (name: $0.field, value: .integer($0.rows)) }),
      "unknown_words": .array(
        report.strange.map { strange in
          [
            "field": .string(strange.field), "known": .strings(strange.codes),
            "words": .object(strange.words.prefix(Self.words).map { (name: $0.word, value: .integer($0.rows)) }),
            "in_doubt": .bool(strange.isInDoubt),
          ]
        }),
      "records": .object(Self.outcomes.map { (name: $0.rawValue, value: .number(report.count($0))) }),
      "withheld": .number(report.withheld),
      "first": .array(
        shown.map { line in
          [
            "key": .string(line.key), "outcome": .string(line.outcome.rawValue), "other": .string(line.other),
            "figures": .object(
              line.figures.map { item -> (name: String, value: JSON) in
                if case .told(let number) = item.figure { return (item.field, .integer(number)) }
                return (item.field, .null)
              }),
            "withheld": .strings(line.figures.filter { $0.figure == .withheld }.map(\.field)),
          ]
        }),
    ]
  }

  // MARK: - Words

  private func print(to output: Output) {
    output.print("\(report.title): \(report.span)")
    output.print(
      "\(Words.count(Int(clamping: report.counted), "row")) of \(Words.grouped(report.rows)) of \(report.source) counted."
    )
    if report.undecided > 0 {
      output.print("\(Words.grouped(report.undecided)) not counted: their dates are missing or known only in part.")
    }
    if report.keyless > 0 {
      output.print("\(Words.grouped(report.keyless)) not counted: they do not say where they belong.")
    }
    for (field, rows) in report.untold {
      output.print("\(Words.grouped(rows)) counted rows have no value in \(field).")
    }
    for strange in report.strange { output.print(Self.sentence(strange)) }
    let verb = isDryRun ? "would be " : ""
    output.print(
      "\(report.target): \(verb)\(Words.grouped(report.count(.created))) created, "
        + "\(Words.grouped(report.count(.changed))) changed, \(Words.grouped(report.count(.unchanged))) unchanged; "
        + "\(Words.count(report.withheld, "figure")) withheld (below \(report.threshold), or computable from others).")
    print(.kept, "left alone, because a person typed them by another method", to: output)
    let others = report.others(.elsewhere).joined(separator: ", ")
    print(
      .elsewhere,
      "left alone, because another node (\(others)) gave their present figures: run it on one machine that has all the "
        + "\(report.source) records, or replace them with --replace", to: output)
    let replaced = report.lines.count { $0.outcome == .changed && $0.other != nil }
    if replaced > 0 {
      let others = report.others(.changed).joined(separator: ", ")
      output.print(
        "\(isDryRun ? "It would replace" : "It replaced") figures of another node (\(others)) in "
          + "\(Words.count(replaced, "record")).")
    }
    print(.hidden, "not made, because only a few would be counted under a name that was typed", to: output)
    print(.unknown, "not made, because they refer to records that do not exist", to: output)
    print(.stale, "left as they are, though no row counts towards them now", to: output)
    if isDryRun { output.print("A dry run: nothing was written.") }
    guard !shown.isEmpty else { return }
    output.print()
    for line in shown {
      let figures = line.figures.map { "\($0.field)=\(Self.word($0.figure))" }.joined(separator: " ")
      output.print("  \(line.key)  \(line.outcome.rawValue)\(figures.isEmpty ? "" : ": " + figures)")
    }
    let rest = report.lines.count - report.count(.unchanged) - shown.count
    if rest > 0 { output.print("  and \(Words.count(rest, "more record", "more records"))") }
  }

  /// How many unknown words of a field are named.
  private static let words = 8

  private static func sentence(_ strange: DerivationCount.Strange) -> String {
    let named = strange.words.prefix(words).map { "'\($0.word)' in \(Words.count(Int(clamping: $0.rows), "row"))" }
    let rest = strange.words.count - named.count
    let list = named.joined(separator: ", ") + (rest > 0 ? " and \(Words.count(rest, "more", "more"))" : "")
    let known = strange.codes.joined(separator: ", ")
    return "\(strange.field) has words that are not counted: \(list); counted is \(known)."
      + (strange.isInDoubt ? " Figures that may depend on them are left out: correct the words and derive again." : "")
  }

  private func print(_ outcome: DeriveReport.Outcome, _ why: String, to output: Output) {
    let count = report.count(outcome)
    if count > 0 { output.print("\(Words.count(count, "record")) \(why).") }
  }

  private static func word(_ figure: DeriveReport.Figure) -> String {
    switch figure {
    case .told(let number): String(number)
    case .withheld: "withheld"
    case .notCollected: Words.nothing
    }
  }
}
