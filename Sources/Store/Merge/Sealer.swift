import Limits
import SyncCore
import Wire

/// Turns captured edits into changes: numbered, timed, hashed onto the stream's chain, signed; once, for ever.
///
/// Runs within a write transaction, before anything writes rows there.
final class Sealer {
  let transaction: Transaction
  let timekeeping: Timekeeping
  private let now: Int64
  private let limit: Int
  private let judgesValues: Bool
  /// What this node may do, by the catalog under which the edits are sealed.
  private let role: NodeRole
  private let merger: Merger
  private var builders: [SegmentBuilder] = []
  /// Whether edits that would delete or empty much wait for a person.
  var holds = true
  /// The captured edits of the record that is sealed now, and why they waited until now, if they did.
  var steps: (new: ArraySlice<CaptureLog.Entry>, held: [CapturedStep], waited: HeldTable.Record?) = ([], [], nil)
  /// Edits that wait for the end of the pass, because they delete or empty something, where the pass may be too large.
  var removals: [RemovingEdits] = []
  private(set) var mayRemoveMany = false
  /// The deletions of the pass that are records which got another key: what they held is there under that key.
  private(set) var moves: Set<Int64> = []
  private var countedDeletions = 0
  /// Whether what the pass captured was typed over rows as people see them, also those whose edits wait for a person.
  private var combinesHeld = false
  private var keyCheck: (kind: KindID, check: KeyCheck)?
  var report = SealReport()
  private let watch: EntryWatch
  private(set) lazy var proposer = Proposer(self)
  /// The captured edits of the pass, and where those begin that are not sealed yet.
  private var remaining: (log: CaptureLog, start: Int)?
  /// Records of one kind as they were sealed last, read from the log.
  var folded: (kind: KindID, slots: [RecordKey: [RecordSlot]]) = (0, [:])

  /// - Parameters:
  ///   - wall: this machine's clock, in milliseconds since 1970.
  ///   - later: a catalog that is about to be adopted: what was typed has the form of the present one, but may be sealed
  ///     only where the later one lets it.
  ///   - limit: how many captured edits one pass reads into memory.
  ///   - judgesValues: as in `SealPlan.Circumstances`.
  init(
    _ transaction: Transaction, wall: Int64, under later: Catalog? = nil, limit: Int = StoreLimits.editsPerSealPass,
    judgesValues: Bool = true
  ) throws {
    self.transaction = transaction
    self.limit = limit
    self.judgesValues = judgesValues
    role = transaction.role(transaction.identity.role, under: later)
    merger = Merger(transaction)
    watch = try EntryWatch(transaction)
    let offset = try ClockReading(in: transaction.meta).usableOffset(wall: wall)
    now = wall &+ offset
    timekeeping = Timekeeping(
      offset: offset, previousSeal: try transaction.meta.integer(.previousSeal) ?? Int64.min, now: now)
  }

  /// Seals everything captured.
  func sealAll() throws {
    combinesHeld = try transaction.heldRows.putAside() && !transaction.heldRows.isEmpty
    while try sealPass() {}
    try sealConfirmed()
  }

  /// Seals everything captured, and then what `body` says of records that have no table.
  func sealAll(then body: (Sealer) throws -> Void) throws {
    try sealAll()
    try checkMaySeal()
    try body(self)
    try finishPass()
  }

  /// Seals a part of what was captured: at most `limit` insertions, or everything.
  ///
  /// - Returns: false when there was nothing.
  func sealPass() throws -> Bool {
    var log = try transaction.capture.log(transaction.adopted.tables, limit: limit)
    guard !log.isEmpty else { return false }
    try checkMaySeal()
    if try transaction.heldRows.putAside() { combinesHeld = !transaction.heldRows.isEmpty }
    var isLastPass = log.count < limit
    if !isLastPass, try !transaction.capture.holdsInsertionsOnly() {
      // All edits of a record have to be sealed together: what one of them shows again would undo what others typed.
      // Rows inserted whole may be in several passes, because each is compared whole with what was sealed.
      log = try transaction.capture.log(transaction.adopted.tables)
      isLastPass = true
    }
    report.refused += try UnusableRows(transaction).refuse(&log)
    try transaction.totalsTracker?.prepare(log, isComplete: isLastPass && report == SealReport())
    // What deletions recorded is needed below, so only captures go now: heads are written into the pages they free.
    if isLastPass {
      // Nobody else writes meanwhile.
      try transaction.capture.deleteAll()
    } else {
      try transaction.capture.delete(through: log.lastSequence)
    }
    remaining = (log, 0)
    mayRemoveMany = log.entries.count > Self.removalBound.records
    moves = mayRemoveMany ? log.moves : []
    // A few do not decide, and the last of many deletions may look like one when a record was typed right after it.
    if moves.count <= Self.removalBound.records { moves = [] }
    var known: KindTable?
    for run in log.records {
      let first = log.entries[run.lowerBound]
      if known?.kind.id != first.kind { known = transaction.table(first.kind) }
      guard let table = known else { continue }
      let key = log.key(first)
      var edits = CapturedEdits()
      steps = (log.entries[run], [], nil)
      if combinesHeld, let held = try transaction.heldRows.release(RecordName(kind: first.kind, key: key)) {
        for step in held.steps { edits.add(sequence: step.sequence, mask: step.mask, at: step.at) }
        steps = (log.entries[run], held.steps, held.record)
      }
      for entry in log.entries[run] { edits.add(sequence: entry.sequence, mask: entry.mask, at: entry.at) }
      remaining?.start = run.lowerBound
      try seal(edits, table, key)
    }
    remaining = nil
    try settleRemovals()
    folded = (0, [:])
    try transaction.capture.deleteOldRows(through: log.lastSequence)
    try finishPass()
    return true
  }

