import SyncCore

extension Store {
  /// The record under a key, or nil.
  ///
  /// - Parameter key: as people write it, columns joined by `/`.
  public func record(kind: String, key: String) throws -> RecordView? {
    try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      let reader = RecordReader(transaction)
      var found: RecordView?
      try reader.eachRow(
        table, filters: table.kind.key.indices.map { (table.kind.key[$0].name, key.columns[$0]) }
      ) {
        found = $0
        return false
      }
      if found != nil { found?.hidden = try reader.hidden(under: key, table) }
      return found
    }
  }

  /// Every record of a kind, in order of key, until `body` returns false.
  ///
  /// - Parameters:
  ///   - filters: columns that have to equal a text, as people write it.
  ///   - includesHidden: whether records that another owner's hides come after that one.
  public func eachRecord(
    kind: String, filters: [(column: String, text: String)] = [], includesHidden: Bool = false,
    _ body: (RecordView) throws -> Bool
  ) throws {
    try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      for filter in filters where !table.columnNames.contains(where: { $0.sameBytes(as: filter.column) }) {
        throw table.unknownField(filter.column)
      }
      let reader = RecordReader(transaction)
      let amounts = try filters.compactMap { try AmountFilter(table.kind, $0) }
      let others = filters.filter { filter in !amounts.contains { $0.amount.name.sameBytes(as: filter.column) } }
      func hasAmounts(_ record: RecordView) -> Bool { amounts.allSatisfy { $0.matches(record) } }
      var goesOn = true
      // A hidden record may be wanted where the one that hides it is not.
      var rest = includesHidden ? try transaction.conflicts.collisions(table.kind.id) : []
      func writeHidden(_ key: RecordKey) throws {
        for hidden in try reader.hidden(under: key, table) where goesOn {
          let isWanted = others.allSatisfy { filter in
            hidden.columns.contains {
              $0.name.sameBytes(as: filter.column) && !$0.value.isNull && $0.value.display.sameBytes(as: filter.text)
            }
          }
          if isWanted, hasAmounts(hidden) { goesOn = try body(hidden) }
        }
      }
      try reader.eachRow(table, filters: others.map { ($0.column, Array($0.text.utf8)) }) { record in
        if hasAmounts(record) { goesOn = try body(record) }
        guard !rest.isEmpty, let key = reader.key(of: record, table), rest.remove(key) != nil else { return goesOn }
        try writeHidden(key)
        return goesOn
      }
      for key in rest.sorted() where goesOn { try writeHidden(key) }
    }
  }

  /// The columns that clerks added to a kind's table. They stay on this machine, whatever is in them.
  public func ownColumns(of kind: String) throws -> [String] {
    try read { try OwnColumns($0.meta).names(in: kind) }
  }

  /// Creates or edits one record as a clerk would, with its triggers.
  ///
  /// - Parameters:
  ///   - values: fields by name with their text; empty means NULL. Amounts are in units of their currency.
  ///   - owner: whose record is meant, where two owners use one key; nil for this federation's own.
  /// - Throws: `StoreError` with code `unknown` or `invalid`, in words for the person who typed it.
  @discardableResult
  public func edit(
    kind: String, key: String, values: [(field: String, text: String)], owner: String? = nil
  ) throws -> EditOutcome {
    try editCollecting(kind: kind, key: key, values: values, owner: owner).outcome
  }

  /// The same, and what the author should look at.
  public func editNoting(
    kind: String, key: String, values: [(field: String, text: String)], owner: String? = nil
  ) throws -> (outcome: EditOutcome, notes: EntryNotes) {
    let (outcome, typed) = try editCollecting(kind: kind, key: key, values: values, owner: owner)
    return (outcome, try notes(on: typed))
  }

  private func editCollecting(
    kind: String, key: String, values: [(field: String, text: String)], owner: String?
  ) throws -> (outcome: EditOutcome, typed: TypedEntries) {
    let amounts = MoneyTexts(try read { try $0.adopted.table(named: kind) }.kind)
    if let outcome = try editHidden(kind: kind, key: key, values: values, owner: owner) {
      return (outcome, TypedEntries())
    }
    return try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      let values = try amounts.minor(values, addsColumns: true) { try transaction.rows.text(table, key, $0.name) }
      let writer = try ClerkWriter(table, fields: values.map(\.field), transaction.connection)
      let outcome = try writer.write(key, values: values.map(\.text), checks: true)
      guard outcome == .created || outcome == .changed else { return (outcome, TypedEntries()) }
      let watch = try EntryWatch(transaction)
      watch.look(table, table.shape.normal(key: key) ?? key, isNew: outcome == .created) { name, _ in
        values.first { $0.field.sameBytes(as: name) }.map { .text($0.text) }
      }
      return (outcome, watch.entries)
    }
  }

  /// Removes one record as a clerk would.
  ///
  /// - Parameter owner: whose record is meant, where two owners use one key; nil for this federation's own.
  /// - Throws: `StoreError` with code `unknown` when there is none.
  public func remove(kind: String, key: String, owner: String? = nil) throws {
    if try removeHidden(kind: kind, key: key, owner: owner) { return }
    try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: kind)
      let written = try table.key(written: key)
      if table.kind.appendOnly {
        throw StoreError(
          .invalid, "removing a record", "\(kind) is written once: its records are not removed",
          hint: ShellWords.command("withdraw", [kind, key], options: " --reason '...'")
            .map { "withdraw a mistake: \($0)" } ?? "withdraw a mistake with `birlik withdraw`")
      }
      if try transaction.rows.delete(table, written) { return }
      guard try Withdrawals(transaction).captureHidden(table, written) else {
        throw StoreError(
          .unknown, "removing a record", "there is no \(kind) \(key)", hint: "`birlik list \(kind)` shows what there is"
        )
      }
    }
  }

  /// Runs `body` in one transaction in which what is written counts as a clerk's edits: triggers capture it, and SQLite
  /// checks it.
  ///
  /// - Parameter isRepeatable: false for a body that cannot run twice.
  func writeAsClerk<Value>(isRepeatable: Bool = true, _ body: (Transaction) throws -> Value) throws -> Value {
    try write(isRepeatable: isRepeatable) { transaction in
      try transaction.connection.capturing { try body(transaction) }
    }
  }
}
