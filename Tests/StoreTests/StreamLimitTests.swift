import Limits
import enum Crypto.Curve25519
import SyncCore
import Testing
import Wire

@testable import Store

/// How many streams one member may begin: everybody has to show and read all of them at every sync.
@Suite(.timeLimit(.minutes(20))) struct StreamLimitTests {
  private let open = Channel(owner: "ftuu", audience: .open)

  private func segment(
    _ node: NodeID, nonce: UInt64, _ key: Curve25519.Signing.PrivateKey, first: Int64 = 1,
    after predecessor: Digest = .zero, name: String = "x"
  ) throws -> Segment {
    var block = KindBlock(kind: 1, keyColumns: 1)
    block.append(
      Change(
        kind: 1, key: RecordKey("many-\(nonce)"), operation: .edit,
        registers: [RegisterContent(RegisterKey(5), Content([Cell(field: 5, value: .text(Array(name.utf8)))]))],
        captured: 1, time: 1)
    ) { _ in [5] }
    let header = SegmentHeader(
      origin: Origin(node: node, nonce: nonce), channel: open, first: first, count: 1, predecessor: predecessor,
      context: [], catalogVersion: 1, sealedAt: 1)
    return try Segment.seal(header, blocks: [block], key: key)
  }

  @Test("A member begins so many streams and no more, by new origins, branches and new keys; the others go on")
  func many() throws {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    let office = try house.add("ftuu", office: "Samarkand")
    let (node, key) = try (uz.identity.node, uz.identity.key)
    let limit = WireLimits.streamsPerNode

    let first = try segment(node, nonce: 0, key)
    var segments = [first]
    for number in 1..<UInt64(limit) { segments.append(try segment(node, nonce: number, key)) }
    let taken = try hq.store.absorb(segments: segments.map(\.bytes), cards: [uz.identity.card.bytes])
    #expect(taken.segments == limit && taken.refusals == [])

    let branch = try segment(node, nonce: 0, key, name: "branch")
    let more = [try segment(node, nonce: UInt64(limit), key), branch]
    let refused = try hq.store.absorb(segments: more.map(\.bytes), cards: [])
    #expect(refused.segments == 0 && refused.refusals.count == 2)
    #expect(refused.refusals.allSatisfy { $0.reason.contains("\(limit) streams") })
    // What it began goes on.
    let next = try segment(node, nonce: 0, key, first: 2, after: first.hash, name: "next")
    #expect(try hq.store.absorb(segments: [next.bytes], cards: []).segments == 1)

    // A new key is no new member.
    let fresh = try House.key(90)
    let renewal = try KeyRenewal(from: key, to: fresh, tips: [], at: 1)
    let card = try #require(
      try hq.store.replace(renewal) { card in
        try NodeCard.issue(
          publicKey: Array(fresh.publicKey.rawRepresentation), role: card.role, name: card.name, at: House.start,
          by: house.headquartersKey)
      })
    #expect(try hq.store.earlier(than: card.id) == [node])
    // Nor does it grow headquarters' statement with ends that it invents.
    let statement = try hq.store.statement(on: node)
    let invented = (0..<UInt64(2 * limit)).map { number in
      FrontierEntry(
        channel: open, tip: Tip(origin: Origin(node: node, nonce: 1 << 32 | number), sequence: 1, hash: .zero))
    }
    let grown = try KeyRenewal(from: key, to: fresh, tips: invented, at: 2)
    #expect(try hq.store.replace(grown) { $0 } == nil)
    #expect(try hq.store.statement(on: node) == statement)
    let renewed = try segment(card.id, nonce: 1, fresh)
    #expect(try hq.store.absorb(segments: [renewed.bytes], cards: [card.bytes]).segments == 0)

    try office.type("INSERT INTO org_unit(code, name) VALUES('o', 'office')")
    try Exchange.sync(office, hq)
    #expect(try office.value("name", "org_unit WHERE code='o'") == "office")
    #expect(try office.store.frontier(visibleTo: office.role).count == limit + 2)
  }
}
