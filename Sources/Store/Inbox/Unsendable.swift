import SyncCore
import Wire

/// A stream of this node of which headquarters lacks the end, and whose channel it may not write any more.
struct UnsendableStream: Equatable {
  var number: StreamNumber
  /// The last sequence that headquarters holds.
  var after: Int64
  /// The hash of the segment there, where it is one of the tips that headquarters shows.
  var shown: Digest?
  /// Up to where people heard of it.
  var reported: Int64
}

/// Sealed edits of an observer that may not be sent any more: the catalog took the right to write its open channel before
/// headquarters had them.
///
/// A sealed segment is never sealed again and the log keeps it. So its people hear of it, it is put before headquarters as
/// a proposal, and it is sent as it is when the right comes back. Which edits these are is computed in every sync from what
/// headquarters shows in it; no other node ever hears of the segments, so nobody waits for them.
struct Unsendable {
  private let transaction: Transaction
  private var log: SegmentLog { transaction.log }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Whether this node may send what it holds of a channel: headquarters all that others may read. The catalog in use
  /// decides, also while a later one is about to be adopted.
  func maySend(_ channel: Channel) -> Bool {
    transaction.identity.role.isHeadquarters || transaction.role.mayExchange(channel)
  }

  /// The tips of the channels that `isVisible`, in order; of a stream whose end may not be sent, what headquarters has of
  /// it.
  func frontier(where isVisible: (Channel) -> Bool) throws -> [FrontierEntry] {
    let unsendable = Dictionary(try current().map { ($0.number, $0) }) { first, _ in first }
    guard !unsendable.isEmpty else { return log.streams.frontier(where: isVisible) }
    return log.streams.numbered.compactMap { number, stream -> FrontierEntry? in
      guard isVisible(stream.channel) else { return nil }
      guard let end = unsendable[number] else { return FrontierEntry(channel: stream.channel, tip: stream.tip) }
      return end.shown.map {
        FrontierEntry(channel: stream.channel, tip: Tip(origin: stream.origin, sequence: end.after, hash: $0))
      }
    }.sorted()
  }

  /// How many sealed changes may not be sent.
  func count() throws -> Int64 {
    try current().reduce(0) { count, stream in count &+ max(0, tip(stream) &- stream.after) }
  }

  /// The streams whose ends may not be sent as long as this node's rights are what they are.
  private func current() throws -> [UnsendableStream] {
    guard transaction.role.limits?.writesOpen == false else { return [] }
    return try transaction.inbox.unsendableStreams().filter { stream in
      log.channel(of: stream.number).map { !maySend($0) } ?? false
    }
  }

  private func tip(_ stream: UnsendableStream) -> Int64 { log.streams.stream(stream.number)?.tip.sequence ?? 0 }

  /// What headquarters lacks of this node's own and may not be sent, by what it shows now.
  func streams(lackedBy theirs: [FrontierEntry], marks: [FrontierMark]) throws -> [UnsendableStream] {
    guard !transaction.identity.role.isHeadquarters, transaction.role.limits?.writesOpen == false else { return [] }
    let plan = try log.plan(peer: theirs, marks: marks)
    let tips = Set(theirs.map(\.tip.hash))
    let known = Dictionary(try transaction.inbox.unsendableStreams().map { ($0.number, $0) }) { first, _ in first }
    var found: [UnsendableStream] = []
    for (number, stream) in log.streams.numbered
    where !maySend(stream.channel) && transaction.directory.isOwn(stream.origin.node) {
      if plan.unclear.contains(number) {
        if let known = known[number] { found.append(known) }
        continue
      }
      guard let from = plan.lacks(number, of: log.streams) else { continue }
      let after = max(from, stream.parent?.sequence ?? 0)
      let end = try log.end(of: number, through: after)
      let shown = end.flatMap { $0.last == after && tips.contains($0.hash) ? $0.hash : nil }
      found.append(
        UnsendableStream(
          number: number, after: after, shown: shown, reported: max(after, known[number]?.reported ?? 0)))
    }
    return found
  }

  /// Puts before headquarters what may not be sent from now on, and releases what may be sent again.
  func update(to wanted: [UnsendableStream], _ sealer: Sealer, now: Int64) throws -> Store.UnsendableChange {
    var change = Store.UnsendableChange()
    let earlier = try transaction.inbox.unsendableStreams()
    try transaction.inbox.replaceUnsendableStreams(
      wanted.map { stream in
        var stream = stream
        stream.reported = tip(stream)
        return stream
      })
    for stream in earlier where !wanted.contains(where: { $0.number == stream.number }) {
      change.released &+= tip(stream) &- stream.after
      try release(stream, sealer, at: now)
    }
    for stream in wanted where stream.reported < tip(stream) {
      change.kept &+= tip(stream) &- stream.reported
      try report(stream, sealer)
    }
    return change
  }

  // MARK: Reporting

