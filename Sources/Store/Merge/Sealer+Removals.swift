import Limits
import SyncCore

/// Captured edits of one record that delete or empty something, until the end of the pass shows how many there are.
struct RemovingEdits {
  let edits: CapturedEdits
  let table: KindTable
  let key: RecordKey
  let steps: (new: ArraySlice<CaptureLog.Entry>, held: [CapturedStep], waited: HeldTable.Record?)
  var removal: Removal

  init(_ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ sealer: Sealer, _ removal: Removal) {
    self.edits = edits
    self.table = table
    self.key = key
    self.steps = sealer.steps
    self.removal = removal
  }

  var name: RecordName { RecordName(kind: table.kind.id, key: key) }
}

/// A seal that would delete or empty much at once waits for a person; of everything else nothing waits.
extension Sealer {
  static let removalBound = RemovalBound(
    records: StoreLimits.removalsWithoutPerson, percent: StoreLimits.removalsWithoutPersonPercent)

  /// Whether the edits of a record wait, at least until the end of the pass.
  func mustWait(_ plan: SealPlan) -> Bool {
    guard holds, !plan.items.isEmpty else { return false }
    switch steps.waited?.reason {
    case .unnoticed: return true
    case .confirmed: return false
    case .many: return plan.removal != .none
    case nil:
      let isMove =
        plan.removal == .deletion && steps.new.last { $0.mask == 0 }.map { moves.contains($0.sequence) } ?? false
      return mayRemoveMany && plan.removal != .none && !isMove
    }
  }

  /// Forgets what deletions of edits that waited until now recorded.
  func forgetSteps() throws {
    for step in steps.held where step.mask == 0 { try transaction.capture.deleteOldRow(step.sequence) }
  }

  /// Seals what waited for the end of the pass, or puts it before a person.
  func settleRemovals() throws {
    let all = removals
    removals = []
    for (_, ofKind) in Dictionary(grouping: all, by: { $0.table.kind.id }).sorted(by: { $0.key < $1.key }) {
      let waited = ofKind.filter { $0.steps.waited != nil }
      let (held, sealed) = try divide(ofKind.filter { $0.steps.waited == nil })
      try eachPage(sealed) { try sealNow($0) }
      try eachPage(waited + held) { try hold($0) }
    }
    steps = ([], [], nil)
  }

  /// Seals edits of a record whatever they remove.
  func sealNow(_ removing: RemovingEdits) throws {
    let held = holds
    holds = false
    defer { holds = held }
    steps = removing.steps
    try seal(removing.edits, removing.table, removing.key)
  }

  /// Divides edits of one kind into those that have to wait and those that are sealed.
  private func divide(_ removing: [RemovingEdits]) throws -> (held: [RemovingEdits], sealed: [RemovingEdits]) {
    guard removing.count > Self.removalBound.records, let table = removing.first?.table else { return ([], removing) }
    var exact: [RemovingEdits] = []
    try eachPage(removing) { edits in
      var edits = edits
      if edits.removal == .perhaps { edits.removal = try removal(edits) }
      exact.append(edits)
    }
    let held = exact.filter { $0.removal != .none }
    guard try Self.removalBound.isExceeded(removing: held.count, of: total(table, held)) else { return ([], removing) }
    return (held, exact.filter { $0.removal == .none })
  }

  /// Whether edits empty something, by the values that were sealed.
  private func removal(_ removing: RemovingEdits) throws -> Removal {
    let (table, key) = (removing.table, removing.key)
    let row = try transaction.rows.row(table, key)
    return try plan(
      removing.edits, table, key, row: row, old: nil, slots: try fold(table, key), isTyped: false
    ).removal
  }

  /// How many records of a kind there were before, of the owners whose records would be removed.
  private func total(_ table: KindTable, _ removing: [RemovingEdits]) throws -> Int {
    var owners: Set<[UInt8]> = []
    var deleted = 0
    for edits in removing {
      if edits.removal == .deletion { deleted += 1 }
      for slot in try transaction.heads.stored(table.kind.id, edits.key) {
        owners.insert(Array(transaction.directory.owner(of: slot.channel).utf8))
      }
    }
    return try owners.reduce(deleted) { try $0 + transaction.rows.count(table, owner: $1) }
  }

  // MARK: Waiting for a person

  private func hold(_ removing: RemovingEdits) throws {
    let (table, key) = (removing.table, removing.key)
    // Until a person decided, the row does not hold the sealed values.
    for slot in try sealedSlots(removing) { try transaction.heads.saveFull(slot, kind: table.kind.id, key: key) }
    let new = removing.steps.new.map { CapturedStep(sequence: $0.sequence, mask: $0.mask, at: $0.at) }
    let steps = removing.steps.held + new
    try transaction.heldRows.hold(steps, of: removing.name, because: .many, again: removing.steps.waited)
    if removing.steps.waited == nil { report.held += 1 }
  }

  /// What is known of a record, with the values that were sealed last.
  private func sealedSlots(_ removing: RemovingEdits) throws -> [RecordSlot] {
    let (table, key, edits) = (removing.table, removing.key, removing.edits)
    if edits.deletionHasSealedValues, let deletion = edits.deletion,
      let old = try transaction.capture.deletedRow(table, sequence: deletion.sequence)
    {
      return try transaction.records.slots(table.kind.id, key) { table.contents(of: old) }
    }
    return try fold(table, key)
  }

  /// Calls `body` with each, after those of a page that need it were read from the log together.
  private func eachPage(_ removing: [RemovingEdits], _ body: (RemovingEdits) throws -> Void) throws {
    var start = 0
    while start < removing.count {
      let page = removing[start..<min(removing.count, start + StoreLimits.recordsPerFold)]
      start = page.endIndex
      let unknown = page.filter { !$0.edits.deletionHasSealedValues && $0.steps.waited == nil }.map(\.key)
      if let table = page.first?.table, unknown.count > 1 {
        folded = (table.kind.id, try transaction.records.fold(table, Set(unknown)))
      }
      for edits in page { try body(edits) }
    }
  }

  /// Seals edits that a person confirmed who has not the key. Those of a record that somebody else changed since go on
  /// waiting. Everything captured has to be sealed.
  func sealConfirmed() throws {
    let confirmed = try transaction.held.confirmed()
    guard !confirmed.isEmpty else { return }
    try transaction.heldRows.putAside()
    var names: [RecordName] = []
    for record in confirmed {
      let heads = try HeldRows.digest(of: record.name, transaction)
      guard heads != record.heads else {
        names.append(record.name)
        continue
      }
      try transaction.held.change(record.name, to: .many, heads: record.heads)
    }
    try sealHeld(names)
  }

  /// Seals edits that waited, because a person confirmed them. Everything captured has to be sealed.
  func sealHeld(_ names: [RecordName]) throws {
    try checkMaySeal()
    for name in names {
      guard let table = transaction.table(name.kind) else { continue }
      // Before the row is as it was typed.
      try transaction.totalsTracker?.touch(table, name.key)
      guard let held = try transaction.heldRows.release(name) else { continue }
      let edits = CapturedEdits(held.steps)
      steps = ([], held.steps, nil)
      try sealNow(RemovingEdits(edits, table, name.key, self, .none))
    }
    steps = ([], [], nil)
    try finishPass()
  }
}
