import Testing

@testable import SyncCore

@Suite struct KeyTextTests {
  @Test(
    "Keys hold nothing that nobody sees",
    arguments: [
      "a\u{0}", "\u{1}a", "a\tb", "a\u{7F}", "a\u{85}b", "a\u{AD}b", "\u{200B}a", "a\u{200C}b", "a\u{200D}",
      "\u{202E}a",
      "a\u{2028}b", "\u{2066}a\u{2069}", "\u{FEFF}a", "a\u{2060}", "a\u{FE0F}", "a\u{E0041}", "\u{3164}", "a\u{61C}b",
    ])
  func invisible(_ text: String) {
    #expect(
      KeyText.problem(Array(text.utf8))?.hasPrefix("the key must not hold control or invisible characters") == true)
    #expect(KeyText.problem(KeyText.cleaned(Array(text.utf8))) == nil)
    #expect(TypedValue.problem(key: Array(text.utf8), .text) != nil)
    #expect(TypedValue.problem(key: Array(text.utf8), .ref(kind: "org_unit")) != nil)
  }

  @Test(
    "Keys neither begin nor end with a blank", arguments: [" a", "a ", "\u{A0}a", "a\u{202F}", "a\u{3000}", "\u{2800}"])
  func blanks(_ text: String) {
    #expect(KeyText.problem(Array(text.utf8))?.hasPrefix("the key must not begin or end with a blank") == true)
    #expect(TypedValue.problem(key: Array(text.utf8), .text) != nil)
  }

  @Test(
    "Every letter that people write may be typed", arguments: ["A 1", "oʻ-1", "А-1", "ğü/İ", "سازمان", "钢", "a\u{301}"])
  func letters(_ text: String) { #expect(KeyText.problem(Array(text.utf8)) == nil) }

  @Test("What nobody sees is shown by its code")
  func shown() {
    #expect(KeyText.shown("A\u{200B}-1\u{A0}") == "A‹U+200B›-1‹U+00A0›")
    #expect(KeyText.shown("A 1 ") == "A 1‹U+0020›")
    #expect(KeyText.shown("Ğ-1") == "Ğ-1")
  }
}
