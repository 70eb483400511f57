import SyncCore

extension Store {
  private static let resolving = "resolving a conflict"

  /// What a person decided about a conflict.
  public enum Decision: Sendable, Equatable {
    /// What is shown stays.
    case keep
    /// Another value is shown: one of the others by its words, or a new one. For `(record)`: `deleted` or `kept`.
    case take(String)
    /// The value that a node gave is shown.
    case from(String)
    /// The other value is shown, where there is exactly one.
    case theirs
  }

  /// Resolves a conflict by an ordinary edit that has seen all its values, so that it closes everywhere.
  ///
  /// The edit is captured like a clerk's and sealed at once, or, for whoever has not the key, at the next sync. What is set
  /// once may be decided too: the conflict says that it was set twice.
  ///
  /// - Parameters:
  ///   - field: as `ConflictView.field` names it.
  ///   - owner: whose record is meant, where two owners use one key; nil for this federation's own.
  public func resolve(
    kind: String, key: String, field: String, decision: Decision, owner: String? = nil,
    now: Int64 = SystemClock.now()
  ) throws {
    try sealIfPossible(now: now)
    let table = try read { try $0.adopted.table(named: kind) }
    let key = try table.key(written: key)
    let conflict = try openConflict(table, key, field, owner)
    guard conflict.isWritable else {
      throw StoreError(
        .notPermitted, Self.resolving, "the record belongs to \(conflict.federation), who decides",
        hint: "nothing was changed")
    }
    switch Contested(label: field, table.shape) {
    case .key:
      throw StoreError(
        .invalid, Self.resolving, "two owners use this key",
        hint: "`birlik rekey` gives one of their records another key")
    case .existence:
      try resolveExistence(table, key, conflict, decision, now: now)
    case .register(let register):
      try resolve(register, table, key, conflict, decision, now: now)
    case nil:
      throw table.unknownField(field)
    }
    try sealIfPossible(now: now)
  }

  private func openConflict(
    _ table: KindTable, _ key: RecordKey, _ field: String, _ owner: String?
  ) throws -> ConflictView {
    let found = try read { transaction in
      let reader = ConflictReader(transaction, stakesOn: nil)
      return try transaction.conflicts.all(includingClosed: false).filter { stored in
        stored.place.kind == table.kind.id && stored.place.key == key && stored.field.sameBytes(as: field)
          && owner.map { transaction.directory.owner(of: stored.place.channel).sameBytes(as: $0) } ?? true
      }.compactMap { try reader.view($0, table) }
    }
    let own = identity.role.federation
    guard let conflict = found.first(where: { $0.federation.sameBytes(as: own) }) ?? found.first else {
      throw StoreError(
        .unknown, Self.resolving, "\(table.kind.name) \(key.display) has no open conflict in '\(field)'",
        hint: "`birlik conflicts` lists them")
    }
    return conflict
  }

  // MARK: Values

  private func resolve(
    _ register: RegisterKey, _ table: KindTable, _ key: RecordKey, _ conflict: ConflictView, _ decision: Decision,
    now: Int64
  ) throws {
    let confirms = register.id.bit | CapturedEdits.confirmation
    let isHidden: Bool? = try withHidden(
      table.kind.name, key.display, conflict.collides ? conflict.federation : nil, now: now
    ) { sealer, table, key, hidden in
      let row = try Self.chosen(decision, register, table, conflict, hidden.row, sealer.transaction)
      try sealer.sealAll { try $0.edit(hidden, table, key, to: row, at: now, confirms: confirms) }
      return true
    }
    if isHidden == true { return }
    try write { transaction in
      guard let shown = try transaction.rows.row(table, key) else {
        throw StoreError(.invalid, Self.resolving, "the record is not shown, so nothing of it can be decided")
      }
      let row = try Self.chosen(decision, register, table, conflict, shown, transaction)
      // Triggers would refuse a field that is set once, and capture nothing where the shown value is confirmed. Of a set
      // every element whose heads differ is written again.
      if row != shown { try transaction.rows.write(row, table, key) }
      try transaction.capture.add(mask: confirms, table, key)
    }
  }

  /// The row with the value that a person chose.
  static func chosen(
    _ decision: Decision, _ register: RegisterKey, _ table: KindTable, _ conflict: ConflictView, _ shown: ShownRow,
    _ transaction: Transaction
  ) throws -> ShownRow {
    guard decision != .keep else { return shown }
    let fields = table.register(register.id)?.fields ?? []
    let other = try other(decision, conflict, isGroup: fields.count > 1)
    var row = shown
    if let element = register.element {
      guard let field = fields.first, let place = table.fieldIndex(id: field.id) else { return shown }
      var elements = if case .text(let json) = row.values[place] { table.elements(json) } else { [[UInt8]]() }
      elements.removeAll { $0 == element }
      let side = if case .take(let text) = decision { text } else { other?.display ?? "" }
      if side != Contested.Element.removed.rawValue { elements.append(element) }
      row.values[place] = elements.isEmpty ? .null : .text(TextSet(elements).json)
      return row
    }
    let values: [Value]
    if let other {
      values = fields.map { field in other.cells.first { $0.field.sameBytes(as: field.name) }?.value ?? .null }
    } else if case .take(let text) = decision {
      // An amount is in the currency that the record shows.
      let texts = try MoneyTexts(table.kind).minor(fields.map { ($0.name, text) }, addsColumns: false) { field in
        table.value(named: field.name, in: shown)?.display
      }
      values = try ClerkWriter(table, fields: fields.map(\.name), transaction.connection)
        .parsed(texts.map(\.text), checks: true)
    } else {
      return shown
    }
    for (field, value) in zip(fields, values) {
      guard let place = table.fieldIndex(id: field.id) else { continue }
      if let reason = table.problem(value, field: place) {
        throw StoreError(.invalid, resolving, "\(field.name): \(reason)")
      }
      row.values[place] = value
    }
    return row
  }

