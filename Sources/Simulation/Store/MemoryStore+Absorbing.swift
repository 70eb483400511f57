import SyncCore

/// Absorbs foreign segments into the log and their changes into heads, rows, conflicts and totals.
extension MemoryStore {
  /// Absorbs segments of a peer. Whatever was captured is sealed first, in the same transaction.
  ///
  /// - Parameter nonce: the nonce of a fresh origin where the segments show that this node was restored.
  /// - Returns: how many segments were new.
  mutating func absorb(
    _ segments: [SealedSegment], wall: Int64, nonce: UInt64, mayRead: (Channel) -> Bool, _ chronicle: Chronicle
  ) -> Int {
    guard !segments.isEmpty else { return 0 }
    let dropped = dropSealed(segments, chronicle)
    if chronicle.canary != .sealsAfterRows { seal(wall: wall, chronicle) }
    let before = log.count
    var dirty = Bitset()
    for segment in segments {
      guard mayRead(segment.header.channel) else {
        chronicle.fail("a segment of \(segment.header.channel) was sent where it may not go")
        continue
      }
      guard segment.author.mayWrite(segment.header.channel) else {
        chronicle.fail("a segment of \(segment.header.channel) was sealed by a node that may not write it")
        continue
      }
      add(segment, nonce: nonce, &dirty, chronicle)
    }
    for record in dirty.members { project(record, chronicle) }
    for edits in dropped { edits.check(heldBy: self, chronicle) }
    if chronicle.canary != .keepsTotals { updateTotals(chronicle) }
    return log.count - before
  }

  /// Adds a segment, then those that waited for it, then those that waited for these.
  private mutating func add(
    _ segment: SealedSegment, nonce: UInt64, _ dirty: inout Bitset, _ chronicle: Chronicle
  ) {
    var next = [segment]
    while let segment = next.popLast() {
      let placement = place(segment.header, segment.hash)
      switch placement {
      case .held:
        continue
      case .contradicts(let reason):
        chronicle.fail("an honest segment was refused: \(reason)")
      case .waits(let missing):
        guard !waiting.contains(where: { $0.segment === segment }) else { continue }
        chronicle.coverage.add(.segmentWaited)
        waiting.append((missing, segment))
      case .extends(_, let seen), .begins(_, let seen):
        add(segment, placement, seen, nonce: nonce, &dirty, chronicle)
        next += removeWaiting(for: segment.hash)
      }
    }
  }

  private mutating func removeWaiting(for hash: Digest) -> [SealedSegment] {
    let found = waiting.filter { $0.missing == hash }.map(\.segment)
    if !found.isEmpty { waiting.removeAll { $0.missing == hash } }
    return found
  }

  private mutating func add(
    _ segment: SealedSegment, _ placement: StreamTable.Placement, _ seen: VersionVector, nonce: UInt64,
    _ dirty: inout Bitset, _ chronicle: Chronicle
  ) {
    if Restoration.isShown(by: segment.header, to: origin) {
      adoptFreshOrigin(nonce)
      chronicle.coverage.add(.noticedByAbsorbing)
    }
    guard let stream = append(segment, placement, hasBody: true, chronicle) else { return }
    for (index, change) in segment.changes.enumerated() {
      if chronicle.canary == .skipsChange, index == 2 { continue }
      let record = segment.records[index]
      let clock = Clock(stream: stream, sequence: segment.header.first &+ Int64(index), time: change.time)
      let place = records[record].firstIndex { $0.channel == segment.header.channel } ?? records[record].count
      if place == records[record].count {
        records[record].append(OwnedRecord(channel: segment.header.channel, state: RecordState()))
      }
      let forgets = chronicle.canary == .keepsSeenHeads
      // Within one stream everything before was seen; the vector ends at the predecessor of the segment.
      records[record][place].state.absorb(change, at: clock) { other in
        other.stream == clock.stream ? other.sequence < clock.sequence : !forgets && seen.covers(other)
      }
      dirty.insert(record)
    }
  }

  /// Drops captured edits that the node's own lost tail holds sealed already.
  private mutating func dropSealed(_ segments: [SealedSegment], _ chronicle: Chronicle) -> [DroppedEdits] {
    guard !captures.isEmpty, segments.contains(where: { $0.header.origin.node == id && !holds($0.hash) }) else {
      return []
    }
    let arrivals = (segments + waiting.map(\.segment)).map {
      LostTail.Arrival(header: $0.header, hash: $0.hash, changes: $0.changes)
    }
    let tail = LostTail(arrivals, of: id) { holds($0) }
    guard !tail.isEmpty || chronicle.canary == .forgetsCaptured else { return [] }
    let places = captures.indices.sorted { (captures[$0].record, $0) < (captures[$1].record, $1) }
    var kept: [Capture] = []
    var gone: [DroppedEdits] = []
    var start = 0
    while start < places.count {
      let record = captures[places[start]].record
      let group = places[start...].prefix { captures[$0].record == record }.map { captures[$0] }
      start += group.count
      let place = chronicle.setting.records[record]
      guard let shape = shape(place.kind) else { continue }
      let typed = rows[record].map { SealPlan.Row($0, shape) }
      let deleted = group.first { $0.mask == 0 }?.old.map { SealPlan.Row($0, shape).contents }
      let notes = group.map { LostTail.Note(mask: $0.mask, at: $0.at) }
      var rest = tail.unsealed(notes, kind: place.kind, key: place.key, typed: typed, deleted: deleted)
      if chronicle.canary == .forgetsCaptured { rest = [] }
      var remaining = Array(repeating: Int64?.none, count: group.count)
      for item in rest {
        var capture = group[item.index]
        capture.mask = item.mask
        kept.append(capture)
        remaining[item.index] = item.mask
      }
      guard rest.count < group.count else { continue }
      chronicle.coverage.add(.lostTailDropped, group.count - rest.count)
      gone.append(DroppedEdits(record: record, captures: group, remaining: remaining, row: typed, deleted: deleted))
    }
    captures = kept.sorted { $0.sequence < $1.sequence }
    return gone
  }
}
