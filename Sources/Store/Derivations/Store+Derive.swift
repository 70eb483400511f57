import SyncCore

extension Store {
  /// So many rows are read in one go, after which clerks may write again.
  private static let deriveBatch = 20_000
  private static let deriving = "deriving"

  /// Makes shared totals of personal data, as ordinary edits of this node: what a clerk would have typed.
  ///
  /// Each row is read once, in order of key and in batches between which clerks may write. The figures are written in one
  /// transaction, so that nobody ever sees those of two runs side by side.
  ///
  /// - Parameters:
  ///   - id: the derivation, such as `membership`.
  ///   - span: its day or month, such as `2026-09-30` or `2026-10`.
  ///   - threshold: below which number figures are withheld here; nil leaves it at the catalog's.
  ///   - replaces: whether figures are written over those that another node counted or typed; else they stay.
  ///   - isDryRun: when true, nothing is written.
  /// - Throws: `StoreError` with code `unknown` for another derivation, `invalid` for a span that is none, a threshold
  ///   below the catalog's, or a derivation that would tell too much.
  public func derive(
    _ id: String, span: String, threshold: Int64? = nil, replaces: Bool = false, isDryRun: Bool = false
  ) throws -> DeriveReport {
    let run = try DeriveRun(self.catalog(), id, span: span, threshold: threshold)
    var count = DerivationCount(
      run.derivation, over: run.days, named: span, federation: identity.role.federation)
    try eachLocalRow(of: run.source, fields: count.fields) { count.add($0) }
    guard count.counted > 0 else {
      throw StoreError(
        .invalid, Self.deriving, "no row of \(run.source.name) counts to \(span), so nothing was written",
        hint:
          "run it on the machine that has the \(run.source.name) records, and check the \(run.derivation.span.rawValue)"
      )
    }
    let standing = try read { engine in try DeriveStanding(engine, run, count.records.map(\.key)) }
    let (report, edits) = run.plan(count, standing, replaces: replaces)
    guard !isDryRun, !edits.isEmpty else { return report }
    let table = try read { try $0.table(named: run.target.name) }
    try clerk { connection in
      let writer = try ClerkWriter(table, fields: run.fields, connection)
      for edit in edits { _ = try writer.write(edit.key, values: edit.texts, checks: true) }
    }
    return report
  }

  /// The derivations of the catalog, in its order.
  public func derivations() throws -> [Derivation] { try catalog().derivations }

  /// Every row of a local kind once, in order of key.
  private func eachLocalRow(of kind: Kind, fields: [String], _ body: ([Value]) -> Void) throws {
    let keys = kind.key.map(\.name.sql)
    let columns = (keys + fields.map(\.sql)).joined(separator: ", ")
    let marks = keys.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let order = " ORDER BY \(keys.joined(separator: ", ")) LIMIT \(Self.deriveBatch)"
    var last: [[UInt8]] = []
    while true {
      let after = last.isEmpty ? "" : " WHERE (\(keys.joined(separator: ", ")))>(\(marks))"
      let rows = try read { engine in
        let select = try engine.connection.prepared("SELECT \(columns) FROM \(kind.name)\(after)\(order)")
        for (index, column) in last.enumerated() { select.bind(index + 1, text: column) }
        var rows = 0
        while try select.step() {
          rows += 1
          body(fields.indices.map { select.value(keys.count + $0) })
          if rows == Self.deriveBatch { last = keys.indices.map { select.bytes($0) } }
        }
        return rows
      }
      guard rows == Self.deriveBatch else { return }
    }
  }
}

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
    _ count: DerivationCount, _ standing: DeriveStanding, replaces: Bool
  ) -> (report: DeriveReport, edits: [Edit]) {
    var report = DeriveReport(
      derivation: derivation.id, title: derivation.title, source: source.name, target: target.name, span: span,
      threshold: threshold)
    (report.rows, report.counted) = (count.rows, count.counted)
    (report.undecided, report.keyless) = (count.undecided, count.keyless)
    report.untold = zip(derivation.measures, count.untold).filter { $1 > 0 }.map { (field: $0.field, rows: $1) }
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

  private func written(_ records: [DerivationCount.Record], _ standing: DeriveStanding) -> [Written] {
    let withheld = Suppression(derivation, threshold: threshold).withheld(
      records.map(\.figures), sums: sums(records.map(\.key), standing))
    return zip(records, withheld).map { written($0, $1, standing.rows[$0.key]) }
  }

  private func written(
    _ record: DerivationCount.Record, _ withheld: [Bool], _ row: DeriveStanding.Row?
  ) -> Written {
    let figures = zip(record.figures, withheld).map { figure, isWithheld -> DeriveReport.Figure in
      isWithheld ? .withheld : figure.map { .told($0) } ?? .notCollected
    }
    var line = DeriveReport.Line(
      key: record.key.display, outcome: .unchanged,
      figures: zip(derivation.measures.map(\.field), figures).map { (field: $0, figure: $1) })
    // A word that only a few wrote would be told by the key itself.
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

  private func sums(_ keys: [RecordKey], _ standing: DeriveStanding) -> [[Int]] {
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
