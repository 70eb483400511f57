import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// One exchange at headquarters.
@Suite struct AnswerTests {
  private let house: House
  private let headquarters: TestNode
  private let member: TestNode

  init() throws {
    house = try House()
    headquarters = try house.add("otuts")
    member = try house.add("ftuu")
    try member.type("INSERT INTO org_unit(code, name) VALUES('u7', 'Navoi')")
    try member.seal()
  }

  private func request(carriesBatch: Bool) throws -> ExchangeRequest {
    let frontier = try member.store.frontier(visibleTo: member.role)
    var request = ExchangeRequest(
      card: member.identity.card.bytes, catalogVersion: 1, frontierDigest: Digest(of: frontier), frontier: frontier)
    guard carriesBatch else { return request }
    let theirs = try headquarters.store.frontier(visibleTo: member.role)
    let batch = try member.store.batch(lackedBy: theirs, marks: [], role: member.role)
    request.segments = batch.segments
    request.cards = batch.cards
    return request
  }

  private func transactions(_ body: (Store) throws -> Void) throws -> Int {
    try headquarters.transactions { try body(headquarters.store) }
  }

  @Test("A request that carries segments is answered in one transaction, and its answer knows of them")
  func withSegments() throws {
    let request = try request(carriesBatch: true)
    var reply = ExchangeReply(answer: ExchangeAnswer(now: 0, frontierDigest: .zero))
    #expect(try transactions { reply = try $0.answer(request, from: member.identity.node) } == 1)
    #expect(reply.absorbed.segments == request.segments.count && reply.absorbed.segments > 0)
    #expect(reply.answer.refusals.isEmpty)
    #expect(reply.answer.frontierDigest == request.frontierDigest)
    #expect(!reply.answer.receipt.isEmpty)
    #expect(try headquarters.value("name", "org_unit WHERE code='u7'") == "Navoi")
  }

  @Test("A request without segments is answered in one transaction, in two where edits have to be sealed first")
  func withoutSegments() throws {
    let request = try request(carriesBatch: false)
    // Headquarters learns to know the member.
    #expect(try transactions { _ = try $0.answer(request, from: member.identity.node) } == 2)
    #expect(try transactions { _ = try $0.answer(request, from: member.identity.node) } == 1)
    try headquarters.type("INSERT INTO org_unit(code, name) VALUES('hq', 'Secretariat')")
    var reply = ExchangeReply(answer: ExchangeAnswer(now: 0, frontierDigest: .zero))
    #expect(try transactions { reply = try $0.answer(request, from: member.identity.node) } == 2)
    #expect(reply.absorbed.seal.changes == 1)
    #expect(reply.answer.segments.count == 1, "what was sealed is in the answer")
  }

  @Test("A node whose card is lost is recognized by its card in the request; one with another's card is not")
  func lostCard() throws {
    let stranger = try house.add("kfik", office: "Bishkek")
    try headquarters.execute("DELETE FROM birlik_card")
    try headquarters.store.close()
    try headquarters.open()
    var request = try request(carriesBatch: true)
    #expect(throws: WireError.self) { try headquarters.store.answer(request, from: stranger.identity.node) }
    #expect(try headquarters.store.answer(request, from: member.identity.node).absorbed.segments == 1)
    request.card = stranger.identity.card.bytes
    #expect(throws: Never.self) { try headquarters.store.answer(request, from: stranger.identity.node) }
  }

  @Test("A database error in the order of heads is reported, and no other head is shown instead")
  func headOrder() throws {
    let (a, b) = try tiedHeads()
    let before = try headquarters.store.read { try $0.facts.precedes(a, b) }
    #expect(try headquarters.store.read { try $0.facts.precedes(b, a) } != before)
    try headquarters.execute("ALTER TABLE birlik_segment RENAME COLUMN hash TO gone")
    #expect(throws: StoreError.self) { try headquarters.store.read { try $0.facts.precedes(a, b) } }
    #expect(throws: StoreError.self) { try headquarters.store.read { try $0.facts.precedes(b, a) } }
  }

  /// Two heads that a machine and its clone made at one moment, which only their segments' hashes order.
  private func tiedHeads() throws -> (Clock, Clock) {
    try Exchange.sync(member, headquarters)
    let clone = try house.clone(member)
    for (node, name) in [(member, "A"), (clone, "B")] {
      node.clock = House.start + 60_000
      try node.type("UPDATE org_unit SET name='\(name)'")
      try node.seal()
    }
    for node in [member, clone] {
      try Exchange.carry(from: node, to: headquarters, Exchange.Options(noticesRestoration: false))
    }
    return try headquarters.store.read { transaction in
      let kind = try #require(transaction.catalog.kind(named: "org_unit"))
      let table = try #require(transaction.table(kind.id))
      let slots = try transaction.records.slots(table, RecordKey(columns: [Array("u7".utf8)]))
      let heads = try #require(slots.first?.state.registers.values.first { $0.count == 2 })
      return (heads[0].clock, heads[1].clock)
    }
  }
}
