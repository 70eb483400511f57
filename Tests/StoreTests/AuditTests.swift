import Crypto
import Foundation
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Store

/// A log that differs from what was sealed is reported with the first fault; a sound one is not.
@Suite(.timeLimit(.minutes(20))) struct AuditTests {
  /// Headquarters and two nodes of one federation with several segments in each of several streams, all in sync.
  private func settled() throws -> (house: House, hq: TestNode, uz: TestNode, office: TestNode) {
    let house = try House()
    let (hq, uz) = (try house.add("otuts"), try house.add("ftuu"))
    let office = try house.add("ftuu", office: "Samarkand")
    for round in 1...4 {
      try uz.type("INSERT INTO org_unit(code, name) VALUES('u\(round)', 'One')")
      try uz.type(
        "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u1', '202\(round)', 'sectoral', 5)")
      try office.type("INSERT INTO org_unit(code, name) VALUES('o\(round)', 'Two')")
      try hq.type("INSERT INTO org_unit(code, name, federation) VALUES('h\(round)', 'Three', 'otuts')")
      try Exchange.settle(hq, [uz, office])
    }
    return (house, hq, uz, office)
  }

  /// Audits a copy of a node's file after somebody had it in hand.
  private func audit(_ node: TestNode, _ house: House, after sql: String) throws -> AuditReport {
    let path = house.folder.file("tampered-\(UUID().uuidString).db")
    try node.copyFile(to: path)
    if !sql.isEmpty { try #require(try SQLiteShell.run(path, sql).status == 0, "\(sql)") }
    let store = try Store(path: path, key: node.identity.key, isForReading: true)
    defer { try? store.close() }
    return try store.audit()
  }

  private func receipt(_ house: House, _ node: TestNode, at: Int64 = House.start, holds hq: TestNode) throws -> Receipt
  {
    let frontier = try hq.store.frontier(visibleTo: node.role)
    return try #require(
      Receipt.issue(
        to: node.identity.node, tips: frontier.filter { $0.tip.origin.node == node.identity.node },
        open: frontier.filter { $0.channel.audience == .open }, at: at, by: house.headquartersKey))
  }

  @Test("A log as it was sealed passes, with branches, without bodies, after snapshots, with receipts")
  func sound() throws {
    let (house, hq, uz, office) = try settled()
    try uz.store.retain(receipt(house, uz, holds: hq))
    let report = try audit(uz, house, after: "")
    #expect(report.ok, "\(report.findings)")
    #expect(report.segments >= 12 && report.streams == 4 && report.changes >= 16 && report.receipts == 1)
    #expect(try report.changes == Int64(uz.count("birlik_head")) && report.cards == 3)

    // A copied machine: two branches, which both stay.
    let copy = try house.clone(office)
    try copy.type("INSERT INTO org_unit(code, name) VALUES('c', 'Copy')")
    try office.type("INSERT INTO org_unit(code, name) VALUES('d', 'Original')")
    try Exchange.settle(hq, [uz, office, copy])
    try uz.store.dropBodies(sealedBefore: .max, heldBy: try hq.store.frontier(visibleTo: uz.role))
    try uz.type("INSERT INTO org_unit(code, name) VALUES('e', 'After')")
    try Exchange.settle(hq, [uz, office, copy])
    for node in [hq, uz, office, copy] {
      let report = try audit(node, house, after: "")
      #expect(report.ok, "\(node.name): \(report.findings)")
      #expect(report.prunedSegments == (node === uz ? report.segments - 1 : 0))
    }
  }

  /// What is done to the file, what the audit calls it, and words of its sentence.
  private static let tampering: [(sql: String, code: AuditFinding.Code, words: String)] = [
    (
      "UPDATE birlik_segment SET bytes=CAST(substr(bytes,1,length(bytes)-1)||"
        + "CASE hex(substr(bytes,-1)) WHEN '78' THEN x'79' ELSE x'78' END AS BLOB) WHERE id=9", .altered, "bytes"
    ),
    (
      "UPDATE birlik_segment SET bytes=CAST(substr(bytes,1,60)||"
        + "CASE hex(substr(bytes,61,1)) WHEN '78' THEN x'79' ELSE x'78' END||substr(bytes,62) AS BLOB) WHERE id=9",
      .altered, ""
    ),
    ("UPDATE birlik_segment SET bytes=x'' WHERE id=9", .altered, "bytes"),
    ("UPDATE birlik_segment SET bytes='text' WHERE id=9", .altered, "bytes"),
    ("UPDATE birlik_segment SET hash=randomblob(32) WHERE id=9", .altered, "hash"),
    ("UPDATE birlik_segment SET hash='x' WHERE id=9", .altered, "hash"),
    ("UPDATE birlik_segment SET last=last+1 WHERE id=9", .altered, "numbers"),
    ("UPDATE birlik_segment SET first=-9223372036854775808, last=9223372036854775807 WHERE id=9", .altered, "numbers"),
    ("UPDATE birlik_segment SET body=0 WHERE id=9", .altered, ""),
    ("DELETE FROM birlik_segment WHERE id=5", .missing, "gone from the log"),
    ("DELETE FROM birlik_segment WHERE id=(SELECT max(id) FROM birlik_segment)", .missing, "gone from the end"),
    ("DELETE FROM birlik_segment WHERE stream=1", .missing, ""),
    (
      """
      CREATE TEMP TABLE t AS SELECT id, hash, bytes, first, last, stream FROM birlik_segment WHERE id IN (5, 9);
      DELETE FROM birlik_segment WHERE id IN (5, 9);
      INSERT INTO birlik_segment(id, stream, first, last, hash, bytes) SELECT 14-id, stream, first, last, hash, bytes FROM t;
      """, .reordered, "before"
    ),
    (
      """
      UPDATE birlik_segment SET bytes=(SELECT o.bytes FROM birlik_segment o WHERE o.id=14-birlik_segment.id)
        WHERE id IN (5, 9)
      """, .altered, "hash"
    ),
    ("UPDATE birlik_segment SET stream=0 WHERE id=9 AND stream<>0 OR id=10 AND stream<>0", .reordered, "stream"),
    ("UPDATE birlik_segment SET stream=-1 WHERE id=9", .reordered, "stream"),
    ("UPDATE birlik_stream SET tip=tip+1 WHERE id=1", .missing, "end"),
    ("UPDATE birlik_stream SET tip=tip-1 WHERE id=1", .stream, "end"),
    ("UPDATE birlik_stream SET hash=randomblob(32) WHERE id=1", .stream, "end"),
    ("UPDATE birlik_stream SET seen=x'' WHERE id=1", .stream, "seen"),
    ("UPDATE birlik_stream SET parent=0, fork=1 WHERE id=1", .stream, "began"),
    ("DELETE FROM birlik_stream WHERE id=(SELECT max(id) FROM birlik_stream)", .stream, "list of streams"),
    (
      "UPDATE birlik_card SET card=CAST(substr(card,1,length(card)-1)||"
        + "CASE hex(substr(card,-1)) WHEN '78' THEN x'79' ELSE x'78' END AS BLOB) WHERE {card}", .forged, ""
    ),
  ]

  @Test("Whatever is done to the log by hand is found and named")
  func tampering() throws {
    let (house, hq, uz, _) = try settled()
    for node in [uz, hq] {
      for (sql, code, words) in Self.tampering {
        let card = "node=(SELECT node FROM birlik_card ORDER BY node DESC LIMIT 1)"
        let report = try audit(node, house, after: sql.replacing("{card}", with: card))
        let first = try #require(report.findings.first, "\(sql) was not found")
        let isNamed = report.findings.contains { $0.code == code && (words.isEmpty || $0.sentence.contains(words)) }
        #expect(isNamed, "\(sql): \(report.findings)")
        #expect(!first.hint.isEmpty)
        if code != .forged { #expect(first.channel != nil && first.node != nil, "\(sql): \(first)") }
      }
    }
    // The first of a stream is named, and what only builds on it is not.
    let altered = try audit(uz, house, after: Self.tampering[0].sql)
    #expect(altered.findings.count == 1, "\(altered.findings)")
    let place = try uz.rows(["stream", "first"], "birlik_segment WHERE id=9")[0]
    #expect(altered.findings.first?.first == Int64(place[1]))
  }

  @Test("A segment that its author did not sign is found, even with every hash made to fit")
  func resigned() throws {
    let (house, _, uz, _) = try settled()
    let last = "birlik_segment WHERE hash=(SELECT hash FROM birlik_stream WHERE id=0)"
    let id = try #require(try uz.value("id", last))
    let segment = try Segment(bytes: try #require(try uz.blobs("bytes", last).first))
    let forged = try Segment.seal(segment.header, blocks: try segment.blocks(), key: Curve25519.Signing.PrivateKey())
    #expect(forged.hash == segment.hash)
    let report = try audit(
      uz, house, after: "UPDATE birlik_segment SET bytes=x'\(Hex.string(forged.bytes))' WHERE id=\(id)")
    #expect(report.findings.map(\.code) == [.altered] && report.findings[0].detail.contains("did not sign"))
  }

  @Test("Heads and rows that were edited by hand are for verify: the log is right, what is shown is not")
  func headsEdited() throws {
    let (house, _, uz, _) = try settled()
    for sql in [
      "UPDATE birlik_head SET state=(SELECT state FROM birlik_head ORDER BY length(state) DESC LIMIT 1) WHERE kind=1",
      """
      DROP TRIGGER birlik_org_unit_5; DROP TRIGGER IF EXISTS birlik_org_unit_1; DROP TRIGGER IF EXISTS birlik_org_unit_2;
      UPDATE org_unit SET name='Altered' WHERE code='u1'
      """,
    ] {
      let path = house.folder.file("heads-\(UUID().uuidString).db")
      try uz.copyFile(to: path)
      try #require(try SQLiteShell.run(path, sql).status == 0)
      let reading = try Store(path: path, key: uz.identity.key, isForReading: true)
      #expect(try reading.audit().ok)
      try reading.close()
    }
    let path = house.folder.file("head.db")
    try uz.copyFile(to: path)
    try SQLiteShell.run(path, "DELETE FROM birlik_head WHERE kind=1 AND key=x'7531'")
    let store = try Store(path: path, key: uz.identity.key)
    #expect(try store.audit().ok)
    #expect(try store.verify().ok == false)
  }

  // MARK: Receipts

  @Test("A receipt for what the log does not hold, and one that headquarters did not sign, are found")
  func receipts() throws {
    let (house, hq, uz, _) = try settled()
    let before = house.folder.file("before.db")
    try uz.copyFile(to: before)
    try uz.type("INSERT INTO org_unit(code, name) VALUES('late', 'x')")
    try Exchange.settle(hq, [uz])
    let receipt = try receipt(house, uz, holds: hq)
    try uz.store.retain(receipt)
    #expect(try audit(uz, house, after: "").ok)
    // The same receipt beside a log that went back in time.
    let insert = "INSERT INTO birlik_receipt(at, receipt) VALUES(1, x'\(Hex.string(receipt.bytes))')"
    try uz.restoreFile(from: before)
    let restored = try audit(uz, house, after: insert)
    #expect(restored.findings.map(\.code) == [.receipt] && restored.findings[0].hint.contains("birlik sync"))
    #expect(restored.lastReceiptAt == House.start)
    // And once the lost part came back.
    try Exchange.settle(hq, [uz])
    #expect(try audit(uz, house, after: insert).ok)
    var altered = receipt.bytes
    altered[altered.count - 1] ^= 1
    for bytes in [altered, [], [1, 2, 3]] {
      let forged = try audit(
        uz, house, after: "INSERT INTO birlik_receipt(at, receipt) VALUES(1, x'\(Hex.string(bytes))')")
      #expect(forged.findings.map(\.code) == [.forged])
    }
    // One for another node is none of ours.
    let others = try self.receipt(house, hq, holds: hq)
    let foreign = try audit(
      uz, house, after: "INSERT INTO birlik_receipt(at, receipt) VALUES(1, x'\(Hex.string(others.bytes))')")
    #expect(foreign.findings.map(\.code) == [.forged])
  }

  @Test("Receipts are kept for years in bounded number, whatever time headquarters claims")
  func thinning() throws {
    let (house, hq, uz, _) = try settled()
    try uz.hurry()
    let wild: [Int64] = [.min, .max, 0, 900_000_000_000_000, House.start]
    let day: Int64 = 86_400_000
    for hour in 0..<(24 * 30 * 3) {
      let receipt = try receipt(house, uz, at: wild[hour % wild.count], holds: hq)
      try uz.store.retain(receipt, now: House.start + Int64(hour) * day / 2)
    }
    let kept = try uz.count("birlik_receipt")
    #expect(kept > Store.keptDays && kept <= Store.keptReceipts + Store.keptDays + 38)
    // The last of every month is there, the first included.
    let first = Int64(try uz.value("min(at)", "birlik_receipt") ?? "") ?? 0
    #expect(first < House.start + 31 * day)
    // A clock that goes back puts the next one after the last all the same.
    let last = Int64(try uz.value("max(at)", "birlik_receipt") ?? "") ?? 0
    try uz.store.retain(try receipt(house, uz, holds: hq), now: 5)
    #expect(try uz.value("max(at)", "birlik_receipt") == String(last + 1))
  }

  // MARK: Comparing

  @Test("Two members find out when headquarters showed them different things, and only then")
  func splitView() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let (uz, kz) = (try house.add("ftuu"), try house.add("fprk"))
    try hq.type("INSERT INTO org_unit(code, name, federation) VALUES('h', 'One', 'otuts')")
    try Exchange.settle(hq, [uz, kz])
    // A second headquarters with the same key, whose log differs from here on.
    let liar = try house.clone(hq)
    for node in [uz, kz] { try node.store.retain(receipt(house, node, at: 1000, holds: hq)) }
    #expect(try uz.store.compare(evidence: kz.store.evidence().bytes).outcome == .same)

    try hq.type("UPDATE org_unit SET name='For Tashkent' WHERE code='h'")
    try Exchange.settle(hq, [uz])
    try uz.store.retain(receipt(house, uz, at: 2000, holds: hq))
    // The other did not hear of it yet.
    let early = try kz.store.compare(evidence: uz.store.evidence().bytes)
    #expect(early.outcome == .inconclusive && early.reason?.contains("birlik sync") == true && early.findings.isEmpty)
    #expect(try uz.store.compare(evidence: kz.store.evidence().bytes).outcome == .consistent)

    try liar.type("UPDATE org_unit SET name='For Astana' WHERE code='h'")
    try Exchange.settle(liar, [kz])
    try kz.store.retain(receipt(house, kz, at: 3000, holds: liar))
    for node in [uz, kz] { #expect(try node.store.audit().ok) }
    let split = try kz.store.compare(evidence: uz.store.evidence().bytes)
    #expect(split.outcome == .split && split.findings.first?.code == .split)
    #expect(split.findings.first?.channel?.description == "otuts:open" && split.findings.first?.node == "OTUTS")

    // Headquarters itself is held to what it signed.
    #expect(try hq.store.compare(evidence: uz.store.evidence().bytes).outcome == .consistent)
    #expect(try hq.store.compare(evidence: kz.store.evidence().bytes).outcome == .split)
    // Evidence that somebody altered, or of another headquarters, is none.
    let evidence = try uz.store.evidence().bytes
    for place in stride(from: 0, to: evidence.count, by: 3) {
      var altered = evidence
      altered[place] ^= 4
      if let read = try? kz.store.compare(evidence: altered) { #expect(read.outcome == .inconclusive) }
    }
    #expect(throws: WireError.self) { try Evidence(bytes: evidence, signedBy: kz.identity.publicKey) }
  }
}