  /// The other value that a decision names; nil for a new one.
  private static func other(
    _ decision: Decision, _ conflict: ConflictView, isGroup: Bool
  ) throws -> AttributedValue? {
    let nodes = conflict.others.map(\.node).joined(separator: ", ")
    switch decision {
    case .keep: return nil
    case .theirs:
      guard let only = conflict.others.first, conflict.others.count == 1 else {
        throw StoreError(
          .invalid, resolving, "there are several other values", hint: "name the node whose value to take: \(nodes)")
      }
      return only
    case .from(let node):
      let found = conflict.others.filter { $0.node.sameBytes(as: node) }
      guard let only = found.first, found.count == 1 else {
        throw StoreError(
          .invalid, resolving, "\(node) gave \(found.isEmpty ? "none" : "several") of the other values",
          hint: found.isEmpty ? "they are those of \(nodes)" : "give the value itself")
      }
      return only
    case .take(let text):
      // The empty text is one of the values, or means that the field is to be empty.
      let found = conflict.others.first { other in
        guard other.cells.count == 1, case .text(let bytes) = other.cells[0].value else {
          return !other.cells.allSatisfy(\.value.isNull) && other.display.sameBytes(as: text)
        }
        return bytes.elementsEqual(text.utf8)
      }
      guard isGroup, found == nil else { return found }
      guard let named = conflict.others.first(where: { $0.node.sameBytes(as: text) || $0.display.sameBytes(as: text) })
      else {
        throw StoreError(
          .invalid, resolving, "no other value of '\(conflict.field)' reads '\(text)'",
          hint: "give the node whose values to take: \(nodes)")
      }
      return named
    }
  }

  // MARK: Existence

  private func resolveExistence(
    _ table: KindTable, _ key: RecordKey, _ conflict: ConflictView, _ decision: Decision, now: Int64
  ) throws {
    let shown = conflict.shown?.display ?? Contested.Existence.deleted.rawValue
    let side: String
    switch decision {
    case .keep: side = shown
    case .take(let text): side = text
    case .from, .theirs: side = try Self.other(decision, conflict, isGroup: false)?.display ?? shown
    }
    guard let wanted = Contested.Existence(rawValue: side) else {
      throw StoreError(.invalid, Self.resolving, "'\(side)' is neither kept nor deleted")
    }
    try withFile { try $0.lookAfterCapture() }
    if identity.keyProblem != nil,
      try write({ try Self.captureExistence(wanted, of: conflict.federation, table, key, $0) })
    {
      return
    }
    try write { transaction in
      let sealer = try Sealer(transaction, wall: now)
      try sealer.sealAll()
      guard let channel = Channel(owner: conflict.federation, recordClass: table.kind.recordClass),
        let number = transaction.directory.number(of: channel)
      else { return }
      let place = HeadTable.Place(kind: table.kind.id, key: key, channel: number)
      try sealer.sealAll { try Self.decideExistence(wanted, place, table, $0, now: now) }
    }
  }

  /// Decides whether a record is there, by an edit that has seen all others.
  static func decideExistence(
    _ wanted: Contested.Existence, _ place: HeadTable.Place, _ table: KindTable, _ sealer: Sealer, now: Int64
  ) throws {
    let transaction = sealer.transaction
    guard let channel = transaction.directory.channel(place.channel),
      let slot = try transaction.records.slots(table, place.key).first(where: { $0.channel == place.channel }),
      let row = try transaction.records.row(of: slot, table)
    else { return }
    switch wanted {
    case .deleted: try sealer.remove(from: channel, table, place.key, at: now)
    case .kept:
      // Writing every value again is an edit that has seen the deletion.
      let mask = table.registers.reduce(Int64(0)) { $0 | $1.id.bit }
      let record = HiddenRecords.Found(channel: channel, row: row)
      try sealer.edit(record, table, place.key, to: row, at: now, confirms: mask | CapturedEdits.confirmation)
    }
  }

  /// Captures the decision as a clerk's edit of the row, for whoever may not seal it.
  ///
  /// - Returns: false where the row is not that of the record that is meant.
  static func captureExistence(
    _ wanted: Contested.Existence, of owner: String, _ table: KindTable, _ key: RecordKey, _ transaction: Transaction
  ) throws -> Bool {
    try transaction.connection.capturing {
      guard let row = try transaction.rows.row(table, key), row.federation.elementsEqual(owner.utf8) else {
        return false
      }
      switch wanted {
      case .deleted: try transaction.rows.delete(table, key)
      case .kept:
        let mask = table.registers.reduce(Int64(0)) { $0 | $1.id.bit }
        try transaction.capture.add(mask: mask | CapturedEdits.confirmation, table, key)
      }
      return true
    }
  }
}
