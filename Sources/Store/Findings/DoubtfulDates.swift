import Consolidation
import SyncCore

/// Dates that are hardly meant, in every column that holds one.
enum DoubtfulDates: FindingCheck {
  /// A column of dates or periods.
  struct Column {
    var name: String
    var type: FieldType
    var role: DateDoubt.Role
    var isKey: Bool
    /// Whether its values are personal data, which no message repeats.
    var isPrivate: Bool
  }

  /// The columns of a kind that hold dates.
  static func columns(of table: KindTable, in catalog: Catalog) -> [Column] {
    let kind = table.kind
    var observed: Set<String> = []
    for indicator in catalog.indicators {
      guard let units = indicator.units, units.kind.sameBytes(as: kind.name) else { continue }
      observed.formUnion([units.openedField, units.closedField])
    }
    let reported = catalog.indicators.compactMap { indicator -> String? in
      guard case .stock(let stock) = indicator.definition, stock.kind.sameBytes(as: kind.name) else { return nil }
      return stock.dateColumn
    }
    func holdsDates(_ type: FieldType) -> Bool { type == .date || type == .period }
    let keys = kind.key.filter { holdsDates($0.type) }.map {
      Column(
        name: $0.name, type: $0.type, role: $0.type == .period || reported.contains($0.name) ? .reported : .observed,
        isKey: true, isPrivate: !table.isShared)
    }
    let fields = kind.fields.filter { holdsDates($0.type) }.map {
      Column(
        name: $0.name, type: $0.type, role: observed.contains($0.name) ? .observed : .other, isKey: false,
        isPrivate: $0.isLocal || !table.isShared)
    }
    return keys + fields
  }

  static func find(in transaction: Transaction, into report: inout FindingReport) throws {
    let doubt = try DateDoubt(today: transaction.today())
    for (_, table) in transaction.adopted.tables.sorted(by: { $0.key < $1.key }) {
      for column in columns(of: table, in: transaction.catalog) {
        try find(column, of: table, doubt, transaction, into: &report)
      }
    }
  }

  private static func find(
    _ column: Column, of table: KindTable, _ doubt: DateDoubt, _ transaction: Transaction,
    into report: inout FindingReport
  ) throws {
    let name = column.name.sql
    let select = try transaction.connection.prepared(
      "SELECT \(FoundRecord.columns(table)), \(name) FROM \(table.kind.name) WHERE (\(name)<?1 OR \(name)>?2) AND \(name)<>''"
    )
    let bounds = doubt.bounds(column.role)
    select.bind(1, text: bounds.earliest)
    select.bind(2, text: bounds.latest)
    defer { select.reset() }
    while try select.step() {
      let date = select.bytes(FoundRecord.width(table))
      guard let problem = doubt.problem(date, column.type, column.role) else { continue }
      guard !report.isFull(.doubtfulDates) else {
        report.count(1, of: .doubtfulDates)
        continue
      }
      let record = FoundRecord(select, table)
      let words = column.isPrivate ? "the date is hardly meant" : problem
      var remedy = record.correcting(column.name, isKey: column.isKey, transaction)
      if !column.isPrivate, let meant = doubt.meant(date) {
        remedy =
          column.isKey
          ? try record.rekeying(column.name, to: Array(meant.utf8), transaction)
          : record.setting(column.name, to: meant, transaction)
      }
      report.add(
        Finding(
          .doubtfulDates, kind: table.kind.name, keys: [record.key.display],
          "\(table.kind.name) \(record.shown), \(column.name): \(words)", remedy: remedy))
    }
  }
}

extension Indicator {
  /// The tree of units that it counts in; nil for a ratio.
  var units: Units? {
    switch definition {
    case .stock(let stock): stock.units
    case .openUnits(let open): open.units
    case .ratio: nil
    }
  }
}
