import SyncCore

/// Edits that this node may not seal, kept whole.
extension EditInbox {
  /// A refused edit with what became of it.
  struct Refused {
    var number: Int64
    var edit: RefusedView
    /// The key of the proposal that it became; nil where it was not proposed.
    var proposal: RecordKey?
    /// Whether its people heard the decision on the proposal.
    var isDecisionSeen: Bool
    /// Of a sealed edit that may not be sent whether it was sent after all; nil for an edit that was never sealed.
    var wasSent: Bool?
  }

  /// Edits that were sealed and sent after all are no refusals.
  private static let isRefusal = "id NOT IN (SELECT refused FROM birlik_kept_edit WHERE sent=1)"

  /// Keeps an edit that cannot be sent.
  ///
  /// - Parameter proposed: the key of the proposal that it became, if any.
  /// - Returns: the number under which it is kept.
  @discardableResult
  func addRefused(_ edit: RefusedView, proposed: RecordKey? = nil) throws -> Int64 {
    let number = try lastRefused() &+ 1
    let statement = try connection.prepared(
      "INSERT INTO birlik_refused(id, at, kind, key, operation, record, reason) VALUES(?7, ?1, ?2, ?3, ?4, ?5, ?6)")
    statement.bind(1, edit.at)
    statement.bind(2, text: edit.kind)
    statement.bind(3, text: edit.key)
    statement.bind(4, text: edit.operation.rawValue)
    statement.bind(5, text: edit.record)
    statement.bind(6, text: edit.reason)
    statement.bind(7, number)
    try statement.step()
    guard let proposed else { return number }
    let note = try connection.prepared("INSERT INTO birlik_proposed(refused, proposal) VALUES(?1, ?2)")
    note.bind(1, number)
    note.bind(2, blob: proposed.bytes)
    try note.step()
    return number
  }

  /// The number of the last refused edit; 0 for none.
  func lastRefused() throws -> Int64 {
    let last = try connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_refused")
    defer { last.reset() }
    return try last.step() ? last.int64(0) : 0
  }

  /// Edits that this node may not seal, the latest first.
  func refusedEdits() throws -> [RefusedView] {
    let statement = try connection.prepared(
      "SELECT at, kind, key, operation, record, reason FROM birlik_refused WHERE \(Self.isRefusal) ORDER BY id DESC")
    var found: [RefusedView] = []
    while try statement.step() { found.append(edit(statement, from: 0)) }
    return found
  }

  /// A refused edit by its number; nil where there is none.
  func refusedEdit(_ number: Int64) throws -> RefusedView? {
    let select = try connection.prepared(
      "SELECT at, kind, key, operation, record, reason FROM birlik_refused WHERE id=?1")
    select.bind(1, number)
    defer { select.reset() }
    return try select.step() ? edit(select, from: 0) : nil
  }

  /// How many edits were refused after one.
  func refusedCount(after number: Int64) throws -> Int { try connection.count("birlik_refused WHERE id>\(number)") }

  /// Refused edits with what became of them, in the order in which they were typed.
  ///
  /// - Parameter seen: the last that people saw; those up to it are left out unless a decision on them is new.
  func refused(includingSeen: Bool, seen: Int64) throws -> [Refused] {
    let select = try connection.prepared(
      """
      SELECT r.at, r.kind, r.key, r.operation, r.record, r.reason, r.id, p.proposal, p.told, k.sent FROM birlik_refused r
        LEFT JOIN birlik_proposed p ON p.refused=r.id LEFT JOIN birlik_kept_edit k ON k.refused=r.id
        WHERE ?1 OR r.id>?2 OR (p.refused IS NOT NULL AND p.told IS NULL) ORDER BY r.id
      """)
    select.bind(1, includingSeen ? 1 : 0)
    select.bind(2, seen)
    var found: [Refused] = []
    while try select.step() {
      found.append(
        Refused(
          number: select.int64(6), edit: edit(select, from: 0),
          proposal: select.isNull(7) ? nil : RecordKey(bytes: select.bytes(7)), isDecisionSeen: !select.isNull(8),
          wasSent: select.isNull(9) ? nil : select.int(9) == 1))
    }
    return found
  }

  private func edit(_ select: Prepared, from column: Int) -> RefusedView {
    RefusedView(
      at: select.int64(column), kind: select.string(column + 1), key: select.string(column + 2),
      operation: RefusedView.Operation(rawValue: select.string(column + 3)) ?? .edit,
      record: select.string(column + 4), reason: select.string(column + 5))
  }

  // MARK: Proposals

  /// The proposals of this node whose decision its people did not hear yet.
  func openProposals() throws -> Set<RecordKey> {
    let select = try connection.prepared("SELECT proposal FROM birlik_proposed WHERE told IS NULL")
    var keys: Set<RecordKey> = []
    while try select.step() { keys.insert(RecordKey(bytes: select.bytes(0))) }
    return keys
  }

  func openProposalCount() throws -> Int { try connection.count("birlik_proposed WHERE told IS NULL") }

  /// Marks that people heard the decision on a proposal.
  func markDecisionSeen(_ proposal: RecordKey, _ decision: Proposal.Decision) throws {
    let mark = try connection.prepared("UPDATE birlik_proposed SET told=?2 WHERE proposal=?1 AND told IS NULL")
    mark.bind(1, blob: proposal.bytes)
    mark.bind(2, text: decision.rawValue)
    try mark.step()
  }
}
