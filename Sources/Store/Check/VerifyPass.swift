import Limits
import SyncCore
import Wire

/// Folds a store's log again into a store of its own.
///
/// Where bodies are not kept, the chain is followed over headers and signatures. A record with a head from such a body
/// cannot be folded: its heads are copied, and what they show is worked out from them again.
struct VerifyPass {
  private let store: Store
  private let fold: Store
  /// How many changes are read in one transaction.
  private static let changesAtOnce: Int64 = 65_536
  private var unfoldable: [Channel: Set<RecordName>] = [:]

  init(_ store: Store, _ fold: Store) throws {
    self.store = store
    self.fold = fold
    unfoldable = try store.read { transaction in
      var found: [Channel: Set<RecordName>] = [:]
      let pruned = transaction.log.pruned
      guard !pruned.isEmpty else { return found }
      try transaction.heads.each { place, stored in
        guard StateCodec.form(of: stored) == .full, let channel = transaction.directory.channel(place.channel),
          pruned.holds(try StateCodec.decodeClocks(stored))
        else { return }
        found[channel, default: []].insert(RecordName(kind: place.kind, key: place.key))
      }
      return found
    }
  }

  func run(into report: inout VerifyReport, most: Int, _ progress: (Int) -> Void) throws {
    let cards = try store.cards().compactMap { try? NodeCard(bytes: $0.bytes, signedBy: store.identity.headquarters) }
    try fold.write { transaction in for card in cards { try transaction.directory.add(card) } }
    var last: Int64 = 0
    while true {
      let (parts, next) = try nextParts(after: last)
      guard !parts.isEmpty else { break }
      for part in parts {
        switch part {
        case .whole(let segments):
          let absorbed = try absorb(segments)
          report.changes += absorbed.changes
          report.problems += absorbed.refusals.prefix(most).map {
            "segment \($0.segment.hex.prefix(16)): \($0.reason)"
          }
          if absorbed.waiting > 0 {
            report.problems.append("\(absorbed.waiting) segments build on one that is missing")
          }
        case .pruned(let segments):
          report.problems += try place(segments).prefix(most)
          report.prunedSegments += segments.count
          report.prunedChanges &+= segments.reduce(0) { $0 &+ Int64($1.segment.header.count) }
        }
      }
      progress(report.changes)
      last = next
    }
    report.uncheckedRecords = unfoldable.values.reduce(0) { $0 + $1.count }
    if report.uncheckedRecords > 0 { try copyUnfoldable() }
  }

  // MARK: The log

  private enum Part {
    case whole([[UInt8]])
    case pruned([(segment: PrunedSegment, problem: String?)])
  }

  /// The next run of the log, small enough for one transaction.
  private func nextParts(after id: Int64) throws -> (parts: [Part], last: Int64) {
    try store.read { transaction in
      var parts: [Part] = []
      var changes: Int64 = 0
      var count = 0
      var last = id
      try transaction.log.eachSegment(after: id) { segment in
        last = segment.number
        count += 1
        if segment.hasBody {
          changes &+= segment.count
          if case .whole(let run)? = parts.last {
            parts[parts.count - 1] = .whole(run + [segment.bytes])
          } else {
            parts.append(.whole([segment.bytes]))
          }
        } else {
          let item = (try PrunedSegment(bytes: segment.bytes), segment.problem)
          if case .pruned(let run)? = parts.last {
            parts[parts.count - 1] = .pruned(run + [item])
          } else {
            parts.append(.pruned([item]))
          }
        }
        return changes < Self.changesAtOnce && count < WireLimits.segmentsPerMessage
      }
      return (parts, last)
    }
  }

  private func absorb(_ segments: [[UInt8]]) throws -> AbsorbReport {
    try fold.write { transaction in
      let directory = transaction.directory
      let absorber = Absorber(
        transaction,
        skips: unfoldable.isEmpty
          ? nil : { name, channel in directory.channel(channel).flatMap { unfoldable[$0] }?.contains(name) ?? false })
      for bytes in segments { try absorber.absorb(Arrival(bytes)) }
      return absorber.report
    }
  }

  /// Follows the chain over segments whose bodies are not kept.
  ///
  /// - Returns: what is wrong, in words.
  private func place(_ segments: [(segment: PrunedSegment, problem: String?)]) throws -> [String] {
    try fold.write { transaction in
      var problems: [String] = []
      for (segment, problem) in segments {
        let name = "segment \(segment.hash.hex.prefix(16)):"
        guard let card = transaction.directory.cards[segment.header.origin.node] else {
          problems.append("\(name) its author is not known here")
          continue
        }
        do throws(WireError) {
          try segment.verify(publicKey: card.publicKey)
        } catch {
          problems.append("\(name) \(error.detail)")
        }
        let placement = try transaction.log.place(segment.header, hash: segment.hash)
        switch placement {
        case .extends, .begins: _ = try transaction.log.append(segment, placement: placement, problem: problem)
        case .held: problems.append("\(name) it is held twice")
        case .waits: problems.append("\(name) it builds on one that is missing")
        case .contradicts(let reason): problems.append("\(name) \(reason)")
        }
      }
      return problems
    }
  }

  // MARK: Heads whose changes the log no longer holds

  private func copyUnfoldable() throws {
    try fold.withFile { try $0.connection.execute("PRAGMA cache_spill=1") }
    try fold.write { transaction in
      transaction.totalsTracker?.countAgain()
      for (channel, names) in unfoldable.sorted(by: { $0.key < $1.key }) {
        let number = try transaction.directory.assignNumber(to: channel)
        for name in names.sorted() {
          guard let state = try stored(name, channel) else { continue }
          let table = transaction.table(name.kind)
          var slots = try table.map { try transaction.records.slots($0, name.key) } ?? []
          slots.removeAll { $0.channel == number }
          slots.append(RecordSlot(channel: number, state: state, stored: nil))
          try transaction.records.store(table, name, slots)
        }
      }
    }
  }

  /// A record's heads as the store has them, whose streams are numbered alike in the fold.
  private func stored(_ name: RecordName, _ channel: Channel) throws -> RecordState? {
    try store.withFile { file in
      guard let number = file.directory.number(of: channel) else { return nil }
      let stored = try file.heads.stored(name.kind, name.key).first { $0.channel == number }
      return try stored.map { try StateCodec.decodeClocks($0.state) }
    }
  }
}
