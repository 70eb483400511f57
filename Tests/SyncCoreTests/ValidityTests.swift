import SyncCore
import TestSupport
import Testing

/// What the catalog allows in a cell.
@Suite struct ValidityTests {
  private static let types: [FieldType] = [
    .text, .integer(minimum: 0, maximum: 10), .integer(minimum: nil, maximum: nil), .boolean, .date, .period,
    .code(["paper", "e"]), .ref(kind: "unit"), .set, .money,
  ]

  @Test("An empty cell is allowed everywhere", arguments: types.indices)
  func empty(index: Int) {
    #expect(Validity.problem(.null, Self.types[index]) == nil)
  }

  @Test("Numbers keep within their bounds, booleans are 0 or 1, and texts are no numbers")
  func numbers() {
    let bounded = FieldType.integer(minimum: 0, maximum: 10)
    for number in [0, 5, 10] as [Int64] { #expect(Validity.problem(.integer(number), bounded) == nil) }
    #expect(Validity.problem(.integer(-1), bounded) == "-1 is less than 0")
    #expect(Validity.problem(.integer(11), bounded) == "11 is more than 10")
    for number in [Int64.min, .max] {
      #expect(Validity.problem(.integer(number), .integer(minimum: nil, maximum: nil)) == nil)
      #expect(Validity.problem(.integer(number), .money) == nil)
      #expect(Validity.problem(.integer(number), .boolean) != nil)
    }
    #expect(Validity.problem(.integer(0), .boolean) == nil && Validity.problem(.integer(1), .boolean) == nil)
    #expect(Validity.problem(.integer(2), .boolean) == "2 is neither 0 nor 1")
    for type in Self.types where !type.isInteger {
      #expect(Validity.problem(.integer(2025), type) == "2025 is a number where a text is expected")
    }
    for type in Self.types where type.isInteger {
      #expect(Validity.problem(.text("5"), type) == "'5' is a text where a whole number is expected")
    }
  }

  @Test("Texts of every type, right and wrong")
  func texts() {
    #expect(Validity.problem(.text("any"), .text) == nil && Validity.problem(.text(""), .text) == nil)
    #expect(Validity.problem(.text("ftuu-001"), .ref(kind: "unit")) == nil)
    #expect(Validity.problem(.text("2025-10~"), .date) == nil)
    #expect(Validity.problem(.text("2025-02-30"), .date)?.contains("'2025-02-30' is not a date") == true)
    #expect(Validity.problem(.text("2025-Q1"), .period) == nil)
    #expect(Validity.problem(.text("2025-Q5"), .period)?.contains("not a period") == true)
    #expect(Validity.problem(.text("[\"a\"]"), .set) == nil)
    #expect(Validity.problem(.text("a,b"), .set)?.contains("not a JSON array") == true)
    let code = FieldType.code(["paper", "é"])
    #expect(Validity.problem(.text("paper"), code) == nil)
    #expect(Validity.problem(.text("Paper"), code) == "'Paper' is not a code of this field: it is one of paper, é")
    #expect(Validity.problem(.text("e\u{301}"), code) != nil, "codes compare bytewise")
    #expect(Validity.problem(.text(""), code) != nil)
    let many = FieldType.code((0..<13).map(String.init))
    #expect(Validity.problem(.text("x"), many) == "'x' is not a code of this field")
  }

  @Test("No type allows a zero byte, broken UTF-8 or a text beyond the limit")
  func brokenTexts() {
    let broken: [[UInt8]] = [
      [0], [0x61, 0], [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
      Array(repeating: 0x61, count: Validity.maximumTextBytes + 1),
    ]
    for type in Self.types {
      for text in broken { #expect(Validity.problem(.text(text), type) != nil) }
    }
    let longest = [UInt8](repeating: 0x61, count: Validity.maximumTextBytes)
    #expect(Validity.problem(.text(longest), .text) == nil)
    #expect(Validity.problem(.text([0]), .text) == "the text holds a zero byte")
    #expect(Validity.problem(.text([0xFF]), .text) == "the text is not UTF-8")
  }

  @Test("Keys are not empty and otherwise follow their type")
  func keys() {
    #expect(Validity.problem(key: [], .text) == "the key is empty")
    #expect(Validity.problem(key: bytes("a"), .text) == nil)
    #expect(Validity.problem(key: bytes("2025-10-31"), .date) == nil)
    #expect(Validity.problem(key: bytes("2025-10-32"), .date) != nil)
    #expect(Validity.problem(key: [0x61, 0], .text) != nil)
  }

  @Test("UTF-8 is distinguished from what is not")
  func utf8() {
    for text in ["", "a", "ş", "€", "😀", "\u{10FFFF}", "\u{0}"] { #expect(Validity.isUTF8(bytes(text))) }
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 31)
    for _ in 0..<2_000 {
      let bytes = random.bytes(random.below(5))
      let repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
      if Validity.isUTF8(bytes) != (repaired == bytes) { Issue.record("\(bytes)") }
    }
  }

  @Test("Random bytes of every type are judged, and what is no text is refused", arguments: types.indices)
  func hostileBytes(index: Int) {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 41)
    for _ in 0..<2_000 {
      let text = random.bytes(random.below(60))
      let ofText = Validity.problem(.text(text), Self.types[index])
      let ofNumber = Validity.problem(.integer(Int64(bitPattern: random.next())), Self.types[index])
      let key = random.bytes(random.below(20))
      let ofKey = Validity.problem(key: key, Self.types[index])
      let words = [ofText, ofNumber, ofKey].compactMap { $0 }
      #expect(words.allSatisfy { !$0.isEmpty })
      func isNoText(_ bytes: [UInt8]) -> Bool { bytes.contains(0) || !Validity.isUTF8(bytes) }
      if isNoText(text) { #expect(ofText != nil, "\(text)") }
      if key.isEmpty || isNoText(key) { #expect(ofKey != nil, "\(key)") }
    }
  }
}
