import SyncCore
import TestSupport
import Testing

/// Where segments belong, what they have seen, and what a new one has to name.
@Suite struct StreamTableTests {
  private let home = Channel(owner: "ftuu", audience: .home)
  private let open = Channel(owner: "ftuu", audience: .open)

  private func edit(_ number: Int64 = 1) -> Change {
    Change(
      kind: 1, key: RecordKey("a"), operation: .edit, registers: [RegisterContent(RegisterKey(1), content(number))],
      captured: 0, time: 0)
  }

  private func segment(_ header: SegmentHeader, _ number: Int64 = 1) -> TestSegment {
    TestSegment(header, Array(repeating: edit(number), count: min(header.count, 3)), truth: [])
  }

  private func tip(_ segment: TestSegment) -> Tip {
    Tip(origin: segment.header.origin, sequence: segment.header.last, hash: segment.hash)
  }

  @Test("A first segment begins a stream, the next extends it, and what is held is held")
  func chain() {
    var replica = Replica(origin: origin(1))
    let first = segment(header(origin(1), home, count: 3))
    #expect(replica.place(first) == .begins(parent: nil, seen: VersionVector()))
    replica.take([first])
    #expect(replica.place(first) == .held)
    let second = segment(header(origin(1), home, first: 4, after: first.hash))
    var seen = VersionVector()
    seen.raise(0, to: 3)
    #expect(replica.place(second) == .extends(stream: 0, seen: seen))
    replica.take([second])
    #expect(replica.table.streams.count == 1)
    #expect(replica.table.stream(0)?.tip == tip(second) && replica.table.stream(0)?.seen[0] == 4)
    #expect(replica.table.stream(of: origin(1), in: home, tip: second.hash) == 0)
    #expect(replica.table.stream(of: origin(1), in: home, tip: first.hash) == nil)
    #expect(replica.table.stream(of: origin(1), in: open, tip: second.hash) == nil)
    #expect(replica.table.stream(7) == nil && replica.table.stream(-1) == nil)
  }

  @Test("Two segments with one predecessor are both kept, the later as a branch")
  func fork() {
    var replica = Replica(origin: origin(1))
    let first = segment(header(origin(1), home))
    let left = segment(header(origin(1), home, first: 2, after: first.hash), 1)
    let right = segment(header(origin(1), home, first: 2, after: first.hash), 2)
    replica.take([first, left])
    var seen = VersionVector()
    seen.raise(0, to: 1)
    #expect(replica.place(right) == .begins(parent: Position(stream: 0, sequence: 1), seen: seen))
    replica.take([right])
    seen.raise(1, to: 2)
    #expect(replica.table.stream(1)?.seen == seen, "the branch has seen the stem but not its sibling")
    let joining = segment(header(origin(2), home, context: [tip(right)]))
    #expect(replica.place(joining) == .begins(parent: nil, seen: seen), "so has who names only the branch")
    #expect(replica.table.everything(in: home).entries.map(\.sequence) == [2, 2])
  }

  @Test("Two beginnings of one origin, copied before it ever sealed, are two streams")
  func forkAtTheBeginning() {
    var replica = Replica(origin: origin(1))
    replica.take([segment(header(origin(1), home), 1), segment(header(origin(1), home), 2)])
    #expect(replica.table.streams.count == 2 && replica.table.streams.allSatisfy { $0.parent == nil })
  }

  @Test("Clones that seal the same words after the same past have sealed one segment")
  func identicalTwins() {
    var left = Replica(origin: origin(1))
    var right = left
    let first = left.seal([edit()], in: home, at: 1, nonce: 0)
    let second = right.seal([edit()], in: home, at: 1, nonce: 0)
    #expect(first.hash == second.hash && left.place(second) == .held)
  }

  @Test("What builds on something that is not held waits for it")
  func waiting() {
    var replica = Replica(origin: origin(1))
    let first = segment(header(origin(1), home))
    let second = segment(header(origin(1), home, first: 2, after: first.hash))
    let other = segment(header(origin(2), home, context: [tip(second)]))
    #expect(replica.place(second) == .waits(for: first.hash))
    #expect(replica.place(other) == .waits(for: second.hash))
    replica.take([other, second])
    #expect(replica.waiting.count == 2 && replica.table.streams.isEmpty)
    replica.take([first])
    #expect(replica.waiting.isEmpty && replica.log.map(\.hash) == [first, second, other].map(\.hash))
  }

