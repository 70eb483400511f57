import Limits
import SyncCore
import Wire

/// What a seal did.
public struct SealReport: Sendable, Equatable {
  /// Changes sealed.
  public var changes = 0
  /// Captured edits that this node may not seal; they are kept and shown by `birlik status`.
  public var refused = 0

  public init() {}
}

/// Turns captured edits into changes: numbered, timed, hashed onto the stream's chain, signed; once, for ever.
///
/// Runs within a write transaction of the engine, before anything writes rows there.
final class Sealer {
  /// How many captured edits one pass reads into memory.
  static let passLimit = 1 << 20
  /// How many a pass reads whose transaction is to be short, so that sending can begin while the rest is sealed.
  static let shortPassLimit = 32_768
  /// How many bytes of text one record may hold, all its fields together.
  static let recordBytes = 256 << 10

  /// How many records are read from the log at once.
  static let foldLimit = 16_384

  let engine: Engine
  let timekeeping: Timekeeping
  private let now: Int64
  private let limit: Int
  private var builders: [SegmentBuilder] = []
  private var keyCheck: (kind: Int, check: KeyCheck)?
  var report = SealReport()
  /// How many proposals of this node wait for a decision, once that was asked.
  var openProposals: Int?
  /// The captured edits of the pass, and where the record that is being sealed begins.
  private var remaining: (log: CaptureLog, start: Int)?
  /// Records of one kind as they were sealed last, read from the log.
  private var folded: (kind: Int, slots: [RecordKey: [RecordSlot]]) = (0, [:])

  /// - Parameter wall: this machine's clock, in milliseconds since 1970.
  init(_ engine: Engine, wall: Int64, limit: Int = Sealer.passLimit) throws {
    self.engine = engine
    self.limit = limit
    let offset = try engine.meta(.offset)?.integer ?? 0
    now = wall.addingReportingOverflow(offset).overflow ? wall : wall &+ offset
    timekeeping = Timekeeping(
      offset: offset, previousSeal: try engine.meta(.previousSeal)?.integer ?? Int64.min, now: now)
  }

  /// Seals everything captured.
  func sealAll() throws {
    while try sealPass() {}
  }

  /// Seals everything captured, and then what `body` says by `seal(_:key:in:at:_:)`.
  func sealAll(then body: (Sealer) throws -> Void) throws {
    try sealAll()
    try engine.checkMaySeal()
    try body(self)
    try flush()
    try engine.setMeta(.previousSeal, .integer(now))
    try engine.countSeal()
  }

  /// Seals a part of what was captured: at most `limit` insertions, or everything.
  ///
  /// - Returns: false when there was nothing.
  func sealPass() throws -> Bool {
    let keyColumns = engine.tables.mapValues(\.kind.key.count)
    var log = try CaptureLog(engine.connection, keyColumns: keyColumns, limit: limit)
    guard !log.isEmpty else { return false }
    try engine.checkMaySeal()
    var isLastPass = log.entries.count < limit
    if !isLastPass, try !areInsertionsOnly() {
      // All edits of a record have to be sealed together: what one of them shows again would undo what others typed.
      // Rows inserted whole may lie in several passes, because each is compared whole with what was sealed.
      log = try CaptureLog(engine.connection, keyColumns: keyColumns, limit: Int.max)
      isLastPass = true
    }
    try engine.totals?.prepare(log, isComplete: isLastPass && report == SealReport())
    // What deletions noted is needed below, so only captures go now: heads are written into the pages they leave.
    if isLastPass {
      // Without a condition SQLite drops the pages without looking at each row. Nobody else writes meanwhile.
      try engine.connection.prepared("DELETE FROM birlik_capture").step()
    } else {
      let forget = try engine.connection.prepared("DELETE FROM birlik_capture WHERE seq<=?1")
      forget.bind(1, log.lastSequence)
      try forget.step()
    }
    var start = 0
    remaining = (log, start)
    while start < log.entries.count {
      var edits = CapturedEdits()
      var end = start
      while end < log.entries.count, log.sameRecord(log.entries[start], log.entries[end]) {
        let entry = log.entries[end]
        edits.add(sequence: entry.sequence, mask: entry.mask, at: entry.at)
        end += 1
      }
      if let table = engine.tables[log.entries[start].kind] {
        remaining?.start = start
        try seal(edits, table, log.key(log.entries[start]))
      }
      start = end
    }
    try flush()
    remaining = nil
    folded = (0, [:])
    let old = try engine.connection.prepared("DELETE FROM birlik_old WHERE capture<=?1")
    old.bind(1, log.lastSequence)
    try old.step()
    try engine.setMeta(.previousSeal, .integer(now))
    try engine.countSeal()
    return true
  }

  private func areInsertionsOnly() throws -> Bool {
    let other = try engine.connection.prepared("SELECT 1 FROM birlik_capture WHERE mask<>-1 LIMIT 1")
    defer { other.reset() }
    return try !other.step()
  }

