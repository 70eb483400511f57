import SyncCore
import TestSupport
import Testing

@testable import Store
@testable import Wire

/// Edits typed into others' records are put before headquarters, which decides them.
@Suite struct ProposalTests {
  private func three() throws -> (hq: TestNode, uz: TestNode, tr: TestNode) {
    try Self.three(
      """
      INSERT INTO org_unit(code, name, area, activity) VALUES('t', 'Bir', 'TR-34', '["x"]');
      INSERT INTO org_unit(code, name) VALUES('u', 'Iki');
      INSERT INTO dispute(id, employer, area) VALUES('d', 'hidden', 'TR-1');
      """)
  }

  /// Headquarters and two federations, of which one typed records that all three know.
  static func three(_ typed: String) throws -> (hq: TestNode, uz: TestNode, tr: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let tr = try house.add("fturk")
    hq.house = house
    try tr.type(typed)
    for node in [tr, uz] { try Exchange.sync(node, hq) }
    return (hq, uz, tr)
  }

  private func units(_ node: TestNode) throws -> [[String]] {
    try node.rows(["code", "federation", "name", "area", "activity"], "org_unit ORDER BY 1")
  }

  @Test("A long text is proposed as well as a short one")
  func long() throws {
    let (hq, uz, _) = try three()
    let text = String(repeating: "x", count: 60_000)
    try uz.type("UPDATE org_unit SET name='\(text)' WHERE code='t'")
    #expect(try uz.seal().refused == 1)
    try Exchange.sync(uz, hq)
    let open = try #require(try hq.store.proposals().first)
    #expect(open.values.map(\.value) == [.text(text)])
    _ = try hq.store.accept(open.id)
    #expect(try hq.value("name", "org_unit WHERE code='t'") == text)
  }

  @Test("What a member writes over its proposal after it was listed is not what is accepted")
  func rewritten() throws {
    let (hq, uz, _) = try three()
    try uz.type("UPDATE org_unit SET name='Uch' WHERE code='t'")
    try uz.seal()
    try Exchange.sync(uz, hq)
    let listed = try #require(try hq.store.proposals().first)
    #expect(throws: StoreError.self) { try hq.store.accept(String(listed.id.prefix(31))) }
    var writer = ByteWriter()
    StateCodec.encode(Content([Cell(field: 5, value: .text(Array("Sly".utf8)))]), into: &writer)
    let values = Hex.string(writer.bytes)
    let home = Channel(owner: "ftuu", audience: .home)
    try uz.forge(SystemKind.proposal, key: listed.id, in: home, at: 1, [("values", .text(values))])
    try Exchange.sync(uz, hq)
    #expect(try hq.store.proposals() == [])
    let refusal = try #require(throws: StoreError.self) { try hq.store.accept(listed.id, isAnyway: true) }
    #expect(refusal.code == .unknown)
    #expect(try units(hq).contains { $0.contains("Bir") })
  }

