import SyncCore
import Wire

/// Captured edits of a backup that this node had sealed before it was restored: see `LostTail`.
extension Engine {
  /// Drops the captured edits that segments about to be absorbed hold already, as this node sealed them before it was
  /// restored. To be called before anything is sealed in the transaction that absorbs the segments.
  ///
  /// Only what this node signed itself counts: nobody else can make an edit disappear.
  func dropSealedBefore(_ segments: [[UInt8]]) throws {
    guard try isCaptured() else { return }
    let arrivals = segments.compactMap { arrival($0) }
    var held: Set<Digest> = []
    for arrival in arrivals {
      for hash in [arrival.hash, arrival.header.predecessor] + arrival.header.context.map(\.hash)
      where try position(of: hash) != nil { held.insert(hash) }
    }
    let tail = LostTail(arrivals, isOwn: isOwn) { held.contains($0) }
    guard !tail.isEmpty else { return }
    let log = try CaptureLog(connection, keyColumns: tables.mapValues(\.kind.key.count), limit: Int.max)
    var start = 0
    while start < log.entries.count {
      var end = start + 1
      while end < log.entries.count, log.sameRecord(log.entries[start], log.entries[end]) { end += 1 }
      let kind = log.entries[start].kind
      let key = log.key(log.entries[start])
      if let table = tables[kind], tail.touches(kind: kind, key: key) {
        try drop(log.entries[start..<end], tail, table, key)
      }
      start = end
    }
  }

  private func isCaptured() throws -> Bool {
    let statement = try connection.prepared("SELECT 1 FROM birlik_capture LIMIT 1")
    defer { statement.reset() }
    return try statement.step()
  }

  private func arrival(_ bytes: [UInt8]) -> LostTail.Arrival? {
    // One that cannot be read is refused by whoever absorbs it.
    guard let segment = try? Segment(bytes: bytes) else { return nil }
    var changes: [Change] = []
    let author = segment.header.origin.node
    if isOwn(author) {
      let key = author == identity.node ? identity.publicKey : cards[author]?.publicKey
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
    let typed = try row(table, key).map { SealPlan.Row(federation: $0.federation, contents: table.contents(of: $0)) }
    let deletion = try entries.first { $0.mask == 0 }.flatMap { try deletedRow(table, capture: $0.sequence) }
    let rest = tail.unsealed(
      notes, kind: table.kind.id, key: key, typed: typed, deleted: deletion.map(table.contents))
    guard rest.count < notes.count || zip(rest, notes).contains(where: { $0.mask != $1.mask }) else { return }
    let slots = try fold(table, [key])[key] ?? []
    // What stands in a local column stands there alone, and would go with the row.
    if rest.isEmpty, slots.isEmpty, table.kind.fields.contains(where: \.isLocal) { return }
    let remaining = Dictionary(uniqueKeysWithValues: rest.map { ($0.index, $0.mask) })
    for (index, entry) in entries.enumerated() where remaining[index] != entry.mask {
      let statement = try connection.prepared(
        remaining[index] == nil
          ? "DELETE FROM birlik_capture WHERE seq=?1" : "UPDATE birlik_capture SET mask=?2 WHERE seq=?1")
      statement.bind(1, entry.sequence)
      if let mask = remaining[index] { statement.bind(2, mask) }
      try statement.step()
    }
    guard rest.isEmpty else {
      // The row was typed over, so what was sealed is written out.
      for slot in slots {
        let bytes = StateCodec.encode(slot.state, valuesStandInRow: false)
        try save(bytes, kind: table.kind.id, key: key, channel: slot.channel)
      }
      return
    }
    // Nothing of it is typed any more: it shows what is sealed, by which totals go, until the tail is absorbed.
    let tracker = totals
    totals = nil
    defer { totals = tracker }
    try project(table, key, slots)
  }
}