  func finishPass() throws {
    try flush()
    report.typed = watch.entries
    try transaction.meta.set(.previousSeal, .integer(now))
    if report.deletions > countedDeletions, !role.isHeadquarters {
      let known = try transaction.meta.integer(.unsentDeletions) ?? 0
      try transaction.meta.set(.unsentDeletions, .integer(known &+ Int64(report.deletions - countedDeletions)))
      countedDeletions = report.deletions
    }
    try transaction.countSeal()
  }

  /// - Throws: why there is no key; `StoreError` with code `busy` while the key is being renewed: changes sealed then
  ///   would be rejected by every peer.
  func checkMaySeal() throws {
    _ = try transaction.signingKey
    guard let bytes = try transaction.meta.bytes(.renewal), !bytes.isEmpty else { return }
    throw StoreError(
      .busy, "adding to the log", "this node's key is being renewed",
      hint: "finish it with `birlik rotate-key`; edits are kept")
  }

  // MARK: One record

  func seal(_ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey) throws {
    let row = try transaction.rows.row(table, key)
    if let row, edits.insertedAt != nil, edits.deletion == nil, steps.waited == nil,
      try sealFresh(edits, table, key, row)
    {
      return
    }
    if let row, let normal = table.shape.normal(key: key) { return try move(edits, table, key, row, to: normal) }
    var old = try edits.deletion.flatMap { try transaction.capture.deletedRow(table, sequence: $0.sequence) }
    // What can never travel is deleted without its last edits.
    if row == nil, edits.editedBeforeDeletion != 0, let typed = old, typed.textBytes > StoreLimits.recordBytes {
      old = nil
    }
    let shown = row ?? old
    var (slots, isTyped) = try slots(edits, table, key, shown, old)
    var plan = try plan(edits, table, key, row: row, old: old, slots: slots, isTyped: isTyped)
    if !plan.invalid.isEmpty, isTyped {
      // The row no longer holds what was typed over with a value that is not allowed.
      slots = try fold(table, key)
      isTyped = false
      plan = try self.plan(edits, table, key, row: row, old: old, slots: slots, isTyped: isTyped)
    }
    let excess = plan.items.isEmpty ? nil : try limit(key, row, table, slots, isTyped: isTyped)
    if let reason = plan.refusal ?? excess {
      let changes = plan.foreignChannel == nil ? plan.items.map(\.change) : plan.refusedChanges
      let proposed = try plan.foreignChannel.flatMap {
        changes.isEmpty ? nil : try proposer.propose(ProposedEdit(edits, changes), table, key, row: row, to: $0)
      }
      try forgetSteps()
      let typed = try row.flatMap { plan.invalidKey == nil ? nil : try wholeRow(table, key, $0) }
      let number = try refuse(
        edits, table, key, shown, slots, changes, proposer.reason(reason, proposed: proposed), proposed)
      if let wrong = plan.invalidKey, let typed { try waitForCorrection(number, wrong, table, key, typed) }
      return
    }
    if mustWait(plan) {
      removals.append(RemovingEdits(edits, table, key, self, plan.removal))
      return
    }
    try forgetSteps()
    if let row { for invalid in plan.invalid { try keep(invalid, edits, table, key, row) } }
    for item in plan.items {
      watch.look(item.change, table)
      for piece in table.pieces(of: item.change) { try append(piece, table, in: item.channel, into: &slots) }
    }
    // The row already holds the typed values; storing rewrites it only where another value is shown.
    if !slots.isEmpty { try merger.store(table, RecordName(kind: table.kind.id, key: key), slots) }
  }

