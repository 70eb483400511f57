/// Characters that are taken for others in the alphabets of the member countries: Latin, Cyrillic, Greek and Arabic. A part
/// of confusables.txt of UTS #39, "Unicode Security Mechanisms" (https://www.unicode.org/Public/security/), with case
/// folded: a letter stands here if it looks like the other as a small or as a capital letter.
enum Confusables {
  /// Small letters, with the one that takes their place.
  static let letters: [Unicode.Scalar: Unicode.Scalar] = {
    var table: [Unicode.Scalar: Unicode.Scalar] = [:]
    for (pair, target) in [
      // Cyrillic. The capitals В, Н and М look like Latin ones, and the small letters do not.
      ("авсԁеһніӏјкморԛѕтухԝѵ", "abcdehhiijkmopqstyxwv"),
      // ә and э stand for the same sound in texts that were copied between alphabets.
      ("әэөӕ", "ǝǝɵæ"),
      // Greek.
      ("αβεζηικμνορτυχϲϳ", "abezhikmnoptyxcj"),
      // Latin.
      ("ɑɡȷəɩ", "agjǝi"),
      // Arabic, as Persian and Arabic keyboards have them.
      ("یىک", "ييك"),
    ] {
      for (letter, other) in zip(pair.unicodeScalars, target.unicodeScalars) { table[letter] = other }
    }
    table["\u{131}"] = "i"
    table["\u{2044}"] = "/"
    table["\u{2215}"] = "/"
    return table
  }()

  /// Combining marks: a comma below for a cedilla (ș, ş), a caron for a breve (ǧ, ğ).
  static let marks: [Unicode.Scalar: Unicode.Scalar] = ["\u{326}": "\u{327}", "\u{30C}": "\u{306}"]

  /// The Uzbek oʻ and gʻ are typed with any of these.
  static let apostrophes: Set<Unicode.Scalar> = [
    "'", "`", "\u{B4}", "\u{2B9}", "\u{2BB}", "\u{2BC}", "\u{2BD}", "\u{2BE}", "\u{2BF}", "\u{2C8}", "\u{2CA}",
    "\u{2CB}",
    "\u{2F4}", "\u{374}", "\u{384}", "\u{55A}", "\u{55D}", "\u{5F3}", "\u{7F4}", "\u{7F5}", "\u{1FBD}", "\u{1FBF}",
    "\u{1FEF}", "\u{1FFD}", "\u{1FFE}", "\u{2018}", "\u{2019}", "\u{201A}", "\u{201B}", "\u{2032}", "\u{2035}",
    "\u{A78C}", "\u{A78B}", "\u{FF07}", "\u{FF40}",
  ]

  /// Those that are no dash by their category.
  static let dashes: Set<Unicode.Scalar> = ["\u{2D7}", "\u{2043}", "\u{2212}", "\u{2796}"]
}