  // MARK: One record

  private func seal(_ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey) throws {
    let row = try engine.row(table, key)
    if let row, edits.insertedAt != nil, edits.deletion == nil, try sealFresh(edits, table, key, row) { return }
    let old = row == nil ? try edits.deletion.flatMap { try engine.deletedRow(table, capture: $0.sequence) } : nil
    let shown = row ?? old
    var (slots, isTyped) = try slots(edits, table, key, shown)
    let plan = try plan(edits, table, key, row: row, old: old, slots: slots, isTyped: isTyped)
    if let reason = plan.refusal ?? limit(key, shown) {
      let proposed = try plan.foreignChannel.flatMap { try propose(ProposedEdit(edits), table, key, row: row, to: $0) }
      return try refuse(edits, table, key, shown, slots, self.reason(reason, proposed: proposed), proposed: proposed)
    }
    for item in plan.items {
      let number = try engine.number(of: item.channel)
      let index = slots.firstIndex { $0.channel == number } ?? slots.count
      if index == slots.count { slots.append(RecordSlot(channel: number, state: RecordState(), stored: nil)) }
      try absorb(item.change, table, in: item.channel, into: &slots[index].state)
    }
    guard !slots.isEmpty else { return }
    // What the clerk typed stands in the row. Only where something else should is the row written.
    try engine.project(table, key, slots)
  }

  /// What is known under a key before the edits.
  ///
  /// - Returns: also whether values that stand in the row alone were read from there as it was typed.
  private func slots(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ typed: ShownRow?
  ) throws -> (slots: [RecordSlot], isTyped: Bool) {
    let slots = try engine.slots(kind: table.kind.id, key: key) { typed.map(table.contents) ?? [:] }
    let standing = slots.first { $0.stored.map { StateCodec.form(of: $0) != .full } ?? false }
    guard let standing else { return (slots, false) }
    let owner = engine.channelNames[standing.channel]?.owner ?? ""
    let isOthers = typed.map { !$0.federation.isEmpty && !$0.federation.elementsEqual(owner.utf8) } ?? false
    guard isOthers || edits.needSealedValues(sets: table.setMask) else { return (slots, true) }
    return (try fold(table, key), false)
  }

  /// A record as it was sealed last, from the log. Those that come next in the pass are read along, because opening a
  /// segment costs far more than looking for many records in it.
  private func fold(_ table: KindTable, _ key: RecordKey) throws -> [RecordSlot] {
    if folded.kind == table.kind.id, let known = folded.slots[key] { return known }
    var keys: Set<RecordKey> = [key]
    if let (log, start) = remaining {
      var place = start
      while place < log.entries.count, log.entries[place].kind == table.kind.id, keys.count < Self.foldLimit {
        keys.insert(log.key(log.entries[place]))
        place += 1
      }
    }
    folded = (table.kind.id, try engine.fold(table, keys))
    return folded.slots[key] ?? []
  }

  /// Seals a record that is new everywhere, the common case of imports, without building its state.
  ///
  /// - Returns: false when the record is not new or needs a closer look.
  private func sealFresh(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow
  ) throws -> Bool {
    let owner = String(decoding: row.federation, as: UTF8.self)
    guard FederationCode.isValid(owner), let channel = Channel(owner: owner, recordClass: table.kind.recordClass),
      engine.role.mayWrite(channel), isProper(key, table), limit(key, row) == nil,
      table.isProper(row)
    else { return false }
    let builder = try builder(for: channel)
    let captured = edits.lastAt
    let clock = Clock(
      stream: builder.stream, sequence: builder.next,
      time: timekeeping.stamp(captured: captured, replacing: EmptyCollection()))
    guard try engine.insertFresh(clock, table, key, channel: try engine.number(of: channel)) else { return false }
    builder.append(insertionOf: row, key: key, table, captured: captured, time: clock.time)
    report.changes += 1
    try flushIfFull()
    return true
  }

  private func isProper(_ key: RecordKey, _ table: KindTable) -> Bool {
    if keyCheck?.kind != table.kind.id { keyCheck = (table.kind.id, KeyCheck(table)) }
    return keyCheck?.check.isProper(key) ?? false
  }

  /// Why a record cannot travel at all.
  private func limit(_ key: RecordKey, _ row: ShownRow?) -> String? {
    if key.bytes.count > WireLimits.keyBytes { return "its key is longer than \(WireLimits.keyBytes) bytes" }
    let bytes = row?.values.reduce(0) { if case .text(let text) = $1 { $0 + text.count } else { $0 } } ?? 0
    return bytes > Self.recordBytes ? "its values are longer than \(Self.recordBytes) bytes together" : nil
  }

