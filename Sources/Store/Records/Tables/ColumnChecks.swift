import Limits
import SyncCore

/// The CHECK constraints of a kind's table, so that any client refuses what the catalog does not allow, in the words of
/// the constraint's name.
///
/// They allow what `TypedValue` allows. Texts that are no UTF-8 and the finer rules of JSON are beyond plain SQL; the seal
/// looks at them again. Only functions that SQLite has had since 3.8 and that no setting forbids are used, and each
/// expression begins with what is cheap and common. The engine's own connection does not apply them.
enum ColumnChecks {
  /// Lists of codes up to this length are compared one by one and named in full.
  private static let fewCodes = 12
  /// How many codes of one length are searched together.
  private static let codesPerRun = 64

  // MARK: Columns

  /// The constraints of a field's column.
  static func field(_ field: Field) -> String {
    let (name, x) = (field.name, field.name.sql)
    switch field.type {
    case .integer(let minimum, let maximum):
      return check("\(name) must be a whole number or NULL", isWhole(x)) + range(name, minimum, maximum)
    case .money:
      let words = "a whole number or NULL, in the smallest unit of the currency: 100000 is 1000.00"
      return check("\(name) must be \(words)", isWhole(x))
    case .boolean:
      return check("\(name) must be a whole number or NULL", isWhole(x))
        + check("\(name) must be 0 or 1", "\(x)=0 OR \(x)=1")
    case .text, .ref:
      return check("\(name) must be text or NULL", isText(x)) + length(name)
    case .date:
      return check("\(name) must be \(dateWords), or NULL", "\(x) IS NULL OR \(x)='' OR " + isDate(x))
    case .period:
      return check("\(name) must be \(periodWords), or NULL", "\(x) IS NULL OR \(x)='' OR " + isPeriod(x))
    case .code(let codes):
      return check("\(name) must be \(words(of: codes)), or NULL", isCode(x, codes) + " OR \(x)=''")
    case .set:
      // As a whole it may be longer than a cell: the seal looks at each of its texts, and at the whole record.
      return check("\(name) must be text or NULL", isText(x))
        + check("\(name) must not hold a zero byte", hasNoZero(x))
        + check("\(name) must be a set of texts like [\"A\",\"B\"] or A;B", "\(x) IS NULL OR \(x)='' OR " + isSet(x))
    }
  }

  /// The constraints of a key's column.
  static func key(_ key: KeyColumn) -> String {
    let (name, x) = (key.name, key.name.sql)
    switch key.type {
    case .date: return check("\(name) must be \(dateWords)", isDate(x))
    case .period: return check("\(name) must be \(periodWords)", isPeriod(x))
    case .code(let codes): return check("\(name) must be \(words(of: codes))", isCode(x, codes))
    default:
      return check("\(name) must be text", isText(x)) + check("\(name) must not be empty", "\(x)<>''")
        + check("\(name) \(KeyText.hidesCharacters)", "\(showsAll(x)) AND \(hasNoZero(x))")
        + check("\(name) \(KeyText.endsInBlank)", hasNoOuterBlank(x))
    }
  }

  /// True for a key's text that holds nothing that nobody sees.
  static func isSeen(_ x: String) -> String { "\(showsAll(x)) AND \(hasNoZero(x)) AND \(hasNoOuterBlank(x))" }

  private static func hasNoOuterBlank(_ x: String) -> String { "trim(\(x),\(blanks.sqlText))=\(x)" }

  /// True for a text whose every character can be seen, but for a zero byte. Most keys are of ASCII alone.
  private static func showsAll(_ x: String) -> String {
    "(\(x) NOT GLOB '*[^ -~]*' OR \(x) NOT GLOB '*[^\(visible)]*')"
  }

  /// The ranges of what can be seen, as GLOB writes them: what cannot be seen would not be seen in the table's text either.
  private static let visible: String = {
    var ranges = ""
    var next: UInt32 = 0
    for hidden in KeyText.invisible + [0x110000...0x110000] {
      if let first = Unicode.Scalar(next), hidden.lowerBound > next, let last = Unicode.Scalar(hidden.lowerBound - 1) {
        ranges += "\(first)-\(last)"
      }
      next = hidden.upperBound + 1
    }
    return ranges
  }()

  private static let blanks = String(
    String.UnicodeScalarView(KeyText.blanks.flatMap { $0.compactMap { Unicode.Scalar($0) } }))

  /// The constraint of a whole key.
  static func wholeKey(_ kind: Kind) -> String {
    let names = kind.key.map(\.name)
    let sum = names.map { bytes($0.sql) }.joined(separator: "+")
    let together = names.count > 1 ? " together" : ""
    return check(
      "\(names.joined(separator: ", ")) must be \(WireLimits.keyBytes) bytes or less\(together)",
      "\(sum)<=\(WireLimits.keyBytes - names.count + 1)")
  }

