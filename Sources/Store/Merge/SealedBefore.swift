import SyncCore
import Wire

/// Drops captured edits of a backup that this node had sealed before it was restored: see `LostTail`.
final class SealedBefore {
  private let transaction: Transaction
  /// What was typed over values that arrive as sealed before: it follows them, so it is sealed after them.
  private var following: [Following] = []

  private struct Following {
    var table: KindTable
    var key: RecordKey
    var row: ShownRow?
    var notes: [LostTail.Note]

    /// What was typed in the fields that were edited, over the row that the tail brought.
    func over(_ sealed: ShownRow?, _ typed: ShownRow) -> ShownRow {
      guard var row = sealed, notes.allSatisfy({ $0.mask > 0 }) else { return typed }
      let edited = notes.reduce(Int64(0)) { $0 | $1.mask }
      for index in row.values.indices where edited & table.registers[table.registerOfField[index]].id.bit != 0 {
        row.values[index] = typed.values[index]
      }
      return row
    }
  }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Whether something is to be typed again when the segments are absorbed.
  var isPending: Bool { !following.isEmpty }

  /// Types again what follows the segments that were absorbed by now.
  func retype() throws {
    for edit in following {
      try transaction.totalsTracker?.touch(edit.table, edit.key)
      // The row is about to hold something else than what was sealed.
      for slot in try transaction.records.slots(edit.table, edit.key) {
        try transaction.heads.saveFull(slot, kind: edit.table.kind.id, key: edit.key)
      }
      if let row = edit.row {
        try transaction.rows.write(
          try edit.over(transaction.rows.row(edit.table, edit.key), row), edit.table, edit.key)
      } else {
        try transaction.rows.delete(edit.table, edit.key)
      }
      for note in edit.notes { try transaction.capture.add(mask: note.mask, at: note.at, edit.table, edit.key) }
    }
    following = []
  }

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
    let others = try touchedByOthers(segments)
    for run in log.records {
      let first = log.entries[run.lowerBound]
      let key = log.key(first)
      guard let table = transaction.table(first.kind), tail.touches(kind: first.kind, key: key) else { continue }
      let isOwnAlone = !others.contains(RecordName(kind: first.kind, key: key))
      try drop(log.entries[run], tail, table, key, mayFollow: isOwnAlone)
    }
  }

  /// The records of which changes of other nodes arrive.
  private func touchedByOthers(_ segments: [Segment]) throws -> Set<RecordName> {
    var names: Set<RecordName> = []
    for segment in segments where !transaction.directory.isOwn(segment.header.origin.node) {
      // What cannot be read changes nothing.
      guard let blocks = try? segment.blocks() else { continue }
      for block in blocks {
        for place in 0..<block.count { names.insert(RecordName(kind: block.kind, key: block.key(place))) }
      }
    }
    return names
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
    _ entries: ArraySlice<CaptureLog.Entry>, _ tail: LostTail, _ table: KindTable, _ key: RecordKey, mayFollow: Bool
  ) throws {
    let notes = entries.map { LostTail.Note(mask: $0.mask, at: $0.at) }
    let row = try transaction.rows.row(table, key)
    let typed = row.map { SealPlan.Row(federation: $0.federation, contents: table.contents(of: $0)) }
    let deletion = try entries.first { $0.mask == 0 }.flatMap {
      try transaction.capture.deletedRow(table, sequence: $0.sequence)
    }
    if mayFollow, let rest = tail.following(notes, kind: table.kind.id, key: key, typed: typed) {
      let kept = rest.map { LostTail.Note(mask: $0.mask, at: notes[$0.index].at) }
      following.append(Following(table: table, key: key, row: row, notes: kept))
      let slots = try transaction.records.fold(table, [key])[key] ?? []
      for entry in entries { try transaction.capture.replaceMask(of: entry.sequence, with: nil) }
      // Until the tail is absorbed a record that is known shows what is sealed.
      if !slots.isEmpty { try transaction.records.show(table, key, slots, countsInTotals: false) }
      return
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
