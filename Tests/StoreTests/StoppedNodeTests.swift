import Crypto
import SyncCore
import Testing
import Wire

@testable import Store

/// A stopped node and somebody in league with it try to have more of it counted than headquarters allowed.
@Suite(.timeLimit(.minutes(20))) struct StoppedNodeTests {
  private struct Members {
    let house: House
    let hq: TestNode
    let uz: TestNode
    let office: TestNode
    let tr: TestNode
  }

  private func members() throws -> Members {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    let tr = try house.add("fturk")
    for name in ["Bir", "Iki", "Üch"] {
      try uz.type("INSERT INTO org_unit(code, name) VALUES('a', '\(name)') ON CONFLICT DO UPDATE SET name='\(name)'")
      try uz.seal()
    }
    try Exchange.settle(hq, [uz, office, tr])
    return Members(house: house, hq: hq, uz: uz, office: office, tr: tr)
  }

  private func names(_ node: TestNode) throws -> [String] { try node.column("name", "org_unit ORDER BY code") }

  @Test("What waited when its author was revoked is not taken when that comes for which it waited")
  func waiting() throws {
    let all = try members()
    // The office keeps an edit from headquarters and gives it to the node, whose next segment builds on it.
    try all.office.type("INSERT INTO org_unit(code, name) VALUES('b', 'kept back')")
    try all.office.seal()
    try Exchange.carry(from: all.office, to: all.uz)
    try all.uz.type("UPDATE org_unit SET name='late' WHERE code='a'")
    try all.uz.seal()
    let shown = try all.hq.store.frontier(visibleTo: all.uz.role)
    let batch = try all.uz.store.batch(lackedBy: shown, role: all.uz.role)
    let late = try #require(batch.segments.last)
    #expect(try Segment(bytes: late).header.origin.node == all.uz.identity.node)
    #expect(try all.hq.store.absorb(segments: [late], cards: batch.cards).waiting == 1)

    _ = try all.hq.store.revoke(all.uz.identity.node, reason: "")
    try Exchange.settle(all.hq, [all.tr, all.office])
    for node in [all.hq, all.tr, all.office] {
      #expect(try names(node) == ["Üch", "kept back"])
      #expect(try node.store.status().waiting == 0)
      #expect(try node.store.verify().problems == [])
    }
  }

  @Test("Another branch of a revoked node, with numbers below the last that counts, is taken by nobody who holds that")
  func lowerBranch() throws {
    let all = try members()
    let made = try all.hq.store.revoke(all.uz.identity.node, reason: "the key was stolen")
    try Exchange.settle(all.hq, [all.tr])
    let tip = try #require(made.tips.first { $0.channel.audience == .open })
    #expect(tip.tip.sequence == 3)
    var block = KindBlock(kind: 1, keyColumns: 1)
    block.append(
      Change(
        kind: 1, key: RecordKey("thief"), operation: .edit,
        registers: [RegisterContent(RegisterKey(5), Content([Cell(field: 5, value: .text(Array("x".utf8)))]))],
        captured: 1, time: 1)
    ) { _ in [5] }
    let header = SegmentHeader(
      origin: tip.tip.origin, channel: tip.channel, first: 1, count: 1, predecessor: .zero, context: [],
      catalogVersion: 1, sealedAt: 1)
    let branch = try Segment.seal(header, blocks: [block], key: all.uz.identity.key)
    for node in [all.hq, all.tr] {
      let report = try node.store.absorb(segments: [branch.bytes], cards: [all.uz.identity.card.bytes])
      #expect(report.segments == 0 && report.refusals.first?.reason.contains("revoked") == true)
      #expect(try names(node) == ["Üch"])
    }
  }

  @Test("A revoked node does not have its earlier key's streams go on, though it holds both keys")
  func renewalAfterRevocation() throws {
    let all = try members()
    let identity = all.uz.identity
    let (second, third) = (try House.key(90), try House.key(91))
    func renew(
      _ old: Curve25519.Signing.PrivateKey, _ new: Curve25519.Signing.PrivateKey, _ tips: [FrontierEntry] = []
    ) throws -> NodeCard? {
      try all.hq.store.replace(KeyRenewal(from: old, to: new, tips: tips, at: 1)) { card in
        try NodeCard.issue(
          publicKey: Array(new.publicKey.rawRepresentation), role: card.role, name: card.name, at: House.start,
          by: all.house.headquartersKey)
      }
    }
    let now = try #require(try renew(identity.key, second))
    let last = try #require(try renew(second, third))
    // While the node is accepted a repetition is answered.
    #expect(try renew(identity.key, second) == now)
    // Whoever revokes it by its earlier id learns the new one, and not that all is done.
    let error = try #require(throws: StoreError.self) { try all.hq.store.revoke(identity.node, reason: "") }
    #expect(error.code == .invalid && error.hint.contains(last.id.hex.prefix(12)))
    _ = try all.hq.store.revoke(last.id, reason: "the machine was stolen")
    // Then all of it is.
    #expect(try all.hq.store.revoke(identity.node, reason: "").state == .replaced)

    let before = try all.hq.store.nodeStatements()
    let late = Tip(origin: Origin(node: identity.node, nonce: 77), sequence: 1, hash: Digest(1, 2, 3, 4))
    let channel = Channel(owner: "ftuu", audience: .open)
    #expect(try renew(identity.key, second, [FrontierEntry(channel: channel, tip: late)]) == nil)
    #expect(try renew(second, third) == nil)
    #expect(try all.hq.store.nodeStatements() == before)
  }

  @Test("A node that began a great many streams is revoked like every other one")
  func manyStreams() throws {
    let all = try members()
    let (identity, channel) = (all.uz.identity, Channel(owner: "ftuu", audience: .open))
    func segment(_ nonce: UInt64) throws -> [UInt8] {
      var block = KindBlock(kind: 1, keyColumns: 1)
      block.append(
        Change(
          kind: 1, key: RecordKey("many-\(nonce)"), operation: .edit,
          registers: [RegisterContent(RegisterKey(5), Content([Cell(field: 5, value: .text(Array("x".utf8)))]))],
          captured: 1, time: 1)
      ) { _ in [5] }
      let header = SegmentHeader(
        origin: Origin(node: identity.node, nonce: nonce), channel: channel, first: 1, count: 1, predecessor: .zero,
        context: [], catalogVersion: 1, sealedAt: 1)
      return try Segment.seal(header, blocks: [block], key: identity.key).bytes
    }
    // The list of their ends is longer than any text that a clerk may type.
    let segments = try (1000..<1600).map { try segment($0) }
    #expect(try all.hq.store.absorb(segments: segments, cards: []).segments == segments.count)
    let made = try all.hq.store.revoke(identity.node, reason: "")
    #expect(try all.hq.store.statement(on: identity.node) == made)
    #expect(try all.hq.store.absorb(segments: [segment(1)], cards: []).refusals.count == 1)
    try Exchange.sync(all.tr, all.hq)
    #expect(try all.tr.store.statement(on: identity.node) == made)
  }
}
