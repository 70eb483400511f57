import Foundation
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// What headquarters states in the log itself: of nodes that may seal no more, and of its server's keys.
@Suite struct StatementTests {
  private func three() throws -> (House, hq: TestNode, uz: TestNode, tr: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'Bir')")
    for node in [uz, tr] { try Exchange.sync(node, hq) }
    hq.house = house
    return (house, hq, uz, tr)
  }

  private func names(_ node: TestNode) throws -> [[String]] { try node.rows(["code", "name"], "org_unit ORDER BY 1") }

  /// What a node holds and another has not, as bytes.
  private func segments(_ node: TestNode, lackedBy other: TestNode) throws -> Store.Batch {
    try node.store.batch(lackedBy: try other.store.frontier(visibleTo: other.role), role: other.role)
  }

  @Test("What a revoked node sealed later is taken by nobody; what it sealed before stays, everywhere")
  func revoked() throws {
    let (house, hq, uz, tr) = try three()
    let empty = house.folder.file("empty")
    let other = try House()
    try other.add("otuts").copyFile(to: empty)
    let made = try hq.store.revoke(uz.identity.node, reason: "the machine was stolen")
    #expect(made.state == .revoked && made.tips.count == 1 && made.tips[0].tip.sequence == 1)
    #expect(try hq.store.revoke(uz.identity.node, reason: "again") == made)
    try Exchange.sync(tr, hq)
    #expect(try tr.store.statement(on: uz.identity.node) == made)
    #expect(try tr.store.statement(on: tr.identity.node) == nil)

    try uz.type("UPDATE org_unit SET name='Iki' WHERE code='a'; INSERT INTO org_unit(code, name) VALUES('b', 'x')")
    try uz.seal()
    let late = try segments(uz, lackedBy: hq)
    #expect(late.segments.count == 1)
    for node in [hq, tr] {
      let report = try node.store.absorb(segments: late.segments, cards: late.cards)
      #expect(report.segments == 0 && report.refusals.count == 1)
      #expect(report.refusals.first?.reason.contains("revoked") ?? false)
      #expect(try names(node) == [["a", "Bir"]])
    }

    // A headquarters that lost its memory learns both from a member: what counts, and that the rest does not.
    try hq.restoreFile(from: empty)
    try Exchange.sync(tr, hq)
    #expect(try hq.store.statement(on: uz.identity.node) == made)
    #expect(try names(hq) == [["a", "Bir"]])
    #expect(try hq.store.absorb(segments: late.segments, cards: late.cards).segments == 0)
    #expect(try hq.store.verify().problems == [])
    #expect(try tr.store.verify().problems == [])
  }

  @Test("A branch of a revoked node that ends at the same number is another one")
  func branch() throws {
    let (_, hq, uz, _) = try three()
    let made = try hq.store.revoke(uz.identity.node, reason: "")
    let tip = try #require(made.tips.first)
    var header = SegmentHeader(
      origin: tip.tip.origin, channel: tip.channel, first: 1, count: 1, predecessor: .zero, context: [],
      catalogVersion: 1, sealedAt: 1)
    #expect(made.covers(header, hash: tip.tip.hash) { _ in false })
    #expect(!made.covers(header, hash: .zero) { _ in false })
    header.count = 2
    #expect(!made.covers(header, hash: tip.tip.hash) { _ in false })
    header.count = 1
    header.channel.audience = .home
    #expect(!made.covers(header, hash: tip.tip.hash) { _ in false })
  }

  @Test("Only headquarters' word counts, and not against itself")
  func authority() throws {
    let (_, hq, uz, tr) = try three()
    #expect(throws: StoreError.self) { try uz.store.revoke(tr.identity.node, reason: "") }
    #expect(throws: StoreError.self) { try hq.store.revoke(hq.identity.node, reason: "") }
    #expect(throws: StoreError.self) { try uz.store.announce(ServerKey(pin: "x", state: .current, from: 0)) }
    // A node can state it in its own channel only, where nobody looks for it.
    let forged = NodeStatement(node: tr.identity.node, state: .revoked, at: 1, tips: [])
    let channel = Channel(owner: "ftuu", audience: .open)
    try uz.forge(SystemKind.node, key: tr.identity.node.hex, in: channel, at: 1, forged.values)
    try uz.forge(SystemKind.serverKey, key: "evil", in: channel, at: 1, [("state", .text("current"))])
    for node in [uz, tr] { try Exchange.sync(node, hq) }
    for node in [hq, uz, tr] {
      #expect(try node.store.nodeStatements() == [])
      #expect(try node.store.serverKeys() == [])
      #expect(try node.store.verify().problems == [])
    }
    try tr.type("INSERT INTO org_unit(code, name) VALUES('t', 'x')")
    try Exchange.sync(tr, hq)
    #expect(try names(hq).count == 2)
  }

  @Test("Keys of the server are announced, changed and retired in the log, and survive snapshots and restarts")
  func serverKeys() throws {
    let (house, hq, uz, _) = try three()
    try hq.store.announce(ServerKey(pin: "a/b+c=", state: .current, from: 1))
    try hq.store.announce(ServerKey(pin: "next", state: .announced, from: 9))
    try Exchange.sync(uz, hq)
    let two = [
      ServerKey(pin: "a/b+c=", state: .current, from: 1), ServerKey(pin: "next", state: .announced, from: 9),
    ]
    #expect(try uz.store.serverKeys() == two)
    try hq.store.announce(ServerKey(pin: "a/b+c=", state: .retired, from: 1))
    try hq.store.announce(ServerKey(pin: "next", state: .current, from: 9))
    try uz.store.close()
    let again = try Store(path: uz.path, key: uz.identity.key)
    #expect(try again.serverKeys() == two)
    let batch = try hq.store.batch(lackedBy: again.frontier(visibleTo: uz.role), role: uz.role)
    _ = try again.absorb(segments: batch.segments, cards: batch.cards)
    #expect(try again.serverKeys().map(\.state) == [.retired, .current])
    #expect(try again.verify().problems == [])
    try again.close()
    _ = house
  }
}
