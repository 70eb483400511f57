import SyncCore
import Wire

/// Records as their heads, rows, conflicts and inbox entries together.
struct Records {
  private let transaction: Transaction
  private var directory: Directory { transaction.directory }

  init(_ transaction: Transaction) { self.transaction = transaction }

  // MARK: Reading

  /// Everything known under one key of a kind: usually one record, more where two owners use one key.
  ///
  /// - Parameter shown: the row's values by register; asked only where heads rely on the row for them.
  func slots(
    _ kind: KindID, _ key: RecordKey, shown: () throws -> [RegisterKey: Content] = { [:] }
  ) throws -> [RecordSlot] {
    try transaction.heads.stored(kind, key).map { stored in
      RecordSlot(
        channel: stored.channel, state: try StateCodec.decode(stored.state, shown: shown), stored: stored.state)
    }
  }

  /// Everything known under one key, with values read from the row as it is.
  func slots(_ table: KindTable, _ key: RecordKey) throws -> [RecordSlot] {
    try slots(table.kind.id, key) { try transaction.rows.row(table, key).map(table.contents) ?? [:] }
  }

  /// Which of several owners' records under one key is shown: the one created earliest of those that exist.
  func shownSlot(_ slots: [RecordSlot], _ rule: DeletionRule) throws -> Int? {
    try RecordState.shown(among: slots.map(\.state), rule: rule, facts: transaction.facts)
  }

  /// A record's row by its heads alone; nil where none is shown.
  func shownRow(_ table: KindTable, _ key: RecordKey, _ slots: [RecordSlot]) throws -> ShownRow? {
    guard table.problem(key: key) == nil, let index = try shownSlot(slots, table.kind.deletion) else { return nil }
    return try row(of: slots[index], table)
  }

  /// What a record's heads say its row is, whether or not it exists.
  func row(of slot: RecordSlot, _ table: KindTable) throws -> ShownRow? {
    guard let channel = directory.channel(slot.channel) else { return nil }
    return ShownRow(federation: Array(channel.owner.utf8), values: try projection(slot.state, table).values)
  }

  func projection(_ state: RecordState, _ table: KindTable) throws -> Projection {
    try Projection(table.shape, state, facts: transaction.facts)
  }

  /// Which columns of a record are amounts, and in which currency.
  func amounts(_ state: RecordState, _ table: KindTable) throws -> Amounts {
    guard table.kind.fields.contains(where: { $0.type == .money }) else { return Amounts() }
    let values = try projection(state, table).values
    return Amounts(table.kind) { name in table.fieldIndex(named: name).map { values[$0] } }
  }

  /// Which head of a register is shown, and whether the others differ.
  func choice(_ state: RecordState, _ table: KindTable, _ register: RegisterKey) throws -> Choice {
    let rule = table.register(register.id)?.rule ?? .latest
    return try Choice(among: state.heads(register), rule: rule, facts: transaction.facts) {
      table.problem($0, of: register) == nil
    }
  }

  // MARK: Writing

  /// Stores the heads under a key, and shows the record where its kind has a table.
  ///
  /// - Parameter table: nil for a kind that the catalog does not know.
  /// - Returns: how many conflicts were opened.
  @discardableResult
  func store(_ table: KindTable?, _ name: RecordName, _ slots: [RecordSlot]) throws -> Int {
    if let table, table.isShared, name.key.columns.count == table.kind.key.count {
      return try show(table, name.key, slots)
    }
    for slot in slots { try transaction.heads.saveFull(slot, kind: name.kind, key: name.key) }
    return 0
  }

  /// Shows what is known under a key, and stores its heads, conflicts and invalid values.
  ///
  /// - Parameter countsInTotals: false where totals have counted the record as it will be shown.
  /// - Returns: how many conflicts were opened.
  @discardableResult
  func show(_ table: KindTable, _ key: RecordKey, _ slots: [RecordSlot], countsInTotals: Bool = true) throws -> Int {
    if countsInTotals { try transaction.totalsTracker?.touch(table, key) }
    let keyProblem = table.problem(key: key)
    let shown = keyProblem == nil ? try shownSlot(slots, table.kind.deletion) : nil
    var shownFits = false
    if let shown, let channel = directory.channel(slots[shown].channel) {
      let projection = try projection(slots[shown].state, table)
      let row = ShownRow(federation: Array(channel.owner.utf8), values: projection.values)
      try transaction.rows.write(row, table, key)
      shownFits = projection.isExact
    } else {
      try transaction.rows.delete(table, key)
    }
    let collides = slots.count > 1 && slots.count { $0.state.exists(table.kind.deletion) } > 1
    var opened = 0
    for (index, slot) in slots.enumerated() {
      let isPlain = index == shown && shownFits && StateCodec.isPlain(slot.state)
      // Values that the log no longer holds have to be in the heads.
      let bytes = StateCodec.encode(
        slot.state, valuesStandInRow: isPlain && !transaction.log.pruned.holds(slot.state))
      if bytes != slot.stored {
        try transaction.heads.save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
      }
      let wasPlain = slot.stored == nil || slot.reliesOnRow
      if wasPlain && isPlain && keyProblem == nil && slots.count == 1 { continue }
      opened += try record(table, key, slot, collides: collides, isHidden: shown.map { $0 != index } ?? false)
    }
    return opened
  }

