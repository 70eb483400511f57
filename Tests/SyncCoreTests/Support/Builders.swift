import SyncCore

/// Shorthands for unit tests.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func content(_ number: Int64?) -> Content { Content([Cell(field: 1, value: number.map(Value.integer) ?? .null)]) }

func head(_ stream: Int, time: Int64 = 0, _ content: Content) -> Head {
  Head(clock: Clock(stream: stream, sequence: 1, time: time), content: content)
}

/// Facts where the stream's number is the author and breaks ties.
struct StubFacts: HeadFacts {
  var authors: [Int: Author] = [:]

  func precedes(_ a: Clock, _ b: Clock) -> Bool {
    (a.time, a.stream, a.sequence) < (b.time, b.stream, b.sequence)
  }

  func author(of clock: Clock) -> Author { authors[clock.stream] ?? .other }
}

/// One record whose changes list what they saw.
struct Scene {
  private(set) var state = RecordState()
  private var count = 0

  /// Absorbs a change of its own stream that has seen the given ones.
  mutating func absorb(
    _ operation: Change.Operation, _ registers: [Int: Int64?] = [:], seeing seen: [Clock] = []
  ) -> Clock {
    count += 1
    let clock = Clock(stream: count, sequence: 1, time: Int64(count))
    let contents = registers.keys.sorted().map { RegisterContent(RegisterKey($0), content(registers[$0] ?? nil)) }
    let change = Change(
      kind: 1, key: RecordKey("a"), operation: operation, registers: contents, captured: 0, time: clock.time)
    state.absorb(change, at: clock) { seen.contains($0) }
    return clock
  }

  func heads(_ id: Int) -> Set<Clock> { Set(state.heads(RegisterKey(id)).map(\.clock)) }
}

/// A header on a channel, with little else.
func header(
  _ origin: Origin, _ channel: Channel, first: Int64 = 1, count: Int = 1, after predecessor: Digest = .zero,
  context: [Tip] = []
) -> SegmentHeader {
  SegmentHeader(
    origin: origin, channel: channel, first: first, count: count, predecessor: predecessor, context: context,
    catalogVersion: 1, sealedAt: 0)
}

func origin(_ number: UInt64, nonce: UInt64 = 0) -> Origin {
  Origin(node: NodeID(high: 0, low: number), nonce: nonce)
}
