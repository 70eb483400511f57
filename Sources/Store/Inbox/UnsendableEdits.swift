import SyncCore
import Wire

/// Sealed edits of an observer that may not be sent any more: the catalog took the right to write its open channel before
/// headquarters had them.
///
/// A sealed segment is never sealed again and the log keeps it, so it stays where it was typed, is told and put before
/// headquarters, and is sent as it is when the right comes back. What is kept back is computed in every sync from what
/// headquarters shows in it; nobody else ever hears of these segments, so nobody waits for them.
enum UnsendableEdits {
  /// Which rows of `birlik_refused` are edits that still cannot be sent.
  static let isRefusal = "id NOT IN (SELECT refused FROM birlik_kept_edit WHERE sent=1)"
  /// Why such an edit is not sent, in words for who typed it.
  static func reason(_ channel: Channel) -> String {
    "it was sealed before headquarters' catalog took from \(channel.owner) the right to write what is open to all, and "
      + "stands here alone"
  }

  /// A stream of which headquarters lacks the end.
  struct Stream: Equatable {
    var number: Int
    /// The last sequence that headquarters holds.
    var after: Int64
    /// The hash of the segment there, where it is one of the tips that headquarters shows.
    var shown: Digest?
    /// Up to where people were told.
    var told: Int64
  }

  /// What the kept changes of one record amount to.
  struct Edit {
    var kind: Int
    var key: RecordKey
    /// Whether the record came into being by them, and whether they took it away.
    var isInsertion = false
    var isDeletion = false
    var registers: Int64 = 0
    var at: Int64 = 0
    var cells: [Int: Value] = [:]

    init(_ change: Change) { (kind, key) = (change.kind, change.key) }

    mutating func add(_ change: Change) {
      at = change.captured
      isDeletion = change.operation == .deletion
      isInsertion = isInsertion || change.operation == .insertion
      for register in change.registers {
        if (1..<62).contains(register.key.id) { registers |= 1 << Int64(register.key.id) }
        guard register.key.element == nil else { continue }
        for cell in register.content.cells { cells[cell.field] = cell.value }
      }
    }
  }
}

extension Engine {
  /// Whether this node may send what it holds of a channel: headquarters all that others may read.
  func maySend(_ channel: Channel) -> Bool { identity.role.isHeadquarters || role.mayExchange(channel) }

  /// The tips of the channels that `isVisible`, in order; of a stream whose end is kept back, what headquarters has of it.
  func frontier(where isVisible: (Channel) -> Bool) throws -> [FrontierEntry] {
    let kept = Dictionary(try unsendableStreams().map { ($0.number, $0) }) { first, _ in first }
    guard !kept.isEmpty else { return streams.frontier(where: isVisible) }
    return streams.streams.enumerated().compactMap { number, stream -> FrontierEntry? in
      guard isVisible(stream.channel) else { return nil }
      guard let end = kept[number] else { return FrontierEntry(channel: stream.channel, tip: stream.tip) }
      return end.shown.map {
        FrontierEntry(channel: stream.channel, tip: Tip(origin: stream.origin, sequence: end.after, hash: $0))
      }
    }.sorted()
  }

  /// How many sealed changes are kept back.
  func unsendableCount() throws -> Int64 {
    try unsendableStreams().reduce(0) { count, kept in
      count &+ max(0, (streams.stream(kept.number)?.tip.sequence ?? 0) &- kept.after)
    }
  }

  /// The streams whose ends are kept back as long as this node's rights are what they are.
  private func unsendableStreams() throws -> [UnsendableEdits.Stream] {
    guard role.limits?.writesOpen == false else { return [] }
    return try storedUnsendableStreams().filter { kept in
      streams.stream(kept.number).map { !maySend($0.channel) } ?? false
    }
  }

  fileprivate func storedUnsendableStreams() throws -> [UnsendableEdits.Stream] {
    let select = try connection.prepared("SELECT stream, after, shown, told FROM birlik_kept_stream ORDER BY stream")
    var found: [UnsendableEdits.Stream] = []
    while try select.step() {
      let shown = select.isNull(2) ? nil : Digest(bytes: select.bytes(2))
      found.append(
        UnsendableEdits.Stream(number: select.int(0), after: select.int64(1), shown: shown, told: select.int64(3)))
    }
    return found
  }