  @Test("What no honest node seals is distinguished from what is only early")
  func contradictions() {
    var replica = Replica(origin: origin(1))
    let first = segment(header(origin(1), home))
    replica.take([first])
    let name = tip(first)
    let wrongSequence = Tip(origin: name.origin, sequence: 2, hash: name.hash)
    let wrongOrigin = Tip(origin: origin(3), sequence: 1, hash: name.hash)
    let bad = [
      header(origin(2), home, first: 2),
      header(origin(2), home, first: 0),
      header(origin(2), home, first: .min),
      header(origin(2), home, first: 2, after: first.hash),
      header(origin(1, nonce: 1), home, first: 2, after: first.hash),
      header(origin(1), open, first: 2, after: first.hash),
      header(origin(1), home, first: 3, after: first.hash),
      header(origin(1), home, first: 1, after: first.hash),
      header(origin(2), home, context: [wrongSequence]),
      header(origin(2), home, context: [wrongOrigin]),
      header(origin(2), open, context: [name]),
    ]
    for header in bad {
      guard case .contradicts = replica.place(segment(header)) else {
        Issue.record("placed: \(header)")
        continue
      }
    }
    var table = replica.table
    let seen = VersionVector()
    for placement in [.contradicts(""), .held, .waits(for: .zero), .extends(stream: 9, seen: seen)]
      as [StreamTable.Placement]
    {
      let number = table.append(bad[0], hash: .zero, placement: placement)
      #expect(number == nil)
    }
    #expect(table.streams == replica.table.streams)
  }

  @Test("Numbers at the ends of Int64 trap nowhere")
  func extremeNumbers() {
    for first in [Int64.min, -1, 0, 1, .max] {
      for count in [Int.min, 0, 1, .max] {
        let extreme = header(origin(1), home, first: first, count: count)
        var table = StreamTable()
        let number = table.append(extreme, hash: .zero, placement: .begins(parent: nil, seen: VersionVector()))
        #expect(number == 0)
        let next = header(origin(1), home, first: first, count: count, after: Digest(1, 1, 1, 1))
        _ = table.place(
          next, hash: Digest(2, 2, 2, 2),
          position: { $0 == Digest(1, 1, 1, 1) ? Position(stream: 0, sequence: first) : nil },
          seenAt: { _ in VersionVector() })
        _ = table.context(in: home, after: 0)
        _ = table.everything(in: home)
      }
    }
  }

  @Test("What a new segment names and its predecessor's vector cover everything held, and nothing is named in vain")
  func contextsAreComplete() {
    for seed in 0..<200 as Range<UInt64> {
      var world = World(seed: SeededRandom.firstSeed &+ 3_000_000 &+ seed)
      world.run(steps: 12)
      for table in world.replicas.map(\.table) {
        for channel in World.channels {
          let streams = table.numbered.filter { $0.stream.channel == channel }.map(\.number)
          for predecessor in [nil] + streams.map(Optional.some) {
            let before = predecessor.flatMap { table.stream($0)?.seen } ?? VersionVector()
            var seen = before
            let named = table.context(in: channel, after: predecessor)
            for tip in named {
              guard let number = streams.first(where: { table.stream($0)?.tip == tip }) else {
                Issue.record("seed \(seed): names what is no tip of the channel")
                continue
              }
              if before[number] >= tip.sequence { Issue.record("seed \(seed): names what was seen") }
              table.join(Position(stream: number, sequence: tip.sequence), into: &seen)
            }
            if seen != table.everything(in: channel) { Issue.record("seed \(seed): \(named) is not complete") }
            if named != named.sorted() || Set(named).count != named.count { Issue.record("seed \(seed): out of order") }
          }
        }
      }
    }
  }

  @Test("The frontier lists every tip of the visible channels in order")
  func frontier() {
    var replica = Replica(origin: origin(1))
    replica.take([
      segment(header(origin(2), open)), segment(header(origin(2), home)), segment(header(origin(1), open)),
    ])
    let all = replica.table.frontier { _ in true }
    #expect(all.map(\.channel) == [home, open, open])
    #expect(all.map(\.tip.origin) == [origin(2), origin(1), origin(2)])
    #expect(replica.table.frontier { $0 == home }.count == 1)
    #expect(replica.table.frontier { _ in false }.isEmpty)
  }

  @Test("A vector keeps the highest of each stream, whatever the order of raising")
  func vectors() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 5)
    for _ in 0..<200 {
      var vector = VersionVector()
      var expected: [StreamNumber: Int64] = [:]
      for _ in 0..<random.below(12) {
        let (stream, sequence) = (StreamNumber(random.below(6)), Int64(random.below(5)) - 1)
        let isNew = sequence > expected[stream, default: 0]
        let isRaised = vector.raise(stream, to: sequence)
        #expect(isRaised == isNew)
        if isNew { expected[stream] = sequence }
      }
      #expect(vector.entries.map(\.stream) == expected.keys.sorted())
      var other = VersionVector()
      other.raise(2, to: 3)
      other.join(vector)
      for stream in (0..<7).map({ StreamNumber($0) }) {
        #expect(vector[stream] == expected[stream, default: 0])
        #expect(other[stream] == max(vector[stream], stream == 2 ? 3 : 0))
        #expect(vector.covers(Clock(stream: stream, sequence: 2, time: 0)) == (vector[stream] >= 2))
      }
    }
  }
}
