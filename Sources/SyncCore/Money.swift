/// Amounts as people read and write them: `1000.00 KZT`. Rows hold them in the smallest unit of the currency.
///
/// ```swift
/// Money.text(100_000, currency: "KZT")     // "1000.00"
/// Money.minor("1000", currency: "KZT")     // 100000
/// Money.minor("1000", currency: "JPY")     // 1000
/// ```
public enum Money {
  /// Currencies of ISO 4217 whose smallest unit is the unit itself, and those that have a thousand of them in one.
  private static let whole = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
  ]
  private static let thousandths = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]

  /// Digits after the point; two for an unknown currency.
  public static func digits(of currency: String?) -> Int {
    guard let currency else { return 2 }
    if whole.contains(where: { $0.sameBytes(as: currency) }) { return 0 }
    return thousandths.contains { $0.sameBytes(as: currency) } ? 3 : 2
  }

  /// An amount in units of the currency, without its code.
  public static func text(_ minor: Int64, currency: String?) -> String {
    let digits = digits(of: currency)
    let sign = minor < 0 ? "-" : ""
    var text = String(minor.magnitude)
    guard digits > 0 else { return sign + text }
    if text.utf8.count <= digits { text = String(repeating: "0", count: digits + 1 - text.utf8.count) + text }
    return sign + text.dropLast(digits) + "." + text.suffix(digits)
  }

  /// An amount and the code of its currency, where there is one after it or before it.
  public static func split(_ text: String) -> (amount: String, currency: String?) {
    let parts = text.split(separator: " ").map(String.init)
    func isCode(_ part: String) -> Bool { part.utf8.count == 3 && part.utf8.allSatisfy { (65...90).contains($0) } }
    if let last = parts.last, parts.count > 1, isCode(last) { return (parts.dropLast().joined(separator: " "), last) }
    if let first = parts.first, parts.count > 1, isCode(first) {
      return (parts.dropFirst().joined(separator: " "), first)
    }
    return (text, nil)
  }

  /// The amount in the smallest unit; nil for what is no amount, or has more digits after the point than the currency.
  ///
  /// Spaces may stand between groups of digits, and a comma for the point where it cannot mean a thousand.
  public static func minor(_ text: String, currency: String?) -> Int64? {
    let digits = digits(of: currency)
    var rest = text.filter { $0 != " " && $0 != "\u{A0}" && $0 != "\u{202F}" }[...]
    let isNegative = rest.hasPrefix("-")
    if isNegative { rest = rest.dropFirst() }
    let parts = rest.split(omittingEmptySubsequences: false) { $0 == "." || ($0 == "," && digits < 3) }
    guard let units = parts.first, parts.count <= 2, !units.isEmpty else { return nil }
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    guard parts.count == 1 || (1...max(1, digits)).contains(fraction.utf8.count), fraction.utf8.count <= digits,
      (units + fraction).utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    let padded = fraction + String(repeating: "0", count: digits - fraction.utf8.count)
    return Int64((isNegative ? "-" : "") + units + padded)
  }
}

extension Kind {
  /// The column that holds the currency of an amount: a code such as KZT. The nearest after it where there are several.
  public func currencyField(of amount: Field) -> Field? {
    let candidates = fields.filter { field in
      guard case .code(let codes) = field.type else { return false }
      return ["USD", "EUR"].allSatisfy { code in codes.contains { $0.sameBytes(as: code) } }
    }
    return candidates.first { $0.name.sameBytes(as: amount.name + "_currency") } ?? candidates.first {
      $0.id > amount.id
    }
      ?? candidates.first
  }
}
