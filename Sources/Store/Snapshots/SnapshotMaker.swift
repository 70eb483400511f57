import Limits
import SyncCore
import Wire

/// Takes a snapshot of heads for the nodes of one federation.
///
/// In steps, each in a transaction of its own, so that clerks and exchanges go on meanwhile: first the skeleton up to a
/// segment, then all heads in the order of their keys, at last what changed since. A record that changed meanwhile is
/// told again in an amendment, which stands for what was told of it before: so the whole is of one frontier, that of the
/// last step.
final class SnapshotMaker {
  /// How large the content of a page becomes, in bytes.
  static let usualPage = 512 << 10
  /// How many segments one step looks at.
  private static let segmentStep = 4096
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
  private var numbers: [Int: Int] = [:]
  /// What stood when the making began.
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

  /// Takes the snapshot and keeps it.
  ///
  /// - Throws: `StoreError` with code `busy` when too much changes meanwhile.
  func make(now: () -> Int64) throws -> SnapshotManifest {
    for _ in 0..<Self.patience {
      try takeBase(now: now)
      if let manifest = try finish(now: now) { return manifest }
    }
    throw StoreError(.busy, Self.operation, "too much changes meanwhile", hint: "try again in a moment")
  }

  /// One step. Values are read from rows, which have to stand as they were sealed.
  private func step<Value>(_ now: () -> Int64, _ body: (Engine) throws -> Value) throws -> Value {
    let value = try store.write { engine in
      try Sealer(engine, wall: now()).sealAll()
      return try body(engine)
    }
    try pause()
    return value
  }

  // MARK: What stands when the making begins

  private func takeBase(now: () -> Int64) throws {
    numbers = [:]
    (lastSegment, authors, skeleton, heads) = (0, [], [], [])
    let until = try step(now) { engine in
      base = VersionVector()
      for (number, stream) in engine.streams.streams.enumerated() { base.raise(number, to: stream.tip.sequence) }
      return try engine.lastSegment()
    }
    while lastSegment < until { try step(now) { try takeSkeleton($0, until: until) } }
    var cursor: HeadsCursor? = HeadsCursor()
    while let from = cursor { cursor = try step(now) { try takeHeads($0, from: from) } }
  }

  private func takeSkeleton(_ engine: Engine, until: Int64) throws {
    let select = try engine.connection.prepared(
      "SELECT id, stream, bytes, problem FROM birlik_segment WHERE id>?1 AND id<=?2 ORDER BY id LIMIT ?3")
    select.bind(1, lastSegment)
    select.bind(2, until)
    select.bind(3, Self.segmentStep)
    var found: [(stream: Int, segment: PrunedSegment, isUnread: Bool)] = []
    var last = until
    while try select.step() {
      last = select.int64(0)
      found.append((select.int(1), try PrunedSegment(bytes: select.bytes(2)), !select.isNull(3)))
    }
    lastSegment = found.count < Self.segmentStep ? until : last
    var entries: [SkeletonEntry] = []
    var size = 0
    for (number, segment, isUnread) in found {
      guard let stream = engine.streams.stream(number), role.mayRead(stream.channel) else { continue }
      authors.insert(stream.origin.node)
      let isFirst = numbers[number] == nil
      if isFirst { numbers[number] = numbers.count }
      let context = try segment.header.context.map { try place(engine, $0.hash) }
      entries.append(
        SkeletonEntry(
          segment, stream: numbers[number] ?? 0, origin: stream.origin, parent: try stream.parent.map(place),
          isFirst: isFirst, context: context, isUnread: isUnread))
      size += 128 + 8 * context.count
      if size >= pageBytes {
        skeleton.append(try keep(.skeleton(entries), engine))
        (entries, size) = ([], 0)
      }
    }
    if !entries.isEmpty { skeleton.append(try keep(.skeleton(entries), engine)) }
  }