  /// What headquarters lacks of this node's own and may not be sent, by what it shows now.
  fileprivate func unsendableStreams(
    lackedBy theirs: [FrontierEntry], marks: [FrontierMark]
  ) throws -> [UnsendableEdits.Stream] {
    guard !identity.role.isHeadquarters, role.limits?.writesOpen == false else { return [] }
    let plan = try ExchangePlan(streams, peer: theirs, marks: marks) { try position(of: $0) }
    let tips = Set(theirs.map(\.tip.hash))
    let known = Dictionary(try storedUnsendableStreams().map { ($0.number, $0) }) { first, _ in first }
    var found: [UnsendableEdits.Stream] = []
    for (number, stream) in streams.streams.enumerated() where !maySend(stream.channel) && isOwn(stream.origin.node) {
      if plan.unclear.contains(number) {
        if let known = known[number] { found.append(known) }
        continue
      }
      guard let from = plan.lacks(number, of: streams) else { continue }
      let after = max(from, stream.parent?.sequence ?? 0)
      let end = try connection.prepared("SELECT hash FROM birlik_segment WHERE stream=?1 AND last=?2")
      end.bind(1, number)
      end.bind(2, after)
      let hash = try end.step() ? Digest(bytes: end.bytes(0)) : nil
      end.reset()
      found.append(
        UnsendableEdits.Stream(
          number: number, after: after, shown: hash.flatMap { tips.contains($0) ? $0 : nil },
          told: max(after, known[number]?.told ?? 0)))
    }
    return found
  }

  fileprivate func save(_ kept: [UnsendableEdits.Stream]) throws {
    try connection.execute("DELETE FROM birlik_kept_stream")
    for stream in kept {
      let insert = try connection.prepared(
        "INSERT INTO birlik_kept_stream(stream, after, shown, told) VALUES(?1, ?2, ?3, ?4)")
      insert.bind(1, stream.number)
      insert.bind(2, stream.after)
      if let shown = stream.shown { insert.bind(3, blob: shown.bytes) } else { insert.bindNull(3) }
      insert.bind(4, streams.stream(stream.number)?.tip.sequence ?? stream.told)
      try insert.step()
    }
  }

  /// How far headquarters ever signed that it holds this node's streams. What it had once and lost is no new edit.
  private func signed() throws -> VersionVector {
    var signed = VersionVector()
    for bytes in try storedReceipts() {
      // One that is not headquarters' word says nothing; `birlik audit` tells it.
      guard let receipt = try? Receipt(bytes: bytes, signedBy: identity.headquarters), isOwn(receipt.node) else {
        continue
      }
      for entry in receipt.tips {
        if let position = try position(of: entry.tip.hash) { streams.join(position, into: &signed) }
      }
    }
    return signed
  }

  /// The kept changes of a stream that nobody was told of, by record, in the order in which records first occur.
  fileprivate func untold(_ kept: UnsendableEdits.Stream) throws -> [UnsendableEdits.Edit] {
    let signed = try signed()
    let select = try connection.prepared(
      "SELECT bytes FROM birlik_segment WHERE stream=?1 AND last>?2 AND body=1 ORDER BY last")
    select.bind(1, kept.number)
    select.bind(2, max(kept.told, signed[kept.number]))
    var segments: [[UInt8]] = []
    while try select.step() { segments.append(select.bytes(0)) }
    var edits: [UnsendableEdits.Edit] = []
    var places: [RecordName: Int] = [:]
    for bytes in segments {
      for block in try Segment(bytes: bytes).blocks() where !SystemKind.isReserved(block.kind) {
        for change in block.changes {
          let name = RecordName(kind: change.kind, key: change.key)
          let place = places[name] ?? edits.count
          if place == edits.count { edits.append(UnsendableEdits.Edit(change)) }
          places[name] = place
          edits[place].add(change)
        }
      }
    }
    return edits
  }
}