  /// The constraint of the column that names the owner.
  ///
  /// - Parameter own: the node's own code, which most records have.
  static func federation(own: String) -> String {
    check(
      "federation must be a code like ftuu",
      "federation=\(own.sqlText) OR (\(isText("federation")) AND federation GLOB '[a-z]*' AND "
        + "federation NOT GLOB '*[^-a-z0-9]*' AND \(bytes("federation"))=length(federation) AND "
        + "length(federation)<=\(FederationCode.maximumLength))")
  }

  private static func check(_ name: String, _ expression: String) -> String {
    " CONSTRAINT \(name.sql) CHECK(\(expression))"
  }

  /// SQLite sorts every text before every blob. A comparison costs a third of a call of `typeof`.
  private static func isText(_ x: String) -> String { "\(x)<x''" }

  private static func bytes(_ x: String) -> String { "length(CAST(\(x) AS BLOB))" }

  private static func length(_ name: String) -> String {
    let (x, most) = (name.sql, Validity.maximumTextBytes)
    return check(
      "\(name) must be \(most) bytes or less, without a zero byte", "\(bytes(x))<=\(most) AND \(hasNoZero(x))")
  }

  /// `length` counts characters up to the first zero byte, so that only other texts than ASCII are searched.
  private static func hasNoZero(_ x: String) -> String { "(length(\(x))=\(bytes(x)) OR instr(\(x),x'00')=0)" }

  // MARK: Numbers

  private static func isWhole(_ x: String) -> String { "\(x) IS NULL OR typeof(\(x))='integer'" }

  private static func range(_ name: String, _ minimum: Int64?, _ maximum: Int64?) -> String {
    let x = name.sql
    return switch (minimum, maximum) {
    case (nil, nil): ""
    case (let minimum?, nil): check("\(name) must be \(minimum) or more", "\(x)>=\(minimum)")
    case (nil, let maximum?): check("\(name) must be \(maximum) or less", "\(x)<=\(maximum)")
    case (let minimum?, let maximum?):
      check("\(name) must be from \(minimum) to \(maximum)", "\(x) BETWEEN \(minimum) AND \(maximum)")
    }
  }

  // MARK: Codes

  private static func words(of codes: [String]) -> String {
    codes.count <= fewCodes
      ? "one of \(codes.joined(separator: ", "))"
      : "one of the \(codes.count) codes of the catalog, such as \(codes.prefix(3).joined(separator: ", "))"
  }

  /// Not by IN: SQLite would build a table of the list whenever a statement is run.
  private static func isCode(_ x: String, _ codes: [String]) -> String {
    guard codes.count > fewCodes else {
      return (codes.isEmpty ? ["\(x) IS NULL"] : codes.map { "\(x)=\($0.sqlText)" }).joined(separator: " OR ")
    }
    let length = codes.first?.utf8.count ?? 0
    guard codes.allSatisfy({ $0.utf8.count == length && !$0.contains("|") }) else {
      let mark = ["|", " ", ",", ";", "/", "#"].first { mark in codes.allSatisfy { !$0.contains(mark) } } ?? "~|~"
      let list = (mark + codes.joined(separator: mark) + mark).sqlText
      return "\(x) IS NULL OR (\(isText(x)) AND instr(\(x),\(mark.sqlText))=0 AND "
        + "instr(\(list),\(mark.sqlText)||\(x)||\(mark.sqlText))>0 AND \(x)<>'')"
    }
    // Codes of one length are found in a text of them: a mark after each can only be found at the end of one.
    let sorted = codes.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let runs = stride(from: 0, to: sorted.count, by: codesPerRun).map {
      sorted[$0..<Swift.min($0 + codesPerRun, sorted.count)]
    }
    let found = runs.map { "instr(\($0.map { $0 + "|" }.joined().sqlText),\(x)||'|')>0" }
    let cases = zip(found, runs.dropFirst()).map { "WHEN \(x)<\(($1.first ?? "").sqlText) THEN \($0)" }
    let test = cases.isEmpty ? found[0] : "CASE \(cases.joined(separator: " ")) ELSE \(found[found.count - 1]) END"
    return "\(x) IS NULL OR (\(isText(x)) AND \(bytes(x))=\(length) AND \(test))"
  }

  // MARK: Dates and periods

  private static let dateWords = "a date like 2026-09-30, 2026-09 or 2026 (with ~ after it when approximate)"
  private static let periodWords = "a period like 2026, 2026-S1, 2026-Q1, 2026-04 or 2026-W15"

