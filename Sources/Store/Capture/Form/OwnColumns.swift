import SyncCore

/// The columns that clerks added to the catalog's tables, as they were when the tables were last in order. A column that
/// was there already is no renamed one.
struct OwnColumns {
  private let meta: MetaTable

  init(_ meta: MetaTable) { self.meta = meta }

  /// Names of a table's own columns, as they are written.
  func names(in table: String) throws -> [String] {
    let lines = try meta.text(.ownColumns)?.split(separator: "\n") ?? []
    return lines.compactMap { line in
      let parts = line.split(separator: "\t", maxSplits: 1)
      return parts.count == 2 && parts[0] == table ? String(parts[1]) : nil
    }
  }

  /// The same without regard to case.
  func known(in table: String) throws -> Set<String> { Set(try names(in: table).map(SQLText.folded)) }

  /// - Parameter columns: each table with the name of one column.
  func record(_ columns: [(table: String, column: String)]) throws {
    let lines = columns.map { "\($0.table)\t\($0.column)" }.joined(separator: "\n")
    guard try meta.text(.ownColumns) ?? "" != lines else { return }
    try meta.set(.ownColumns, .text(lines))
  }
}
