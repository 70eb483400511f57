import SyncCore
import TestSupport
import Testing

@testable import Store

/// Texts that people do not tell apart.
@Suite struct SkeletonTests {
  private func skeleton(_ text: String) -> String {
    String(decoding: Skeletons.skeleton(Array(text.utf8)), as: UTF8.self)
  }

  @Test(
    "One key in two spellings has one skeleton",
    arguments: [
      ("A-1", "А-1"), ("A-1", "a-1"), ("A-1", "A-1\u{A0}"), ("A-1", " A-1"), ("A-1", "A\u{200B}-1"), ("A-1", "A‑1"),
      ("A-1", "A–1"), ("A-1", "A−1"), ("A-1", "Ａ－１"), ("İzmir", "izmir"), ("IZMIR", "ızmır"), ("i", "İ"), ("I", "ı"),
      ("Işık", "İŞIK"), ("Navoiy shahri", "Navoiy\u{A0}shahri"), ("A  1", "A 1"), ("oʻzbek", "o'zbek"),
      ("oʻzbek", "o‘zbek"),
      ("o’zbek", "o`zbek"), ("o´zbek", "oʼzbek"), ("é", "e\u{301}"), ("ş", "s\u{327}"), ("ș", "ş"), ("ğ", "ǧ"),
      ("ə-1", "ә-1"), ("Ə-1", "э-1"), ("СОСН", "COCH"), ("х", "x"), ("ВАКУ", "BAKY"), ("ΑΒΕ", "ABE"), ("ﬁ", "fi"),
      ("№5", "No5"), ("Straße", "STRASSE"), ("Ёлка", "ёлка"), ("Ё", "Ë"), ("ї", "ï"), ("کی", "كي"), ("۱۴۰۵", "1405"),
      ("A\u{FEFF}1", "A1"), ("a\u{202E}b", "ab"), ("a\u{AD}b", "ab"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("x²", "x2"), ("Ⅳ", "IV"),
    ])
  func alike(_ a: String, _ b: String) { #expect(skeleton(a) == skeleton(b), "\(a) \(b)") }

  @Test(
    "Different keys keep different skeletons",
    arguments: [
      ("A-1", "A-2"), ("A1", "A-1"), ("A 1", "A1"), ("o", "ö"), ("s", "ş"), ("g", "ğ"), ("0", "O"), ("1", "l"),
      ("тур", "түр"),
      ("к", "қ"), ("и", "й"), ("u-1o", "u-10"), ("o'z", "oz"), ("a_b", "a-b"), ("e", "é"), ("ұ", "у"),
    ])
  func different(_ a: String, _ b: String) { #expect(skeleton(a) != skeleton(b), "\(a) \(b)") }

  @Test("A skeleton is its own skeleton, however odd the text, and hashes follow skeletons")
  func stable() {
    var random = SeededRandom(seed: SeededRandom.firstSeed)
    let odd: [Unicode.Scalar] = [
      "A", "b", "İ", "ı", "i", "j", "\u{307}", "\u{301}", "\u{323}", "\u{326}", "\u{327}", "\u{30C}", "\u{345}", " ",
      "\u{A0}",
      "\u{200B}", "-", "–", "'", "ʻ", "´", "А", "в", "һ", "Ə", "ß", "ẞ", "ﬁ", "Ａ", "ς", "ی", "۱", "\u{3164}", "ǅ", "ŉ",
      "ᾳ",
      "\u{1F82}", "\u{AC01}", "\u{1100}", "㌀", "½", "…", "\u{640}", "\t", "\u{2800}", "\u{1E9B}", "ͅ", "℃", "Å", "Ω",
    ]
    for _ in 0..<20_000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<random.below(7) {
        let any = Unicode.Scalar(UInt32(random.below(0x11_0000))) ?? "x"
        text.append(random.chance(80) ? random.pick(odd) : any)
      }
      let first = skeleton(String(text))
      #expect(skeleton(first) == first, "\(text.map { String($0.value, radix: 16) })")
      #expect(Skeletons.hash(Array(String(text).utf8)) == Skeletons.hash(Array(first.utf8)))
      // Canonically equivalent spellings are one, as are the cases.
      #expect(skeleton(String(text).uppercased()) == skeleton(String(text).uppercased().lowercased()))
    }
  }

  @Test("The way for ASCII gives what the general one does")
  func ascii() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 1)
    for _ in 0..<5_000 {
      let bytes = (0..<random.below(12)).map { _ in UInt8(random.below(128)) }
      let general = LookAlike.skeleton(String(decoding: bytes, as: UTF8.self)) { $0 }
      #expect(Skeletons.skeleton(bytes) == Array(general.utf8), "\(bytes)")
    }
  }

  @Test("The difference is told by the characters' names")
  func difference() {
    #expect(
      LookAlike.difference("A-1", "А-1")
        == "character 1 is U+0041 LATIN CAPITAL LETTER A in the one and U+0410 CYRILLIC CAPITAL LETTER A in the other")
    #expect(
      LookAlike.difference("A-1", "A-1\u{A0}")
        == "character 4 is the end in the one and U+00A0 NO-BREAK SPACE in the other")
    #expect(LookAlike.difference("a", "a") == nil)
  }
}