extension Sealer {
  /// Tells people of what is kept back of a stream, and puts it before headquarters as the records stand now.
  fileprivate func tell(_ kept: UnsendableEdits.Stream) throws {
    guard let channel = engine.streams.stream(kept.number)?.channel else { return }
    for edit in try engine.untold(kept) {
      // What came and went within it was never known to anybody else.
      if edit.isInsertion && edit.isDeletion { continue }
      let table = engine.tables[edit.kind]
      let row = try table.flatMap { try engine.row($0, edit.key) }
      let isShown = row?.federation.elementsEqual(channel.owner.utf8) ?? false
      var proposed: RecordKey?
      if let table, edit.isDeletion ? row == nil : isShown {
        proposed = try propose(
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
      let number = try engine.noteRefused(
        RefusedView(
          at: edit.at, kind: table?.kind.name ?? "kind \(edit.kind)", key: edit.key.display,
          operation: edit.isDeletion ? "delete" : edit.isInsertion ? "insert" : "edit",
          record: JSONText.object(record), reason: reason(UnsendableEdits.reason(channel), proposed: proposed)),
        proposed: proposed)
      let note = try engine.connection.prepared("INSERT INTO birlik_kept_edit(refused, stream) VALUES(?1, ?2)")
      note.bind(1, number)
      note.bind(2, kept.number)
      try note.step()
    }
  }

  /// What was kept back of a stream is kept back no more: its proposals that nobody decided are withdrawn.
  fileprivate func giveBack(_ kept: UnsendableEdits.Stream, at now: Int64) throws {
    let select = try engine.connection.prepared(
      "SELECT p.proposal FROM birlik_kept_edit k JOIN birlik_proposed p ON p.refused=k.refused "
        + "WHERE k.stream=?1 AND k.sent=0")
    select.bind(1, kept.number)
    var proposals: [RecordKey] = []
    while try select.step() { proposals.append(RecordKey(bytes: select.bytes(0))) }
    let home = Channel(owner: engine.identity.role.federation, audience: .home)
    for key in proposals where try !engine.isDecided(key, in: home) {
      try retract(SystemKind.proposal, key: key, in: home, at: now)
    }
    for sql in [
      "UPDATE birlik_proposed SET told='withdrawn' WHERE told IS NULL AND refused IN "
        + "(SELECT refused FROM birlik_kept_edit WHERE stream=?1 AND sent=0)",
      "UPDATE birlik_kept_edit SET sent=1 WHERE stream=?1",
    ] {
      let mark = try engine.connection.prepared(sql)
      mark.bind(1, kept.number)
      try mark.step()
    }
  }
}

extension Store {
  /// What became of edits that this node may or might not send, in changes.
  public struct UnsendableChange: Sendable, Equatable {
    /// Kept back from now on.
    public var kept: Int64 = 0
    /// Kept back until now, and sent or held by headquarters from now on.
    public var released: Int64 = 0
  }

  /// Keeps back what this node sealed before it heard that it may not write its open channel, and lets go what it may
  /// send again. To be called with what headquarters shows before anything is sent to it.
  ///
  /// - Parameters:
  ///   - theirs: the frontier of headquarters.
  ///   - marks: what this side showed to it, and whether it holds each.
  public func updateUnsendable(
    from theirs: [FrontierEntry], marks: [FrontierMark], now: Int64 = SystemClock.now()
  ) throws -> UnsendableChange {
    // Looking first keeps a sync of a member from taking the write lock.
    let isNews = try read { engine in
      let wanted = try engine.unsendableStreams(lackedBy: theirs, marks: marks)
      return try wanted != engine.storedUnsendableStreams()
    }
    guard isNews else { return UnsendableChange() }
    return try write { engine in
      var change = UnsendableChange()
      try Sealer(engine, wall: now).sealAll { sealer in
        let earlier = try engine.storedUnsendableStreams()
        let wanted = try engine.unsendableStreams(lackedBy: theirs, marks: marks)
        try engine.save(wanted)
        func tip(_ kept: UnsendableEdits.Stream) -> Int64 { engine.streams.stream(kept.number)?.tip.sequence ?? 0 }
        for kept in earlier where !wanted.contains(where: { $0.number == kept.number }) {
          change.released &+= tip(kept) &- kept.after
          try sealer.giveBack(kept, at: now)
        }
        for kept in wanted where kept.told < tip(kept) {
          change.kept &+= tip(kept) &- kept.told
          try sealer.tell(kept)
        }
      }
      return change
    }
  }
}
