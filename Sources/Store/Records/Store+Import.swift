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

  public init() {}
}

extension Store {
  /// Imports rows as a clerk would type them: all or nothing.
  ///
  /// - Parameters:
  ///   - header: column names; the key's have to be among them.
  ///   - rows: called until it gives nil.
  ///   - isDryRun: when true, everything is checked and nothing written.
  /// - Throws: `StoreError` with code `unknown` for a column that the kind has not, `invalid` for a missing key column.
  public func importRows(
    kind: String, header: [String], isDryRun: Bool, next: () throws -> ImportRow?
  ) throws -> ImportReport {
    let table = try read { try $0.table(named: kind) }
    let keyPlaces = try table.kind.key.map { column in
      guard let place = header.firstIndex(where: { $0.sameBytes(as: column.name) }) else {
        throw StoreError(
          .invalid, "reading the header", "the column '\(column.name)' is missing",
          hint: "the key of \(kind) is \(table.kind.key.map(\.name).joined(separator: ", "))")
      }
      return place
    }
    let fieldPlaces = header.indices.filter { !keyPlaces.contains($0) }
    for (index, name) in header.enumerated() where header[..<index].contains(where: { $0.sameBytes(as: name) }) {
      throw StoreError(.invalid, "reading the header", "the column '\(name)' stands there twice")
    }
    var report = ImportReport()
    do {
      try clerk { connection in
        let writer = try ClerkWriter(table, fields: fieldPlaces.map { header[$0] }, connection)
        var lines: [RecordKey: Int] = [:]
        while let row = try next() {
          report.rows += 1
          if row.texts.count == header.count {
            let key = RecordKey(columns: keyPlaces.map { Array(row.texts[$0].utf8) })
            if let first = lines.updateValue(row.line, forKey: key) {
              let name = table.isShared ? "record \(key.display)" : "record"
              let reason = "the \(name) stands on line \(first) already"
              report.problems.append(ImportReport.Problem(line: row.line, reason: reason))
              continue
            }
          }
          try Self.take(row, header, keyPlaces, fieldPlaces, writer, into: &report)
        }
        // Leaving by an error is what rolls back.
        if isDryRun || !report.problems.isEmpty { throw Rehearsed() }
      }
    } catch is Rehearsed {}
    return report
  }

  private struct Rehearsed: Error {}

  private static func take(
    _ row: ImportRow, _ header: [String], _ keyPlaces: [Int], _ fieldPlaces: [Int], _ writer: ClerkWriter,
    into report: inout ImportReport
  ) throws {
    guard row.texts.count == header.count else {
      let reason = "it has \(row.texts.count) cells where the header has \(header.count)"
      return report.problems.append(ImportReport.Problem(line: row.line, reason: reason))
    }
    let key = RecordKey(columns: keyPlaces.map { Array(row.texts[$0].utf8) })
    do {
      switch try writer.write(key, values: fieldPlaces.map { row.texts[$0] }, checks: true) {
      case .created: report.created += 1
      case .changed: report.changed += 1
      case .unchanged, .removed: report.unchanged += 1
      }
    } catch let error as StoreError where error.code == .invalid {
      report.problems.append(ImportReport.Problem(line: row.line, reason: error.detail))
    }
  }
}