  /// Lists a record's conflicts and invalid values, closes those that are no more, and tells the authors here.
  private func record(
    _ table: KindTable, _ key: RecordKey, _ slot: RecordSlot, collides: Bool, isHidden: Bool
  ) throws -> Int {
    let notes = try RecordNotes(table.shape, key, slot.state, facts: transaction.facts, collides: collides)
    let now = SystemClock.now()
    let place = HeadTable.Place(kind: table.kind.id, key: key, channel: slot.channel)
    let (opened, closed) = try transaction.conflicts.replace(at: place, with: notes, now: now)
    try InboxWriter(transaction, now: now)
      .record(table, key, slot, closed: closed, isHidden: collides && isHidden)
    return opened
  }

  /// Shows a record as its heads say, after an edit that was refused.
  ///
  /// - Parameter folded: the record as the log has it, for values that were in the row alone, which was overwritten.
  func restore(_ table: KindTable, _ key: RecordKey, folded: () throws -> [RecordSlot]) throws {
    let heads = try slots(table.kind.id, key)
    try show(table, key, heads.contains(where: \.reliesOnRow) ? try folded() : heads)
  }

  // MARK: Folding

  /// Folds records again from the log, for when their rows no longer hold the values that heads rely on.
  ///
  /// Heads that are stored with their values need no folding, and must not be folded where the log no longer holds what
  /// they came from.
  ///
  /// - Returns: what is known under each key; empty for one of which the log knows nothing.
  func fold(_ table: KindTable, _ keys: Set<RecordKey>) throws -> [RecordKey: [RecordSlot]] {
    var found = Dictionary(uniqueKeysWithValues: keys.map { ($0, [RecordSlot]()) })
    var folded: [RecordKey: Set<ChannelNumber>] = [:]
    for key in keys {
      for stored in try transaction.heads.stored(table.kind.id, key) {
        var slot = RecordSlot(channel: stored.channel, state: RecordState(), stored: stored.state)
        if slot.reliesOnRow {
          folded[key, default: []].insert(slot.channel)
        } else {
          slot.state = try StateCodec.decodeClocks(stored.state)
        }
        found[key, default: []].append(slot)
      }
    }
    try eachChange(table.kind.id, keys: Set(folded.keys)) { channel, logged in
      let key = logged.change.key
      guard folded[key]?.contains(channel) == true else { return }
      found[key, default: []].update(channel) { $0.absorb(logged.change, at: logged.clock, seen: logged.seen) }
    }
    return found
  }

  /// Folds records from the log alone, whatever their heads say.
  ///
  /// - Parameter counts: which changes are folded.
  func foldLog(
    _ table: KindTable, _ keys: Set<RecordKey>, counts: (LoggedChange) -> Bool = { _ in true }
  ) throws -> [RecordKey: [RecordSlot]] {
    var found: [RecordKey: [RecordSlot]] = [:]
    try eachChange(table.kind.id, keys: keys) { channel, logged in
      guard counts(logged) else { return }
      found[logged.change.key, default: []].update(channel) {
        $0.absorb(logged.change, at: logged.clock, seen: logged.seen)
      }
    }
    return found
  }

  private func eachChange(
    _ kind: KindID, keys: Set<RecordKey>, _ body: (ChannelNumber, LoggedChange) throws -> Void
  ) throws {
    try transaction.log.eachChange(kind: kind, keys: keys) { logged in
      // Every channel of a stream that is held has a number.
      guard let channel = transaction.log.channel(of: logged.clock.stream), let number = directory.number(of: channel)
      else { return }
      try body(number, logged)
    }
  }
}
