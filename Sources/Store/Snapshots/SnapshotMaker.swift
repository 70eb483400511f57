import Limits
import SyncCore
import Wire

/// Takes a snapshot of heads for the nodes of one federation.
///
/// In steps, each in a transaction of its own, so that clerks and exchanges go on meanwhile: first the skeleton up to a
/// segment, then all heads in the order of their keys, at last what changed since. A record that changed meanwhile is
/// written again in an amendment, which replaces its earlier heads: so the whole snapshot has one frontier, that of the
/// last step.
final class SnapshotMaker {
  /// How large the content of a page becomes, in bytes.
  static let usualPage = 512 << 10
  /// How many segments one step looks at.
  private static let segmentStep = 4096
  /// How many heads one step looks at.
  private static let headStep = 16_384
  /// How often the making begins anew because too much changed meanwhile.
  private static let patience = 3
  private static let operation = "taking a snapshot"

  private let store: Store
  private let role: NodeRole
  private let pageBytes: Int
  /// How many records may have changed meanwhile.
  private let amendmentLimit: Int
  /// Called between two steps; tests edit there.
  private let pause: () throws -> Void
  /// The store's streams as the snapshot numbers them.
  private var numbers: [StreamNumber: StreamNumber] = [:]
  /// What was held when the making began.
  private var base = VersionVector()
  private var lastSegment: Int64 = 0
  private var authors: Set<NodeID> = []
  private var skeleton: [SnapshotManifest.Page] = []
  private var heads: [SnapshotManifest.Page] = []

  init(
    _ store: Store, for role: NodeRole, pageBytes: Int = SnapshotMaker.usualPage,
    amendmentLimit: Int = WireLimits.snapshotAmendments,
    pause: @escaping () throws -> Void = {}
  ) {
    self.store = store
    self.role = role
    self.pageBytes = pageBytes
    self.amendmentLimit = amendmentLimit
    self.pause = pause
  }

  /// Takes the snapshot and stores it.
  ///
  /// - Throws: `StoreError` with code `busy` when too much changes meanwhile.
  func make(now: () -> Int64) throws -> SnapshotManifest {
    for _ in 0..<Self.patience {
      try addBase(now: now)
      if let manifest = try finish(now: now) { return manifest }
    }
    throw StoreError(.busy, Self.operation, "too much changes meanwhile", hint: "try again in a moment")
  }

  /// One step. Values are read from rows, which have to be as they were sealed.
  private func step<Value>(_ now: () -> Int64, _ body: (Transaction) throws -> Value) throws -> Value {
    let value = try store.write { transaction in
      try Sealer(transaction, wall: now()).sealAll()
      return try body(transaction)
    }
    try pause()
    return value
  }

  // MARK: What is held when the making begins

  private func addBase(now: () -> Int64) throws {
    numbers = [:]
    (lastSegment, authors, skeleton, heads) = (0, [], [], [])
    let until = try step(now) { transaction in
      base = transaction.log.everything
      return try transaction.log.lastNumber()
    }
    while lastSegment < until { try step(now) { try addSkeleton($0, until: until) } }
    var next: HeadTable.Place? = HeadTable.Place()
    while let start = next { next = try step(now) { try addHeads($0, after: start) } }
  }

  private func addSkeleton(_ transaction: Transaction, until: Int64) throws {
    var found: [(stream: StreamNumber, segment: PrunedSegment, isUnread: Bool)] = []
    let isAtEnd = try transaction.log.eachSegment(after: lastSegment, through: until) { logged in
      lastSegment = logged.number
      found.append((logged.stream, try PrunedSegment(bytes: logged.bytes), logged.problem != nil))
      return found.count < Self.segmentStep
    }
    if isAtEnd { lastSegment = until }
    var entries: [SkeletonEntry] = []
    var size = 0
    for (number, segment, isUnread) in found {
      guard let stream = transaction.log.streams.stream(number), role.mayRead(stream.channel) else { continue }
      authors.insert(stream.origin.node)
      let isFirst = numbers[number] == nil
      if isFirst { numbers[number] = StreamNumber(numbers.count) }
      let context = try segment.header.context.map { try place(transaction, $0.hash) }
      entries.append(
        SkeletonEntry(
          segment, stream: numbers[number] ?? 0, origin: stream.origin, parent: try stream.parent.map(place),
          isFirst: isFirst, context: context, isUnread: isUnread))
      size += 128 + 8 * context.count
      if size >= pageBytes {
        skeleton.append(try save(.skeleton(entries), transaction))
        (entries, size) = ([], 0)
      }
    }
    if !entries.isEmpty { skeleton.append(try save(.skeleton(entries), transaction)) }
  }

  /// Where a held segment ends, in the snapshot's numbers.
  private func place(_ transaction: Transaction, _ hash: Digest) throws -> Position {
    guard let position = try transaction.log.position(of: hash) else {
      throw StoreError(.damaged, Self.operation, "a context names a segment that is not held")
    }
    return try place(position)
  }

