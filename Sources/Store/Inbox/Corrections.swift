import SyncCore

/// Takes edits that waited because the catalog does not allow a value of them, with the right value.
struct Corrections {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The edit that waits under a number.
  ///
  /// - Throws: `StoreError` with code `unknown` where none does.
  func open(_ number: Int64) throws -> (correction: EditInbox.Correction, edit: RefusedView) {
    guard let correction = try transaction.inbox.correction(number), correction.state == .open,
      let edit = try transaction.inbox.refusedEdit(number)
    else {
      throw StoreError(
        .unknown, "correcting an edit", "no edit waits under the number \(number)",
        hint: "`birlik inbox --all` lists those that wait")
    }
    return (correction, edit)
  }

  /// Writes an edit with other values, as a clerk would. The transaction has to be one in which triggers capture.
  ///
  /// - Returns: the record's key as people write it.
  func take(
    _ number: Int64, _ values: [(field: String, text: String)]
  ) throws -> (kind: String, key: String, outcome: EditOutcome) {
    let (correction, edit) = try open(number)
    let table = try transaction.adopted.table(named: edit.kind)
    for value in values where !table.columnNames.contains(where: { $0.sameBytes(as: value.field) }) {
      throw table.unknownField(value.field)
    }
    var texts = correction.values.map { (field: $0.column, text: $0.value.display) }
    for value in try minor(values, beside: texts, table, edit) {
      texts.removeAll { $0.field.sameBytes(as: value.field) }
      texts.append(value)
    }
    let parts = table.kind.key.map { column in texts.first { $0.field.sameBytes(as: column.name) }?.text }
    let isWhole = parts.allSatisfy { $0 != nil }
    let key = isWhole ? RecordKey(columns: parts.map { Array(($0 ?? "").utf8) }) : try table.key(written: edit.key)
    texts.removeAll { text in table.kind.key.contains { $0.name.sameBytes(as: text.field) } }
    // Nobody types what a record of another owner would need anyway.
    let own = transaction.identity.role.federation
    texts.removeAll { $0.field.sameBytes(as: "federation") && $0.text.sameBytes(as: own) }
    // Fields that the catalog no longer has go with it.
    texts.removeAll { text in !table.columnNames.contains { $0.sameBytes(as: text.field) } }
    // The right key may belong to a record that is there: only typed values are written, so that none of its own is emptied.
    if isWhole { texts.removeAll { $0.text.isEmpty } }
    let writer = try ClerkWriter(table, fields: texts.map(\.field), transaction.connection)
    let outcome = try writer.write(key, values: texts.map(\.text), checks: true)
    try transaction.inbox.closeCorrection(number, .taken)
    return (edit.kind, key.display, outcome)
  }

  /// Amounts of the person's own in the smallest unit. Those that a client wrote are so already.
  private func minor(
    _ values: [(field: String, text: String)], beside typed: [(field: String, text: String)], _ table: KindTable,
    _ edit: RefusedView
  ) throws -> [(field: String, text: String)] {
    try MoneyTexts(table.kind).minor(values, addsColumns: true) { field in
      if let text = typed.first(where: { $0.field.sameBytes(as: field.name) })?.text, !text.isEmpty { return text }
      guard let key = RecordKey(written: edit.key, columnCount: table.kind.key.count) else { return nil }
      return try transaction.rows.text(table, key, field.name)
    }
  }

  /// A value to put in place of the wrong one: what is shown now, or what was probably meant.
  func suggestion(_ correction: EditInbox.Correction, _ edit: RefusedView) throws -> String {
    guard let table = transaction.adopted.tables.values.first(where: { $0.kind.name.sameBytes(as: edit.kind) }) else {
      return ""
    }
    let typed = correction.values.first { $0.column.sameBytes(as: correction.wrong) }?.value ?? .null
    if let column = table.kind.key.first(where: { $0.name.sameBytes(as: correction.wrong) }) {
      return TypedValue.guess(typed, column.type) ?? "RIGHT-VALUE"
    }
    guard let index = table.fieldIndex(named: correction.wrong) else { return "" }
    if let key = try? table.key(written: edit.key), let row = try transaction.rows.row(table, key),
      row.values.indices.contains(index), !row.values[index].isNull
    {
      return table.amounts(row).shown(row.values[index], of: correction.wrong).display
    }
    return TypedValue.guess(typed, table.fields[index].type) ?? ""
  }
}

extension Store {
  /// Takes an edit that waits for a correction, with other values for some of its fields or key columns.
  ///
  /// - Throws: `StoreError` with code `unknown` or `invalid`, in words for the person who typed it; the edit goes on
  ///   waiting then.
  public func correct(
    _ number: Int64, values: [(field: String, text: String)]
  ) throws -> (kind: String, key: String, outcome: EditOutcome) {
    try writeAsClerk { try Corrections($0).take(number, values) }
  }

  /// Gives up an edit that waits for a correction. It stays readable.
  public func dropCorrection(_ number: Int64) throws -> (kind: String, key: String) {
    try write { transaction in
      let (_, edit) = try Corrections(transaction).open(number)
      try transaction.inbox.closeCorrection(number, .dropped)
      return (edit.kind, edit.key)
    }
  }

  /// How many edits wait for a correction.
  public func openCorrectionCount() throws -> Int { try read { try $0.inbox.openCorrectionCount() } }
}
