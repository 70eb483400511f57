import Limits
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Whatever may be typed can be sealed, sent, absorbed, taken into a snapshot, proposed and shown.
@Suite struct LargeRecordTests {
  private static let longest = Validity.maximumTextBytes

  /// A text that nothing can pack into much less.
  private static func noise(_ count: Int, _ random: inout SeededRandom) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:!?+*/()[]{}<>=@#%&$~".utf8)
    return String(decoding: (0..<count).map { _ in letters[random.below(letters.count)] }, as: UTF8.self)
  }

  /// A set of so many bytes as JSON.
  private static func noisySet(_ bytes: Int, _ random: inout SeededRandom) -> String {
    let count = bytes / 23
    return "["
      + (0..<count).map { _ in "\"\(String(random.next(), radix: 36))-\(random.below(10000))\"" }
      .joined(separator: ",") + "]"
  }

  /// All agree, and each finds its rows to be what its log says.
  private func check(_ trio: Trio, verifies: Bool = false) throws {
    for node in [trio.uz, trio.office] { try expectEqual(trio.hq, node, audiences: [.everyone]) }
    try expectEqual(trio.uz, trio.office)
    for node in trio.all {
      // At one node, for it is the log of all.
      if verifies || node === trio.office { #expect(try node.store.verify().problems == [], "\(node.name)") }
      let largest = Int(try node.value("max(length(bytes))", "birlik_segment") ?? "") ?? 0
      #expect(largest <= WireLimits.segmentBytes, "\(node.name)")
    }
  }

  @Test("Forty rows with three long texts are sealed at headquarters and at a member, and come to all")
  func texts() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('first')")
    var random = SeededRandom(seed: 1)
    for (node, owner) in [(trio.hq, "otuts"), (trio.office, "ftuu")] {
      let rows = (0..<(owner == "otuts" ? 40 : 24)).map { number in
        let texts = (0..<3).map { _ in "'\(Self.noise(Self.longest, &random))'" }.joined(separator: ", ")
        return "INSERT INTO org_unit(code, area, name, website) VALUES('\(owner)-\(number)', \(texts))"
      }
      #expect(try node.type(rows) == rows.count)
    }
    try trio.settle()
    #expect(try trio.uz.count("org_unit WHERE length(website)=\(Self.longest)") == 64)
    try check(trio)
    // A node that begins now gets all of it by a snapshot as well.
    let late = try trio.house.add("fturk")
    try Snapshots.carry(from: trio.hq, to: late)
    try expectEqual(trio.hq, late, audiences: [.everyone])
    #expect(try late.store.verify().problems == [])
  }

  @Test("Two long sets in each of 64 rows are sealed and come to all, and so do edits of them")
  func sets() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('first')")
    var random = SeededRandom(seed: 2)
    let rows = (0..<64).map { number in
      "INSERT INTO org_unit(code, activity, successors) VALUES('u-\(number)', "
        + "'\(Self.noisySet(60_000, &random))', '\(Self.noisySet(60_000, &random))')"
    }
    #expect(try trio.office.type(rows) == 64)
    try trio.settle()
    let others = (0..<3).map { "UPDATE org_unit SET activity='\(Self.noisySet(60_000, &random))' WHERE code='u-\($0)'" }
    #expect(try trio.uz.type(others) == 3)
    try trio.settle()
    try check(trio)
    #expect(try trio.hq.count("org_unit WHERE length(successors)>50000") == 64)
  }

  @Test("Thirty long edits of another owner's records are proposed, listed, and accepted")
  func proposals() throws {
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('first')")
    var random = SeededRandom(seed: 3)
    try trio.hq.type((0..<30).map { "INSERT INTO org_unit(code) VALUES('o-\($0)')" })
    try trio.settle()
    let texts = (0..<3).map { _ in Self.noise(Self.longest, &random) }
    let edits = (0..<30).map { number in
      "UPDATE org_unit SET area='\(texts[number % 3])', name='\(texts[0])', website='\(texts[1])', "
        + "remark='\(texts[2])' WHERE code='o-\(number)'"
    }
    #expect(try trio.office.type(edits) == 30)
    try trio.settle()
    let open = try trio.hq.store.proposals()
    #expect(open.count == 30)
    for proposal in open { _ = try trio.hq.store.accept(proposal.id) }
    try trio.settle()
    #expect(try trio.office.count("org_unit WHERE length(remark)=\(Self.longest)") == 30)
    try check(trio)
  }

  @Test("A record that merging made larger than anybody may type can be edited, shortened and deleted")
  func grown() throws {
    var random = SeededRandom(seed: 4)
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('u')")
    let fields = ["area", "name", "website", "remark"]
    try trio.uz.type(
      "UPDATE org_unit SET " + fields.map { "\($0)='\(Self.noise(Self.longest, &random))'" }.joined(separator: ", ")
        + " WHERE code='u'")
    try trio.office.type(
      "UPDATE org_unit SET activity='\(Self.noisySet(60_000, &random))', "
        + "successors='\(Self.noisySet(60_000, &random))' WHERE code='u'")
    try trio.settle()
    let size = fields.joined(separator: ")+length(") + ")+length(activity)+length(successors"
    #expect(
      Int(try trio.office.value("length(\(size))", "org_unit WHERE code='u'") ?? "") ?? 0 > StoreLimits.recordBytes)

    for edit in ["name='short'", "activity='[\"a\"]'", "country='UZB'"] {
      try trio.type(trio.office, "UPDATE org_unit SET \(edit) WHERE code='u'")
      #expect(
        try trio.office.seal()
          == {
            var report = SealReport(); report.changes = 1; return report
          }(), "\(edit)")
    }
    // A program that knows only the whole set takes one element out of it.
    let set = try trio.office.value("successors", "org_unit WHERE code='u'") ?? ""
    let elements = set.dropFirst().dropLast().split(separator: ",").dropFirst().joined(separator: ",")
    #expect(
      try trio.office.store.edit(kind: "org_unit", key: "u", values: [("successors", "[\(elements)]")]) == .changed)
    #expect(try trio.office.seal().refused == 0)
    // Who adds to what is too large already is refused, and hears of it.
    try trio.type(
      trio.office, "UPDATE org_unit SET name='\(Self.noise(60_000, &random))', activity=NULL WHERE code='u'")
    try trio.office.seal()
    try trio.settle()
    try check(trio)
    try trio.type(trio.uz, "DELETE FROM org_unit WHERE code='u'")
    #expect(try trio.uz.seal().refused == 0)
    try trio.settle()
    #expect(try trio.hq.count("org_unit WHERE code='u'") == 0)
    try check(trio)
  }

  @Test("A change is cut between registers, and its pieces say together what it said")
  func pieces() throws {
    let registers = (1...9).map { RegisterContent(RegisterKey(RegisterID($0)), Content([])) }
    let change = Change(
      kind: 1, key: RecordKey("a"), operation: .insertion, registers: registers, captured: 1, time: 2)
    for limit in [1, 10, 25, 30, 1000] {
      let pieces = change.pieces(limit: limit) { $0.key.id.number * 10 }
      #expect(pieces.flatMap(\.registers) == registers)
      #expect(pieces.map(\.operation) == [.insertion] + Array(repeating: .edit, count: pieces.count - 1))
      for piece in pieces {
        let size = piece.registers.reduce(0) { $0 + $1.key.id.number * 10 }
        #expect(size <= limit || piece.registers.count == 1)
      }
    }
    var deletion = change
    (deletion.operation, deletion.registers) = (.deletion, [])
    #expect(deletion.pieces(limit: 1) { _ in 5 } == [deletion])
  }

  @Test("Random contents up to every limit, in every kind, come to all", arguments: 0..<2)
  func property(seed: Int) throws {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ UInt64(seed) &+ 100)
    let trio = try Trio("INSERT INTO org_unit(code) VALUES('first')")
    let kinds = try trio.hq.store.catalog().kinds.filter { $0.recordClass != .local }
    for round in 0..<3 {
      for node in trio.all {
        var statements: [String] = []
        for kind in kinds where random.chance(70) {
          for number in 0..<(1 + random.below(3)) {
            statements.append(statement(kind, "\(node.name)-\(number)", round, &random))
          }
        }
        try trio.type(node, "SELECT 1")
        try node.type(statements)
        try node.seal()
      }
      try trio.settle()
    }
    try check(trio)
  }

  private func statement(_ kind: Kind, _ key: String, _ round: Int, _ random: inout SeededRandom) -> String {
    let keys = kind.key.enumerated().map { number, column -> String in
      switch column.type {
      case .date: return "2025-10-31"
      case .period: return "2025-W0\(1 + round)"
      case .code(let codes): return codes[0]
      default: return number == 0 ? key + String(repeating: "k", count: random.pick([0, 1, 1000, 3000])) : "x"
      }
    }
    let fields = kind.fields.filter { !$0.isLocal && random.chance(60) }
    var left = StoreLimits.recordBytes
    let values = fields.map { field -> String in
      let bytes = min(left, random.pick([0, 1, 63, 4000, Self.longest - 100, Self.longest]))
      switch field.type {
      case .text, .ref:
        left -= bytes
        return "'\(Self.noise(bytes, &random))'"
      case .set:
        left -= bytes
        return "'\(Self.noisySet(bytes, &random))'"
      case .integer(let least, let most): return String(random.pick([least ?? .min + 1, most ?? .max]))
      case .money: return String(random.pick([Int64.min + 1, 0, Int64.max]))
      case .boolean: return String(random.below(2))
      case .date: return "'2026-02-28'"
      case .period: return "'2025-S1'"
      case .code(let codes): return "'\(random.pick(codes))'"
      }
    }
    let columns = (kind.key.map(\.name) + fields.map(\.name)).map(\.sql).joined(separator: ", ")
    let texts = (keys.map { "'\($0)'" } + values).joined(separator: ", ")
    return "INSERT \(kind.appendOnly ? "" : "OR REPLACE ")INTO \(kind.name)(\(columns)) VALUES(\(texts))"
  }

  @Test("A segment that was altered in the file stops nothing but itself, and is reported")
  func altered() throws {
    let trio = try Trio("INSERT INTO org_unit(code, name, activity) VALUES('u', 'first', '[\"a\"]')")
    try trio.uz.execute("UPDATE birlik_segment SET bytes=substr(bytes, 1, length(bytes)-9) || zeroblob(9)")
    try trio.type(trio.uz, "UPDATE org_unit SET activity='[\"a\",\"b\"]' WHERE code='u'")
    try trio.type(trio.uz, "INSERT INTO org_unit(code, name) VALUES('v', 'second')")
    try trio.type(trio.office, "INSERT INTO org_unit(code, name) VALUES('w', 'third')")
    try trio.settle()
    for node in trio.all { #expect(try node.count("org_unit WHERE code IN ('u', 'v', 'w')") == 3, "\(node.name)") }
    for node in [trio.hq, trio.office] {
      #expect(try node.value("activity", "org_unit WHERE code='u'") == "[\"a\",\"b\"]")
    }
    #expect(try trio.uz.store.verify().problems != [])
    #expect(try trio.hq.store.verify().problems == [])
    _ = try trio.uz.store.history(kind: "org_unit", key: "u")
  }
}
