import Limits
import SyncCore
import Wire

/// The name of a record.
struct RecordName: Hashable {
  var kind: Int
  var key: RecordKey
}

/// Folds a store's log again into a store of its own.
///
/// Where bodies are not kept, the chain is followed over headers and signatures. A record with a head from such a body
/// cannot be folded: its heads are taken over as they stand, and what they show is worked out from them again.
struct VerifyPass {
  private let store: Store
  private let fold: Store
  private var unfoldable: [Channel: Set<RecordName>] = [:]

  init(_ store: Store, _ fold: Store) throws {
    self.store = store
    self.fold = fold
    unfoldable = try store.read { engine in
      guard !engine.pruned.isEmpty else { return [:] }
      var found: [Channel: Set<RecordName>] = [:]
      let heads = try engine.connection.prepared("SELECT kind, key, channel, state FROM birlik_head")
      while try heads.step() {
        let bytes = heads.bytes(3)
        guard StateCodec.form(of: bytes) == .full, let channel = engine.channelNames[heads.int(2)],
          engine.pruned.holds(try StateCodec.decodeClocks(bytes))
        else { continue }
        found[channel, default: []].insert(RecordName(kind: heads.int(0), key: RecordKey(bytes: heads.bytes(1))))
      }
      return found
    }
  }

  func run(into report: inout VerifyReport, told: Int, _ progress: (Int) -> Void) throws {
    let cards = try store.cards().compactMap { try? NodeCard(bytes: $0.bytes, signedBy: store.identity.headquarters) }
    try fold.write { engine in for card in cards { try engine.keep(card) } }
    var last: Int64 = 0
    while true {
      let (parts, next) = try nextParts(after: last)
      guard !parts.isEmpty else { break }
      for part in parts {
        switch part {
        case .whole(let segments):
          let absorbed = try absorb(segments)
          report.changes += absorbed.changes
          report.problems += absorbed.refusals.prefix(told).map {
            "segment \($0.segment.hex.prefix(16)): \($0.reason)"
          }
          if absorbed.waiting > 0 {
            report.problems.append("\(absorbed.waiting) segments build on one that is missing")
          }
        case .pruned(let segments):
          report.problems += try place(segments).prefix(told)
          report.prunedSegments += segments.count
          report.prunedChanges &+= segments.reduce(0) { $0 &+ Int64($1.segment.header.count) }
        }
      }
      progress(report.changes)
      last = next
    }
    report.uncheckedRecords = unfoldable.values.reduce(0) { $0 + $1.count }
    if report.uncheckedRecords > 0 { try takeOver() }
  }

  // MARK: The log

  private enum Part {
    case whole([[UInt8]])
    case pruned([(segment: PrunedSegment, problem: String?)])
  }

  /// The next run of the log, small enough for one transaction.
  private func nextParts(after id: Int64) throws -> (parts: [Part], last: Int64) {
    try store.read { engine in
      let select = try engine.connection.prepared(
        "SELECT id, first, last, bytes, body, problem FROM birlik_segment WHERE id>?1 ORDER BY id")
      select.bind(1, id)
      defer { select.reset() }
      var parts: [Part] = []
      var changes: Int64 = 0
      var count = 0
      var last = id
      while changes < 65_536, count < WireLimits.segmentsPerMessage, try select.step() {
        last = select.int64(0)
        count += 1
        let bytes = select.bytes(3)
        if select.int(4) == 0 {
          let item = (try PrunedSegment(bytes: bytes), select.isNull(5) ? nil : select.string(5))
          if case .pruned(let run)? = parts.last {
            parts[parts.count - 1] = .pruned(run + [item])
          } else {
            parts.append(.pruned([item]))
          }
        } else {
          changes &+= select.int64(2) &- select.int64(1) &+ 1
          if case .whole(let run)? = parts.last {
            parts[parts.count - 1] = .whole(run + [bytes])
          } else {
            parts.append(.whole([bytes]))
          }
        }
      }
      return (parts, last)
    }
  }

  private func absorb(_ segments: [[UInt8]]) throws -> AbsorbReport {
    try fold.write { engine in
      if !unfoldable.isEmpty {
        engine.isPassedOver = { [unfoldable, unowned engine] name, channel in
          engine.channelNames[channel].flatMap { unfoldable[$0] }?.contains(name) ?? false
        }
      }
      let absorber = Absorber(engine)
      for bytes in segments { try absorber.absorb(bytes) { _ in true } }
      return absorber.report
    }
  }

  /// Follows the chain over segments whose bodies are not kept.
  ///
  /// - Returns: what is wrong, in words.
  private func place(_ segments: [(segment: PrunedSegment, problem: String?)]) throws -> [String] {
    try fold.write { engine in
      var problems: [String] = []
      for (segment, problem) in segments {
        let name = "segment \(segment.hash.hex.prefix(16)):"
        guard let card = engine.cards[segment.header.origin.node] else {
          problems.append("\(name) its author is not known here")
          continue
        }
        do throws(WireError) {
          try segment.verify(publicKey: card.publicKey)
        } catch {
          problems.append("\(name) \(error.detail)")
        }
        let placement = try engine.place(segment.header, hash: segment.hash)
        switch placement {
        case .extends, .begins: _ = try engine.append(segment, placement: placement, problem: problem)
        case .held: problems.append("\(name) it is held twice")
        case .waits: problems.append("\(name) it builds on one that is missing")
        case .contradicts(let reason): problems.append("\(name) \(reason)")
        }
      }
      return problems
    }
  }

  // MARK: Heads that the log no longer tells

  private func takeOver() throws {
    try fold.inQueue { try $0.connection.execute("PRAGMA cache_spill=1") }
    try fold.write { engine in
      engine.totals?.countAgain()
      for (channel, names) in unfoldable.sorted(by: { $0.key < $1.key }) {
        let number = try engine.number(of: channel)
        for name in names.sorted(by: { ($0.kind, $0.key) < ($1.kind, $1.key) }) {
          try engine.takeOver(name, try stored(name, channel), channel: number)
        }
      }
    }
  }

  private func stored(_ name: RecordName, _ channel: Channel) throws -> [UInt8] {
    try store.inQueue { engine in
      let select = try engine.connection.prepared(
        "SELECT state FROM birlik_head WHERE kind=?1 AND key=?2 AND channel=?3")
      select.bind(1, name.kind)
      select.bind(2, blob: name.key.bytes)
      select.bind(3, engine.channelNumbers[channel] ?? -1)
      defer { select.reset() }
      return try select.step() ? select.bytes(0) : []
    }
  }
}

extension Engine {
  fileprivate func takeOver(_ name: RecordName, _ stored: [UInt8], channel: Int) throws {
    guard !stored.isEmpty else { return }
    let state = try StateCodec.decodeClocks(stored)
    let table = tables[name.kind]
    guard let table, table.isShared, name.key.columns.count == table.kind.key.count else {
      return try save(
        StateCodec.encode(state, valuesStandInRow: false), kind: name.kind, key: name.key, channel: channel)
    }
    var slots = try slots(table, kind: name.kind, key: name.key).filter { $0.channel != channel }
    slots.append(RecordSlot(channel: channel, state: state, stored: nil))
    try project(table, name.key, slots)
  }
}
