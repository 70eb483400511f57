import SyncCore

/// What a person decided of edits that waited.
public struct HeldDecision: Sendable, Equatable {
  /// Records whose edits were confirmed, or put back.
  public var records = 0
  /// Records that somebody else changed since: their edits wait on.
  public var changedSince: [HeldView] = []

  public init() {}
}

/// Edits that wait for a person.
extension Store {
  /// How many records have edits that wait for a person.
  public func heldCount() throws -> Int { try read { try $0.held.count() } }

  /// The edits that wait for a person, by kind and key.
  ///
  /// - Parameters:
  ///   - kind: nil for all kinds.
  ///   - key: nil for all records, else as people write it.
  public func held(kind: String? = nil, key: String? = nil) throws -> [HeldView] {
    try read { transaction in
      try names(kind, key, transaction).compactMap { try Self.view($0, transaction) }
    }
  }

  /// Seals edits that waited, whatever they delete or empty. Where this process has not the key, whoever seals next does.
  ///
  /// Those of a record that somebody else changed since are left, unless the record is named: nobody confirmed that
  /// change.
  ///
  /// - Parameter reason: only what waits for this reason; nil for all.
  /// - Throws: `StoreError` with code `unknown` where nothing of what is named waits.
  public func confirmHeld(
    kind: String? = nil, key: String? = nil, reason: HeldReason? = nil, now: Int64 = SystemClock.now()
  ) throws -> HeldDecision {
    try decideHeld(kind, key, now: now) { sealer, views, names in
      var decision = HeldDecision()
      let asked = zip(names, views).filter { reason == nil || $1.reason == reason }
      decision.changedSince = key == nil ? asked.map(\.1).filter(\.isChangedSince) : []
      let confirmed = asked.filter { key != nil || !$1.isChangedSince }.map(\.0)
      if sealer.transaction.identity.keyProblem == nil {
        try sealer.sealHeld(confirmed)
      } else {
        for name in confirmed {
          let heads = try HeldRows.digest(of: name, sealer.transaction)
          try sealer.transaction.held.change(name, to: .confirmed, heads: heads)
        }
      }
      decision.records = confirmed.count
      return decision
    }
  }

  /// Drops edits that waited: their records are shown as they were sealed.
  ///
  /// - Throws: `StoreError` with code `unknown` where nothing of what is named waits.
  public func putBackHeld(
    kind: String? = nil, key: String? = nil, now: Int64 = SystemClock.now()
  ) throws -> HeldDecision {
    try decideHeld(kind, key, now: now) { sealer, _, names in
      for name in names { try sealer.transaction.heldRows.drop(name) }
      var decision = HeldDecision()
      decision.records = names.count
      return decision
    }
  }

  private func decideHeld(
    _ kind: String?, _ key: String?, now: Int64,
    _ body: (Sealer, [HeldView], [RecordName]) throws -> HeldDecision
  ) throws -> HeldDecision {
    try withFile { try $0.lookAfterCapture() }
    return try write { transaction in
      let sealer = try Sealer(transaction, wall: now)
      // What was typed of a record since it waits belongs to it. Whoever has not the key leaves that to the next seal.
      if identity.keyProblem == nil { try sealer.sealAll() } else { try transaction.heldRows.putAside() }
      let names = try names(kind, key, transaction).filter { transaction.table($0.kind) != nil }
      let views = try names.compactMap { try Self.view($0, transaction) }
      guard !names.isEmpty, views.count == names.count else {
        guard kind == nil, names.isEmpty else {
          throw StoreError(
            .unknown, "deciding what waits", "no edit of \(kind ?? "this")\(key.map { " \($0)" } ?? "") waits for you",
            hint: "`birlik held` lists those that do")
        }
        return HeldDecision()
      }
      return try body(sealer, views, names)
    }
  }

  private func names(_ kind: String?, _ key: String?, _ transaction: Transaction) throws -> [RecordName] {
    guard let kind else { return try transaction.held.all().map(\.name) }
    let table = try transaction.adopted.table(named: kind)
    guard let key else { return try transaction.held.all().map(\.name).filter { $0.kind == table.kind.id } }
    let name = RecordName(kind: table.kind.id, key: try table.key(written: key))
    return try transaction.held.record(name) == nil ? [] : [name]
  }

  private static func view(_ name: RecordName, _ transaction: Transaction) throws -> HeldView? {
    guard let record = try transaction.held.record(name), let table = transaction.table(name.kind) else { return nil }
    let slots = try transaction.records.slots(table, name.key)
    let sealed = try transaction.records.shownRow(table, name.key, slots)
    let typed = try transaction.heldRows.typedRow(table, name)
    return HeldView(
      at: record.at, reason: record.reason,
      difference: RowDifference(table, name.key, from: sealed, to: typed),
      isChangedSince: try HeldRows.digest(of: name, transaction) != record.heads)
  }
}

extension RowDifference {
  /// What was done to a row, whoever may do that.
  init(_ table: KindTable, _ key: RecordKey, from old: ShownRow?, to new: ShownRow?) {
    let sort: Sort = new == nil ? .deleted : old == nil ? .inserted : .edited
    let fields = table.fields.indices.map { index in
      Field(name: table.fields[index].name, old: old?.values[index] ?? .null, new: new?.values[index] ?? .null)
    }
    self.init(
      kind: table.kind.name, key: key.display, sort: sort,
      fields: Field.shown(fields.filter { $0.old != $0.new }, table, from: old, to: new), refusal: nil)
  }
}