  private func place(_ position: Position) throws -> Position {
    guard let number = numbers[position.stream] else {
      throw StoreError(.damaged, Self.operation, "a segment comes before what it builds on")
    }
    return Position(stream: number, sequence: position.sequence)
  }

  // MARK: Heads

  /// - Returns: where the next page begins; nil after the last.
  private func addHeads(_ transaction: Transaction, after start: HeadTable.Place) throws -> HeadTable.Place? {
    var gathering = Gathering()
    var last = start
    let isAtEnd = try transaction.heads.each(after: start, limit: Self.headStep) { place, state in
      last = place
      try gather(transaction, place, state, into: &gathering)
      return gathering.size < pageBytes
    }
    if !gathering.entries.isEmpty { heads.append(try save(.heads(gathering.entries), transaction)) }
    return isAtEnd ? nil : last
  }

  private struct Gathering {
    var entries: [HeadsEntry] = []
    var size = 0
  }

  /// - Parameter changed: true to take a record that changed since the making began, false to leave it to an amendment.
  private func gather(
    _ transaction: Transaction, _ place: HeadTable.Place, _ stored: [UInt8], changed: Bool = false,
    into gathering: inout Gathering
  ) throws {
    guard let channel = transaction.directory.channel(place.channel), role.mayRead(channel) else { return }
    let key = place.key
    let state = try StateCodec.decode(stored) {
      guard let table = transaction.table(place.kind), let row = try transaction.rows.row(table, key) else {
        return [:]
      }
      return table.contents(of: row)
    }
    guard changed || state.allClocks({ base.covers($0) }) else { return }
    let renumbered = try state.renumbered { clock throws in
      guard let number = numbers[clock.stream] else {
        throw StoreError(.damaged, Self.operation, "a head belongs to no known stream")
      }
      return Clock(stream: number, sequence: clock.sequence, time: clock.time)
    }
    gathering.size += key.bytes.count + StateCodec.encode(state, valuesStandInRow: false).count
    gathering.entries.append(HeadsEntry(kind: place.kind, key: key, channel: channel, state: renumbered))
  }

  // MARK: What changed meanwhile

  /// Takes what changed since, and signs; nil when that is too much.
  private func finish(now: () -> Int64) throws -> SnapshotManifest? {
    try step(now) { transaction in
      let start = lastSegment
      let until = try transaction.log.lastNumber()
      let changed = try changedRecords(transaction, after: start)
      guard changed.count <= amendmentLimit else { return nil }
      while lastSegment < until { try addSkeleton(transaction, until: until) }
      var amendments: [SnapshotManifest.Page] = []
      var gathering = Gathering()
      for name in changed.sorted() {
        for stored in try transaction.heads.stored(name.kind, name.key) {
          let place = HeadTable.Place(kind: name.kind, key: name.key, channel: stored.channel)
          try gather(transaction, place, stored.state, changed: true, into: &gathering)
        }
        if gathering.size >= pageBytes {
          amendments.append(try save(.amendments(gathering.entries), transaction))
          gathering = Gathering()
        }
      }
      if !gathering.entries.isEmpty { amendments.append(try save(.amendments(gathering.entries), transaction)) }
      let cards = try cardPages(transaction)
      let manifest = try SnapshotManifest.issue(
        federation: role.federation, takenAt: now(), catalogVersion: transaction.catalog.version,
        frontier: transaction.log.streams.frontier(where: role.mayRead), pages: cards + skeleton + amendments + heads,
        by: transaction.identity.key)
      try transaction.snapshots.save(manifest, at: now())
      return manifest
    }
  }

  private func changedRecords(_ transaction: Transaction, after number: Int64) throws -> Set<RecordName> {
    var changed: Set<RecordName> = []
    try transaction.log.eachSegment(after: number) { logged in
      guard logged.problem == nil, let channel = transaction.log.channel(of: logged.stream), role.mayRead(channel)
      else { return true }
      // One that was altered in the file tells of no record; `birlik verify` reports it.
      guard let blocks = try? Arrival(logged.bytes).segment?.blocks() else { return true }
      for block in blocks {
        for place in 0..<block.count { changed.insert(RecordName(kind: block.kind, key: block.key(place))) }
      }
      return changed.count <= amendmentLimit
    }
    return changed
  }

  private func cardPages(_ transaction: Transaction) throws -> [SnapshotManifest.Page] {
    var pages: [SnapshotManifest.Page] = []
    var cards = authors.sorted().compactMap { transaction.directory.cards[$0]?.bytes }[...]
    while !cards.isEmpty {
      pages.append(try save(.cards(Array(cards.prefix(1024))), transaction))
      cards = cards.dropFirst(1024)
    }
    return pages
  }

  private func save(_ page: SnapshotPage, _ transaction: Transaction) throws -> SnapshotManifest.Page {
    let (bytes, entry) = try page.packed()
    try transaction.snapshots.save(page: bytes, digest: entry.digest)
    return entry
  }
}
