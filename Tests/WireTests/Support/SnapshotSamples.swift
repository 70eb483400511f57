import SyncCore
import TestSupport

@testable import Wire

extension Samples {
  static func manifest(seed: UInt64) throws -> SnapshotManifest {
    var dice = SeededRandom(seed: seed)
    let pages = (0..<dice.below(6)).map { _ in
      SnapshotManifest.Page(size: dice.below(1000), content: dice.below(4000), digest: digest(&dice))
    }
    return try SnapshotManifest.issue(
      federation: "ftuu", takenAt: now, catalogVersion: dice.below(9), frontier: frontier(&dice, count: 4),
      pages: pages, by: key(0))
  }

  static func clock(_ dice: inout SeededRandom) -> Clock {
    let sequence = dice.chance(5) ? Int64.max : Int64(dice.below(100_000) + 1)
    return Clock(stream: dice.below(5), sequence: sequence, time: dice.time())
  }

  static func register(_ dice: inout SeededRandom) -> RegisterKey {
    RegisterKey(dice.below(60), element: dice.chance(30) ? dice.bytes(dice.below(9)) : nil)
  }

  static func content(_ dice: inout SeededRandom) -> Content {
    Content(
      (0..<dice.below(3)).map { field in
        let value: Value = dice.chance(50) ? .integer(dice.time()) : .text(dice.bytes(dice.below(20)))
        return Cell(field: field, value: value)
      })
  }

  static func state(_ dice: inout SeededRandom) -> RecordState {
    var rows: [RowHead] = []
    for _ in 0..<dice.below(3) {
      var contents: [RegisterKey: Content] = [:]
      for _ in 0..<dice.below(4) { contents[register(&dice)] = content(&dice) }
      rows.append(RowHead(clock: clock(&dice), contents: contents.filter { !$0.value.isEmpty }))
    }
    var registers: [RegisterKey: [Head]] = [:]
    for _ in 0..<dice.below(4) {
      registers[register(&dice)] = (0...dice.below(2)).map { _ in Head(clock: clock(&dice), content: content(&dice)) }
    }
    let deletions = (0..<dice.below(2)).map { _ in
      RecordState.Deletion(clock: clock(&dice), covered: Set((0..<dice.below(3)).map { _ in clock(&dice) }))
    }
    return RecordState(rows: rows, registers: registers, deletions: deletions)
  }

  static func heads(seed: UInt64, count: Int = 12) -> [HeadsEntry] {
    var dice = SeededRandom(seed: seed)
    return (0..<count).map { number in
      let key = dice.chance(10) ? dice.bytes(dice.below(30)) : Array("ftuu-00\(number)".utf8)
      return HeadsEntry(
        kind: dice.below(9), key: RecordKey(bytes: key), channel: channel(&dice), state: state(&dice))
    }
  }

  /// A chain of segments, the second stream a branch of the first.
  static func skeleton(seed: UInt64) throws -> [(entry: SkeletonEntry, segment: PrunedSegment)] {
    var dice = SeededRandom(seed: seed)
    let origin = origin(&dice)
    let channel = channel(&dice)
    var tips: [[Tip]] = []
    var all: [(SkeletonEntry, PrunedSegment)] = []
    for (stream, parent) in [(0, nil), (0, nil), (1, Position(stream: 0, sequence: 6)), (0, nil)] as [(Int, Position?)]
    {
      let isFirst = stream == tips.count
      if isFirst { tips.append([]) }
      let before = tips[stream].last ?? (parent == nil ? nil : tips[0].first)
      let context = stream == 0 && tips.count > 1 ? tips[1].suffix(1) : []
      let model = RandomBlock(&dice, kind: 1, changes: 6)
      let header = SegmentHeader(
        origin: origin, channel: channel, first: (before?.sequence ?? 0) + 1, count: 6,
        predecessor: before?.hash ?? .zero, context: Array(context), catalogVersion: 3, sealedAt: dice.time())
      let segment = try Segment.seal(header, blocks: [model.block], key: key(1))
      let bare = try PrunedSegment(bytes: segment.bytes)
      let positions = context.map { Position(stream: 1, sequence: $0.sequence) }
      all.append(
        (
          SkeletonEntry(
            bare, stream: stream, origin: origin, parent: parent, isFirst: isFirst, context: Array(positions),
            isUnread: dice.chance(20)), bare
        ))
      tips[stream].append(Tip(origin: origin, sequence: header.last, hash: bare.hash))
    }
    return all
  }
}
