/// Texts that people read as the same one: they differ in case, in the form of an accent, an apostrophe or a dash, in
/// blanks, in what nobody sees, or in letters of two alphabets that look the same.
///
/// Two texts look alike when their skeletons are the same (after UTS #39, "Unicode Security Mechanisms", section 4, with
/// case folded as well). Digits and letters never look alike here: keys number things, and `1l` is often no mistake.
///
/// ```swift
/// LookAlike.skeleton("А-1 ", decomposing: nfkd)   // "a-1": the А is Cyrillic
/// ```
public enum LookAlike {
  /// What is left of a text when all is taken away that people do not tell apart. It is only for comparing.
  ///
  /// - Parameter decomposing: gives the form NFKD, which needs more of Unicode's tables than Swift offers.
  public static func skeleton(_ text: String, decomposing: (String) -> String) -> String {
    var marked = String.UnicodeScalarView()
    // Some apostrophes decompose into a blank and an accent.
    for scalar in text.unicodeScalars { marked.append(Confusables.apostrophes.contains(scalar) ? "'" : scalar) }
    var builder = Builder()
    for scalar in decomposing(String(marked)).unicodeScalars { builder.add(scalar) }
    return builder.finished()
  }

  /// The skeleton of a text of ASCII alone, which needs no tables; nil for any other.
  public static func skeleton(ascii bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    return fold(ascii: bytes) { result.append($0) } ? result : nil
  }

  /// A hash of the skeleton of a text of ASCII alone; nil for any other. Equal skeletons have equal hashes.
  public static func hash(ascii bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    var hash = Hash()
    return fold(ascii: bytes) { hash.add($0) } ? hash.value : nil
  }

  /// The hash of a skeleton.
  public static func hash(ofSkeleton bytes: some Sequence<UInt8>) -> UInt64 {
    var hash = Hash()
    for byte in bytes { hash.add(byte) }
    return hash.value
  }

  /// FNV-1a: it only has to find candidates quickly, and says nothing for certain.
  private struct Hash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// Gives the bytes of the skeleton one by one.
  ///
  /// - Returns: false when the text is not of ASCII alone.
  @inline(__always)
  private static func fold(ascii bytes: UnsafeBufferPointer<UInt8>, _ body: (UInt8) -> Void) -> Bool {
    var (blanks, isFirst) = (false, true)
    for byte in bytes {
      switch byte {
      case 0x80...: return false
      case 0x20, 0x09...0x0D: blanks = true
      case ..<0x20, 0x7F: continue
      default:
        if blanks, !isFirst { body(0x20) }
        (blanks, isFirst) = (false, false)
        switch byte {
        case 0x41...0x5A: body(byte | 0x20)
        case 0x60: body(0x27)
        default: body(byte)
        }
      }
    }
    return true
  }

  /// Where two texts that look alike differ, in words; nil when they do not.
  public static func difference(_ a: String, _ b: String) -> String? {
    let (first, second) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    guard
      let place = (0...max(first.count, second.count)).first(where: { index in
        let pair = [first, second].map { $0.indices.contains(index) ? $0[index] : nil }
        return pair[0] != pair[1]
      })
    else { return nil }
    func words(_ scalars: [Unicode.Scalar]) -> String {
      guard scalars.indices.contains(place) else { return "the end" }
      let name = scalars[place].properties.name ?? scalars[place].properties.nameAlias
      return KeyText.code(scalars[place]) + (name.map { " \($0)" } ?? "")
    }
    return "character \(place + 1) is \(words(first)) in the one and \(words(second)) in the other"
  }

  /// Puts a skeleton together, scalar by scalar.
  private struct Builder {
    private var result = String.UnicodeScalarView()
    private var blanks = false
    /// The combining marks after the last letter, and whether that is an i.
    private var marks: [Unicode.Scalar] = []
    private var isDotted = false

    mutating func add(_ scalar: Unicode.Scalar) {
      let properties = scalar.properties
      if KeyText.isBlank(scalar) || properties.isWhitespace {
        endMarks()
        blanks = true
        isDotted = false
        return
      }
      if KeyText.isInvisible(scalar) || properties.isDefaultIgnorableCodePoint || scalar == "\u{640}" { return }
      if properties.canonicalCombiningClass != .notReordered {
        // İ is I with a dot, and ı is i without: all are one letter here.
        let mark = Confusables.marks[scalar] ?? scalar
        if !(isDotted && mark == "\u{307}"), mark != "\u{345}" { marks.append(mark) }
        return
      }
      endMarks()
      if blanks, !result.isEmpty { result.append(" ") }
      blanks = false
      for folded in Self.folded(scalar) {
        let letter = Confusables.letters[folded] ?? folded
        isDotted = letter == "i" || letter == "j"
        result.append(letter)
      }
    }

    mutating func finished() -> String {
      endMarks()
      return String(result)
    }

    private mutating func endMarks() {
      guard !marks.isEmpty else { return }
      // A mark that took another's place may belong elsewhere among them.
      marks.sort {
        ($0.properties.canonicalCombiningClass.rawValue, $0.value)
          < ($1.properties.canonicalCombiningClass.rawValue, $1.value)
      }
      if blanks, !result.isEmpty { result.append(" ") }
      blanks = false
      result.append(contentsOf: marks)
      marks = []
    }

    /// Case folded as Unicode does it without regard to a language: ß is ss, ς is σ.
    private static func folded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
      if Confusables.apostrophes.contains(scalar) { return ["'"] }
      if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue, value >= 0, value < 10 {
        return [Unicode.Scalar(UInt8(48) + UInt8(value))]
      }
      if scalar.properties.generalCategory == .dashPunctuation || Confusables.dashes.contains(scalar) { return ["-"] }
      return scalar.properties.lowercaseMapping.unicodeScalars
        .flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
        .flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    }
  }
}