  /// Adds to the inbox what of a stream may not be sent, and puts it before headquarters as the records are now.
  private func report(_ stream: UnsendableStream, _ sealer: Sealer) throws {
    guard let channel = log.channel(of: stream.number) else { return }
    for edit in try unreported(stream) {
      // What came and went within it was never known to anybody else.
      if edit.isInsertion && edit.isDeletion { continue }
      let table = transaction.table(edit.kind)
      let row = try table.flatMap { try transaction.rows.row($0, edit.key) }
      let isShown = row?.federation.elementsEqual(channel.owner.utf8) ?? false
      var proposed: RecordKey?
      if let table, edit.isDeletion ? row == nil : isShown {
        proposed = try sealer.proposer.propose(
          ProposedEdit(isWhole: edit.isInsertion, registers: edit.registers, at: edit.at), table, edit.key, row: row,
          to: channel)
      }
      var record: [(String, Value)] = [("federation", .text(channel.owner))]
      if let table, let row, isShown {
        record += zip(table.fields.map(\.name), row.values)
      } else {
        record += edit.cells.sorted { $0.key < $1.key }
          .map { (table?.kind.field($0.key)?.name ?? "field \($0.key)", $0.value) }
      }
      let number = try transaction.inbox.addRefused(
        RefusedView(
          at: edit.at, kind: table?.kind.name ?? "kind \(edit.kind)", key: edit.key.display,
          operation: edit.isDeletion ? .delete : edit.isInsertion ? .insert : .edit,
          record: RefusedView.json(record, table?.kind, besides: table?.amounts(row) ?? Amounts()),
          reason: sealer.proposer.reason(Self.reason(channel), proposed: proposed)), proposed: proposed)
      try transaction.inbox.markSealed(refused: number, in: stream.number)
    }
  }

  /// Why such an edit is not sent, in words for who typed it.
  private static func reason(_ channel: Channel) -> String {
    "it was sealed before headquarters' catalog took from \(channel.owner) the right to write what is open to all, and "
      + "stands here alone"
  }

  /// Withdraws the proposals of a stream that may be sent again, where nobody decided them.
  private func release(_ stream: UnsendableStream, _ sealer: Sealer, at now: Int64) throws {
    let home = Channel(owner: transaction.identity.role.federation, audience: .home)
    let reader = ProposalReader(transaction)
    for key in try transaction.inbox.proposals(of: stream.number) where try !reader.isDecided(key, in: home) {
      try sealer.retract(SystemKind.proposal, key: key, in: home, at: now)
    }
    try transaction.inbox.markSent(stream.number)
  }

  /// The unsendable changes of a stream that nobody heard of, by record, in the order in which records first occur.
  private func unreported(_ stream: UnsendableStream) throws -> [UnsendableEdit] {
    let start = max(stream.reported, try signed()[stream.number])
    var edits: [UnsendableEdit] = []
    var places: [RecordName: Int] = [:]
    for logged in try log.segments(of: stream.number, after: start) where logged.hasBody {
      // What cannot be read is reported by `birlik verify`.
      guard let blocks = try? Arrival(logged.bytes).segment?.blocks() else { continue }
      for block in blocks where !SystemKind.isReserved(block.kind) {
        for change in block.changes {
          let name = RecordName(kind: change.kind, key: change.key)
          let place = places[name] ?? edits.count
          if place == edits.count { edits.append(UnsendableEdit(change)) }
          places[name] = place
          edits[place].add(change)
        }
      }
    }
    return edits
  }

  /// How far headquarters ever signed that it holds this node's streams. What it had once and lost is no new edit.
  private func signed() throws -> VersionVector {
    var signed = VersionVector()
    for bytes in try transaction.directory.storedReceipts() {
      // One that headquarters did not sign proves nothing; `birlik audit` reports it.
      guard let receipt = try? Receipt(bytes: bytes, signedBy: transaction.identity.headquarters),
        transaction.directory.isOwn(receipt.node)
      else { continue }
      for entry in receipt.tips {
        if let position = try log.position(of: entry.tip.hash) { log.streams.join(position, into: &signed) }
      }
    }
    return signed
  }
}

/// What the unsendable changes of one record amount to.
private struct UnsendableEdit {
  var kind: KindID
  var key: RecordKey
  /// Whether the record came into being by them, and whether they took it away.
  var isInsertion = false
  var isDeletion = false
  var registers: Int64 = 0
  var at: Int64 = 0
  var cells: [FieldID: Value] = [:]

  init(_ change: Change) { (kind, key) = (change.kind, change.key) }

  mutating func add(_ change: Change) {
    at = change.captured
    isDeletion = change.operation == .deletion
    isInsertion = isInsertion || change.operation == .insertion
    for register in change.registers {
      registers |= register.key.id.bit
      guard register.key.element == nil else { continue }
      for cell in register.content.cells { cells[cell.field] = cell.value }
    }
  }
}
