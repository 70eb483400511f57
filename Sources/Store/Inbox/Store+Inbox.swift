import SyncCore
import Wire

/// What the people at a node should be told of one of their own edits.
public struct InboxItem: Sendable, Equatable {
  public enum Sort: String, Sendable {
    /// Another value is shown.
    case lost
    /// The catalog does not allow the value, so it is shown nowhere.
    case invalid
    /// The node may not make such an edit, so it was not taken.
    case refused
  }

  public enum Standing: String, Sendable {
    /// The values stand beside each other until somebody decides.
    case open
    /// Somebody gave another value, having seen this one.
    case decided
    /// The value is shown after all, or was corrected: nothing is left to do.
    case settled
  }

  public var sort: Sort
  /// When this node learned of it, in milliseconds since 1970, by the clock of this machine.
  public var toldAt: Int64
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// The field as `birlik conflicts` names it; empty for an edit that was refused.
  public var field: String
  /// What was typed here and when; nil for an edit that was refused.
  public var typed: AttributedValue?
  /// What is shown now, who gave it, and when; nil where nothing is.
  public var shown: AttributedValue?
  public var standing: Standing
  /// Why it is not allowed or was not taken; empty for one that lost.
  public var reason: String
  /// Of an edit that was refused what was to be done (`insert`, `edit`, `delete`) and the record as typed, as JSON.
  public var refused: (operation: String, record: String)?
  /// Of an edit that was refused whether it is a sealed one, which still stands in the row here.
  public var isUnsendable = false
  /// Of an edit that was refused and put before headquarters: what it decided, if anything, and why.
  public var proposal: (id: String, decision: Proposal.Decision?, reason: String)?
  /// False until it was listed.
  public var isSeen: Bool
  /// The whole set as it would be with this element added or taken away, as JSON; nil where it is no element.
  public var wholeSet: (field: String, json: String)?
  /// Of a record that was deleted although it was edited here what it held last; empty otherwise.
  public var lastValues: [(field: String, value: Value)] = []

  public static func == (a: Self, b: Self) -> Bool {
    a.sort == b.sort && a.toldAt == b.toldAt && a.kind == b.kind && a.key == b.key && a.field == b.field
      && a.typed == b.typed && a.shown == b.shown && a.standing == b.standing && a.reason == b.reason
      && a.isSeen == b.isSeen && a.proposal?.id == b.proposal?.id && a.proposal?.decision == b.proposal?.decision
      && a.refused?.record == b.refused?.record && a.wholeSet?.json == b.wholeSet?.json
  }

  /// True for what has to be told.
  public var isNew: Bool { !isSeen && standing != .settled }
}

extension Store {
  /// Edits of this node that lost, were not allowed or could not be taken, the latest first.
  ///
  /// - Parameter includingSeen: false for those alone that have to be told.
  public func inbox(includingSeen: Bool = false) throws -> [InboxItem] {
    try read { engine in
      let all = try engine.inboxItems(includingSeen: includingSeen) + engine.refusedItems(includingSeen: includingSeen)
      let items = includingSeen ? all : all.filter(\.isNew)
      return items.sorted { ($0.toldAt, $0.kind, $0.key, $0.field) > ($1.toldAt, $1.kind, $1.key, $1.field) }
    }
  }

  /// How many items have to be told.
  public func newInboxCount() throws -> Int {
    // Nothing new is the common case, for which two counts are enough.
    let unseen = try read { engine in
      try engine.count("birlik_inbox WHERE seen_at IS NULL")
        + engine.count("birlik_refused WHERE id>\(try engine.meta(.seenRefused)?.integer ?? 0)")
        + engine.count("birlik_proposed WHERE told IS NULL")
    }
    return unseen == 0 ? 0 : try inbox().count
  }

  /// Notes that everything listed so far was read. It stays readable.
  public func markInboxSeen(now: Int64 = SystemClock.now()) throws {
    guard try newInboxCount() > 0 else { return }
    try write { engine in
      try engine.connection.execute("UPDATE birlik_inbox SET seen_at=\(now) WHERE seen_at IS NULL")
      let last = try engine.connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_refused")
      defer { last.reset() }
      guard try last.step() else { return }
      let number = last.int64(0)
      last.reset()
      try engine.setMeta(.seenRefused, .integer(number))
      try engine.markDecisionsTold()
    }
  }
}

