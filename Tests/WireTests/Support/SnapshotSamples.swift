import SyncCore
import TestSupport

@testable import Wire

extension Samples {
  static func manifest(seed: UInt64) throws -> SnapshotManifest {
    var random = SeededRandom(seed: seed)
    let pages = (0..<random.below(6)).map { _ in
      SnapshotManifest.Page(size: random.below(1000), content: random.below(4000), digest: digest(&random))
    }
    return try SnapshotManifest.issue(
      federation: "ftuu", takenAt: now, catalogVersion: random.below(9), frontier: frontier(&random, count: 4),
      pages: pages, by: key(0))
  }

  static func clock(_ random: inout SeededRandom) -> Clock {
    let sequence = random.chance(5) ? Int64.max : Int64(random.below(100_000) + 1)
    return Clock(stream: StreamNumber(random.below(5)), sequence: sequence, time: random.time())
  }

  static func register(_ random: inout SeededRandom) -> RegisterKey {
    RegisterKey(RegisterID(random.below(60)), element: random.chance(30) ? random.bytes(random.below(9)) : nil)
  }

  static func content(_ random: inout SeededRandom) -> Content {
    Content(
      (0..<random.below(3)).map { field in
        let value: Value = random.chance(50) ? .integer(random.time()) : .text(random.bytes(random.below(20)))
        return Cell(field: FieldID(field), value: value)
      })
  }

  static func state(_ random: inout SeededRandom) -> RecordState {
    var rows: [RowHead] = []
    for _ in 0..<random.below(3) {
      var contents: [RegisterKey: Content] = [:]
      for _ in 0..<random.below(4) { contents[register(&random)] = content(&random) }
      rows.append(RowHead(clock: clock(&random), contents: contents.filter { !$0.value.isEmpty }))
    }
    var registers: [RegisterKey: [Head]] = [:]
    for _ in 0..<random.below(4) {
      registers[register(&random)] = (0...random.below(2)).map { _ in
        Head(clock: clock(&random), content: content(&random))
      }
    }
    let deletions = (0..<random.below(2)).map { _ in
      RecordState.Deletion(clock: clock(&random), covered: Set((0..<random.below(3)).map { _ in clock(&random) }))
    }
    return RecordState(rows: rows, registers: registers, deletions: deletions)
  }

  static func heads(seed: UInt64, count: Int = 12) -> [HeadsEntry] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { number in
      let key = random.chance(10) ? random.bytes(random.below(30)) : Array("ftuu-00\(number)".utf8)
      return HeadsEntry(
        kind: KindID(random.below(9)), key: RecordKey(bytes: key), channel: channel(&random), state: state(&random))
    }
  }

  /// A chain of segments, the second stream a branch of the first.
  static func skeleton(seed: UInt64) throws -> [(entry: SkeletonEntry, segment: PrunedSegment)] {
    var random = SeededRandom(seed: seed)
    let origin = origin(&random)
    let channel = channel(&random)
    var tips: [[Tip]] = []
    var all: [(SkeletonEntry, PrunedSegment)] = []
    for (stream, parent) in [(0, nil), (0, nil), (1, Position(stream: 0, sequence: 6)), (0, nil)] as [(Int, Position?)]
    {
      let isFirst = stream == tips.count
      if isFirst { tips.append([]) }
      let before = tips[stream].last ?? (parent == nil ? nil : tips[0].first)
      let context = stream == 0 && tips.count > 1 ? tips[1].suffix(1) : []
      let model = RandomBlock(&random, kind: 1, changes: 6)
      let header = SegmentHeader(
        origin: origin, channel: channel, first: (before?.sequence ?? 0) + 1, count: 6,
        predecessor: before?.hash ?? .zero, context: Array(context), catalogVersion: 3, sealedAt: random.time())
      let segment = try Segment.seal(header, blocks: [model.block], key: key(1))
      let bare = try PrunedSegment(bytes: segment.bytes)
      let positions = context.map { Position(stream: 1, sequence: $0.sequence) }
      all.append(
        (
          SkeletonEntry(
            bare, stream: StreamNumber(stream), origin: origin, parent: parent, isFirst: isFirst,
            context: Array(positions),
            isUnread: random.chance(20)), bare
        ))
      tips[stream].append(Tip(origin: origin, sequence: header.last, hash: bare.hash))
    }
    return all
  }
}