  /// What is known under a key before the edits.
  ///
  /// - Parameter old: the row at the first deletion, where one was captured.
  /// - Returns: also whether values that are in the row alone were read from there as it was typed.
  private func slots(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ typed: ShownRow?, _ old: ShownRow?
  ) throws -> (slots: [RecordSlot], isTyped: Bool) {
    if edits.insertedAt != nil, edits.deletionHasSealedValues, let old {
      // Reading the log would cost far more.
      return (try transaction.records.slots(table.kind.id, key) { table.contents(of: old) }, false)
    }
    let slots = try transaction.records.slots(table.kind.id, key) { typed.map(table.contents) ?? [:] }
    guard let relying = slots.first(where: \.reliesOnRow) else { return (slots, false) }
    let owner = transaction.directory.owner(of: relying.channel)
    let isOthers = typed.map { !$0.federation.isEmpty && !$0.federation.elementsEqual(owner.utf8) } ?? false
    guard isOthers || edits.needSealedValues(sets: table.setMask) else { return (slots, true) }
    return (try fold(table, key), false)
  }

  /// A record as it was sealed last, from the log. Those that come next in the pass are read along, because opening a
  /// segment costs far more than looking for many records in it.
  func fold(_ table: KindTable, _ key: RecordKey) throws -> [RecordSlot] {
    if folded.kind == table.kind.id, let known = folded.slots[key] { return known }
    var keys: Set<RecordKey> = [key]
    if let (log, start) = remaining {
      for entry in log.entries[start...] {
        guard entry.kind == table.kind.id, keys.count < StoreLimits.recordsPerFold else { break }
        keys.insert(log.key(entry))
      }
    }
    folded = (table.kind.id, try transaction.records.fold(table, keys))
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
      role.mayWrite(channel), isProper(key, table), key.bytes.count <= WireLimits.keyBytes,
      row.textBytes <= StoreLimits.recordBytes, table.isProper(row)
    else { return false }
    let size = table.sizeLimit(of: key, row)
    let builder = try builder(for: channel, taking: size)
    let captured = edits.lastAt
    let clock = Clock(
      stream: builder.stream, sequence: builder.next,
      time: timekeeping.stamp(captured: captured, replacing: EmptyCollection()))
    let number = try transaction.directory.assignNumber(to: channel)
    guard try merger.insertFresh(table, key, at: clock, in: number) else { return false }
    builder.append(insertionOf: row, key: key, table, captured: captured, time: clock.time, size: size)
    watch.look(table, key, isNew: true) { _, field in field.map { row.values[$0] } }
    report.changes += 1
    return true
  }

  private func isProper(_ key: RecordKey, _ table: KindTable) -> Bool {
    if keyCheck?.kind != table.kind.id { keyCheck = (table.kind.id, KeyCheck(table)) }
    return keyCheck?.check.isProper(key) ?? false
  }

  /// Why a record cannot travel as it was typed.
  func limit(
    _ key: RecordKey, _ row: ShownRow?, _ table: KindTable, _ slots: [RecordSlot], isTyped: Bool
  ) throws -> String? {
    // A deletion is always small.
    guard let row else { return nil }
    if key.bytes.count > WireLimits.keyBytes { return "its key is longer than \(WireLimits.keyBytes) bytes" }
    let most = StoreLimits.recordBytes
    guard row.textBytes > most else { return nil }
    for (field, value) in zip(table.fields, row.values) where value.textBytes > most {
      // What merging made of a set may be longer, but none of its elements.
      guard field.type == .set, case .text(let json) = value, table.elements(json).allSatisfy({ $0.count <= most })
      else { return "its \(field.name) is longer than \(most) bytes" }
    }
    // Merging can make a record larger than anybody may type. Whoever does not add to it may go on with it.
    let sealed = try (isTyped ? fold(table, key) : slots).compactMap { try transaction.records.row(of: $0, table) }
    let before = sealed.reduce(0) { max($0, $1.textBytes) }
    return row.textBytes <= before ? nil : "its values are longer than \(most) bytes together"
  }

  /// What the folded edits amount to.
  func plan(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, row: ShownRow?, old: ShownRow?,
    slots: [RecordSlot], isTyped: Bool
  ) throws -> SealPlan {
    let records = slots.compactMap { slot in
      transaction.directory.channel(slot.channel).map { OwnedRecord(channel: $0, state: slot.state) }
    }
    return try SealPlan(
      edits, table.shape, key,
      row: row.map { SealPlan.Row(federation: $0.federation, contents: table.contents(of: $0)) },
      deleted: row == nil ? old.map(table.contents) : nil, records: records, isTyped: isTyped,
      in: SealPlan.Circumstances(
        role: role, timekeeping: timekeeping, facts: transaction.facts, judgesValues: judgesValues))
  }