extension Engine {
  /// A row of `birlik_inbox`.
  private struct InboxRow {
    var at: Int64
    var sort: InboxItem.Sort
    var kind: Int
    var key: RecordKey
    var channel: Int
    var field: String
    var clock: Clock
    var content: Content
    var reason: String
    var isSeen: Bool
  }

  fileprivate func inboxItems(includingSeen: Bool) throws -> [InboxItem] {
    let select = try connection.prepared(
      "SELECT at, sort, kind, key, channel, field, stream, sequence, time, content, reason, seen_at IS NOT NULL "
        + "FROM birlik_inbox WHERE ?1 OR seen_at IS NULL ORDER BY id")
    select.bind(1, includingSeen ? 1 : 0)
    var rows: [InboxRow] = []
    while try select.step() {
      guard let sort = InboxItem.Sort(rawValue: select.string(1)) else { continue }
      var reader = ByteReader(select.bytes(9), operation: "reading the inbox")
      rows.append(
        InboxRow(
          at: select.int64(0), sort: sort, kind: select.int(2), key: RecordKey(bytes: select.bytes(3)),
          channel: select.int(4), field: select.string(5),
          clock: Clock(stream: select.int(6), sequence: select.int64(7), time: select.int64(8)),
          content: try StateCodec.decodeContent(&reader), reason: select.string(10), isSeen: select.int(11) == 1))
    }
    return try rows.compactMap { row in try tables[row.kind].map { try item(row, $0) } }
  }

  private func item(_ row: InboxRow, _ table: KindTable) throws -> InboxItem {
    var item = InboxItem(
      sort: row.sort, toldAt: row.at, kind: table.kind.name, key: row.key.display, field: row.field, typed: nil,
      shown: nil, standing: .settled, reason: row.sort == .invalid ? row.reason : "", isSeen: row.isSeen)
    let slots = try slots(table, kind: table.kind.id, key: row.key)
    guard let slot = slots.first(where: { $0.channel == row.channel }) else { return item }
    switch row.field {
    case RecordNotes.existence: existence(row, slot.state, table, into: &item)
    case RecordNotes.keyCollision: keyCollision(row, slots, table, into: &item)
    default: register(row, slot.state, table, into: &item)
    }
    return item
  }

  private func register(_ row: InboxRow, _ state: RecordState, _ table: KindTable, into item: inout InboxItem) {
    guard let register = RecordNotes.register(table, label: row.field) else {
      // A key that is not allowed.
      item.typed = attributed([(row.field, .text(row.key.display))], row.clock)
      item.standing = row.sort == .invalid && state.exists(table.kind.deletion) ? .open : .settled
      return
    }
    item.typed = attributed(Head(clock: row.clock, content: row.content), table, register)
    guard state.exists(table.kind.deletion) else {
      item.standing = row.sort == .invalid ? .settled : .decided
      item.shown = state.deletions.map(\.clock).max { precedes($0, $1) }
        .map { attributed([(RecordNotes.existence, .text(RecordNotes.deleted))], $0) }
      return
    }
    let heads = state.heads(register)
    let rule = table.registers.first { $0.id == register.id }?.rule ?? .latest
    let choice = Choice(among: heads, rule: rule, facts: self) { table.problem($0, of: register) == nil }
    item.shown = choice.shown.map { attributed($0, table, register) }
    let stands = heads.contains { $0.clock == row.clock }
    switch row.sort {
    case .invalid: item.standing = stands && table.problem(row.content, of: register) != nil ? .open : .settled
    default: item.standing = choice.shown?.content == row.content ? .settled : stands ? .open : .decided
    }
    if let element = register.element { item.wholeSet = wholeSet(element, row.content, register, state, table) }
  }

  /// The set as it is shown, with the element as it was typed.
  private func wholeSet(
    _ element: [UInt8], _ content: Content, _ register: RegisterKey, _ state: RecordState, _ table: KindTable
  ) -> (field: String, json: String)? {
    guard let field = table.fieldIndex(id: register.id) else { return nil }
    let standing = Projection(table, state, facts: self).values[field]
    var elements = if case .text(let json) = standing { table.elements(json) } else { [[UInt8]]() }
    elements.removeAll { $0 == element }
    if !content.isEmpty { elements.append(element) }
    return (table.fields[field].name, String(decoding: TextSet(elements).json, as: UTF8.self))
  }

