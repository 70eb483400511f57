import SyncCore
import TestSupport
import Testing

/// Cells and the keys of records.
@Suite struct ValueTests {
  @Test("Values order as SQLite orders them: NULL, numbers by size, texts bytewise")
  func order() {
    let ordered: [Value] = [
      .null, .integer(.min), .integer(-1), .integer(2), .integer(10), .integer(.max), .text(""), .text("10"),
      .text("2"), .text("I"), .text("e\u{301}"), .text("i"), .text("\u{e9}"), .text("İ"),
    ]
    #expect(ordered.reversed().sorted() == ordered)
    for value in ordered { #expect(!(value < value)) }
    #expect(Value.text("e\u{301}") != .text("\u{e9}"), "bytes, not characters")
  }

  @Test("Values in words")
  func display() {
    #expect(Value.null.display == "" && Value.integer(-5).display == "-5" && Value.text("ş").display == "ş")
    #expect(Value.integer(5).integer == 5 && Value.text("5").integer == nil && Value.null.isNull)
  }

  @Test("A key is written as people write it and read again")
  func keyForms() {
    let key = RecordKey("ftuu-001", "2026-09-30", "territorial")
    #expect(key.display == "ftuu-001/2026-09-30/territorial")
    #expect(RecordKey(written: "ftuu-001/2026-09-30/territorial", columnCount: 3) == key)
    #expect(RecordKey("a/b", "50%", "%2F").display == "a%2Fb/50%25/%252F")
    #expect(RecordKey(written: "a/b", columnCount: 1) == RecordKey("a/b"), "one column needs no escape")
    #expect(RecordKey(written: "a%2fb", columnCount: 1) == RecordKey("a/b"))
    #expect(RecordKey(written: "%41%", columnCount: 1) == RecordKey("%41%"))
    #expect(RecordKey(written: "a//b", columnCount: 3) == RecordKey("a", "", "b"))
    #expect(RecordKey(written: "/", columnCount: 2) == RecordKey("", ""))
    for (text, count) in [("a/b", 3), ("a/b", 4), ("a", 2), ("a/b/c", 2), ("a\u{0}b", 1), ("a\u{0}b", 2), ("a", 0)] {
      #expect(RecordKey(written: text, columnCount: count) == nil)
    }
  }

  @Test("Every key is read back from its writing, and keys order as their columns do")
  func keyRoundTrip() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 51)
    let chunks = ["/", "%", "%2F", "%25", "2", "5", "F", "f", "a", "ş", "\u{1}", "İ"].map(bytes)
    var previous: [Int: [[UInt8]]] = [:]
    for round in 0..<5_000 {
      let columns = (0..<(1 + random.below(4))).map { _ in (0..<random.below(5)).flatMap { _ in random.pick(chunks) } }
      let key = RecordKey(columns: columns)
      guard key.columns == columns, RecordKey(written: key.display, columnCount: columns.count) == key else {
        Issue.record("round \(round): \(key.display)")
        return
      }
      if let other = previous[columns.count], other != columns {
        let isLess = columns.lexicographicallyPrecedes(other) { $0.lexicographicallyPrecedes($1) }
        if (key < RecordKey(columns: other)) != isLess { Issue.record("round \(round): \(columns) against \(other)") }
      }
      previous[columns.count] = columns
    }
  }

  @Test("Random bytes as a key have columns that give them again")
  func hostileKeys() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 52)
    for _ in 0..<5_000 {
      let bytes = random.bytes(random.below(12))
      let key = RecordKey(bytes: bytes)
      #expect(RecordKey(columns: key.columns) == key)
      #expect(key.display.isEmpty == bytes.isEmpty)
      let count = random.below(6) - 1
      let written = RecordKey(written: String(decoding: bytes, as: UTF8.self), columnCount: count)
      #expect(written == nil || written?.columns.count == count, "\(bytes)")
    }
  }
}
