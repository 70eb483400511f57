import SyncCore

/// Seals captured edits into segments.
extension MemoryStore {
  /// Seals everything captured.
  ///
  /// - Returns: how many changes there were.
  @discardableResult
  mutating func seal(wall: Int64, _ chronicle: Chronicle) -> Int {
    var count = 0
    while !captures.isEmpty { count += sealPass(wall: wall, limit: Int.max, chronicle) }
    updateTotals(chronicle)
    return count
  }

  /// Seals a part of what was captured, so that sending it can begin while the rest is sealed.
  mutating func sealPart(wall: Int64, _ chronicle: Chronicle) -> Int {
    let count = sealPass(wall: wall, limit: chronicle.setting.passLimit, chronicle)
    updateTotals(chronicle)
    return count
  }

  private mutating func sealPass(wall: Int64, limit: Int, _ chronicle: Chronicle) -> Int {
    guard !captures.isEmpty else { return 0 }
    var pass = captures
    captures = []
    if pass.count > limit, pass.allSatisfy({ $0.mask == -1 }) {
      // Rows inserted whole may lie in several passes, because each is compared whole with what was sealed.
      captures = Array(pass[limit...])
      pass.removeLast(pass.count - limit)
      chronicle.coverage.add(.sealedInParts)
    }
    pass.sort { ($0.record, $0.sequence) < ($1.record, $1.sequence) }
    let now = Timekeeping.now(wall: wall, offset: offset, measuredAt: measuredAt, within: Setting.years)
    var sealing = Sealing(Timekeeping(offset: now &- wall, previousSeal: previousSeal, now: now))
    var start = 0
    while start < pass.count {
      var end = start
      while end < pass.count, pass[end].record == pass[start].record { end += 1 }
      seal(Array(pass[start..<end]), pass[start].record, &sealing, chronicle)
      start = end
    }
    flush(&sealing, chronicle)
    previousSeal = now
    seals += 1
    return sealing.count
  }

  /// Every other node runs a program that seals values that the catalog does not allow, with a flag, as all did once.
  private var isOldProgram: Bool { id.bytes.reduce(0, ^) & 1 == 0 }

  // MARK: One record

  private mutating func seal(_ captured: [Capture], _ record: Int, _ sealing: inout Sealing, _ chronicle: Chronicle) {
    let place = chronicle.setting.records[record]
    guard let shape = shape(place.kind) else { return chronicle.fail("something of an unknown kind was captured") }
    var edits = CapturedEdits()
    var writes = Bitset()
    for capture in captured {
      edits.add(sequence: capture.sequence, mask: capture.mask, at: capture.at)
      writes.insert(capture.write)
    }
    let row = rows[record]
    let old = row == nil ? captured.first { $0.sequence == edits.deletion?.sequence }?.old : nil
    let typed = (row ?? old).map { SealPlan.Row($0, shape) }
    var (standing, isTyped) = self.standing(record, edits, shape, typed, chronicle)
    let circumstances = SealPlan.Circumstances(
      role: role, timekeeping: sealing.timekeeping, facts: self, judgesValues: !isOldProgram)
    func made(from standing: [OwnedRecord], isTyped: Bool) -> SealPlan {
      SealPlan(
        edits, shape, place.key, row: row == nil ? nil : typed, deleted: row == nil ? typed?.contents : nil,
        records: standing, isTyped: isTyped, in: circumstances)
    }
    var plan = made(from: standing, isTyped: isTyped)
    if !plan.invalid.isEmpty, isTyped {
      // The row no longer holds what was typed over with a value that is not allowed.
      standing = records[record]
      plan = made(from: standing, isTyped: false)
    }
    SealCheck.changes(edits, shape, row: row == nil ? nil : typed, records[record], plan, facts: self, chronicle)
    if plan.refusal != nil {
      chronicle.coverage.add(.editRefused)
      chronicle.refused.formUnion(writes)
      refused.formUnion(writes)
      return project(record, isSealing: true, chronicle)
    }
    records[record] = standing
    chronicle.trace?("  sealing \(place.key.display): \(plan.items.map(\.words))")
    if plan.items.isEmpty { chronicle.changedNothing.formUnion(writes) }
    if !plan.invalid.isEmpty {
      chronicle.coverage.add(.valueWaits)
      chronicle.refused.formUnion(writes)
      refused.formUnion(writes)
    }
    if plan.items.count > 1, row == nil { chronicle.coverage.add(.editBeforeDeletion) }
    for item in plan.items {
      var change = item.change
      SealCheck.time(change, item.channel, standing, sealing.timekeeping, chronicle)
      change.time = sealing.time(change, self, chronicle.setting.clocks)
      let index = records[record].firstIndex { $0.channel == item.channel } ?? records[record].count
      if index == records[record].count {
        records[record].append(OwnedRecord(channel: item.channel, state: RecordState()))
      }
      let builder = sealing.builder(for: item.channel, self)
      let clock = Clock(
        stream: sealing.builders[builder].stream, sequence: sealing.builders[builder].next, time: change.time)
      // Everything that this store holds had been seen when it sealed.
      records[record][index].state.absorb(change, at: clock) { _ in true }
      let write = captured.last { $0.at == change.captured }?.write
      let typedAt = write.map { chronicle.writtenAt[$0] } ?? chronicle.now
      sealing.builders[builder].append(change, record, writes, typedAt: typedAt)
      sealing.count += 1
      if sealing.builders.contains(where: { $0.changes.count >= chronicle.setting.segmentLimit }) {
        chronicle.coverage.add(.sealedInSegments)
        flush(&sealing, chronicle)
      }
    }
    SealCheck.content(edits, shape, row: row == nil ? nil : typed, standing, records[record], plan, chronicle)
    if !records[record].isEmpty { project(record, isSealing: true, chronicle) } else { touched.append(record) }
  }

