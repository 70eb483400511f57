import SyncCore

/// Compares every table with the one that was folded again from the log, in the attached database `fold`.
///
/// It reads the tables of both files with one statement each, so it names them itself instead of asking their gateways.
struct FoldComparison {
  private let transaction: Transaction
  /// How many differences of each sort are reported.
  private let most: Int

  init(_ transaction: Transaction, most: Int) {
    self.transaction = transaction
    self.most = most
  }

  func run(into report: inout VerifyReport) throws {
    let generated: [(what: String, table: String, columns: String, filter: String)] = [
      ("heads", "birlik_head", "kind, key, {channel}, state", "1"),
      ("conflicts", "birlik_conflict", "kind, key, {channel}, field", "closed_at IS NULL"),
      ("wrong values", "birlik_invalid", "kind, key, {channel}, field", "1"),
      (
        "totals", "birlik_total",
        "indicator, slot, federation, day, vintage, amount_high, amount, reported, expected, withheld, contradicted, astray",
        "1"
      ),
    ]
    for part in generated {
      try compare(part.what, part.table, columns: part.columns, filter: part.filter, &report)
    }
    for table in transaction.adopted.sharedTables {
      let kind = table.kind
      let columns = (kind.key.map(\.name) + ["federation"] + table.fields.map(\.name)).map(\.sql)
      try compare(
        "rows of \(kind.name)", kind.name, columns: columns.joined(separator: ", "), filter: "1", &report)
    }
  }

  private func compare(
    _ what: String, _ table: String, columns: String, filter: String, _ report: inout VerifyReport
  ) throws {
    // Each file numbers channels by itself.
    let select = { (schema: String) in
      let channel = "(SELECT name FROM \(schema).birlik_channel WHERE id=channel)"
      return "SELECT \(columns.replacing("{channel}", with: channel)) FROM \(schema).\(table) WHERE \(filter)"
    }
    let here = select("main")
    let folded = select("fold")
    for (one, other, word) in [
      (here, folded, "is here, not in the log"), (folded, here, "is in the log, not here"),
    ] {
      let statement = try transaction.connection.prepared("\(one) EXCEPT \(other) LIMIT \(most)")
      let width = columns.split(separator: ",").count
      while try statement.step() {
        let cells = (0..<min(width, 4)).map { statement.isNull($0) ? "" : statement.string($0) }
        let words = cells.map { $0.replacing("\0", with: "/") }.filter { $0.utf8.allSatisfy { $0 >= 32 && $0 < 127 } }
        report.problems.append("\(what): \(words.joined(separator: " ")) \(word)")
      }
    }
  }
}