  @Test("Accepted: what was typed becomes headquarters' edit, and whoever typed it learns that")
  func accepted() throws {
    let (hq, uz, tr) = try three()
    try uz.type(
      """
      UPDATE org_unit SET name='Uch', area=NULL, activity='["x","y"]' WHERE code='t';
      INSERT INTO org_unit(code, federation, name) VALUES('n', 'fturk', 'New');
      DELETE FROM org_unit WHERE code='u';
      """)
    #expect(try uz.seal().refused == 3)
    let before = try units(uz)
    #expect(before.count == 2)
    try Exchange.sync(uz, hq)
    try Exchange.sync(tr, hq)
    #expect(try tr.store.proposals() == [], "it is between the proposer and headquarters")
    let open = try hq.store.proposals()
    #expect(open.count == 3 && open.allSatisfy { $0.node == "ftuu" && !$0.isOvertaken && $0.channel == "fturk:open" })
    #expect(try hq.store.openProposalCount() == 3)
    let edit = try #require(open.first { $0.operation == .edit })
    #expect(edit.values.map(\.field).sorted() == ["activity", "area", "name"])
    #expect(edit.shown.first { $0.field == "name" }?.value == .text("Bir"))
    #expect(try uz.store.inbox().allSatisfy { $0.proposal != nil && $0.proposal?.decision == nil })
    try uz.store.markInboxSeen()
    #expect(try uz.store.newInboxCount() == 0)

    for proposal in open { #expect(try hq.store.accept(proposal.id).decision == .accepted) }
    let after = [["n", "fturk", "New", "∅", "∅"], ["t", "fturk", "Uch", "∅", #"["x","y"]"#]]
    #expect(try units(hq) == after)
    for node in [uz, tr] {
      try Exchange.sync(node, hq)
      #expect(try units(node) == after)
      #expect(try node.store.verify().problems == [])
    }
    #expect(try hq.store.verify().problems == [])
    let told = try uz.store.inbox()
    #expect(told.count == 3 && told.allSatisfy { $0.proposal?.decision == .accepted && $0.standing == .decided })
    try uz.store.markInboxSeen()
    #expect(try uz.store.inbox() == [] && uz.store.inbox(includingSeen: true).count == 3)
    #expect(try hq.store.openProposalCount() == 0)
    #expect(throws: StoreError.self) { try hq.store.decline(edit.id, reason: "") }
  }

  @Test("Declined: the record stays, and the reason is reported")
  func declined() throws {
    let (hq, uz, tr) = try three()
    try uz.type("UPDATE org_unit SET name='Mine' WHERE code='t'")
    try Exchange.sync(uz, hq)
    let id = try #require(hq.store.proposals().first?.id)
    #expect(throws: StoreError.self) { try uz.store.accept(id) }
    #expect(throws: StoreError.self) { try hq.store.accept("no") }
    _ = try hq.store.decline(String(id.prefix(6)), reason: "the register says otherwise")
    try Exchange.sync(uz, hq)
    let told = try #require(uz.store.inbox().first)
    #expect(told.proposal?.decision == .declined && told.proposal?.reason == "the register says otherwise")
    for node in [hq, uz] { #expect(try units(node).first?[2] == "Bir") }
    _ = tr
  }

  @Test("A record that was edited since is not accepted unseen")
  func overtaken() throws {
    let (hq, uz, tr) = try three()
    try uz.type("UPDATE org_unit SET name='Mine' WHERE code='t'; UPDATE org_unit SET area='Mine' WHERE code='u'")
    try tr.type("UPDATE org_unit SET name='Theirs', website='w' WHERE code='t'")
    for node in [tr, uz] { try Exchange.sync(node, hq) }
    let open = try hq.store.proposals()
    let late = try #require(open.first { $0.key == "t" })
    #expect(late.isOvertaken)
    // Another field of another record was not.
    #expect(open.first { $0.key == "u" }?.isOvertaken == false)
    let refusal = try #require(throws: StoreError.self) { try hq.store.accept(late.id) }
    #expect(refusal.hint.contains("--anyway"))
    #expect(try units(hq).first?[2] == "Theirs")
    _ = try hq.store.accept(late.id, isAnyway: true)
    #expect(try units(hq).first?[2] == "Mine")
  }

  @Test("Nobody decides their own proposal, and nothing local is in one")
  func forged() throws {
    let (hq, uz, _) = try three()
    try uz.type("UPDATE org_unit SET name='Mine' WHERE code='t'")
    try uz.type("INSERT INTO dispute(id, federation, employer, area) VALUES('e', 'fturk', 'PERSONAL', 'TR-2')")
    try uz.seal()
    let all = try uz.store.proposals()
    #expect(all.count == 2)
    #expect(!all.contains { $0.values.contains { $0.field == "employer" || $0.value.display.contains("PERSONAL") } })
    let id = try #require(all.first { $0.kind == "org_unit" }?.id)
    let home = Channel(owner: "ftuu", audience: .home)
    try uz.forge(SystemKind.proposal, key: id, in: home, at: 5, [("decision", .text("accepted"))])
    try Exchange.sync(uz, hq)
    for node in [hq, uz] { #expect(try node.store.proposals().count == 2, "still open") }
    #expect(try uz.store.inbox().allSatisfy { $0.proposal?.decision == nil })
  }

  @Test("A backup that holds the same edit captured proposes it once")
  func restored() throws {
    let (hq, uz, _) = try three()
    let backup = try #require(hq.house).folder.file("backup")
    try uz.type("UPDATE org_unit SET name='Mine' WHERE code='t'")
    try uz.copyFile(to: backup)
    try Exchange.sync(uz, hq)
    let id = try #require(hq.store.proposals().first?.id)
    _ = try hq.store.decline(id, reason: "no")
    try Exchange.sync(uz, hq)
    try uz.restoreFile(from: backup)
    try Exchange.sync(uz, hq)
    try Exchange.sync(uz, hq)
    #expect(try hq.store.proposals(includingDecided: true).map(\.id) == [id])
    #expect(try hq.store.proposals(includingDecided: true).first?.decision == .declined)
    #expect(try uz.store.verify().problems == [])
  }
}