  /// What is known under a key before the edits, with values read from the row as it was typed where they stand there
  /// alone.
  private func standing(
    _ record: Int, _ edits: CapturedEdits, _ shape: KindShape, _ typed: SealPlan.Row?, _ chronicle: Chronicle
  ) -> (records: [OwnedRecord], isTyped: Bool) {
    guard let index = standsInRow[record] else { return (records[record], false) }
    let owner = Array(records[record][index].channel.owner.utf8)
    let isOthers = typed.map { !$0.federation.isEmpty && $0.federation != owner } ?? false
    guard !isOthers, !edits.needSealedValues(sets: shape.setMask) else {
      chronicle.coverage.add(.sealedFromLog)
      return (records[record], false)
    }
    chronicle.coverage.add(.sealedFromRow)
    var standing = records[record]
    standing[index].state = standing[index].state.read(from: typed?.contents ?? [:])
    return (standing, true)
  }

  // MARK: Segments

  /// What one pass gathers.
  struct Sealing {
    struct Builder {
      var channel: Channel
      var stream: StreamNumber
      var continues: StreamNumber?
      var first: Int64
      var changes: [Change] = []
      var records: [Int] = []
      var writes = Bitset()
      var typedAt: [Int64] = []

      var next: Int64 { first &+ Int64(changes.count) }

      mutating func append(_ change: Change, _ record: Int, _ writes: Bitset, typedAt time: Int64) {
        typedAt.append(time)
        changes.append(change)
        records.append(record)
        self.writes.formUnion(writes)
      }
    }

    var timekeeping: Timekeeping
    var builders: [Builder] = []
    var count = 0
    private var highest = Int64.min

    init(_ timekeeping: Timekeeping) { self.timekeeping = timekeeping }

    mutating func builder(for channel: Channel, _ store: MemoryStore) -> Int {
      if let open = builders.firstIndex(where: { $0.channel == channel }) { return open }
      let continues = store.ownStream(in: channel)
      let new = StreamNumber(store.table.streams.count + builders.count { $0.continues == nil })
      let first = continues.flatMap { store.table.stream($0)?.tip.sequence } ?? 0
      builders.append(
        Builder(channel: channel, stream: continues ?? new, continues: continues, first: first &+ 1))
      return builders.count - 1
    }

    /// The time of a change by the rule of the run: the plan has already stamped it by the design's own.
    mutating func time(_ change: Change, _ store: MemoryStore, _ rule: ClockRule) -> Int64 {
      switch rule {
      case .design: return change.time
      case .wall: return change.captured
      case .hybridLogical:
        let seen = store.log.reduce(Int64.min) { max($0, $1.segment.changes.map(\.time).max() ?? $0) }
        highest = max(max(highest, seen) &+ 1, change.captured)
        return highest
      }
    }
  }

  private mutating func flush(_ sealing: inout Sealing, _ chronicle: Chronicle) {
    for builder in sealing.builders where !builder.changes.isEmpty {
      let header = SegmentHeader(
        origin: origin, channel: builder.channel, first: builder.first, count: builder.changes.count,
        predecessor: builder.continues.flatMap { table.stream($0)?.tip.hash } ?? .zero,
        context: table.context(in: builder.channel, after: builder.continues), catalogVersion: version,
        sealedAt: sealing.timekeeping.now)
      let segment = chronicle.add(
        header, builder.changes, records: builder.records, author: role, truth: known, writes: builder.writes,
        typedAt: builder.typedAt)
      let placement = place(header, segment.hash)
      guard append(segment, placement, hasBody: true, chronicle) == builder.stream else {
        return chronicle.fail("a sealed segment has another place than its changes: \(placement)")
      }
    }
    sealing.builders = []
  }
}

extension SealPlan.Row {
  init(_ row: MemoryStore.Row, _ shape: KindShape) {
    self.init(federation: row.owner, contents: shape.contents { row.values[$0] })
  }
}

extension RecordState {
  /// The same heads with values read from a row, as the compact form on disk does.
  fileprivate func read(from contents: [RegisterKey: Content]) -> RecordState {
    var rest = contents
    var registers = registers
    for (key, heads) in registers {
      registers[key] = heads.map { Head(clock: $0.clock, content: contents[key] ?? .empty) }
      rest[key] = nil
    }
    let rows = rows.map { RowHead(clock: $0.clock, contents: rest.filter { !$0.value.isEmpty }) }
    return RecordState(rows: rows, registers: registers, deletions: [])
  }
}

extension SealPlan.Item {
  fileprivate var words: String {
    let values = change.registers.map { register in
      "\(register.key.id)=\(register.content.cells.map(\.value.display).joined(separator: "/"))"
    }
    return "\(channel) \(change.operation) at \(change.time): \(values.joined(separator: " "))"
  }
}
