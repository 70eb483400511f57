import SyncCore
import Wire

/// Drops captured edits of a backup that this node had sealed before it was restored: see `LostTail`.
struct SealedBefore {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Drops the captured edits that segments about to be absorbed hold already. To be called before anything is sealed in
  /// the transaction that absorbs the segments.
  ///
  /// Only what this node signed itself counts: nobody else can make an edit disappear.
  func dropEdits(in segments: [Segment]) throws {
    guard try !transaction.capture.isEmpty() else { return }
    let arrivals = segments.compactMap(arrival)
    var held: Set<Digest> = []
    for arrival in arrivals {
      for hash in [arrival.hash, arrival.header.predecessor] + arrival.header.context.map(\.hash)
      where try transaction.log.holds(hash) { held.insert(hash) }
    }
    let tail = LostTail(arrivals, isOwn: transaction.directory.isOwn) { held.contains($0) }
    guard !tail.isEmpty else { return }
    let log = try transaction.capture.log(transaction.adopted.tables)
    for run in log.records {
      let first = log.entries[run.lowerBound]
      let key = log.key(first)
      guard let table = transaction.table(first.kind), tail.touches(kind: first.kind, key: key) else { continue }
      try drop(log.entries[run], tail, table, key)
    }
  }

  /// Nil for a segment that looks like this node's own and is not.
  private func arrival(_ segment: Segment) -> LostTail.Arrival? {
    var changes: [Change] = []
    let author = segment.header.origin.node
    if transaction.directory.isOwn(author) {
      let identity = transaction.identity
      let key = author == identity.node ? identity.publicKey : transaction.directory.cards[author]?.publicKey
      // What is wrong with it is reported by whoever absorbs it.
      guard let key, (try? segment.verify(publicKey: key)) != nil, let blocks = try? segment.blocks() else {
        return nil
      }
      changes = blocks.flatMap(\.changes)
    }
    return LostTail.Arrival(header: segment.header, hash: segment.hash, changes: changes)
  }

  private func drop(
    _ entries: ArraySlice<CaptureLog.Entry>, _ tail: LostTail, _ table: KindTable, _ key: RecordKey
  ) throws {
    let notes = entries.map { LostTail.Note(mask: $0.mask, at: $0.at) }
    let row = try transaction.rows.row(table, key)
    let typed = row.map { SealPlan.Row(federation: $0.federation, contents: table.contents(of: $0)) }
    let deletion = try entries.first { $0.mask == 0 }.flatMap {
      try transaction.capture.deletedRow(table, sequence: $0.sequence)
    }
    let rest = tail.unsealed(
      notes, kind: table.kind.id, key: key, typed: typed, deleted: deletion.map(table.contents))
    guard rest.count < notes.count || zip(rest, notes).contains(where: { $0.mask != $1.mask }) else { return }
    let slots = try transaction.records.fold(table, [key])[key] ?? []
    // Values of local columns are in the row alone and would go with it.
    if rest.isEmpty, slots.isEmpty, table.kind.fields.contains(where: \.isLocal) { return }
    let remaining = Dictionary(uniqueKeysWithValues: rest.map { ($0.index, $0.mask) })
    for (index, entry) in entries.enumerated() where remaining[index] != entry.mask {
      try transaction.capture.replaceMask(of: entry.sequence, with: remaining[index])
    }
    guard rest.isEmpty else {
      // The row was typed over, so what was sealed is written out.
      for slot in slots {
        let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
        try transaction.heads.save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
      }
      return
    }
    // Nothing typed is left: until the tail is absorbed the row shows what is sealed, which totals have counted.
    try transaction.records.show(table, key, slots, countsInTotals: false)
  }
}
