import Limits
import SyncCore

/// Copies the rows of a table that lost its form into one that has it. A row that cannot be there is kept as an edit that
/// was not taken, with the reason.
struct RowCopy {
  private let transaction: Transaction
  private let table: KindTable
  /// The columns that are copied, as the old table names them and as the new one does.
  private var columns: [(found: String, name: String)] = []
  private var connection: Connection { transaction.connection }

  init(
    _ transaction: Transaction, _ table: KindTable, _ found: TableForm, _ expected: TableForm,
    renaming others: [String: String]
  ) {
    self.transaction = transaction
    self.table = table
    for column in found.columns {
      let name = others[column.name] ?? column.name
      let known = expected.column(named: name)
      // What an expression of a clerk's gives, it gives again.
      if known == nil, column.isGenerated { continue }
      columns.append((column.name, known?.name ?? name))
    }
  }

  /// Copies all rows, in the order in which they were written.
  ///
  /// - Returns: how many could not be copied.
  func run(from old: String, to fresh: String) throws -> Int {
    let names = columns.map(\.name.sql).joined(separator: ", ")
    let marks = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let select = try connection.prepared("SELECT \(columns.map(\.found.sql).joined(separator: ", ")) FROM \(old)")
    let insert = try connection.prepared("INSERT INTO \(fresh.sql)(\(names)) VALUES(\(marks))")
    let replace = try connection.prepared("INSERT OR REPLACE INTO \(fresh.sql)(\(names)) VALUES(\(marks))")
    let keyNames = table.kind.key.map(\.name)
    let keys = keyNames.compactMap { name in columns.firstIndex { $0.name == name } }
    let condition = keyNames.enumerated().map { "\($1.sql)=?\($0 + 1)" }.joined(separator: " AND ")
    let earlier = try connection.prepared("SELECT \(names) FROM \(fresh.sql) WHERE \(condition)")
    let owner = table.isShared ? columns.firstIndex { $0.name == "federation" } : nil
    var rejected = 0
    while try select.step() {
      var values = columns.indices.map { select.value($0) }
      if let owner, values[owner].isBlank { values[owner] = .text(try self.owner(of: keys.map { values[$0] })) }
      for (index, value) in values.enumerated() { insert.bind(index + 1, value) }
      if try insert.stepUnlessConstrained() { continue }
      if let empty = keys.first(where: { values[$0].isNull }) {
        try reject(values, "its \(columns[empty].name) is empty, which is part of its key")
        rejected += 1
        continue
      }
      for (index, key) in keys.enumerated() { earlier.bind(index + 1, values[key]) }
      let before = try earlier.step() ? columns.indices.map { earlier.value($0) } : values
      earlier.reset()
      // The one written last is what its writer meant.
      for (index, value) in values.enumerated() { replace.bind(index + 1, value) }
      guard try replace.stepUnlessConstrained() else {
        try reject(values, "\(table.kind.name) cannot hold it")
        rejected += 1
        continue
      }
      guard before != values else { continue }
      try reject(before, "another row with the same key was written after it, in a table that had lost its key")
      rejected += 1
    }
    return rejected
  }

  /// The owner of a row that names none: of the record that is known under its key, or else this node's own federation.
  private func owner(of key: [Value]) throws -> [UInt8] {
    let name = RecordKey(columns: key.map { Array($0.display.utf8) })
    let slots = try transaction.records.slots(table.kind.id, name)
    guard let shown = try transaction.records.shownSlot(slots, table.kind.deletion) else {
      return Array(transaction.identity.role.federation.utf8)
    }
    return Array(transaction.directory.owner(of: slots[shown].channel).utf8)
  }

  private func reject(_ values: [Value], _ reason: String) throws {
    let key = table.kind.key.compactMap { column in
      columns.firstIndex { $0.name == column.name }.map { values[$0].display }
    }
    try transaction.inbox.addRefused(
      RefusedView(
        at: SystemClock.now(), kind: table.kind.name, key: key.joined(separator: "/"), operation: .insert,
        record: RefusedView.json(Array(zip(columns.map(\.name), values)), table.kind), reason: reason))
  }
}

extension Value {
  /// NULL or an empty text.
  fileprivate var isBlank: Bool {
    switch self {
    case .null: true
    case .text(let bytes): bytes.isEmpty
    default: false
    }
  }
}
