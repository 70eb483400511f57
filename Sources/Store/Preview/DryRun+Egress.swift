import SyncCore
import Wire

extension DryRun {
  /// What a peer lacks of the copy, change by change, in the order and from the very batches in which a sync sends it.
  ///
  /// - Parameters:
  ///   - frontier: what the peer shows.
  ///   - marks: what was shown to it and whether it holds it.
  ///   - body: called for every change.
  public func egress(
    to frontier: [FrontierEntry], marks: [FrontierMark], role: NodeRole,
    _ body: (EgressChange) throws -> Void
  ) throws -> EgressSummary {
    var summary = EgressSummary()
    var authors: Set<String> = []
    var figures = try store.read { try ReplacedFigures($0) }
    var theirs = frontier
    var bodies = 0
    // Nothing that builds on an unreadable segment can be told.
    while summary.unreadable == 0 {
      let batch = try store.batch(lackedBy: theirs, marks: marks, role: role)
      guard !batch.segments.isEmpty else { break }
      for bytes in batch.cards {
        let card = try NodeCard(bytes: bytes, signedBy: store.identity.headquarters)
        authors.insert(card.name)
      }
      for bytes in batch.segments {
        summary.segments += 1
        summary.bytes += bytes.count
        guard let segment = Arrival(bytes).segment else {
          summary.unreadable += 1
          continue
        }
        let isRead = try store.read { transaction in
          try Self.eachChange(of: segment, transaction) { change in
            summary.changes += 1
            figures.add(change)
            try body(change)
          }
        }
        if !isRead { bodies += 1 }
        // As the peer would show it after it took the segment.
        let tip = Tip(origin: segment.header.origin, sequence: segment.header.last, hash: segment.hash)
        theirs.removeAll { $0.tip.hash == segment.header.predecessor }
        theirs.append(FrontierEntry(channel: segment.header.channel, tip: tip))
      }
    }
    summary.unreadable += bodies
    summary.cards = authors.sorted()
    summary.replaced = try store.read { try figures.found($0) }
    return summary
  }

  /// - Returns: false for a segment that cannot be read here.
  private static func eachChange(
    of segment: Segment, _ transaction: Transaction, _ body: (EgressChange) throws -> Void
  ) throws -> Bool {
    guard let blocks = try? segment.blocks() else { return false }
    var sequence = segment.header.first
    for block in blocks {
      let table = transaction.table(block.kind) ?? SystemKind.kind(block.kind).map(SystemRecords.table)
      for change in block.changes {
        defer { sequence &+= 1 }
        let name = table?.kind.name ?? "kind \(block.kind)"
        let entry = try HistoryReader(transaction).entry(change, of: segment, sequence: sequence, table)
        try body(EgressChange(kind: name, key: change.key.display, entry: entry, channel: segment.header.channel))
      }
    }
    return true
  }
}

extension Store {
  /// What stays on this machine: every local kind with its rows, every local column and every column of a clerk's own
  /// with its values, and edits that may not be sent.
  public func staying() throws -> EgressStay {
    let refused = try refusedEdits()
    return try read { transaction in
      var stay = EgressStay()
      stay.refused = refused
      for kind in transaction.catalog.kinds {
        func count(_ expression: String) throws -> Int64 {
          let select = try transaction.connection.prepared("SELECT count(\(expression)) FROM \(kind.name)")
          defer { select.reset() }
          return try select.step() ? select.int64(0) : 0
        }
        // A column that somebody renamed or dropped is put back by the next sync.
        let columns = try Set(transaction.connection.columns(of: kind.name).map { $0.lowercased() })
        guard !columns.isEmpty else { continue }
        if kind.recordClass == .local {
          stay.places.append(EgressStay.Place(kind: kind.name, column: nil, count: try count("*")))
          continue
        }
        for field in kind.fields where field.isLocal && columns.contains(field.name.lowercased()) {
          stay.places.append(EgressStay.Place(kind: kind.name, column: field.name, count: try count(field.name.sql)))
        }
        for name in try OwnColumns(transaction.meta).names(in: kind.name) {
          stay.places.append(EgressStay.Place(kind: kind.name, column: name, count: try count(name.sql)))
        }
      }
      return stay
    }
  }
}
