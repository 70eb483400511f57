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

  private let engine: Engine
  private let timekeeping: Timekeeping
  private let now: Int64
  private let limit: Int
  private var builders: [SegmentBuilder] = []
  private var keyCheck: (kind: Int, check: KeyCheck)?
  private(set) var report = SealReport()
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

  /// Seals a part of what was captured: at most `limit` insertions, or everything.
  ///
  /// - Returns: false when there was nothing.
  func sealPass() throws -> Bool {
    let keyColumns = engine.tables.mapValues(\.kind.key.count)
    var log = try CaptureLog(engine.connection, keyColumns: keyColumns, limit: limit)
    guard !log.isEmpty else { return false }
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
    let old = row == nil ? try oldRow(table, edits) : nil
    let shown = row ?? old
    var (slots, isTyped) = try slots(edits, table, key, shown)
    guard let channel = try channel(table, row: row, slots: slots) else {
      return try refuse(edits, table, key, shown, slots, "the federation in the record is not a proper code")
    }
    guard engine.identity.role.mayWrite(channel) else {
      return try refuse(edits, table, key, shown, slots, Self.reason(channel))
    }
    if let reason = limit(key, shown) { return try refuse(edits, table, key, shown, slots, reason) }
    let number = try engine.number(of: channel)
    if row != nil, edits.deletion != nil, let gone = engine.shownSlot(slots, rule: table.kind.deletion),
      slots[gone].channel != number, let other = engine.channelNames[slots[gone].channel]
    {
      // The record of another owner was deleted, and this one typed under its key.
      guard engine.identity.role.mayWrite(other) else {
        return try refuse(edits, table, key, shown, slots, Self.reason(other))
      }
      let replaced = slots[gone].state.edits
      let at = edits.deletion?.at ?? edits.lastAt
      let deletion = change(table, key, .deletion, [], captured: at, replacing: replaced)
      try absorb(deletion, table, in: other, into: &slots[gone].state)
    }
    let index = slots.firstIndex { $0.channel == number }
    var state = index.map { slots[$0].state } ?? RecordState()
    for change in changes(edits, table, key, row: row, old: old, state: state, isTyped: isTyped) {
      try absorb(change, table, in: channel, into: &state)
    }
    if let index {
      slots[index].state = state
    } else if !state.isEmpty {
      slots.append(RecordSlot(channel: number, state: state, stored: nil))
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
      engine.identity.role.mayWrite(channel), isProper(key, table), limit(key, row) == nil,
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

  private func channel(_ table: KindTable, row: ShownRow?, slots: [RecordSlot]) throws -> Channel? {
    if let row {
      let owner = String(decoding: row.federation, as: UTF8.self)
      return FederationCode.isValid(owner) ? Channel(owner: owner, recordClass: table.kind.recordClass) : nil
    }
    if let shown = engine.shownSlot(slots, rule: table.kind.deletion) {
      return engine.channelNames[slots[shown].channel]
    }
    if let first = slots.first { return engine.channelNames[first.channel] }
    return Channel(owner: engine.identity.role.federation, recordClass: table.kind.recordClass)
  }

  /// Why a record cannot travel at all.
  private func limit(_ key: RecordKey, _ row: ShownRow?) -> String? {
    if key.bytes.count > WireLimits.keyBytes { return "its key is longer than \(WireLimits.keyBytes) bytes" }
    let bytes = row?.values.reduce(0) { if case .text(let text) = $1 { $0 + text.count } else { $0 } } ?? 0
    return bytes > Self.recordBytes ? "its values are longer than \(Self.recordBytes) bytes together" : nil
  }

  /// The changes that the folded edits amount to.
  private func changes(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, row: ShownRow?, old: ShownRow?, state: RecordState,
    isTyped: Bool
  ) -> [Change] {
    let isAlive = state.exists(table.kind.deletion)
    guard let row else {
      guard isAlive else { return [] }
      // An edit before the deletion is sealed before it, so that a row that comes back is whole.
      let mask = edits.editedBeforeDeletion
      let before = old.map { self.edits(mask, edits, table, key, $0, state, isTyped: isTyped) } ?? []
      let at = edits.deletion?.at ?? edits.lastAt
      return before + [change(table, key, .deletion, [], captured: at, replacing: state.edits)]
    }
    let contents = table.contents(of: row)
    if state.isEmpty || !isAlive || (edits.deletion != nil && edits.insertedAt != nil) {
      let registers = contents.map { RegisterContent($0.key, $0.value) }.sorted { $0.key < $1.key }
      return [change(table, key, .insertion, registers, captured: edits.lastAt, replacing: state.edits)]
    }
    // A row written whole over itself, as by OR REPLACE, says something only where it differs from what is shown.
    let mask = edits.insertedAt == nil ? edits.edited : Int64.max
    return self.edits(mask, edits, table, key, row, state, isTyped: isTyped)
  }

  /// One change for all registers edited in one moment.
  ///
  /// - Parameter isTyped: true when the values in `state` were read from the row as it was typed, so that nothing can be
  ///   compared with them: every register that was edited is sealed.
  private func edits(
    _ mask: Int64, _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow, _ state: RecordState,
    isTyped: Bool
  ) -> [Change] {
    let typed = table.contents(of: row)
    let standing = Projection(table, state, facts: engine).contents(table)
    var byTime: [Int64: [RegisterContent]] = [:]
    for register in table.registers where mask & (1 << Int64(register.id)) != 0 {
      let at = edits.time(of: register.id)
      let keys =
        register.isSet
        ? setKeys(register, typed, standing, state, confirms: edits.confirms) : [RegisterKey(register.id)]
      for registerKey in keys {
        let content = typed[registerKey] ?? .empty
        // OR REPLACE empties what it does not name; a field that is set once stays set.
        if mask == Int64.max, register.rule == .frozen, content.isEmpty { continue }
        // A text that was no set is shown nowhere, and goes with the first set typed over it.
        let isMalformed = registerKey.element?.first == KindTable.malformedSet.first
        let says = isMalformed ? state.heads(registerKey).first?.content : standing[registerKey]
        let isShown = !isTyped && content == says ?? .empty
        let isSettled = state.heads(registerKey).count <= 1
        // What equals the one head says nothing new; what confirms one of several does, when it was typed as such. And
        // whoever keeps a row that another deleted says everything again.
        let isSaidAgain = edits.confirms && (!isSettled || !state.deletions.isEmpty)
        if isShown && !isSaidAgain && (isSettled || mask == Int64.max || register.isSet) { continue }
        byTime[at, default: []].append(RegisterContent(registerKey, content))
      }
    }
    return byTime.sorted { $0.key < $1.key }.map { at, registers in
      let replaced = registers.flatMap { state.heads($0.key).map(\.clock) }
      return change(table, key, .edit, registers.sorted { $0.key < $1.key }, captured: at, replacing: replaced)
    }
  }

  private func setKeys(
    _ register: Register, _ typed: [RegisterKey: Content], _ standing: [RegisterKey: Content], _ state: RecordState,
    confirms: Bool
  ) -> [RegisterKey] {
    let known = state.knownRegisters.filter { confirms || $0.element?.first == KindTable.malformedSet.first }
    return Set((Array(typed.keys) + Array(standing.keys) + known).filter { $0.id == register.id && $0.element != nil })
      .sorted()
  }

  private func change(
    _ table: KindTable, _ key: RecordKey, _ operation: Change.Operation, _ registers: [RegisterContent],
    captured: Int64, replacing: some Sequence<Clock>
  ) -> Change {
    let time = timekeeping.stamp(captured: captured, replacing: replacing.map(\.time).sorted())
    let isFlagged =
      table.problem(key: key) != nil || registers.contains { table.problem($0.content, of: $0.key) != nil }
    return Change(
      kind: table.kind.id, key: key, operation: operation, registers: registers, captured: captured, time: time,
      isFlagged: isFlagged)
  }

  private func absorb(_ change: Change, _ table: KindTable, in channel: Channel, into state: inout RecordState) throws {
    let builder = try builder(for: channel)
    // Everything that this store holds had been seen when it sealed.
    state.absorb(change, at: Clock(stream: builder.stream, sequence: builder.next, time: change.time)) { _ in true }
    builder.append(change, table)
    report.changes += 1
    try flushIfFull()
  }

  // MARK: Edits that may not be sealed

  private static func reason(_ channel: Channel) -> String {
    "it belongs to \(channel.owner), whose records others may not edit"
  }

  /// Keeps an edit that this node may not seal, and shows the record as it was.
  private func refuse(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow?, _ slots: [RecordSlot],
    _ reason: String
  ) throws {
    let operation = edits.insertedAt != nil ? "insert" : row == nil || edits.deletion != nil ? "delete" : "edit"
    let shown = engine.shownSlot(slots, rule: table.kind.deletion)
    let owner = shown.flatMap { engine.channelNames[slots[$0].channel]?.owner } ?? engine.identity.role.federation
    // What a deletion noted is without its owner.
    let federation = row.flatMap { $0.federation.isEmpty ? nil : $0.federation } ?? Array(owner.utf8)
    var record: [(String, Value)] = [("federation", .text(federation))]
    if let row { record += zip(table.fields.map(\.name), row.values) }
    let statement = try engine.connection.prepared(
      "INSERT INTO birlik_refused(at, kind, key, operation, record, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
    statement.bind(1, edits.lastAt)
    statement.bind(2, text: table.kind.name)
    statement.bind(3, text: key.display)
    statement.bind(4, text: operation)
    statement.bind(5, text: JSONText.object(record))
    statement.bind(6, text: reason)
    try statement.step()
    report.refused += 1
    try engine.restore(table, key) { try fold(table, key) }
  }

  /// What the row held when it was deleted, as the delete trigger noted it.
  private func oldRow(_ table: KindTable, _ edits: CapturedEdits) throws -> ShownRow? {
    guard let deletion = edits.deletion else { return nil }
    let columns = table.fields.map { "v\($0.id)" }.joined(separator: ", ")
    let statement = try engine.connection.prepared(
      "SELECT capture\(columns.isEmpty ? "" : ", " + columns) FROM birlik_old WHERE capture=?1")
    statement.bind(1, deletion.sequence)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    return ShownRow(federation: [], values: table.fields.indices.map { statement.value($0 + 1) })
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

extension Projection {
  /// The shown values by register.
  func contents(_ table: KindTable) -> [RegisterKey: Content] { table.contents { values[$0] } }
}
