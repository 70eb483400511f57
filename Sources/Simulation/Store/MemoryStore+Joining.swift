import SyncCore

/// What a node gets in place of segments whose bodies were dropped: heads, and the headers of the log.
struct Snapshot {
  /// The sender's heads, by record, in the channels that the receiver may see.
  var records: [[OwnedRecord]]
  /// The sender's log in the same channels.
  var log: [MemoryStore.Entry]
  /// The sender's streams, by which its clocks are read.
  var ends: [[SealedSegment]]
}

extension MemoryStore {
  func snapshot(of isVisible: (Channel) -> Bool) -> Snapshot {
    Snapshot(
      records: records.map { owned in owned.filter { isVisible($0.channel) } },
      log: log.filter { isVisible($0.segment.header.channel) }, ends: ends)
  }

  /// Joins a snapshot with what is held. Whatever was captured is sealed first, in the same transaction.
  ///
  /// - Returns: how many segments are held now that were not before.
  mutating func join(
    _ snapshot: Snapshot, wall: Int64, nonce: UInt64, mayRead: (Channel) -> Bool, _ chronicle: Chronicle
  ) -> Int {
    if !captures.isEmpty { chronicle.coverage.add(.snapshotWithEditsCaptured) }
    seal(wall: wall, chronicle)
    let count = log.count
    let channels = Set(snapshot.log.map(\.segment.header.channel)).sorted()
    if !channels.allSatisfy(mayRead) { chronicle.fail("a snapshot was sent where it may not go") }
    let before = channels.map { table.everything(in: $0) }
    for entry in snapshot.log { add(entry, nonce: nonce, chronicle) }
    for (channel, held) in zip(channels, before) {
      var theirs = VersionVector()
      for entry in snapshot.log where entry.segment.header.channel == channel {
        if let position = positions[entry.segment.hash] { table.join(position, into: &theirs) }
      }
      for record in records.indices {
        guard let other = snapshot.records[record].first(where: { $0.channel == channel }) else { continue }
        let state = other.state.translated { clock in translated(clock, snapshot) }
        let index = records[record].firstIndex { $0.channel == channel } ?? records[record].count
        if index == records[record].count {
          records[record].append(OwnedRecord(channel: channel, state: RecordState()))
        }
        let old = records[record][index].state
        if chronicle.canary == .joinKeepsAll {
          records[record][index].state.join(state, held: held, theirs: VersionVector())
        } else {
          records[record][index].state.join(state, held: held, theirs: theirs)
        }
        if !old.isEmpty, old.edits != records[record][index].state.edits { chronicle.coverage.add(.joinReplacedHead) }
      }
    }
    for record in records.indices where !records[record].isEmpty { project(record, chronicle) }
    addWaiting(nonce: nonce, wall: wall, chronicle)
    updateTotals(chronicle)
    return log.count - count
  }

  /// Adds a segment whose heads come with the snapshot.
  private mutating func add(_ entry: Entry, nonce: UInt64, _ chronicle: Chronicle) {
    let segment = entry.segment
    let placement = place(segment.header, segment.hash)
    switch placement {
    case .held:
      guard entry.hasBody, let index = log.firstIndex(where: { $0.segment === segment }) else { return }
      log[index].hasBody = true
    case .extends, .begins:
      if Restoration.isShown(by: segment.header, to: origin) {
        adoptFreshOrigin(nonce)
        chronicle.coverage.add(.noticedByAbsorbing)
      }
      _ = append(segment, placement, hasBody: entry.hasBody, chronicle)
    case .waits, .contradicts:
      chronicle.fail("a snapshot's log is not complete: \(placement)")
    }
  }

  /// Adds segments that waited for what the snapshot brought. They may have come from others, and their channels were
  /// checked then.
  private mutating func addWaiting(nonce: UInt64, wall: Int64, _ chronicle: Chronicle) {
    let segments = waiting.map(\.segment)
    waiting = []
    _ = absorb(segments, wall: wall, nonce: nonce, mayRead: { _ in true }, chronicle)
  }

  /// A clock of the sender's in this store's numbers.
  private func translated(_ clock: Clock, _ snapshot: Snapshot) -> Clock {
    let segment = snapshot.ends[clock.stream.number].first { $0.header.last >= clock.sequence }
    let stream = segment.flatMap { positions[$0.hash]?.stream } ?? -1
    return Clock(stream: stream, sequence: clock.sequence, time: clock.time)
  }
}

extension RecordState {
  fileprivate func translated(_ translate: (Clock) -> Clock) -> RecordState {
    RecordState(
      rows: rows.map { RowHead(clock: translate($0.clock), contents: $0.contents) },
      registers: registers.mapValues { heads in
        heads.map { Head(clock: translate($0.clock), content: $0.content) }
      },
      deletions: deletions.map { deletion in
        Deletion(clock: translate(deletion.clock), covered: Set(deletion.covered.map(translate)))
      })
  }
}