  /// Where a held segment ends, in the snapshot's numbers.
  private func place(_ engine: Engine, _ hash: Digest) throws -> Position {
    guard let position = try engine.position(of: hash) else {
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

  struct HeadsCursor {
    var kind = Int.min
    var key: [UInt8] = []
    var channel = 0
  }

  private func takeHeads(_ engine: Engine, from cursor: HeadsCursor) throws -> HeadsCursor? {
    let select = try engine.connection.prepared(
      "SELECT kind, key, channel, state FROM birlik_head WHERE (kind, key, channel)>(?1, ?2, ?3) "
        + "ORDER BY kind, key, channel LIMIT 16384")
    select.bind(1, cursor.kind)
    select.bind(2, blob: cursor.key)
    select.bind(3, cursor.channel)
    defer { select.reset() }
    var gathering = Gathering()
    var cursor = cursor
    while gathering.size < pageBytes {
      guard try select.step() else {
        if !gathering.entries.isEmpty { heads.append(try keep(.heads(gathering.entries), engine)) }
        return gathering.looked < 16384 ? nil : cursor
      }
      cursor = HeadsCursor(kind: select.int(0), key: select.bytes(1), channel: select.int(2))
      gathering.looked += 1
      try gather(engine, cursor, select.bytes(3), into: &gathering)
    }
    if !gathering.entries.isEmpty { heads.append(try keep(.heads(gathering.entries), engine)) }
    return cursor
  }

  private struct Gathering {
    var entries: [HeadsEntry] = []
    var size = 0
    var looked = 0
  }

  /// - Parameter changed: true to take a record that changed since the making began, false to leave it to an amendment.
  private func gather(
    _ engine: Engine, _ record: HeadsCursor, _ stored: [UInt8], changed: Bool = false, into gathering: inout Gathering
  ) throws {
    guard let channel = engine.channelNames[record.channel], role.mayRead(channel) else { return }
    let key = RecordKey(bytes: record.key)
    let state = try StateCodec.decode(stored) {
      guard let table = engine.tables[record.kind], let row = try engine.row(table, key) else { return [:] }
      return table.contents(of: row)
    }
    guard changed || state.allClocks({ base.covers($0) }) else { return }
    let renumbered = try state.renumbered { clock throws in
      guard let number = numbers[clock.stream] else {
        throw StoreError(.damaged, Self.operation, "a head stands in no known stream")
      }
      return Clock(stream: number, sequence: clock.sequence, time: clock.time)
    }
    gathering.size += key.bytes.count + StateCodec.encode(state, valuesStandInRow: false).count
    gathering.entries.append(HeadsEntry(kind: record.kind, key: key, channel: channel, state: renumbered))
  }

  // MARK: What changed meanwhile

  /// Takes what changed since, and signs; nil when that is too much.
  private func finish(now: () -> Int64) throws -> SnapshotManifest? {
    try step(now) { engine in
      let start = lastSegment
      let until = try engine.lastSegment()
      let changed = try changedRecords(engine, after: start)
      guard changed.count <= amendmentLimit else { return nil }
      while lastSegment < until { try takeSkeleton(engine, until: until) }
      var amendments: [SnapshotManifest.Page] = []
      var gathering = Gathering()
      for name in changed.sorted(by: { ($0.kind, $0.key) < ($1.kind, $1.key) }) {
        let select = try engine.connection.prepared("SELECT channel, state FROM birlik_head WHERE kind=?1 AND key=?2")
        select.bind(1, name.kind)
        select.bind(2, blob: name.key.bytes)
        var stored: [(channel: Int, state: [UInt8])] = []
        while try select.step() { stored.append((select.int(0), select.bytes(1))) }
        for (channel, state) in stored {
          let record = HeadsCursor(kind: name.kind, key: name.key.bytes, channel: channel)
          try gather(engine, record, state, changed: true, into: &gathering)
        }
        if gathering.size >= pageBytes {
          amendments.append(try keep(.amendments(gathering.entries), engine))
          gathering = Gathering()
        }
      }
      if !gathering.entries.isEmpty { amendments.append(try keep(.amendments(gathering.entries), engine)) }
      let cards = try cardPages(engine)
      let manifest = try SnapshotManifest.issue(
        federation: role.federation, takenAt: now(), catalogVersion: engine.catalog.version,
        frontier: engine.streams.frontier(where: role.mayRead), pages: cards + skeleton + amendments + heads,
        by: engine.identity.key)
      try engine.keep(manifest, at: now())
      return manifest
    }
  }

  private func changedRecords(_ engine: Engine, after id: Int64) throws -> Set<RecordName> {
    var changed: Set<RecordName> = []
    let select = try engine.connection.prepared(
      "SELECT stream, bytes FROM birlik_segment WHERE id>?1 AND problem IS NULL ORDER BY id")
    select.bind(1, id)
    defer { select.reset() }
    while changed.count <= amendmentLimit, try select.step() {
      guard let channel = engine.streams.stream(select.int(0))?.channel, role.mayRead(channel) else { continue }
      for block in try Segment(bytes: select.bytes(1)).blocks() {
        for place in 0..<block.count { changed.insert(RecordName(kind: block.kind, key: block.key(place))) }
      }
    }
    return changed
  }

  private func cardPages(_ engine: Engine) throws -> [SnapshotManifest.Page] {
    var pages: [SnapshotManifest.Page] = []
    var cards = authors.sorted().compactMap { engine.cards[$0]?.bytes }[...]
    while !cards.isEmpty {
      pages.append(try keep(.cards(Array(cards.prefix(1024))), engine))
      cards = cards.dropFirst(1024)
    }
    return pages
  }

  private func keep(_ page: SnapshotPage, _ engine: Engine) throws -> SnapshotManifest.Page {
    let (bytes, entry) = try page.packed()
    try engine.keep(page: bytes, digest: entry.digest)
    return entry
  }
}

extension Engine {
  /// The number of the last segment of the log; 0 for none.
  func lastSegment() throws -> Int64 {
    let select = try connection.prepared("SELECT coalesce(max(id), 0) FROM birlik_segment")
    defer { select.reset() }
    return try select.step() ? select.int64(0) : 0
  }
}
