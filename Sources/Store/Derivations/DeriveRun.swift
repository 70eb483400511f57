import SyncCore

/// One run of a derivation.
struct DeriveRun {
  let derivation: Derivation
  let source: Kind
  let target: Kind
  let days: DayRange
  let span: String
  let threshold: Int64

  init(_ catalog: Catalog, _ id: String, span: String, threshold: Int64?) throws(StoreError) {
    let operation = "deriving"
    guard let derivation = catalog.derivation(named: id) else {
      let known = catalog.derivations.map(\.id).joined(separator: ", ")
      throw StoreError(
        .unknown, operation, "there is no derivation '\(id)'",
        hint: known.isEmpty ? "the catalog has none" : "there are \(known)")
    }
    // Headquarters' catalog is not taken on trust where personal data is concerned.
    let problem = derivation.problems(in: catalog).first
    guard problem == nil, let source = catalog.kind(named: derivation.source),
      let target = catalog.kind(named: derivation.target)
    else {
      throw StoreError(
        .invalid, operation, "the derivation \(id) is not taken: \(problem?.words ?? "its kinds are unknown")",
        hint: "tell headquarters to correct the catalog")
    }
    let bytes = Array(span.utf8)
    let isDay = derivation.span == .day
    // A whole day, a whole month: what is cut another way could be taken away from each other.
    guard bytes.count == (isDay ? 10 : 7), let days = DayRange(date: bytes) else {
      throw StoreError(
        .invalid, operation, "'\(span)' is not a \(derivation.span.rawValue)",
        hint: isDay ? "write 2026-09-30" : "write 2026-10")
    }
    if let threshold, threshold < derivation.threshold {
      throw StoreError(
        .invalid, operation,
        "the settings withhold figures below \(threshold), but the catalog withholds them below \(derivation.threshold)",
        hint: "raise withhold_below in the settings, or remove it")
    }
    self.derivation = derivation
    self.source = source
    self.target = target
    self.days = days
    self.span = span
    self.threshold = threshold ?? derivation.threshold
  }

  /// The columns that are written, in order.
  var fields: [String] {
    derivation.measures.map(\.field) + derivation.marks.map(\.field) + [derivation.withheldField]
  }

  struct Edit {
    var key: RecordKey
    var texts: [String]
  }

  /// What each record becomes, and the edits that make it so.
  ///
  /// - Parameter replaces: whether figures that another node gave are overwritten.
  func plan(
    _ count: DerivationCount, _ standing: CurrentFigures, replaces: Bool
  ) -> (report: DeriveReport, edits: [Edit]) {
    var report = DeriveReport(
      derivation: derivation.id, title: derivation.title, source: source.name, target: target.name, span: span,
      threshold: threshold)
    (report.rows, report.counted) = (count.rows, count.counted)
    (report.undecided, report.keyless) = (count.undecided, count.keyless)
    report.untold = zip(derivation.measures, count.untold).filter { $1 > 0 }.map { (field: $0.field, rows: $1) }
    report.strange = count.strange
    var records: [DerivationCount.Record] = []
    for record in count.records {
      if standing.unknown.contains(record.key) {
        report.lines.append(DeriveReport.Line(key: record.key.display, outcome: .unknown, figures: []))
      } else if let row = standing.rows[record.key], !row.isOwn {
        report.lines.append(DeriveReport.Line(key: record.key.display, outcome: .kept, figures: []))
      } else {
        records.append(record)
      }
    }
    let counted = Set(records.map(\.key))
    var written = written(records, standing)
    if !replaces {
      // What stays is no figure of this run, so it is left out of what can be added up, which can change the others.
      while true {
        let kept = zip(records, written).filter { $1.other != nil }
        guard !kept.isEmpty else { break }
        for (record, line) in kept {
          report.lines.append(
            DeriveReport.Line(key: record.key.display, outcome: .elsewhere, figures: [], other: line.other))
        }
        let gone = Set(kept.map(\.0.key))
        records.removeAll { gone.contains($0.key) }
        written = self.written(records, standing)
      }
    }
    report.lines += written.map(\.line)
    let edits = written.compactMap(\.edit)
    // Another node may count to what no row counts to here.
    for (key, row) in standing.rows where row.isOwn && row.others.isEmpty && !counted.contains(key) {
      report.lines.append(DeriveReport.Line(key: key.display, outcome: .stale, figures: []))
    }
    report.lines.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return (report, edits)
  }

  /// What becomes of one record.
  private struct Written {
    var line: DeriveReport.Line
    var edit: Edit?
    /// The node whose figures would be overwritten, if any.
    var other: String?
  }

  private func written(_ records: [DerivationCount.Record], _ standing: CurrentFigures) -> [Written] {
    let withheld = Suppression(derivation, threshold: threshold).withheld(
      records.map(\.figures), sums: sums(records.map(\.key), standing))
    return zip(records, withheld).map { written($0, $1, standing.rows[$0.key]) }
  }

  private func written(
    _ record: DerivationCount.Record, _ withheld: [Bool], _ row: CurrentFigures.Row?
  ) -> Written {
    let figures = zip(record.figures, withheld).map { figure, isWithheld -> DeriveReport.Figure in
      isWithheld ? .withheld : figure.map { .told($0) } ?? .notCollected
    }
    var line = DeriveReport.Line(
      key: record.key.display, outcome: .unchanged,
      figures: zip(derivation.measures.map(\.field), figures).map { (field: $0, figure: $1) })
    // The key itself would reveal a word that only a few people wrote.
    let isTyped = derivation.key.contains { if case .each = $0 { true } else { false } }
    if isTyped, row == nil, !figures.contains(where: { if case .told = $0 { true } else { false } }) {
      line.outcome = .hidden
      line.figures = []
      return Written(line: line)
    }
    var texts: [String] = []
    for (index, figure) in figures.enumerated() {
      switch figure {
      case .told(let number): texts.append(String(number))
      case .withheld: texts.append("")
      // What somebody entered beside the derivation stays.
      case .notCollected: texts.append(row?.texts[index] ?? "")
      }
    }
    let names = zip(derivation.measures, figures).filter { $1 == .withheld }.map { Array($0.0.field.utf8) }
    texts += derivation.marks.map(\.value)
    texts.append(names.isEmpty ? "" : String(decoding: TextSet(names).json, as: UTF8.self))
    line.outcome = row == nil ? .created : row?.texts == texts ? .unchanged : .changed
    guard line.outcome != .unchanged else { return Written(line: line) }
    line.other = row?.other(writing: texts)
    return Written(line: line, edit: Edit(key: record.key, texts: texts), other: line.other)
  }

  // MARK: Sums that others may know

  private func sums(_ keys: [RecordKey], _ standing: CurrentFigures) -> [[Int]] {
    var groups: [[UInt8]: [Int]] = [:]
    for (number, sum) in derivation.sums.enumerated() {
      guard let place = target.key.firstIndex(where: { $0.name.sameBytes(as: sum.column) }) else { continue }
      for (index, key) in keys.enumerated() {
        let columns = key.columns
        guard place < columns.count else { continue }
        for name in standing.groups(of: columns, at: place, sum) {
          groups[Array("\(number)".utf8) + [RecordKey.separator] + name, default: []].append(index)
        }
      }
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }
}
