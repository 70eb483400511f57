import SyncCore
import TestSupport
import Testing

@testable import Store

/// A key is a key on every node alike, whatever bytes a clerk's program puts into it; one that no record can have reaches
/// nobody, and touches no other record.
@Suite struct KeyBytesTests {
  /// A text of any bytes, as SQL writes it.
  private static func sql(_ bytes: [UInt8]) -> String { "CAST(X'\(Hex.string(bytes))' AS TEXT)" }

  /// Runs SQL in the real shell, past what the tables check.
  private func pass(_ node: TestNode, _ sql: String) throws {
    let result = try node.shell("PRAGMA ignore_check_constraints=ON; \(sql)")
    #expect(result.status == 0, "\(result.errors)")
  }

  private func check(_ trio: Trio) throws {
    try trio.settle()
    try expectEqual(trio.hq, trio.office, audiences: [.everyone])
    try expectEqual(trio.uz, trio.office)
    for node in trio.all { #expect(try node.store.verify().problems == [], "\(node.name)") }
  }

  @Test("A key with a zero byte, or a BLOB, is kept in the inbox; the record beside it stays as it is")
  func unusable() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name) VALUES('a', 'right')")
    let keys = [
      (Self.sql([0x61, 0, 0x62]), "a%00b", "its code holds a zero byte"), (Self.sql([0]), "%00", "a zero byte"),
      (Self.sql([0x61, 0]), "a%00", "a zero byte"), ("X'61'", "X'61'", "its code is a BLOB"),
    ]
    for (key, display, reason) in keys {
      try pass(trio.office, "INSERT INTO org_unit(code, name, remark) VALUES(\(key), 'wrong', 'kept')")
      #expect(
        try trio.office.seal()
          == {
            var report = SealReport(); report.refused = 1; return report
          }())
      let refused = try #require(try trio.office.store.refusedEdits().first)
      #expect(refused.key == display && refused.operation == .insert)
      #expect(refused.reason.contains(reason), "\(refused.reason)")
      #expect(refused.record.contains("\"remark\":\"kept\""))
      #expect(try trio.office.rows(["code", "name"], "org_unit WHERE federation='ftuu'") == [["a", "right"]])
    }
    #expect(try trio.office.sealed() == [])
    try check(trio)
    #expect(try trio.hq.rows(["code", "name"], "org_unit WHERE federation='ftuu'") == [["a", "right"]])
  }

  @Test("A zero byte in any column of a key does not make it the key of another record")
  func severalColumns() throws {
    let trio = try Trio(
      """
      INSERT INTO org_name(unit, lang, name_role, name) VALUES('a', 'b', 'short', 'right');
      INSERT INTO org_link(child, axis, valid_from, remark) VALUES('a', 'territorial', '2025', 'right');
      """)
    try pass(
      trio.office,
      """
      INSERT INTO org_name(unit, lang, name_role, name) VALUES(\(Self.sql([0x61, 0, 0x62])), 'short', 'short', 'x');
      INSERT INTO org_name(unit, lang, name_role, name) VALUES('a', \(Self.sql([0x62, 0])), 'short', 'x');
      INSERT INTO org_link(child, axis, valid_from) VALUES('a', 'territorial', \(Self.sql(Array("2025".utf8) + [0])));
      """)
    #expect(try trio.office.seal().refused == 3)
    try check(trio)
    #expect(try trio.hq.rows(["unit", "lang", "name"], "org_name") == [["a", "b", "right"]])
    #expect(try trio.office.count("org_link") == 1)
  }

  @Test("A record whose key is changed to such a one keeps its key and its values, and local ones")
  func renamed() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name) VALUES('a', 'right'), ('b', 'other')")
    try pass(trio.office, "UPDATE org_unit SET code=\(Self.sql([0x61, 0, 0x63])), name='wrong' WHERE code='a'")
    try pass(trio.office, "UPDATE org_unit SET name='edited' WHERE code='b'")
    #expect(
      try trio.office.seal()
        == {
          var report = SealReport(); (report.changes, report.refused) = (1, 1); return report
        }())
    #expect(
      try trio.office.rows(["code", "name"], "org_unit WHERE federation='ftuu' ORDER BY 1")
        == [["a", "right"], ["b", "edited"]])
    #expect(try trio.office.store.refusedEdits().last?.record.contains("wrong") == true)
    try check(trio)
    #expect(try trio.hq.value("name", "org_unit WHERE code='a'") == "right")
  }

  @Test("A row with such a key that no trigger saw is found by the row check")
  func unseen() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name) VALUES('a', 'right')")
    try trio.office.execute("INSERT INTO org_unit(code, name) VALUES(\(Self.sql([0x61, 0])), 'wrong')")
    var found: [RowDifference] = []
    try trio.office.store.checkRows(takes: false) { found.append($0) }
    #expect(found.map(\.key) == ["a%00"])
    let report = try trio.office.store.checkRows(takes: true) { _ in }
    #expect(report.putBack == 1 && report.taken == 0)
    #expect(try trio.office.store.refusedEdits().count == 1)
    try check(trio)
  }

  @Test("A file in which an older Birlik sealed such a key is mended by `verify`")
  func sealedBefore() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name) VALUES('a', 'right'), ('other', 'x')")
    // As it was: heads and row under one key here, the change under another in the log and at all others.
    try trio.office.execute(
      """
      UPDATE birlik_head SET key=X'610062' WHERE key=X'61';
      UPDATE org_unit SET code=\(Self.sql([0x61, 0, 0x62])) WHERE code='a';
      """)
    #expect(try trio.office.store.verify().problems == [])
    #expect(try trio.office.rows(["code", "name"], "org_unit ORDER BY 1 LIMIT 1") == [["a", "right"]])
    #expect(try trio.office.store.refusedEdits().map(\.key) == ["a%00b"])
    try check(trio)
  }

  @Test("Random bytes in keys: two nodes and headquarters end alike, and find nothing amiss", arguments: 0..<12)
  func property(seed: Int) throws {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ UInt64(seed))
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('first')")
    for _ in 0..<3 {
      for node in [trio.uz, trio.office, trio.hq] {
        var statements: [String] = []
        for _ in 0..<(4 + random.below(6)) { statements.append(statement(&random)) }
        // A statement that the door refuses must not take the others with it.
        _ = try node.shell("PRAGMA ignore_check_constraints=\(random.below(2));\n" + statements.joined(separator: "\n"))
        if random.chance(50) { try node.seal() }
      }
      try trio.settle()
    }
    try check(trio)
  }

  private func statement(_ random: inout SeededRandom) -> String {
    switch random.below(6) {
    case 0: return "DELETE FROM org_unit WHERE code=\(key(&random));"
    case 1: return "UPDATE OR IGNORE org_unit SET code=\(key(&random)) WHERE code=\(key(&random));"
    case 2: return "UPDATE org_unit SET name='\(random.below(9))' WHERE federation='ftuu';"
    case 3:
      return "INSERT OR IGNORE INTO org_name(unit, lang, name_role, name) "
        + "VALUES(\(key(&random)), \(key(&random)), 'short', '\(random.below(9))');"
    default:
      return "INSERT OR IGNORE INTO org_unit(code, name) VALUES(\(key(&random)), '\(random.below(9))');"
    }
  }

  /// One of few keys, so that they meet, of bytes that are easily confused.
  private func key(_ random: inout SeededRandom) -> String {
    let parts: [[UInt8]] = [
      [0], [0x61], [0x62], [0x2F], [0x25, 0x32, 0x46], [0x25], Array("é".utf8), Array("e\u{301}".utf8), [0xC0, 0x80],
      [0xFF],
      [0x27], [0x0A], [1], Array("İ".utf8),
    ]
    var bytes: [UInt8] = random.chance(30) ? [0x61] : []
    for _ in 0..<(1 + random.below(3)) { bytes += random.pick(parts) }
    if random.chance(3) { bytes = Array(repeating: 0x6B, count: random.pick([4096, 4097, 5000])) }
    if random.chance(5) { return "X'\(Hex.string(bytes))'" }
    if random.chance(4) { return String(random.below(5)) }
    return Self.sql(bytes)
  }
}
