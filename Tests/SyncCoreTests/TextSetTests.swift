import SyncCore
import TestSupport
import Testing

/// Sets of texts as JSON arrays.
@Suite struct TextSetTests {
  private func canonical(_ json: String) -> String? {
    TextSet(json: bytes(json)).map { String(decoding: $0.json, as: UTF8.self) }
  }

  @Test("Any array of strings is written in one form: sorted bytewise, without duplicates or spaces")
  func canonicalForm() {
    #expect(canonical("[]") == "[]" && canonical(" [ ] ") == "[]")
    #expect(canonical(#"["b", "a","b" ,"Z" ]"#) == #"["Z","a","b"]"#)
    #expect(canonical("\t[\r\n\"a\"\n,\"\"]\n") == #"["","a"]"#)
    #expect(canonical(#"["ş","s","ı","i","I","İ"]"#) == #"["I","i","s","İ","ı","ş"]"#)
    // Not the same bytes, though Unicode calls them equivalent.
    let equivalent = TextSet(json: bytes("[\"\u{e9}\",\"e\u{301}\"]"))
    #expect(equivalent?.elements == [bytes("e\u{301}"), bytes("\u{e9}")])
  }

  @Test("Escapes are read in all their forms and written only where JSON demands them")
  func escapes() {
    #expect(canonical(#"["\u0061","a"]"#) == #"["a"]"#)
    #expect(canonical(#"["\"\\\/\b\f\n\r\t"]"#) == #"["\"\\/\u0008\u000c\u000a\u000d\u0009"]"#)
    #expect(canonical(#"["\u015F\u015f"]"#) == #"["şş"]"#)
    #expect(canonical(#"["\ud83d\ude00"]"#) == #"["😀"]"#)
    #expect(canonical(#"["\uD800\uDC00\uDBFF\uDFFF"]"#) == "[\"\u{10000}\u{10FFFF}\"]")
    #expect(canonical(#"["\u001f\u007f"]"#) == "[\"\\u001f\u{7f}\"]")
    #expect(canonical(#"["\ufeff\uffff"]"#) == "[\"\u{FEFF}\u{FFFF}\"]")
  }

  @Test(
    "What is no JSON array of strings is no set",
    arguments: [
      "", " ", "[", "]", "[\"a\"", "[\"a\",]", "[,]", "[,\"a\"]", "[\"a\" \"b\"]", "[\"a\"]]", "[\"a\"]x", "[1]",
      "[null]", "[true]", "[[\"a\"]]", "{\"a\":1}", "\"a\"", "['a']", "[\"a]", "[\"\\\"]", "[\"\\x\"]", "[\"\\u\"]",
      "[\"\\u12\"]", "[\"\\u12g4\"]", "[\"\\u0000\"]", "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800x\"]",
      "[\"\\ud800\\n\"]", "[\"\\ud800\\ud800\"]", "[\"\\ud800\\u0061\"]", "[\"\\u+123\"]", "[\"\\u 123\"]",
      "[\"a\nb\"]", "[\"\u{0}\"]", "\u{FEFF}[]", "[\"a\"],", "[\u{A0}]", "[\"\\uD83D\\", "[\"\\uD83D\\u", "[\"\\",
    ])
  func noSets(text: String) {
    #expect(TextSet(json: bytes(text)) == nil)
  }

  @Test("Every set is read back from its own writing")
  func roundTrip() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 21)
    for round in 0..<4_000 {
      let elements = (0..<random.below(5)).map { _ in
        random.chance(50)
          ? random.bytes(random.below(6), below: 127).map { $0 + 1 } : bytes(random.pick(["ğ", "\\", "\"", "😀"]))
      }
      let set = TextSet(elements)
      guard TextSet(json: set.json) == set, TextSet(elements.reversed()).json == set.json,
        Set(set.elements) == Set(elements), set.elements.count == Set(elements).count
      else {
        Issue.record("round \(round): \(elements)")
        return
      }
    }
  }

  @Test("Random bytes trap nowhere, and what is accepted has a fixed form")
  func hostileBytes() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 22)
    let alphabet = bytes("[[]]\"\"\"\"\\\\u,, aD8dc0F\n") + [0, 1, 0x7F, 0x80, 0xC3, 0xFF]
    var accepted = 0
    for _ in 0..<40_000 {
      var text = (0..<random.below(16)).map { _ in random.pick(alphabet) }
      if random.chance(60) { text = bytes("[\"") + text + bytes("\"]") }
      guard let set = TextSet(json: text) else { continue }
      accepted += 1
      guard TextSet(json: set.json) == set else {
        Issue.record("\(text) reads as \(set.elements) and writes \(set.json)")
        return
      }
    }
    #expect(accepted > 300)
  }
}