  /// Adds a change to the segment that is being built, and merges it into what is known under its key.
  func append(_ change: Change, _ table: KindTable, in channel: Channel, into slots: inout [RecordSlot]) throws {
    let size = table.sizeLimit(of: change)
    let builder = try builder(for: channel, taking: size)
    let clock = Clock(stream: builder.stream, sequence: builder.next, time: change.time)
    let number = try transaction.directory.assignNumber(to: channel)
    merger.merge(change, at: clock, in: number, .everything, into: &slots)
    builder.append(change, table, size: size)
    report.changes += 1
    if change.operation == .deletion, !SystemKind.isReserved(change.kind) { report.deletions += 1 }
  }

  /// Stores what is known of a record that has no table.
  func store(_ name: RecordName, _ slots: [RecordSlot]) throws { try merger.store(nil, name, slots) }

  /// Stores what is known of a record, and shows it.
  func store(_ table: KindTable, _ name: RecordName, _ slots: [RecordSlot]) throws {
    try merger.store(table, name, slots)
  }

  /// Counts an edit that was kept and not sealed.
  func countRefusal() { report.refused += 1 }

  /// Takes a change that people do not know of out of the report.
  func uncountChange() { report.changes -= 1 }

  // MARK: Edits that may not be sealed

  /// Keeps an edit that this node may not seal, and shows the record as it was.
  ///
  /// - Returns: the number under which it is kept.
  func refuse(
    _ edits: CapturedEdits, _ table: KindTable, _ key: RecordKey, _ row: ShownRow?, _ slots: [RecordSlot],
    _ changes: [Change], _ reason: String, _ proposed: RecordKey?
  ) throws -> Int64 {
    let isNew = changes.isEmpty ? edits.insertedAt != nil : changes.contains { $0.operation == .insertion }
    let operation: RefusedView.Operation =
      isNew ? .insert : changes.contains { $0.operation == .deletion } ? .delete : .edit
    let shown = try transaction.records.shownSlot(slots, table.kind.deletion)
    let owner =
      shown.map { transaction.directory.owner(of: slots[$0].channel) } ?? transaction.identity.role.federation
    // What a deletion recorded is without its owner.
    let federation = row.flatMap { $0.federation.isEmpty ? nil : $0.federation } ?? Array(owner.utf8)
    var record: [(String, Value)] = [("federation", .text(federation))]
    if let row { record += zip(table.fields.map(\.name), row.values) }
    let number = try transaction.inbox.addRefused(
      RefusedView(
        at: edits.lastAt, kind: table.kind.name, key: key.display, operation: operation,
        record: RefusedView.json(record, table.kind), reason: reason), proposed: proposed)
    report.refused += 1
    try transaction.records.restore(table, key) { try fold(table, key) }
    return number
  }

  // MARK: Segments

  /// The segment of a channel that still takes a change of so many bytes.
  private func builder(for channel: Channel, taking bytes: Int) throws -> SegmentBuilder {
    if let open = builders.first(where: { $0.channel == channel }) {
      if open.hasRoom(for: bytes) { return open }
      // All together, so that new streams get the numbers that were given to them.
      try flush()
    }
    // One that stayed empty gives its number back: streams get theirs in the order in which they are flushed.
    builders.removeAll { $0.count == 0 }
    let log = transaction.log
    let continues = log.stream(of: try transaction.origin(), in: channel)
    let new = StreamNumber(log.streams.streams.count + builders.count { $0.continues == nil })
    let first = continues.flatMap { log.streams.stream($0)?.tip.sequence } ?? 0
    let builder = SegmentBuilder(channel: channel, stream: continues ?? new, continues: continues, first: first &+ 1)
    builders.append(builder)
    return builder
  }

  private func flush() throws {
    let log = transaction.log
    let origin = try transaction.origin()
    for builder in builders where builder.count > 0 {
      let header = SegmentHeader(
        origin: origin, channel: builder.channel, first: builder.first, count: builder.count,
        predecessor: builder.continues.flatMap { log.streams.stream($0)?.tip.hash } ?? .zero,
        context: log.streams.context(in: builder.channel, after: builder.continues),
        catalogVersion: transaction.catalog.version, sealedAt: now)
      let segment = try Segment.seal(header, blocks: builder.blocks, key: transaction.signingKey)
      let placement = try log.place(segment.header, hash: segment.hash)
      try log.append(segment, blocks: builder.blocks, placement: placement)
    }
    builders = []
  }
}
