import Limits
import SyncCore

extension Store {
  /// Decides many conflicts of one kind alike, by ordinary edits as `resolve` makes them.
  ///
  /// It takes several transactions, so that clerks can write in between: whoever is cut short calls it again.
  ///
  /// - Parameter isDryRun: true to say what it would do, and change nothing.
  /// - Returns: what was decided, and what stays open.
  /// - Throws: `StoreError` with code `unknown` for a kind or a column that there is not.
  public func resolveAll(
    _ selection: ConflictSelection, _ decision: Decision, isDryRun: Bool, now: Int64 = SystemClock.now()
  ) throws -> BulkResolution {
    if !isDryRun { try sealIfPossible(now: now) }
    let judge = BulkJudge(selection: selection, decision: decision)
    let day = isDryRun && decision != .keep ? CalendarDay(millisecondsSince1970: now) : nil
    if day != nil { try refreshTotals(mayWait: true, now: now) }
    var (report, places, colliding) = try read { try Self.plan(judge, $0, day: day) }
    guard !isDryRun else { return report }
    (report.decided, report.fields, report.shown, report.setAside) = (0, [:], [:], [:])
    try withFile { try $0.lookAfterCapture() }
    while !places.isEmpty {
      let batch = Array(places.prefix(StoreLimits.conflictsPerTransaction))
      places.removeFirst(batch.count)
      // The closure may run twice, so it begins with what the batches before decided.
      let before = report
      report = try write { transaction in
        var after = before
        guard transaction.identity.keyProblem == nil else {
          // Whoever may not seal decides by edits that the next sync seals.
          for (stored, view, index) in try Self.decide(batch, judge, transaction, &after) {
            guard let wanted = Self.existence(view, taking: index),
              try Self.captureExistence(
                wanted, of: view.federation, judge.table(transaction), stored.place.key, transaction)
            else { continue }
            after.add(view, taking: index)
          }
          return after
        }
        let sealer = try Sealer(transaction, wall: now)
        // What clerks typed meanwhile is theirs.
        try sealer.sealAll()
        let contested = try Self.decide(batch, judge, transaction, &after)
        // A person decided about what is deleted or emptied.
        sealer.holds = false
        try sealer.sealAll { sealer in
          for (stored, view, index) in contested {
            guard let wanted = Self.existence(view, taking: index) else { continue }
            try Self.decideExistence(wanted, stored.place, judge.table(transaction), sealer, now: now)
            after.add(view, taking: index)
          }
        }
        return after
      }
    }
    // Where two owners use one key, each record is decided by itself.
    for view in colliding {
      guard case .decided(let index) = judge.verdict(view) else { continue }
      try resolve(
        kind: view.kind, key: view.key, field: view.field, decision: decision, owner: view.federation, now: now)
      report.add(view, taking: index)
    }
    return report
  }

  /// What a decision would do with the open conflicts of its kind: those in order, and those that collide by themselves.
  private static func plan(
    _ judge: BulkJudge, _ transaction: Transaction, day: CalendarDay?
  ) throws -> (BulkResolution, [ConflictTable.Stored], [ConflictView]) {
    let table = try judge.table(transaction)
    for (column, _) in judge.selection.values where !table.columnNames.contains(where: { $0.sameBytes(as: column) }) {
      throw table.unknownField(column)
    }
    if let field = judge.selection.field, Contested(label: field, table.shape) == nil {
      throw table.unknownField(field)
    }
    let reader = ConflictReader(transaction, stakesOn: day)
    var report = BulkResolution()
    var places: [ConflictTable.Stored] = []
    var colliding: [ConflictView] = []
    for stored in try transaction.conflicts.open(table.kind.id) {
      guard let view = try reader.view(stored, table) else { continue }
      let row = judge.selection.values.isEmpty ? nil : try transaction.rows.row(table, stored.place.key)
      guard judge.selects(view, stored.place.key, row, table) else { continue }
      switch judge.verdict(view) {
      case .left(let reason): report.left[reason, default: 0] += 1
      case .decided(let index):
        report.add(view, taking: index)
        if view.collides { colliding.append(view) } else { places.append(stored) }
      }
    }
    return (report, places, colliding)
  }

  private typealias Contest = (stored: ConflictTable.Stored, view: ConflictView, index: Int?)

  /// Writes and captures what was decided about the fields of records.
  ///
  /// - Returns: conflicts about whether a record is there, which are not decided yet.
  private static func decide(
    _ batch: [ConflictTable.Stored], _ judge: BulkJudge, _ transaction: Transaction, _ report: inout BulkResolution
  ) throws -> [Contest] {
    let table = try judge.table(transaction)
    let reader = ConflictReader(transaction, stakesOn: nil)
    var contested: [Contest] = []
    for stored in batch {
      // An edit that was just sealed may have decided it.
      guard try transaction.conflicts.isOpen(stored), let view = try reader.view(stored, table),
        case .decided(let index) = judge.verdict(view)
      else { continue }
      guard case .register(let register) = Contested(label: stored.field, table.shape) else {
        contested.append((stored, view, index))
        continue
      }
      guard let shown = try transaction.rows.row(table, stored.place.key) else {
        report.left["the record is not shown", default: 0] += 1
        continue
      }
      let row = try chosen(judge.decision, register, table, view, shown, transaction)
      if row != shown { try transaction.rows.write(row, table, stored.place.key) }
      try transaction.capture.add(mask: register.id.bit | CapturedEdits.confirmation, table, stored.place.key)
      report.add(view, taking: index)
    }
    return contested
  }

  /// Whether a record is to be there, as a decision has it.
  private static func existence(_ view: ConflictView, taking index: Int?) -> Contested.Existence? {
    Contested.Existence(rawValue: index.map { view.others[$0].display } ?? view.shown?.display ?? "")
  }
}