  /// What the folded edits amount to.
  private func plan(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, row: ShownRow?, old: ShownRow?,
    slots: [RecordSlot], isTyped: Bool
  ) throws -> SealPlan {
    let records = slots.compactMap { slot in
      engine.channelNames[slot.channel].map { OwnedRecord(channel: $0, state: slot.state) }
    }
    return SealPlan(
      edits, table.shape, key,
      row: row.map { SealPlan.Row(federation: $0.federation, contents: table.contents(of: $0)) },
      deleted: old.map(table.contents), records: records, isTyped: isTyped,
      in: SealPlan.Circumstances(role: engine.role, timekeeping: timekeeping, facts: engine))
  }

  func absorb(_ change: Change, _ table: KindTable, in channel: Channel, into state: inout RecordState) throws {
    let builder = try builder(for: channel)
    // Everything that this store holds had been seen when it sealed.
    state.absorb(change, at: Clock(stream: builder.stream, sequence: builder.next, time: change.time)) { _ in true }
    builder.append(change, table)
    report.changes += 1
    try flushIfFull()
  }

  // MARK: Edits that may not be sealed

  /// Keeps an edit that this node may not seal, and shows the record as it was.
  private func refuse(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow?, _ slots: [RecordSlot],
    _ reason: String, proposed: RecordKey?
  ) throws {
    let operation = edits.insertedAt != nil ? "insert" : row == nil || edits.deletion != nil ? "delete" : "edit"
    let shown = engine.shownSlot(slots, rule: table.kind.deletion)
    let owner = shown.flatMap { engine.channelNames[slots[$0].channel]?.owner } ?? engine.identity.role.federation
    // What a deletion noted is without its owner.
    let federation = row.flatMap { $0.federation.isEmpty ? nil : $0.federation } ?? Array(owner.utf8)
    var record: [(String, Value)] = [("federation", .text(federation))]
    if let row { record += zip(table.fields.map(\.name), row.values) }
    try engine.noteRefused(
      RefusedView(
        at: edits.lastAt, kind: table.kind.name, key: key.display, operation: operation,
        record: JSONText.object(record), reason: reason), proposed: proposed)
    report.refused += 1
    try engine.restore(table, key) { try fold(table, key) }
  }

  // MARK: Segments

  private func builder(for channel: Channel) throws -> SegmentBuilder {
    if let open = builders.first(where: { $0.channel == channel }) { return open }
    // One that stayed empty gives its number back: streams get theirs in the order in which they are flushed.
    builders.removeAll { $0.count == 0 }
    let continues = try engine.ownStream(in: channel)
    let new = engine.streams.streams.count + builders.filter { $0.continues == nil }.count
    let first = continues.flatMap { engine.streams.stream($0)?.tip.sequence } ?? 0
    let builder = SegmentBuilder(channel: channel, stream: continues ?? new, continues: continues, first: first &+ 1)
    builders.append(builder)
    return builder
  }

  private func flushIfFull() throws {
    // All together, so that new streams get the numbers that were given to them.
    if builders.contains(where: { $0.isFull }) { try flush() }
  }

  private func flush() throws {
    let origin = try engine.origin()
    for builder in builders where builder.count > 0 {
      let header = SegmentHeader(
        origin: origin, channel: builder.channel, first: builder.first, count: builder.count,
        predecessor: builder.continues.flatMap { engine.streams.stream($0)?.tip.hash } ?? .zero,
        context: engine.streams.context(in: builder.channel, after: builder.continues),
        catalogVersion: engine.catalog.version, sealedAt: now)
      let segment = try Segment.seal(header, blocks: builder.blocks, key: engine.identity.key)
      _ = try engine.append(segment, placement: try engine.place(segment), problem: nil)
      try engine.noteKeys(of: builder.blocks, hash: segment.hash)
    }
    builders = []
  }
}

extension Engine {
  /// Keeps an edit that cannot be sent.
  ///
  /// - Parameter proposed: the key of the proposal that it became, if any.
  /// - Returns: the number under which it is kept.
  @discardableResult
  func noteRefused(_ edit: RefusedView, proposed: RecordKey?) throws -> Int64 {
    let last = try connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_refused")
    let number = try last.step() ? last.int64(0) &+ 1 : 1
    last.reset()
    let statement = try connection.prepared(
      "INSERT INTO birlik_refused(id, at, kind, key, operation, record, reason) VALUES(?7, ?1, ?2, ?3, ?4, ?5, ?6)")
    statement.bind(1, edit.at)
    statement.bind(2, text: edit.kind)
    statement.bind(3, text: edit.key)
    statement.bind(4, text: edit.operation)
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

  /// What a row held when it was deleted, as the delete trigger noted it.
  ///
  /// - Parameter capture: the number of the note.
  func deletedRow(_ table: KindTable, capture: Int64) throws -> ShownRow? {
    let columns = table.fields.map { "v\($0.id)" }.joined(separator: ", ")
    let statement = try connection.prepared(
      "SELECT capture\(columns.isEmpty ? "" : ", " + columns) FROM birlik_old WHERE capture=?1")
    statement.bind(1, capture)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return ShownRow(federation: [], values: table.fields.indices.map { statement.value($0 + 1) })
  }
}
