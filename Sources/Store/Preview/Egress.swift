import SyncCore
import Wire

/// One change that leaves with the next sync, in readable form.
public struct EgressChange: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  public var entry: HistoryEntry
  public var channel: Channel
}

/// What leaves with the next sync beside the changes, and their number.
public struct EgressSummary: Sendable, Equatable {
  public var changes = 0
  public var segments = 0
  public var bytes = 0
  /// Segments whose changes this program cannot read and passes on as they are.
  public var unreadable = 0
  /// The nodes whose cards go along: name, federation and public key of each.
  public var cards: [String] = []
  /// Records of totals made of personal data that leave and whose figures another node gave before.
  public var replaced: [Replaced] = []

  /// One of them.
  public struct Replaced: Sendable, Equatable {
    public var kind: String
    /// The key as people write it.
    public var key: String
    /// What people call the other node.
    public var node: String
  }

  public init() {}
}

/// What stays on this machine.
public struct EgressStay: Sendable, Equatable {
  /// A local kind, or a local column of a shared one.
  public struct Place: Sendable, Equatable {
    public var kind: String
    /// Nil for the whole kind.
    public var column: String?
    /// Rows of the kind, or values in the column.
    public var count: Int64
  }

  public var places: [Place] = []
  /// Edits that may not be sent, kept here.
  public var refused: [RefusedView] = []

  public init() {}
}

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
    while true {
      let batch = try store.batch(lackedBy: theirs, marks: marks, role: role)
      guard !batch.segments.isEmpty else { break }
      for bytes in batch.cards {
        let card = try NodeCard(bytes: bytes, signedBy: store.identity.headquarters)
        authors.insert(card.name)
      }
      for bytes in batch.segments {
        let segment = try Segment(bytes: bytes)
        summary.segments += 1
        summary.bytes += bytes.count
        let isRead = try store.read { engine in
          try engine.eachEgress(of: segment) { change in
            summary.changes += 1
            figures.note(change)
            try body(change)
          }
        }
        if !isRead { summary.unreadable += 1 }
        // As the peer would show it after it took the segment.
        let tip = Tip(origin: segment.header.origin, sequence: segment.header.last, hash: segment.hash)
        theirs.removeAll { $0.tip.hash == segment.header.predecessor }
        theirs.append(FrontierEntry(channel: segment.header.channel, tip: tip))
      }
    }
    summary.cards = authors.sorted()
    summary.replaced = try store.read { try figures.found($0) }
    return summary
  }
}

extension Engine {
  /// - Returns: false for a segment that cannot be read here.
  fileprivate func eachEgress(of segment: Segment, _ body: (EgressChange) throws -> Void) throws -> Bool {
    guard let blocks = try? segment.blocks() else { return false }
    var sequence = segment.header.first
    for block in blocks {
      let table = tables[block.kind] ?? SystemKind.kind(block.kind).map(systemTable)
      for change in block.changes {
        defer { sequence &+= 1 }
        let name = table?.kind.name ?? "kind \(block.kind)"
        let entry = egressEntry(change, of: segment, sequence: sequence, table)
        try body(EgressChange(kind: name, key: change.key.display, entry: entry, channel: segment.header.channel))
      }
    }
    return true
  }
}

extension Store {
  /// What stays on this machine: every local kind with its rows and every local column with its values, and edits that
  /// may not be sent.
  public func staying() throws -> EgressStay {
    let refused = try refusedEdits()
    return try read { engine in
      var stay = EgressStay()
      stay.refused = refused
      for kind in engine.catalog.kinds {
        func count(_ expression: String) throws -> Int64 {
          let select = try engine.connection.prepared("SELECT count(\(expression)) FROM \(kind.name)")
          defer { select.reset() }
          return try select.step() ? select.int64(0) : 0
        }
        if kind.recordClass == .local {
          stay.places.append(EgressStay.Place(kind: kind.name, column: nil, count: try count("*")))
          continue
        }
        for field in kind.fields where field.isLocal {
          stay.places.append(EgressStay.Place(kind: kind.name, column: field.name, count: try count(field.name.sql)))
        }
      }
      return stay
    }
  }

  /// What headquarters last signed that it holds of this node's streams; empty when it never did.
  public func lastReceipt() throws -> (at: Int64, tips: [FrontierEntry])? {
    try read { engine in
      let select = try engine.connection.prepared("SELECT receipt FROM birlik_receipt ORDER BY at DESC LIMIT 1")
      guard try select.step() else { return nil }
      defer { select.reset() }
      let receipt = try Receipt(bytes: select.bytes(0), signedBy: engine.identity.headquarters)
      return (receipt.at, receipt.tips)
    }
  }
}
