import SyncCore

extension Store {
  /// Open conflicts in order of kind and key, and resolved ones after them where asked.
  ///
  /// - Parameter now: this machine's clock; totals are computed as of its day.
  public func conflicts(includingResolved: Bool = false, now: Int64 = SystemClock.now()) throws -> [ConflictView] {
    try conflicts(includingResolved: includingResolved, weighedOn: CalendarDay(millisecondsSince1970: now))
  }

  /// - Parameter day: as of which totals are given; nil to leave them out.
  private func conflicts(includingResolved: Bool = false, weighedOn day: CalendarDay?) throws -> [ConflictView] {
    try read { transaction in
      let reader = ConflictReader(transaction, stakesOn: day)
      var views: [ConflictView] = []
      var resolved: [ConflictResolutions.Place: Int] = [:]
      for stored in try transaction.conflicts.all(includingClosed: includingResolved) {
        guard let table = transaction.table(stored.place.kind), let view = try reader.view(stored, table) else {
          continue
        }
        if stored.closedAt != nil {
          resolved[ConflictResolutions.Place(record: stored.place, field: stored.field)] = views.count
        }
        views.append(view)
      }
      for (place, found) in try ConflictResolutions(transaction).find(Array(resolved.keys)) {
        guard let index = resolved[place] else { continue }
        views[index].resolution = found.resolution
        views[index].others = found.lost
      }
      return views
    }
  }

  /// How many conflicts are open.
  public func openConflictCount() throws -> Int { try read { try $0.conflicts.openCount() } }

  /// Values that the catalog does not allow.
  public func invalidValues() throws -> [InvalidView] {
    try read { try $0.conflicts.invalidValues($0.adopted.tables) }
  }

  /// What a person decided about a conflict.
  public enum Decision: Sendable, Equatable {
    /// What is shown stays.
    case keep
    /// Another value is shown. For `(record)`: `deleted` or `kept`.
    case take(String)
  }

  /// Resolves a conflict by an ordinary edit that has seen all its values, so that it closes everywhere.
  ///
  /// The edit is captured like a clerk's and sealed at the next sync.
  ///
  /// - Parameter field: as `ConflictView.field` names it.
  public func resolve(kind: String, key: String, field: String, decision: Decision) throws {
    try seal()
    let operation = "resolving a conflict"
    let table = try read { try $0.adopted.table(named: kind) }
    let key = try table.key(written: key)
    guard
      let conflict = try conflicts(weighedOn: nil).first(where: {
        $0.kind.sameBytes(as: kind) && $0.key == key.display && $0.field.sameBytes(as: field)
      })
    else {
      throw StoreError(
        .unknown, operation, "\(kind) \(key.display) has no open conflict in '\(field)'",
        hint: "`birlik conflicts` lists them")
    }
    guard let contested = Contested(label: field, table.shape) else { throw table.unknownField(field) }
    switch contested {
    case .key:
      throw StoreError(
        .invalid, operation, "two owners use this key",
        hint: "one of them has to remove its record and take another key")
    case .existence:
      try resolveExistence(table, key, decision)
    case .register(let register):
      try writeAsClerk { transaction in
        if case .take(let text) = decision {
          try Self.write(text, register, table, key, conflict, transaction)
        }
        // A trigger captures nothing when the value that is shown already is confirmed, so it is captured here. Of a set
        // every element whose heads differ is written again.
        try transaction.capture.add(mask: register.id.bit | CapturedEdits.confirmation, table, key)
      }
    }
    try seal()
  }

  private func resolveExistence(_ table: KindTable, _ key: RecordKey, _ decision: Decision) throws {
    if case .take(let text) = decision, text == Contested.Existence.deleted.rawValue {
      if try record(kind: table.kind.name, key: key.display) != nil {
        try remove(kind: table.kind.name, key: key.display)
      }
    } else {
      // Writing every value again is an edit that has seen the deletion.
      let mask = table.registers.reduce(Int64(0)) { $0 | $1.id.bit }
      try writeAsClerk { try $0.capture.add(mask: mask | CapturedEdits.confirmation, table, key) }
    }
  }

  /// Writes the value that a person chose, as its words or as the node that gave it.
  private static func write(
    _ text: String, _ register: RegisterKey, _ table: KindTable, _ key: RecordKey, _ conflict: ConflictView,
    _ transaction: Transaction
  ) throws {
    let fields = table.register(register.id)?.fields ?? []
    var values = [text]
    if let element = register.element, let field = fields.first {
      guard let row = try transaction.rows.row(table, key), let place = table.fieldIndex(id: field.id) else { return }
      var elements = if case .text(let json) = row.values[place] { table.elements(json) } else { [[UInt8]]() }
      elements.removeAll { $0 == element }
      if text != Contested.Element.removed.rawValue { elements.append(element) }
      values = [String(decoding: TextSet(elements).json, as: UTF8.self)]
    } else if fields.count > 1 {
      // A group is taken whole: the other value whose words were given.
      guard let other = conflict.others.first(where: { $0.display == text || $0.node == text }) else {
        throw StoreError(
          .invalid, "resolving a conflict", "no other value of '\(conflict.field)' reads '\(text)'",
          hint: "give the node whose values to take: \(conflict.others.map(\.node).joined(separator: ", "))")
      }
      values = fields.map { field in other.cells.first { $0.field == field.name }?.value.display ?? "" }
    }
    _ = try ClerkWriter(table, fields: fields.map(\.name), transaction.connection)
      .write(key, values: values, checks: true)
  }
}
