import SyncCore

/// Reads what became of this node's own edits.
struct InboxReader {
  private let transaction: Transaction
  private let attribution: Attribution
  private var records: Records { transaction.records }

  init(_ transaction: Transaction) {
    self.transaction = transaction
    attribution = Attribution(transaction)
  }

  /// The latest first.
  ///
  /// - Parameter includingSeen: false for those alone that are new.
  func items(includingSeen: Bool) throws -> [InboxItem] {
    let entries = try transaction.inbox.entries(includingSeen: includingSeen)
    let all =
      try entries.compactMap { row in try transaction.table(row.place.kind).map { try item(row, $0) } }
      + refusedItems(includingSeen: includingSeen)
    let items = includingSeen ? all : all.filter(\.isNew)
    return items.sorted { ($0.toldAt, $0.kind, $0.key, $0.field) > ($1.toldAt, $1.kind, $1.key, $1.field) }
  }

  private func item(_ row: EditInbox.Entry, _ table: KindTable) throws -> InboxItem {
    var item = InboxItem(
      sort: InboxItem.Sort(row.sort), toldAt: row.at, kind: table.kind.name, key: row.place.key.display,
      field: row.field, typed: nil,
      shown: nil, standing: .settled, reason: row.sort == .invalid ? row.reason : "", isSeen: row.isSeen)
    let slots = try records.slots(table, row.place.key)
    item.federation = transaction.directory.owner(of: row.place.channel)
    item.collides = slots.count { $0.state.exists(table.kind.deletion) } > 1
    guard let state = slots[row.place.channel] else { return item }
    switch Contested(label: row.field, table.shape) {
    case .existence: try addExistence(row, state, table, to: &item)
    case .key: try addCollision(row, slots, table, to: &item)
    case .register(let register): try addRegister(register, row, state, table, to: &item)
    case nil:
      // A key that is not allowed.
      item.typed = attribution.value([(row.field, .text(row.place.key.display))], row.clock)
      item.standing = row.sort == .invalid && state.exists(table.kind.deletion) ? .open : .settled
    }
    return item
  }

  private func addRegister(
    _ register: RegisterKey, _ row: EditInbox.Entry, _ state: RecordState, _ table: KindTable,
    to item: inout InboxItem
  ) throws {
    let amounts = try records.amounts(state, table)
    item.typed = attribution.value(of: Head(clock: row.clock, content: row.content), table, register, amounts)
    guard state.exists(table.kind.deletion) else {
      item.standing = row.sort == .invalid ? .settled : .decided
      item.shown = try transaction.facts.latest(state.deletions.map(\.clock)).map { attribution.value(.deleted, $0) }
      return
    }
    let choice = try records.choice(state, table, register)
    let isSetOnce = table.register(register.id)?.rule == .frozen && !(choice.shown?.content.isEmpty ?? true)
    let channel = transaction.directory.channel(row.place.channel)
    let mayWrite = channel.map(transaction.role(transaction.identity.role).mayWrite) ?? false
    item.isFixed = isSetOnce || table.kind.appendOnly || !mayWrite
    item.shown = choice.shown.map { attribution.value(of: $0, table, register, amounts) }
    let isHead = state.heads(register).contains { $0.clock == row.clock }
    switch row.sort {
    case .invalid: item.standing = isHead && table.problem(row.content, of: register) != nil ? .open : .settled
    case .lost: item.standing = choice.shown?.content == row.content ? .settled : isHead ? .open : .decided
    }
    if let element = register.element { item.wholeSet = try wholeSet(element, row.content, register, state, table) }
  }

  /// The set as it is shown, with the element as it was typed.
  private func wholeSet(
    _ element: [UInt8], _ content: Content, _ register: RegisterKey, _ state: RecordState, _ table: KindTable
  ) throws -> (field: String, json: String)? {
    guard let field = table.fieldIndex(id: FieldID(aloneIn: register.id)) else { return nil }
    let shown = try records.projection(state, table).values[field]
    var elements = if case .text(let json) = shown { table.elements(json) } else { [[UInt8]]() }
    elements.removeAll { $0 == element }
    if !content.isEmpty { elements.append(element) }
    return (table.fields[field].name, String(decoding: TextSet(elements).json, as: UTF8.self))
  }

