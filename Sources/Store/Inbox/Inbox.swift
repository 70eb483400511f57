import SyncCore
import Wire

/// Notes what the people at this node should be told of their own edits.
///
/// Runs in the transaction that shows a record. Every head of this node that loses is noted once: its stream and sequence
/// name it, however often the record is shown again.
struct Inbox {
  /// What became of an edit.
  enum Sort: String {
    /// Another value is shown.
    case lost
    /// The catalog does not allow it.
    case invalid
  }

  private let engine: Engine
  /// This machine's clock, in milliseconds since 1970.
  private let now: Int64

  init(_ engine: Engine, now: Int64) {
    self.engine = engine
    self.now = now
  }

  /// Notes what a record's heads tell its authors here.
  ///
  /// - Parameters:
  ///   - slot: with `stored` as the heads were before.
  ///   - closed: labels of conflicts that were open and are no more.
  ///   - isHidden: whether the record of another owner is shown under the key.
  func tell(_ table: KindTable, _ key: RecordKey, _ slot: RecordSlot, closed: [String], isHidden: Bool) throws {
    let record = Record(table: table, key: key, channel: slot.channel)
    let state = slot.state
    if let problem = table.problem(key: key), let first = state.edits.filter(isOwn).max(by: { engine.precedes($0, $1) })
    {
      try note(.invalid, record, problem.field, first, .empty, reason: problem.reason)
    }
    if state.hasLivingEdit {
      for register in state.knownRegisters where table.registerIndex(id: register.id) != nil {
        try tellHeads(state.heads(register), register, record)
      }
    }
    if state.existenceIsContested { try tellExistence(state, record) }
    if isHidden, let first = state.edits.filter(isOwn).max(by: { engine.precedes($0, $1) }) {
      try note(.lost, record, RecordNotes.keyCollision, first, .empty, reason: "")
    }
    guard !closed.isEmpty, let stored = slot.stored else { return }
    // Heads that differ are always written out, so nothing has to be read from the row.
    let before = try StateCodec.decode(stored) { [:] }
    for field in closed { try tellClosed(field, before, state, record) }
  }

  private struct Record {
    var table: KindTable
    var key: RecordKey
    var channel: Int
  }

  private func isOwn(_ clock: Clock) -> Bool {
    // A stream that is not known yet is one that is being sealed here.
    engine.streams.stream(clock.stream).map { engine.isOwn($0.origin.node) } ?? true
  }

  private func tellHeads(_ heads: [Head], _ register: RegisterKey, _ record: Record) throws {
    guard heads.contains(where: { isOwn($0.clock) }) else { return }
    let table = record.table
    let label = RecordNotes.label(table, register)
    for head in heads where isOwn(head.clock) {
      guard let problem = table.problem(head.content, of: register) else { continue }
      try note(.invalid, record, problem.field, head.clock, head.content, reason: problem.reason)
    }
    guard heads.count > 1 else { return }
    let rule = table.registers.first { $0.id == register.id }?.rule ?? .latest
    let choice = Choice(among: heads, rule: rule, facts: engine) { table.problem($0, of: register) == nil }
    // What is not allowed is told as such.
    for head in choice.others where isOwn(head.clock) && table.problem(head.content, of: register) == nil {
      try note(.lost, record, label, head.clock, head.content, reason: "")
    }
  }

  private func tellExistence(_ state: RecordState, _ record: Record) throws {
    if state.exists(record.table.kind.deletion) {
      for deletion in state.deletions where isOwn(deletion.clock) {
        try note(.lost, record, RecordNotes.existence, deletion.clock, .empty, reason: RecordNotes.deleted)
      }
    } else if let edit = state.survivingEdits.filter(isOwn).max(by: { engine.precedes($0, $1) }) {
      try note(.lost, record, RecordNotes.existence, edit, .empty, reason: RecordNotes.kept)
    }
  }

  /// A conflict that was decided: by somebody else against an edit of this node, or by somebody here.
  private func tellClosed(_ field: String, _ before: RecordState, _ after: RecordState, _ record: Record) throws {
    if field == RecordNotes.existence {
      guard !after.exists(record.table.kind.deletion) else {
        return try markSeen(record, field, if: after.edits.allSatisfy(isOwn))
      }
      if after.deletions.allSatisfy({ isOwn($0.clock) }) { return try markSeen(record, field, if: true) }
      guard let edit = before.survivingEdits.filter(isOwn).max(by: { engine.precedes($0, $1) }) else { return }
      return try note(.lost, record, field, edit, .empty, reason: RecordNotes.kept)
    }
    guard let register = RecordNotes.register(record.table, label: field) else { return }
    let heads = after.heads(register)
    if heads.allSatisfy({ isOwn($0.clock) }) { return try markSeen(record, field, if: true) }
    let content = heads.first?.content ?? .empty
    for head in before.heads(register) where isOwn(head.clock) && head.content != content {
      // One that is still there lost nothing; one that is not allowed was told as such.
      guard !heads.contains(where: { $0.clock == head.clock }), record.table.problem(head.content, of: register) == nil
      else { continue }
      try note(.lost, record, field, head.clock, head.content, reason: "")
    }
  }

  private func note(
    _ sort: Sort, _ record: Record, _ field: String, _ clock: Clock, _ content: Content, reason: String
  ) throws {
    var writer = ByteWriter()
    StateCodec.encode(content, into: &writer)
    let insert = try engine.connection.prepared(
      "INSERT INTO birlik_inbox(at, sort, kind, key, channel, field, stream, sequence, time, content, reason) "
        + "VALUES(?5, ?6, ?1, ?2, ?3, ?4, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING")
    bind(insert, record, field)
    insert.bind(5, now)
    insert.bind(6, text: sort.rawValue)
    insert.bind(7, clock.stream)
    insert.bind(8, clock.sequence)
    insert.bind(9, clock.time)
    insert.bind(10, blob: writer.bytes)
    insert.bind(11, text: reason)
    try insert.step()
  }

  /// Who decides a conflict here need not be told of it.
  private func markSeen(_ record: Record, _ field: String, if isDecidedHere: Bool) throws {
    guard isDecidedHere else { return }
    let mark = try engine.connection.prepared(
      "UPDATE birlik_inbox SET seen_at=?5 WHERE kind=?1 AND key=?2 AND channel=?3 AND field=?4 AND seen_at IS NULL "
        + "AND sort='lost'")
    bind(mark, record, field)
    mark.bind(5, now)
    try mark.step()
  }

  private func bind(_ statement: Prepared, _ record: Record, _ field: String) {
    statement.bind(1, record.table.kind.id)
    statement.bind(2, blob: record.key.bytes)
    statement.bind(3, record.channel)
    statement.bind(4, text: field)
  }
}
