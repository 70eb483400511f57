import SyncCore

/// Where two owners use one key, each acts on its own record, although only one of them has the row.
extension Store {
  /// Edits a record that another owner's hides.
  ///
  /// - Returns: nil where the row is meant.
  func editHidden(
    kind: String, key: String, values: [(field: String, text: String)], owner: String?, now: Int64 = SystemClock.now()
  ) throws -> EditOutcome? {
    try withHidden(kind, key, owner, now: now) { sealer, table, key, hidden in
      let transaction = sealer.transaction
      let values = try MoneyTexts(table.kind).minor(values, addsColumns: true) { field in
        table.value(named: field.name, in: hidden.row)?.display
      }
      let fields = values.map(\.field)
      let typed = try ClerkWriter(table, fields: fields, transaction.connection)
        .parsed(values.map(\.text), checks: true)
      var row = hidden.row
      for (name, value) in zip(fields, typed) {
        if let problem = Self.problem(name, value, table, hidden) {
          throw StoreError(.invalid, "writing \(kind) \(key.display)", problem)
        }
        if let index = table.fieldIndex(named: name) { row.values[index] = value }
      }
      guard row.values != hidden.row.values else { return .unchanged }
      try sealer.sealAll { try $0.edit(hidden, table, key, to: row, at: now) }
      return .changed
    }
  }

  /// Removes a record that another owner's hides.
  ///
  /// - Returns: false where the row is meant.
  func removeHidden(kind: String, key: String, owner: String?, now: Int64 = SystemClock.now()) throws -> Bool {
    try withHidden(kind, key, owner, now: now) { sealer, table, key, hidden in
      try sealer.sealAll { try $0.remove(hidden, table, key, at: now) }
      return true
    } ?? false
  }

  /// Gives a record another key, with all that it holds: the way out where two owners use one key.
  ///
  /// Records that name the old key keep it.
  ///
  /// - Parameter owner: whose record is meant; nil for this federation's own.
  /// - Throws: `StoreError` with code `unknown`, `invalid` or `notPermitted`.
  public func rekey(
    kind: String, key: String, to newKey: String, owner: String? = nil, now: Int64 = SystemClock.now()
  ) throws {
    let operation = "giving \(kind) \(key) another key"
    func target(_ transaction: Transaction, _ table: KindTable) throws -> RecordKey {
      let other = try table.key(written: newKey)
      if let problem = table.shape.problem(typedKey: other) {
        throw StoreError(.invalid, operation, "\(problem.field): \(problem.reason)")
      }
      guard try HiddenRecords(transaction).isFree(table, other) else {
        throw StoreError(.invalid, operation, "\(newKey) is or was used already", hint: "take another key")
      }
      return other
    }
    let isMoved: Bool? = try withHidden(kind, key, owner, now: now) { sealer, table, key, hidden in
      let other = try target(sealer.transaction, table)
      guard table.isProper(hidden.row) else {
        throw StoreError(.invalid, operation, "it holds a value that the catalog does not allow", hint: "edit it first")
      }
      try sealer.transaction.rows.write(hidden.row, table, other)
      try sealer.transaction.capture.add(mask: -1, table, other)
      try sealer.sealAll { try $0.remove(hidden, table, key, at: now) }
      return true
    }
    if isMoved == true { return }
    try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: kind)
      let old = try table.key(written: key)
      guard let row = try transaction.rows.row(table, old) else {
        // A disk that failed after the commit leaves whoever asked without an answer.
        guard try transaction.rows.row(table, try table.key(written: newKey)) == nil else {
          throw StoreError(
            .unknown, operation, "there is no such record, but there is \(newKey): it may have this key already",
            hint: "`birlik show \(kind) \(newKey)` shows it")
        }
        throw StoreError(
          .unknown, operation, "there is no such record", hint: "`birlik list \(kind)` shows what there is")
      }
      let holder = String(decoding: row.federation, as: UTF8.self)
      if table.isShared {
        guard let channel = Channel(owner: holder, recordClass: table.kind.recordClass),
          transaction.role(transaction.identity.role).mayWrite(channel)
        else {
          throw StoreError(.notPermitted, operation, "it belongs to \(holder), whose records others may not edit")
        }
      }
      let other = try target(transaction, table)
      do {
        try transaction.rows.rename(table, old, to: other)
      } catch let error as StoreError {
        throw StoreError(error.code, operation, error.detail.replacing("CHECK constraint failed: ", with: ""))
      }
    }
    // Sealed at once, so that conflicts close.
    try sealIfPossible(now: now)
  }

  /// Runs `body` where a hidden record is meant, in the transaction that seals what is captured first.
  ///
  /// - Returns: nil where the row is meant.
  func withHidden<Value>(
    _ kind: String, _ key: String, _ owner: String?, now: Int64,
    _ body: (Sealer, KindTable, RecordKey, HiddenRecords.Found) throws -> Value
  ) throws -> Value? {
    // One owner under a key is the common case.
    let isAlone = try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      return try owner == nil && transaction.heads.stored(table.kind.id, key).count < 2
    }
    guard !isAlone else { return nil }
    try withFile { try $0.lookAfterCapture() }
    return try write { transaction in
      let table = try transaction.adopted.table(named: kind)
      let key = try table.key(written: key)
      let sealer = try Sealer(transaction, wall: now)
      if identity.keyProblem == nil { try sealer.sealAll() }
      guard let hidden = try HiddenRecords(transaction).find(table, key, owner: owner) else { return nil }
      guard transaction.role(transaction.identity.role).mayWrite(hidden.channel) else {
        throw StoreError(
          .notPermitted, "writing \(kind) \(key.display)",
          "it belongs to \(hidden.channel.owner), whose records others may not edit")
      }
      return try body(sealer, table, key, hidden)
    }
  }

  /// Why a field of a hidden record may not become a value; nil where it may.
  private static func problem(
    _ name: String, _ value: Value, _ table: KindTable, _ hidden: HiddenRecords.Found
  ) -> String? {
    if table.kind.appendOnly { return "\(table.kind.name) is written once: enter a new record beside the old one" }
    guard let index = table.fieldIndex(named: name) else {
      if name.sameBytes(as: "federation") {
        return value == .text(hidden.channel.owner) ? nil : "\(table.kind.name).federation is set once"
      }
      return "\(name) stays at home, in the row, which is that of another owner: take another key first"
    }
    let before = hidden.row.values[index]
    let isFrozen = table.registers[table.registerOfField[index]].rule == .frozen
    return isFrozen && !before.isNull && before != value ? "\(table.kind.name).\(name) is set once" : nil
  }
}