  /// With a modifier `date` gives another day for one that no calendar has.
  private static func isDate(_ x: String) -> String {
    let tails = "|" + TypedValue.midnights.joined(separator: "|") + "|"
    let (month, day) = ("replace(\(x),'~','-01')", "substr(\(x),1,10)")
    return "(\(isText(x)) AND \(x)>='0001' AND CASE \(bytes(x)) WHEN 10 THEN date(\(x),'+0 days') IS \(x) "
      + "WHEN 7 THEN \(isMonth(x)) WHEN 4 THEN \(isYear(x)) WHEN 5 THEN \(x) GLOB '[0-9][0-9][0-9][0-9]~' "
      + "WHEN 8 THEN \(x) GLOB '*~' AND date(\(month),'+0 days') IS \(month) WHEN 11 THEN date(\(day),'+0 days')||'~' IS \(x) "
      + "ELSE date(\(day),'+0 days') IS \(day) AND length(\(x))=\(bytes(x)) AND instr(\(x),'|')=0 AND "
      + "instr(\(tails.sqlText),'|'||substr(\(x),11)||'|')>0 END)"
  }

  private static func isPeriod(_ x: String) -> String {
    // A year has 53 weeks if it begins or ends on a Thursday.
    let thursday = ["-01-01", "-12-31"].map { "strftime('%w',substr(\(x),1,4)||'\($0)') IS '4'" }.joined(
      separator: " OR ")
    return "(\(isText(x)) AND \(x)>='0001' AND CASE \(bytes(x)) WHEN 7 THEN \(isMonth(x)) OR "
      + "\(x) GLOB '[0-9][0-9][0-9][0-9]-Q[1-4]' OR \(x) GLOB '[0-9][0-9][0-9][0-9]-S[12]' WHEN 4 THEN \(isYear(x)) "
      + "WHEN 8 THEN \(x) GLOB '[0-9][0-9][0-9][0-9]-W[0-5][0-9]' AND \(x)<'9999' AND "
      + "(substr(\(x),7) BETWEEN '01' AND '52' OR (substr(\(x),7)='53' AND (\(thursday)))) ELSE 0 END)"
  }

  private static func isYear(_ x: String) -> String { "\(x) GLOB '[0-9][0-9][0-9][0-9]'" }

  private static func isMonth(_ x: String) -> String { "(date(\(x)||'-01','+0 days') IS \(x)||'-01')" }

  // MARK: Sets

  private static func isSet(_ x: String) -> String {
    let words =
      "\(x) GLOB '*[^ ;]*' AND ltrim(\(x),' ;') NOT GLOB '[[{\"]*' AND \(bytes(x))<=\(TypedValue.maximumWordsBytes)"
    return "CASE WHEN \(x) GLOB '[[]\"*\"]' AND instr(\(x),'\\')=0 AND \(x) NOT GLOB \(controls) AND \(isArray(x)) "
      + "THEN 1 WHEN \(x)='[]' THEN 1 WHEN ltrim(\(x)) GLOB '[[]*' THEN \(isOddArray(x)) ELSE \(words) END"
  }

  /// Whatever holds a sign below the space.
  private static let controls = "'*[^ -\u{10FFFF}]*'"

  /// In a set of texts no mark is left between the first and the last when the marks between two texts are taken out. The
  /// first is cut off before, so that it begins no mark between two where the first text is a comma.
  private static func isArray(_ x: String) -> String {
    let texts = "substr(\(x),3)"
    let joined = "replace(replace(replace(\(texts),'\", \"','\",\"'),'\" ,\"','\",\"'),'\",\"','')"
    // The first mark that is left is the one before the bracket; the one put behind it keeps a text that ends too early out.
    return "instr(\(joined)||'\"','\"')=length(\(joined))-1"
  }

  /// One with escaped signs, or with space in other places. Which escapes there are, and arrays over several lines, are
  /// left to the seal: each text in the table's form costs every statement a little.
  private static func isOddArray(_ x: String) -> String {
    let plain = "replace(replace(\(x),'\\\\',''),'\\\"','')"
    let spaced = ["'* [],]*'", "'*[[,] *'", "' *'", "'* '"].map { "\(x) GLOB \($0)" }.joined(separator: " OR ")
    return "\(x) GLOB \(controls) OR (\(plain) GLOB '[[]\"*\"]' AND \(isArray(plain))) OR "
      + "(rtrim(\(x)) GLOB '*]' AND (\(spaced)))"
  }
}

extension String {
  /// A text as SQL writes it.
  var sqlText: String { "'\(replacing("'", with: "''"))'" }
}
