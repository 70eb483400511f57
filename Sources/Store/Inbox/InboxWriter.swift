import SyncCore

/// Adds to the inbox what the people at this node have to hear of their own edits.
///
/// Runs in the transaction that shows a record. Every head of this node that loses is added once, however often the record
/// is shown again.
struct InboxWriter {
  private let transaction: Transaction
  /// This machine's clock, in milliseconds since 1970.
  private let now: Int64

  init(_ transaction: Transaction, now: Int64) {
    self.transaction = transaction
    self.now = now
  }

  /// Adds what a record's heads mean for its authors here.
  ///
  /// - Parameters:
  ///   - slot: with `stored` as the heads were before.
  ///   - closed: labels of conflicts that were open and are no more.
  ///   - isHidden: whether the record of another owner is shown under the key.
  func record(_ table: KindTable, _ key: RecordKey, _ slot: RecordSlot, closed: [String], isHidden: Bool) throws {
    let record = Record(
      table: table, place: HeadTable.Place(kind: table.kind.id, key: key, channel: slot.channel))
    let state = slot.state
    if let problem = table.problem(key: key), let first = try latestOwn(state.edits) {
      try add(.invalid, record, problem.field, first, .empty, reason: problem.reason)
    }
    if state.hasLivingEdit {
      for register in state.knownRegisters where table.registerIndex(id: register.id) != nil {
        try addHeads(state, register, record)
      }
    }
    if state.existenceIsContested { try addExistence(state, record) }
    if isHidden, let first = try latestOwn(state.edits) {
      try add(.lost, record, RecordNotes.keyCollision, first, .empty, reason: "")
    }
    guard !closed.isEmpty, let stored = slot.stored else { return }
    // Heads that differ are always written out, so nothing has to be read from the row.
    let before = try StateCodec.decode(stored) { [:] }
    for field in closed { try addClosed(field, before, state, record) }
  }

  private struct Record {
    var table: KindTable
    var place: HeadTable.Place
  }

  private func isOwn(_ clock: Clock) -> Bool {
    // A stream that is not in the log yet is one that is being sealed here.
    transaction.log.streams.stream(clock.stream).map { transaction.directory.isOwn($0.origin.node) } ?? true
  }

  private func latestOwn(_ clocks: Set<Clock>) throws -> Clock? { try transaction.facts.latest(clocks.filter(isOwn)) }

  private func addHeads(_ state: RecordState, _ register: RegisterKey, _ record: Record) throws {
    let heads = state.heads(register)
    guard heads.contains(where: { isOwn($0.clock) }) else { return }
    let table = record.table
    let label = RecordNotes.label(table.shape, register)
    for head in heads where isOwn(head.clock) {
      guard let problem = table.problem(head.content, of: register) else { continue }
      try add(.invalid, record, problem.field, head.clock, head.content, reason: problem.reason)
    }
    guard heads.count > 1 else { return }
    let choice = try transaction.records.choice(state, table, register)
    // A value that is not allowed has an entry of its own already.
    for head in choice.others where isOwn(head.clock) && table.problem(head.content, of: register) == nil {
      try add(.lost, record, label, head.clock, head.content, reason: "")
    }
  }

  private func addExistence(_ state: RecordState, _ record: Record) throws {
    if state.exists(record.table.kind.deletion) {
      for deletion in state.deletions where isOwn(deletion.clock) {
        try add(
          .lost, record, RecordNotes.existence, deletion.clock, .empty, reason: Contested.Existence.deleted.rawValue)
      }
    } else if let edit = try latestOwn(state.survivingEdits) {
      try add(.lost, record, RecordNotes.existence, edit, .empty, reason: Contested.Existence.kept.rawValue)
    }
  }

  /// A conflict that was decided: by somebody else against an edit of this node, or by somebody here.
  private func addClosed(
    _ field: String, _ before: RecordState, _ after: RecordState, _ record: Record
  ) throws {
    switch Contested(label: field, record.table.shape) {
    case .existence:
      if after.exists(record.table.kind.deletion) {
        return try markSeen(record, field, if: after.edits.allSatisfy(isOwn))
      }
      if after.deletions.allSatisfy({ isOwn($0.clock) }) { return try markSeen(record, field, if: true) }
      guard let edit = try latestOwn(before.survivingEdits) else { return }
      try add(.lost, record, field, edit, .empty, reason: Contested.Existence.kept.rawValue)
    case .register(let register):
      let heads = after.heads(register)
      if heads.allSatisfy({ isOwn($0.clock) }) { return try markSeen(record, field, if: true) }
      let content = heads.first?.content ?? .empty
      for head in before.heads(register) where isOwn(head.clock) && head.content != content {
        // One that is still there lost nothing; one that is not allowed was added as such.
        guard !heads.contains(where: { $0.clock == head.clock }),
          record.table.problem(head.content, of: register) == nil
        else { continue }
        try add(.lost, record, field, head.clock, head.content, reason: "")
      }
    case .key, nil: return
    }
  }

  private func add(
    _ sort: EditInbox.Sort, _ record: Record, _ field: String, _ clock: Clock, _ content: Content, reason: String
  ) throws {
    try transaction.inbox.add(
      EditInbox.Entry(
        at: now, sort: sort, place: record.place, field: field, clock: clock, content: content, reason: reason,
        isSeen: false))
  }

  /// Who decides a conflict here need not hear of it.
  private func markSeen(_ record: Record, _ field: String, if isDecidedHere: Bool) throws {
    if isDecidedHere { try transaction.inbox.markLostSeen(record.place, field, at: now) }
  }
}
