import Limits
import SyncCore
import Testing

@testable import Store

/// Many proposals at once neither flood headquarters nor are decided unseen.
@Suite(.timeLimit(.minutes(20))) struct ProposalGroupTests {
  private func three(_ units: Int) throws -> (hq: TestNode, uz: TestNode, tr: TestNode) {
    try ProposalTests.three(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<\(units))
      INSERT INTO org_unit(code, name) SELECT printf('t%05d', i), 'Bir' FROM n
      """)
  }

  @Test("One statement over 10,000 records of another: a bounded number is proposed, as one group, and decided at once")
  func flood() throws {
    let limit = StoreLimits.openProposalsPerNode
    let (hq, uz, tr) = try three(10_000)
    try uz.type("UPDATE org_unit SET name='Iki'")
    #expect(try uz.seal().refused == 10_000)
    let items = try uz.store.inbox()
    #expect(items.count == 10_000 && items.count { $0.proposal != nil } == limit)
    let kept = items.filter { $0.proposal == nil }
    #expect(kept.allSatisfy { $0.reason.contains("\(limit) edits of this node wait already") })
    #expect(try uz.count("org_unit WHERE name='Bir'") == 10_000)

    try Exchange.sync(uz, hq)
    #expect(try hq.store.openProposalCount() == limit)
    let groups = try hq.store.proposalGroups()
    #expect(groups.count == 1 && groups.first?.proposals.count == limit)
    let group = try #require(groups.first)
    #expect(group.node == "ftuu" && group.kind == "org_unit" && group.operation == .edit && !group.isOvertaken)
    let segments = try hq.lastSegment()
    #expect(try hq.store.acceptGroup(group.id).count == limit)
    #expect(try hq.changes(after: segments).count == 2 * limit)
    #expect(try hq.store.proposalGroups() == [] && !hq.store.hasCaptured())
    for node in [uz, tr] {
      try Exchange.sync(node, hq)
      #expect(try node.count("org_unit WHERE name='Iki'") == limit)
    }
    #expect(try hq.store.verify().problems == [])

    // What was decided waits no more, so as much may be proposed again.
    try uz.type("UPDATE org_unit SET name='Iki' WHERE name='Bir' AND code<'t05000'")
    let again = try uz.seal().refused
    #expect(again == 4999 - limit)
    #expect(try uz.store.inbox().prefix(again).allSatisfy { $0.proposal != nil })
  }

  @Test("A group is what was listed: one more, one decided or one overtaken gives it another number")
  func named() throws {
    let (hq, uz, tr) = try three(6)
    try uz.type("UPDATE org_unit SET name='Iki' WHERE code<'t00004'; DELETE FROM org_unit WHERE code='t00006'")
    try Exchange.sync(uz, hq)
    let listed = try hq.store.proposalGroups()
    #expect(Set(listed.map(\.operation)) == [.delete, .edit] && listed.count == 2)
    let edits = try #require(listed.first { $0.operation == .edit })
    try uz.type("UPDATE org_unit SET name='Uch' WHERE code='t00004'")
    try Exchange.sync(uz, hq)
    let refusal = try #require(throws: StoreError.self) { try hq.store.acceptGroup(edits.id) }
    #expect(refusal.code == .unknown)
    #expect(try hq.count("org_unit WHERE name='Bir'") == 6)
    #expect(throws: StoreError.self) { try uz.store.acceptGroup(edits.id) }

    try tr.type("UPDATE org_unit SET name='Theirs' WHERE code='t00002'")
    try Exchange.sync(tr, hq)
    let now = try hq.store.proposalGroups()
    #expect(now.count == 3)
    let late = try #require(now.first { $0.isOvertaken })
    #expect(late.proposals.map(\.key) == ["t00002"])
    #expect(throws: StoreError.self) { try hq.store.acceptGroup(late.id) }
    let rest = try #require(now.first { $0.operation == .edit && !$0.isOvertaken })
    _ = try hq.store.acceptGroup(rest.id)
    #expect(try hq.column("name", "org_unit ORDER BY code") == ["Iki", "Theirs", "Iki", "Uch", "Bir", "Bir"])
    _ = try hq.store.acceptGroup(late.id, isAnyway: true)
    let last = try #require(hq.store.proposalGroups().first)
    #expect(try hq.store.declineGroup(last.id, reason: "it stays").map(\.key) == ["t00006"])
    for node in [uz, tr] { try Exchange.sync(node, hq) }
    #expect(try tr.column("name", "org_unit ORDER BY code") == ["Iki", "Iki", "Iki", "Uch", "Bir", "Bir"])
    #expect(try uz.store.inbox(includingSeen: true).first { $0.key == "t00006" }?.proposal?.reason == "it stays")
    for node in [hq, uz, tr] { #expect(try node.store.verify().problems == []) }
  }

  @Test("Where one of a group cannot be applied none is, and the one is named")
  func whole() throws {
    let (hq, uz, _) = try three(3)
    try uz.type("UPDATE org_unit SET membership_status='observer'")
    try uz.typeUnchecked("UPDATE org_unit SET membership_status='nonsense' WHERE code='t00002'")
    // An older program proposes what the catalog does not allow.
    _ = try uz.sealedAsOldProgram()
    try Exchange.sync(uz, hq)
    let group = try #require(hq.store.proposalGroups().first)
    #expect(group.proposals.count == 3)
    let before = try hq.lastSegment()
    let refusal = try #require(throws: StoreError.self) { try hq.store.acceptGroup(group.id) }
    #expect(refusal.operation.contains("t00002") && refusal.hint.contains("decline"))
    #expect(try hq.count("org_unit WHERE membership_status IS NOT NULL") == 0)
    #expect(try hq.lastSegment() == before && hq.store.openProposalCount() == 3 && !hq.store.hasCaptured())
    let wrong = try #require(group.proposals.first { $0.key == "t00002" })
    _ = try hq.store.decline(wrong.id, reason: "no such kind")
    _ = try hq.store.acceptGroup(try #require(hq.store.proposalGroups().first).id)
    #expect(try hq.count("org_unit WHERE membership_status='observer'") == 2)
    // The store's own writes are no edits afterwards either.
    try Exchange.sync(uz, hq)
    #expect(try !hq.store.hasCaptured())
    #expect(try hq.store.verify().problems == [])
  }
}