  private func addExistence(
    _ row: EditInbox.Entry, _ state: RecordState, _ table: KindTable, to item: inout InboxItem
  ) throws {
    let typed = Contested.Existence(rawValue: row.reason) ?? .kept
    item.typed = attribution.value(typed, row.clock)
    let exists = state.exists(table.kind.deletion)
    let last = try transaction.facts.latest(exists ? state.edits : Set(state.deletions.map(\.clock)))
    item.shown = last.map { attribution.value(exists ? .kept : .deleted, $0) }
    if !exists {
      let values = try records.projection(state, table).values
      let cells = zip(table.fields.map(\.name), values).filter { !$1.isNull }.map { (name: $0, value: $1) }
      item.lastValues = Amounts(table.kind, among: cells).shown(cells).map { (field: $0.name, value: $0.value) }
    }
    item.standing = exists == (typed == .kept) ? .settled : state.existenceIsContested ? .open : .decided
  }

  private func addCollision(
    _ row: EditInbox.Entry, _ slots: [RecordSlot], _ table: KindTable, to item: inout InboxItem
  ) throws {
    let directory = transaction.directory
    item.typed = attribution.owner(directory.owner(of: row.place.channel), row.clock)
    guard let shown = try records.shownSlot(slots, table.kind.deletion), slots[shown].channel != row.place.channel,
      slots[row.place.channel]?.exists(table.kind.deletion) ?? false,
      let first = try transaction.facts.earliest(slots[shown].state.edits)
    else { return }
    item.shown = attribution.owner(directory.owner(of: slots[shown].channel), first)
    item.newKey = try HiddenRecords(transaction).rekeyable(table, row.place.key, slots)
      .first { $0.federation.sameBytes(as: item.federation) }?.newKey
    item.standing = .open
  }

  private func refusedItems(includingSeen: Bool) throws -> [InboxItem] {
    let seen = try transaction.meta.integer(.seenRefused) ?? 0
    let refused = try transaction.inbox.refused(includingSeen: includingSeen, seen: seen)
    let isProposed = refused.contains { $0.proposal != nil }
    let proposals =
      isProposed ? Dictionary(try ProposalReader(transaction).all().map { ($0.id, $0) }) { first, _ in first } : [:]
    return try refused.map { refused in
      let edit = refused.edit
      var item = InboxItem(
        sort: .refused, toldAt: edit.at, kind: edit.kind, key: edit.key, field: "", typed: nil, shown: nil,
        standing: refused.wasSent == true ? .settled : .open, reason: edit.reason, isSeen: refused.number <= seen)
      item.refused = (edit.operation, edit.record)
      item.isUnsendable = refused.wasSent != nil
      if let correction = try transaction.inbox.correction(refused.number) {
        if correction.state == .open {
          let suggestion = try Corrections(transaction).suggestion(correction, edit)
          item.correction = (correction.number, correction.wrong, suggestion)
        } else {
          item.standing = .settled
        }
      }
      guard let proposal = refused.proposal else { return item }
      let id = String(decoding: proposal.bytes, as: UTF8.self)
      let known = proposals[id]
      // A proposal of what was sent after all was withdrawn unless it was decided before.
      guard item.standing != .settled || known?.decision != nil else { return item }
      item.proposal = (id, known?.decision, known?.reason ?? "")
      guard known?.decision != nil, item.standing != .settled else { return item }
      item.standing = .decided
      item.isSeen = item.isSeen && refused.isDecisionSeen
      return item
    }
  }
}

extension InboxItem.Sort {
  fileprivate init(_ sort: EditInbox.Sort) {
    switch sort {
    case .lost: self = .lost
    case .invalid: self = .invalid
    }
  }
}
