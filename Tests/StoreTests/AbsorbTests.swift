import Crypto
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// What is taken from a peer, and what is not.
@Suite struct AbsorbTests {
  private func cards(_ nodes: TestNode...) -> [[UInt8]] { nodes.map(\.identity.card.bytes) }

  /// A segment with any content, signed by a node as only that node can.
  private func forged(
    by node: TestNode, channel: Channel, _ change: (inout SegmentHeader) -> Void = { _ in },
    blocks: ((inout KindBlock) -> Void)? = nil
  ) throws -> Segment {
    var block = KindBlock(kind: 1, keyColumns: 1)
    block.begin(.insertion, captured: House.start, time: House.start, isFlagged: false)
    block.appendKey(column: 0, Array("forged".utf8)[...])
    blocks?(&block)
    var header = SegmentHeader(
      origin: Origin(node: node.identity.node, nonce: 77), channel: channel, first: 1, count: block.count,
      predecessor: .zero, context: [], catalogVersion: 1, sealedAt: House.start)
    change(&header)
    return try Segment.seal(header, blocks: [block], key: node.identity.key)
  }

  private let open = Channel(owner: "ftuu", audience: .open)

  @Test("A segment is refused with its reason and stops nothing else")
  func refusals() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try uz.type("INSERT INTO org_unit(code) VALUES('good')")
    try uz.seal()
    let good = try uz.log()
    let stranger = try House().add("kfik", office: "x")
    let strange = try forged(by: stranger, channel: Channel(owner: "kfik", audience: .open))
    var altered = try forged(by: uz, channel: open).bytes
    altered[altered.count - 1] ^= 1
    let whole = try forged(by: uz, channel: open)
    let signed = try Segment.seal(whole.header, blocks: try whole.blocks(), key: Curve25519.Signing.PrivateKey())
    let report = try hq.store.absorb(
      segments: [
        strange.bytes, try forged(by: tr, channel: open).bytes, altered, Array(whole.bytes.dropLast(9)),
        whole.bytes + [0], [], Array("not a segment at all".utf8), signed.bytes, good[0],
      ], cards: cards(uz, tr, hq) + [Array("no card".utf8), stranger.identity.card.bytes.dropLast(1)])
    #expect(report.segments == 1)
    #expect(report.refusals.count == 8)
    let reasons = report.refusals.map(\.reason)
    #expect(reasons.first == "its author is not known here")
    #expect(reasons.dropFirst().first == "its author may not write the channel ftuu:open")
    #expect(reasons.contains("its body is not the one that its header names"))
    #expect(reasons.last?.contains("its signature is not that of origin") == true)
    #expect(try hq.column("code", "org_unit") == ["good"])
    #expect(try hq.count("birlik_segment") == 1)
    #expect(try hq.store.verify().problems == [])
  }

  @Test("A wrong signature is refused")
  func signature() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    // Signed by another node's key in the name of this one.
    let header = SegmentHeader(
      origin: Origin(node: uz.identity.node, nonce: 1), channel: open, first: 1, count: 1, predecessor: .zero,
      context: [], catalogVersion: 1, sealedAt: 0)
    var block = KindBlock(kind: 1, keyColumns: 1)
    block.begin(.deletion, captured: 0, time: 0, isFlagged: false)
    block.appendKey(column: 0, Array("a".utf8)[...])
    let segment = try Segment.seal(header, blocks: [block], key: tr.identity.key)
    let report = try hq.store.absorb(segments: [segment.bytes], cards: cards(uz, tr))
    #expect(report.refusals.map(\.reason).first?.contains("its signature is not that of origin") == true)
    #expect(report.segments == 0)
  }

  @Test("Every byte of a segment is covered: one altered anywhere is refused")
  func everyByte() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let bytes = try forged(by: uz, channel: open).bytes
    var altered: [[UInt8]] = []
    for index in bytes.indices {
      var copy = bytes
      copy[index] ^= 0x10
      altered.append(copy)
    }
    let report = try hq.store.absorb(segments: altered, cards: cards(uz))
    #expect(report.refusals.count == bytes.count)
    #expect(try hq.count("birlik_segment") == 0)
    #expect(try hq.count("birlik_waiting") == 0)
  }

  @Test("A channel that the exchange may not carry is refused")
  func channel() throws {
    let house = try House()
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    let home = try forged(by: tr, channel: Channel(owner: "fturk", audience: .home))
    let report = try uz.store.absorb(segments: [home.bytes], cards: cards(tr), mayRead: uz.role.mayRead)
    #expect(report.refusals.map(\.reason) == ["its channel is not one that may be exchanged here"])
  }

  @Test("A segment that contradicts what it names is refused")
  func contradictions() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let first = try forged(by: uz, channel: open)
    let gap = try forged(by: uz, channel: open) { header in
      header.predecessor = first.hash
      header.first = 5
    }
    let late = try forged(by: uz, channel: open) { $0.first = 9 }
    let elsewhere = try forged(by: uz, channel: Channel(owner: "ftuu", audience: .home)) { header in
      header.predecessor = first.hash
      header.first = 2
    }
    let report = try hq.store.absorb(
      segments: [first, gap, late, elsewhere].map(\.bytes), cards: cards(uz))
    #expect(
      report.refusals.map(\.reason) == [
        "its numbers do not follow those of its predecessor", "a stream begins with number 1",
        "its predecessor belongs to another stream",
      ])
    #expect(report.segments == 1)
  }

  @Test("A signed segment whose kind, fields and values nobody here knows is kept and passed on")
  func unknownContent() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let segment = try forged(by: uz, channel: open) { _ in
    } blocks: { block in
      let field = block.column(field: 55, register: 55)
      block.append(7, to: field)
      let number = block.column(field: 5, register: 5)
      block.append(3, to: number)
    }
    var other = KindBlock(kind: 4000, keyColumns: 2)
    other.begin(.edit, captured: 0, time: 0, isFlagged: false)
    for column in 0..<2 { other.appendKey(column: column, Array("k".utf8)[...]) }
    let header = SegmentHeader(
      origin: segment.header.origin, channel: open, first: 2, count: 1, predecessor: segment.hash, context: [],
      catalogVersion: 9, sealedAt: 0)
    let unknown = try Segment.seal(header, blocks: [other], key: uz.identity.key)
    let report = try hq.store.absorb(segments: [segment.bytes, unknown.bytes], cards: cards(uz))
    #expect(report.refusals == [])
    // The name is a number, which this catalog does not allow.
    #expect(try hq.rows(["code", "name"], "org_unit") == [["forged", "∅"]])
    #expect(try hq.store.invalidValues().map(\.field) == ["name"])
    #expect(try hq.count("birlik_head WHERE kind=4000") == 1)
    let batch = try hq.store.batch(lackedBy: [], role: uz.role)
    #expect(batch.segments == [segment.bytes, unknown.bytes])
    #expect(try hq.store.verify().problems == [])
  }

  @Test("A properly signed segment whose body cannot be read is kept, reported and passed on")
  func unreadableBody() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let segment = try UnreadableSegment.seal(
      SegmentHeader(
        origin: Origin(node: uz.identity.node, nonce: 5), channel: open, first: 1, count: 1, predecessor: .zero,
        context: [], catalogVersion: 1, sealedAt: 0), key: uz.identity.key)
    let report = try hq.store.absorb(segments: [segment.bytes], cards: cards(uz))
    #expect(report.segments == 1)
    #expect(report.refusals == [])
    #expect(try hq.count("birlik_segment WHERE problem IS NOT NULL") == 1)
    #expect(try hq.store.batch(lackedBy: [], role: uz.role).segments == [segment.bytes])
    // What builds on it is taken as ever.
    let next = try forged(by: uz, channel: open) { header in
      header.origin = segment.header.origin
      header.first = 2
      header.predecessor = segment.hash
    }
    #expect(try hq.store.absorb(segments: [next.bytes], cards: cards(uz)).segments == 1)
    #expect(try hq.column("code", "org_unit") == ["forged"])
    _ = try hq.store.history(kind: "org_unit", key: "forged")
    _ = try hq.store.verify()
  }

  @Test("Segments wait for what they build on, whatever the order, and survive a restart meanwhile")
  func waiting() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    for number in 0..<12 {
      try uz.type("INSERT INTO org_unit(code, name) VALUES('u', '0') ON CONFLICT DO UPDATE SET name='\(number)'")
      try uz.seal()
    }
    let all = try uz.log()
    var random = SeededRandom(seed: 3)
    for (number, bytes) in all.dropFirst().shuffled(using: &random).enumerated() {
      let report = try hq.store.absorb(segments: [bytes, bytes], cards: cards(uz))
      #expect(report.waiting == 1)
      #expect(report.segments == 0)
      if number == 5 {
        try hq.store.close()
        try hq.open()
      }
    }
    #expect(try hq.count("org_unit") == 0)
    #expect(try hq.store.status().waiting == 11)
    // Were the first one lost with its author, these would be readable all the same.
    let history = try hq.store.history(kind: "org_unit", key: "u")
    #expect(history.count == 11 && history.allSatisfy(\.isWaiting))
    #expect(Set(history.flatMap(\.fields).map(\.value.display)) == Set((1..<12).map(String.init)))
    let report = try hq.store.absorb(segments: [all[0]], cards: [])
    #expect(report.segments == 12)
    #expect(report.changes == 12)
    #expect(try hq.store.status().waiting == 0)
    try expectEqual(hq, uz)
    // Again everything: nothing happens.
    #expect(try hq.store.absorb(segments: all, cards: cards(uz)).segments == 0)
  }

  @Test("A chain of many waiting segments is taken without exhausting the stack")
  func longChain() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.hurry()
    try hq.hurry()
    var segments: [Segment] = []
    for number in 0..<1500 {
      segments.append(
        try forged(by: uz, channel: open) { header in
          header.first = Int64(number + 1)
          header.predecessor = segments.last?.hash ?? .zero
        })
    }
    let report = try hq.store.absorb(segments: segments.reversed().map(\.bytes), cards: cards(uz))
    #expect(report.segments == 1500)
    #expect(try hq.store.status().waiting == 0)
  }

  @Test("What is captured at the receiver is sealed before anything is absorbed")
  func sealsFirst() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    try uz.type("UPDATE org_unit SET name='Two'")
    try uz.seal()
    try hq.type("UPDATE org_unit SET name='Three'")
    let report = try hq.store.absorb(segments: try uz.log(), cards: cards(uz))
    #expect(report.seal.changes == 1)
    #expect(report.conflictsOpened == 1)
    let view = try #require(try hq.store.conflicts().first)
    #expect(view.field == "name")
    #expect(Set([view.shown?.display, view.others.first?.display]) == ["Two", "Three"])
  }
}
