import SyncCore

/// Reads conflicts as people see them.
struct ConflictReader {
  private let transaction: Transaction
  private let stakes: ConflictStakes?
  private let attribution: Attribution
  /// What this node may do.
  private let role: NodeRole
  private var records: Records { transaction.records }
  private var facts: HeadOrder { transaction.facts }

  /// - Parameter day: as of which it is said which totals would move; nil to leave that out.
  init(_ transaction: Transaction, stakesOn day: CalendarDay?) {
    self.transaction = transaction
    stakes = day.map { ConflictStakes(transaction, today: $0) }
    attribution = Attribution(transaction)
    role = transaction.role(transaction.identity.role)
  }

  /// The conflict; nil where nothing is known of its record.
  func view(_ stored: ConflictTable.Stored, _ table: KindTable) throws -> ConflictView? {
    let (key, channel) = (stored.place.key, stored.place.channel)
    let slots = try records.slots(table, key)
    guard let slot = slots.first(where: { $0.channel == channel }) else { return nil }
    var view = ConflictView(
      kind: table.kind.name, key: key.display, federation: transaction.directory.owner(of: channel),
      field: stored.field, rule: "", shown: nil, others: [], openedAt: stored.openedAt, closedAt: stored.closedAt)
    view.isWritable = transaction.directory.channel(channel).map(role.mayWrite) ?? false
    view.collides = slots.count { $0.state.exists(table.kind.deletion) } > 1
    let contested = Contested(label: stored.field, table.shape)
    // For each of the other values the row that would be shown.
    var rows: [ShownRow?] = []
    switch contested {
    case .existence: rows = try addExistence(slot, table, to: &view)
    case .key:
      rows = try addCollision(slots, table, to: &view)
      if stored.closedAt == nil { view.rekeyable = try HiddenRecords(transaction).rekeyable(table, key, slots) }
    case .register(let register): rows = try addRegister(register, slot, table, to: &view)
    case nil: break
    }
    guard stored.closedAt == nil, let stakes else { return view }
    let shown = try records.shownRow(table, key, slots)
    // A record that another owner's hides moves nothing, whatever its values.
    let isHidden = try records.shownSlot(slots, table.kind.deletion).map { slots[$0].channel != channel } ?? false
    view.totals = try zip(view.others, rows).map { value, row in
      let movesNothing = !value.isAllowed || (isHidden && contested != .key)
      return movesNothing ? [] : try stakes.moves(table, key, from: shown, to: row)
    }
    return view
  }

  private func addRegister(
    _ register: RegisterKey, _ slot: RecordSlot, _ table: KindTable, to view: inout ConflictView
  ) throws -> [ShownRow?] {
    let rule = table.register(register.id)?.rule ?? .latest
    let choice = try records.choice(slot.state, table, register)
    view.rule = rule.rawValue
    let amounts = try records.amounts(slot.state, table)
    view.shown = choice.shown.map { attribution.value(of: $0, table, register, amounts) }
    view.others = choice.others.map { attribution.value(of: $0, table, register, amounts) }
    if view.closedAt == nil { view.why = ConflictReason(facts).why(view, choice, rule) }
    return try choice.others.map { try row(of: slot, table, showing: $0.content, in: register) }
  }

  /// The record's row if another content of one register were shown.
  private func row(
    of slot: RecordSlot, _ table: KindTable, showing content: Content, in register: RegisterKey
  ) throws -> ShownRow? {
    guard slot.state.exists(table.kind.deletion), var row = try records.row(of: slot, table) else { return nil }
    // No total counts elements of sets.
    guard register.element == nil else { return row }
    for field in table.register(register.id)?.fields ?? [] {
      if let index = table.fieldIndex(id: field.id) { row.values[index] = content[field.id] }
    }
    return row
  }

  private func addExistence(
    _ slot: RecordSlot, _ table: KindTable, to view: inout ConflictView
  ) throws -> [ShownRow?] {
    let state = slot.state
    let exists = state.exists(table.kind.deletion)
    let latestEdit = try facts.latest(state.survivingEdits).map { attribution.value(.kept, $0) }
    let deletions = try facts.latestFirst(state.deletions.map(\.clock)) { $0 }
      .map { attribution.value(.deleted, $0) }
    view.rule = table.kind.deletion.rawValue
    view.shown = exists ? latestEdit : deletions.first
    view.others = exists ? deletions : Array(deletions.dropFirst()) + [latestEdit].compactMap { $0 }
    if view.closedAt == nil { view.why = ConflictReason.whyContested(view, exists: exists, table.kind.deletion) }
    return try view.others.map { other in
      other.display == Contested.Existence.kept.rawValue && !exists ? try records.row(of: slot, table) : nil
    }
  }

  private func addCollision(
    _ slots: [RecordSlot], _ table: KindTable, to view: inout ConflictView
  ) throws -> [ShownRow?] {
    let shown = try records.shownSlot(slots, table.kind.deletion)
    view.rule = "earliest"
    var rows: [ShownRow?] = []
    for (index, slot) in slots.enumerated() where slot.state.exists(table.kind.deletion) {
      guard let clock = try facts.earliest(slot.state.edits) else { continue }
      var value = attribution.owner(transaction.directory.owner(of: slot.channel), clock)
      let row = try records.row(of: slot, table)
      let cells = zip(table.fields.map(\.name), row?.values ?? []).filter { !$1.isNull }.map { (name: $0, value: $1) }
      value.record = Amounts(table.kind, among: cells).shown(cells).map { (field: $0.name, value: $0.value) }
      if index == shown {
        view.shown = value
      } else {
        view.others.append(value)
        rows.append(row)
      }
    }
    if view.closedAt == nil { view.why = ConflictReason.whyColliding(view) }
    return rows
  }
}
