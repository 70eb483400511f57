import SyncCore

/// Finds in the log how conflicts were resolved: which change left one value of several, and whose it was.
struct ConflictResolutions {
  /// Where a conflict was.
  struct Place: Hashable {
    var record: HeadTable.Place
    var field: String

    // Bytewise, as keys are everywhere.
    static func == (a: Self, b: Self) -> Bool { a.record == b.record && a.field.sameBytes(as: b.field) }

    func hash(into hasher: inout Hasher) { hasher.combine(record) }
  }

  struct Found {
    var resolution: ConflictView.Resolution
    /// The values that were not taken.
    var lost: [AttributedValue]
  }

  private let transaction: Transaction
  private let attribution: Attribution

  init(_ transaction: Transaction) {
    self.transaction = transaction
    attribution = Attribution(transaction)
  }

  /// What the log says of each; nothing where it does not.
  func find(_ places: [Place]) throws -> [Place: Found] {
    var found: [Place: Found] = [:]
    for (kind, places) in Dictionary(grouping: places, by: \.record.kind) {
      guard let table = transaction.table(kind) else { continue }
      let byKey = Dictionary(grouping: places, by: \.record.key)
      var records: [RecordKey: [RecordSlot]] = [:]
      try transaction.log.eachChange(kind: kind, keys: Set(byKey.keys)) { logged in
        let key = logged.change.key
        guard let name = transaction.log.channel(of: logged.clock.stream),
          let channel = transaction.directory.number(of: name)
        else { return }
        let before = records[key] ?? []
        var after = before
        after.update(channel) { $0.absorb(logged.change, at: logged.clock, seen: logged.seen) }
        records[key] = after
        for place in byKey[key] ?? [] {
          if let one = try resolution(place, table, before, after, logged) { found[place] = one }
        }
      }
    }
    return found
  }

  /// What a change decided; nil when the conflict was none before it, or still is one.
  private func resolution(
    _ place: Place, _ table: KindTable, _ before: [RecordSlot], _ after: [RecordSlot], _ logged: LoggedChange
  ) throws -> Found? {
    let contested = Contested(label: place.field, table.shape)
    if contested == .key {
      let owners = { (slots: [RecordSlot]) in slots.count { $0.state.exists(table.kind.deletion) } }
      guard owners(before) > 1, owners(after) <= 1 else { return nil }
      let value = attribution.value(
        [(place.field, .text(Contested.Existence.deleted.rawValue))], logged.clock)
      return Found(resolution: ConflictView.Resolution(outcome: .given, value: value), lost: [])
    }
    guard let old = before[place.record.channel], let new = after[place.record.channel] else { return nil }
    switch contested {
    case .existence: return try existence(table, old, new, logged)
    case .register(let register): return try self.register(register, table, old, new, logged)
    case .key, nil: return nil
    }
  }

  private func register(
    _ register: RegisterKey, _ table: KindTable, _ old: RecordState, _ new: RecordState, _ logged: LoggedChange
  ) throws -> Found? {
    let was = try transaction.records.choice(old, table, register)
    guard was.isConflict, try !transaction.records.choice(new, table, register).isConflict else { return nil }
    let content = new.heads(register).first?.content ?? .empty
    let outcome: ConflictView.Resolution.Outcome =
      content == was.shown?.content ? .kept : was.others.contains { $0.content == content } ? .taken : .given
    let amounts = try transaction.records.amounts(new, table)
    let lost = ([was.shown].compactMap { $0 } + was.others).filter { $0.content != content }
    return Found(
      resolution: ConflictView.Resolution(
        outcome: outcome,
        value: attribution.value(of: Head(clock: logged.clock, content: content), table, register, amounts)),
      lost: lost.map { attribution.value(of: $0, table, register, amounts) })
  }

  private func existence(
    _ table: KindTable, _ old: RecordState, _ new: RecordState, _ logged: LoggedChange
  ) throws -> Found? {
    guard old.existenceIsContested, !new.existenceIsContested else { return nil }
    let existed = old.exists(table.kind.deletion)
    let exists = new.exists(table.kind.deletion)
    let losers = exists ? old.deletions.map(\.clock) : Array(old.survivingEdits)
    let lost = try transaction.facts.latestFirst(losers) { $0 }
    return Found(
      resolution: ConflictView.Resolution(
        outcome: existed == exists ? .kept : .taken,
        value: attribution.value(exists ? .kept : .deleted, logged.clock)),
      lost: lost.map { attribution.value(exists ? .deleted : .kept, $0) })
  }
}
