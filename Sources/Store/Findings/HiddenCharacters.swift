import Consolidation
import SyncCore

/// Keys with characters that nobody sees. The tables refuse them, so they came from elsewhere: from before, from a node
/// with an older program, or past the constraints.
enum HiddenCharacters: FindingCheck {
  static func find(in transaction: Transaction, into report: inout FindingReport) throws {
    for (_, table) in transaction.adopted.tables.sorted(by: { $0.key < $1.key }) {
      let columns = table.kind.key.filter { $0.type == .text || $0.type.isReference }.map(\.name.sql)
      guard !columns.isEmpty else { continue }
      let wrong = columns.map { "NOT (\(ColumnChecks.isSeen($0)))" }.joined(separator: " OR ")
      let select = try transaction.connection.prepared(
        "SELECT \(FoundRecord.columns(table)) FROM \(table.kind.name) WHERE \(wrong)")
      defer { select.reset() }
      while try select.step() {
        guard !report.isFull(.hiddenCharacters) else {
          report.count(1, of: .hiddenCharacters)
          continue
        }
        let record = FoundRecord(select, table)
        report.add(try finding(record, transaction))
      }
    }
  }

  private static func finding(_ record: FoundRecord, _ transaction: Transaction) throws -> Finding {
    let columns = zip(record.table.kind.key, record.key.columns)
    let reason = columns.compactMap { KeyText.problem($1) }.first ?? "the key holds a zero byte"
    let cleaned = RecordKey(columns: columns.map { $0.type.isReference || $0.type == .text ? KeyText.cleaned($1) : $1 })
    return Finding(
      .hiddenCharacters, kind: record.table.kind.name, keys: [record.key.display],
      "\(record.table.kind.name) \(record.shown): \(reason)", remedy: try record.rekeying(to: cleaned, transaction))
  }
}