  private func existence(_ row: InboxRow, _ state: RecordState, _ table: KindTable, into item: inout InboxItem) {
    item.typed = attributed([(RecordNotes.existence, .text(row.reason))], row.clock)
    let exists = state.exists(table.kind.deletion)
    let last = exists ? state.edits : Set(state.deletions.map(\.clock))
    item.shown = last.max { precedes($0, $1) }.map {
      attributed([(RecordNotes.existence, .text(exists ? RecordNotes.kept : RecordNotes.deleted))], $0)
    }
    if !exists {
      let values = Projection(table, state, facts: self).values
      item.lastValues = zip(table.fields.map(\.name), values).filter { !$1.isNull }.map { (field: $0, value: $1) }
    }
    let isAsTyped = exists == (row.reason == RecordNotes.kept)
    item.standing = isAsTyped ? .settled : state.existenceIsContested ? .open : .decided
  }

  private func keyCollision(_ row: InboxRow, _ slots: [RecordSlot], _ table: KindTable, into item: inout InboxItem) {
    let owner = Value.text(channelNames[row.channel]?.owner ?? "")
    item.typed = attributed([("federation", owner)], row.clock)
    guard let shown = shownSlot(slots, rule: table.kind.deletion), slots[shown].channel != row.channel,
      slots.contains(where: { $0.channel == row.channel && $0.state.exists(table.kind.deletion) }),
      let first = slots[shown].state.edits.min(by: { precedes($0, $1) })
    else { return }
    item.shown = attributed([("federation", .text(channelNames[slots[shown].channel]?.owner ?? ""))], first)
    item.standing = .open
  }

  fileprivate func refusedItems(includingSeen: Bool) throws -> [InboxItem] {
    let seen = try meta(.seenRefused)?.integer ?? 0
    let select = try connection.prepared(
      "SELECT r.id, r.at, r.kind, r.key, r.operation, r.record, r.reason, p.proposal, p.told, k.sent FROM birlik_refused r "
        + "LEFT JOIN birlik_proposed p ON p.refused=r.id LEFT JOIN birlik_kept_edit k ON k.refused=r.id WHERE ?1 OR r.id>?2 OR (p.refused IS NOT NULL AND p.told IS NULL) "
        + "ORDER BY r.id")
    select.bind(1, includingSeen ? 1 : 0)
    select.bind(2, seen)
    var items: [(item: InboxItem, proposal: [UInt8]?, isTold: Bool)] = []
    while try select.step() {
      var item = InboxItem(
        sort: .refused, toldAt: select.int64(1), kind: select.string(2), key: select.string(3), field: "", typed: nil,
        shown: nil, standing: .open, reason: select.string(6), isSeen: select.int64(0) <= seen)
      item.refused = (select.string(4), select.string(5))
      item.isUnsendable = !select.isNull(9)
      if select.int(9) == 1 { item.standing = .settled }
      items.append((item, select.isNull(7) ? nil : select.bytes(7), !select.isNull(8)))
    }
    guard items.contains(where: { $0.proposal != nil }) else { return items.map(\.item) }
    let proposals = Dictionary(try proposals().map { ($0.id, $0) }) { first, _ in first }
    return items.map { item, id, isTold in
      var item = item
      guard let id else { return item }
      let key = String(decoding: id, as: UTF8.self)
      let known = proposals[key]
      // A proposal of what was sent after all was withdrawn unless it was decided before.
      guard item.standing != .settled || known?.decision != nil else { return item }
      item.proposal = (key, known?.decision, known?.reason ?? "")
      guard known?.decision != nil, item.standing != .settled else { return item }
      item.standing = .decided
      item.isSeen = item.isSeen && isTold
      return item
    }
  }

  /// Remembers which decisions on proposals were listed.
  fileprivate func markDecisionsTold() throws {
    guard try count("birlik_proposed WHERE told IS NULL") > 0 else { return }
    for proposal in try proposals() {
      guard let decision = proposal.decision else { continue }
      let mark = try connection.prepared("UPDATE birlik_proposed SET told=?2 WHERE proposal=?1 AND told IS NULL")
      mark.bind(1, blob: RecordKey(proposal.id).bytes)
      mark.bind(2, text: decision.rawValue)
      try mark.step()
    }
  }
}
