import SyncCore

/// One row of a file that is being imported.
public struct ImportRow: Sendable {
  /// The line on which it begins, from 1.
  public var line: Int
  /// One text for each column of the header.
  public var texts: [String]

  public init(line: Int, texts: [String]) {
    self.line = line
    self.texts = texts
  }
}

/// What an import did or would do.
public struct ImportReport: Sendable, Equatable {
  public struct Problem: Sendable, Equatable {
    public var line: Int
    public var reason: String

    public init(line: Int, reason: String) {
      self.line = line
      self.reason = reason
    }
  }

  public var rows = 0
  public var created = 0
  public var changed = 0
  public var unchanged = 0
  /// Rows that cannot be taken. When there is any, nothing was imported.
  public var problems: [Problem] = []
  /// What is taken all the same, and should be looked at.
  public var notes = EntryNotes()

  public init() {}
}

extension Store {
  /// Imports rows as a clerk would type them: all or nothing.
  ///
  /// - Parameters:
  ///   - header: column names; the key's have to be among them.
  ///   - next: called until it gives nil, within the transaction: it must not use this store.
  ///   - isDryRun: when true, everything is checked and nothing written.
  /// - Throws: `StoreError` with code `unknown` for a column that the kind has not, `invalid` for a missing key column.
  public func importRows(
    kind: String, header: [String], isDryRun: Bool, next: () throws -> ImportRow?
  ) throws -> ImportReport {
    for (index, name) in header.enumerated() where header[..<index].contains(where: { $0.sameBytes(as: name) }) {
      throw StoreError(.invalid, "reading the header", "the column '\(name)' stands there twice")
    }
    var report = ImportReport()
    do {
      try writeAsClerk(isRepeatable: false) { transaction in
        let importer = try RowImporter(transaction.adopted.table(named: kind), header, transaction.connection)
        var lines: [RecordKey: Int] = [:]
        let watch = try EntryWatch(transaction)
        let before = try transaction.capture.lastSequence()
        while let row = try next() {
          report.rows += 1
          if let key = importer.key(of: row), let first = lines.updateValue(row.line, forKey: key) {
            report.problems.append(importer.repetition(of: key, row, first: first))
          } else {
            try importer.write(row, into: &report, watch)
          }
        }
        if report.problems.isEmpty { report.notes = try EntryComparison(transaction).notes(on: watch.entries) }
        // Leaving by an error is what rolls back.
        if isDryRun || !report.problems.isEmpty { throw NothingToKeep() }
        guard report.created + report.changed > 0 else { return }
        var batch = BatchTable.Batch(at: SystemClock.now(), sort: .imported, kind: kind)
        batch.captured = try transaction.capture.times(after: before)
        // Where columns stay here, not every change is captured.
        let staysHere = try transaction.adopted.table(named: kind).kind.fields.contains(where: \.isLocal)
        batch.records = staysHere ? 0 : report.created + report.changed
        try transaction.batches.add(batch)
      }
    } catch is NothingToKeep {}
    return report
  }

  private struct NothingToKeep: Error {}
}

/// Writes the rows of a file into one kind's table.
private struct RowImporter {
  private let table: KindTable
  private let header: [String]
  private let keyPlaces: [Int]
  private let fieldPlaces: [Int]
  private let writer: ClerkWriter
  private let money: MoneyTexts
  private let rows: RowTable

  /// - Throws: `StoreError` with code `unknown` for a column that the kind has not, `invalid` for a missing key column.
  init(_ table: KindTable, _ header: [String], _ connection: Connection) throws {
    let keyPlaces = try table.kind.key.map { column in
      guard let place = header.firstIndex(where: { $0.sameBytes(as: column.name) }) else {
        throw StoreError(
          .invalid, "reading the header", "the column '\(column.name)' is missing",
          hint: "the key of \(table.kind.name) is \(table.kind.key.map(\.name).joined(separator: ", "))")
      }
      return place
    }
    let fieldPlaces = header.indices.filter { !keyPlaces.contains($0) }
    writer = try ClerkWriter(table, fields: fieldPlaces.map { header[$0] }, connection)
    (self.table, self.header, self.keyPlaces, self.fieldPlaces) = (table, header, keyPlaces, fieldPlaces)
    (money, rows) = (MoneyTexts(table.kind), RowTable(connection))
  }

  /// The key of a row; nil for one with another number of cells than the header.
  func key(of row: ImportRow) -> RecordKey? {
    guard row.texts.count == header.count else { return nil }
    let key = RecordKey(columns: keyPlaces.map { Array(row.texts[$0].utf8) })
    return table.shape.normal(key: key) ?? key
  }

  func repetition(of key: RecordKey, _ row: ImportRow, first: Int) -> ImportReport.Problem {
    let name = table.isShared ? "record \(key.display)" : "record"
    return ImportReport.Problem(line: row.line, reason: "the \(name) stands on line \(first) already")
  }

  /// The cells besides the key.
  private func texts(_ row: ImportRow, _ key: RecordKey) throws -> [String] {
    guard money.isNeeded else { return fieldPlaces.map { row.texts[$0] } }
    return try money.minor(fieldPlaces.map { (field: header[$0], text: row.texts[$0]) }, addsColumns: false) {
      try rows.text(table, key, $0.name)
    }.map(\.text)
  }

  func write(_ row: ImportRow, into report: inout ImportReport, _ watch: EntryWatch) throws {
    guard let key = key(of: row) else {
      let reason = "it has \(row.texts.count) cells where the header has \(header.count)"
      return report.problems.append(ImportReport.Problem(line: row.line, reason: reason))
    }
    do {
      let outcome = try writer.write(key, values: try texts(row, key), checks: true)
      switch outcome {
      case .created: report.created += 1
      case .changed: report.changed += 1
      case .unchanged, .removed:
        report.unchanged += 1
        return
      }
      watch.look(table, key, isNew: outcome == .created, line: row.line) { name, _ in
        header.firstIndex { $0.sameBytes(as: name) }.map { .text(row.texts[$0]) }
      }
    } catch let error as StoreError where error.code == .invalid {
      report.problems.append(ImportReport.Problem(line: row.line, reason: error.detail))
    }
  }
}
