import Limits
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Segments that wait for one that never comes: they fill no disk and take nobody else's room.
@Suite(.timeLimit(.minutes(20))) struct WaitingRoomTests {
  private static let largest = 3_900_000
  private static let unpackable: [UInt8] = {
    var random = SeededRandom(seed: 1)
    return (0..<largest).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }()

  /// A segment that builds on one that nobody has.
  private func orphan(_ node: TestNode, _ number: UInt64, bytes: Int = 1) throws -> Segment {
    var block = KindBlock(kind: 1, keyColumns: 1)
    let batch = 1 << 19
    for start in stride(from: 0, to: bytes, by: batch) {
      let text = Array(Self.unpackable[start..<min(start + batch, bytes)])
      block.append(
        Change(
          kind: 1, key: RecordKey("waiting-\(number)-\(start)"), operation: .edit,
          registers: [RegisterContent(RegisterKey(5), Content([Cell(field: 5, value: .text(text))]))], captured: 1,
          time: 1)
      ) { _ in [5] }
    }
    let header = SegmentHeader(
      origin: Origin(node: node.identity.node, nonce: number),
      channel: Channel(owner: node.role.federation, audience: .open),
      first: 2, count: block.count, predecessor: Digest(sha256: [1, 2, 3]), context: [], catalogVersion: 1, sealedAt: 1)
    return try Segment.seal(header, blocks: [block], key: node.identity.key)
  }

  @Test("Of one node so many wait and no more, those of the others wait beside them, in a file opened again as well")
  func segments() throws {
    let house = try House()
    let (hq, uz, tr) = (try house.add("otuts"), try house.add("ftuu"), try house.add("turkis"))
    let limit = StoreLimits.waitingSegmentsPerNode
    let most = try (0..<UInt64(limit)).map { try orphan(uz, $0).bytes }
    let taken = try hq.store.absorb(segments: most, cards: [uz.identity.card.bytes, tr.identity.card.bytes])
    #expect(taken.waiting == limit && taken.refusals == [])
    for _ in 1...2 {
      let more = try hq.store.absorb(segments: [try orphan(uz, 1 << 40).bytes], cards: [])
      #expect(more.waiting == 0)
      #expect(more.refusals.map(\.reason) == ["it builds on a segment that is missing, and too many wait already"])
      // The same one again takes no second place.
      #expect(try hq.store.absorb(segments: [most[0]], cards: []).waiting == 0)
      try hq.store.close()
      try hq.open()
    }
    #expect(try hq.store.absorb(segments: [try orphan(tr, 1).bytes], cards: []).waiting == 1)
    #expect(try hq.store.status().waiting == limit + 1)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    #expect(try hq.value("name", "org_unit WHERE code='a'") == "One")
  }

  @Test("Of one node so many bytes wait and no more")
  func bytes() throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    let large = try (0..<UInt64(20)).map { try orphan(uz, $0, bytes: Self.largest).bytes }
    let report = try hq.store.absorb(segments: large, cards: [uz.identity.card.bytes])
    let fitting = StoreLimits.waitingBytesPerNode / large[0].count
    #expect(report.waiting == fitting && report.refusals.count == large.count - fitting)
    // A small one still fits.
    #expect(try hq.store.absorb(segments: [try orphan(uz, 99).bytes], cards: []).waiting == 1)
  }

  @Test("All nodes together have so many places and bytes")
  func all() throws {
    func node(_ number: UInt64) -> NodeID { NodeID(high: 1, low: number) }
    var room = WaitingRoom()
    for number in 0..<StoreLimits.waitingSegments {
      let next = node(UInt64(number % 8))
      #expect(room.hasPlace(for: 1, of: next))
      room.enter(bytes: 1, of: next)
    }
    #expect(!room.hasPlace(for: 1, of: node(99)))
    room = WaitingRoom()
    let size = StoreLimits.waitingBytesPerNode
    for number in 0..<UInt64(StoreLimits.waitingBytes / size) { room.enter(bytes: size, of: node(number)) }
    #expect(!room.hasPlace(for: 1, of: node(99)))
  }
}
