/// Dates that are hardly meant: of another calendar, with digits exchanged, or too far from now to be true.
///
/// Such a date is taken, because the catalog allows it and somebody may know better. It is told at entry and listed by
/// `birlik check`, because figures as of it count where nobody expects them, or nowhere.
public struct DateDoubt: Sendable {
  /// What a date is for.
  public enum Role: Sendable {
    /// As of when or for which period somebody reports: not for a time to come, and hardly for one before most of those
    /// who report.
    case reported
    /// Since or until when something that was observed holds: a key's date, and when a unit opened or closed. It may be
    /// planned, but hardly for more than a year.
    case observed
    /// Any other date: an agreement's end may be far ahead.
    case other
  }

  /// No union of today is older, and nobody who lives.
  static let earliestYear = 1800
  /// Nobody reports for a time longer ago than so many years.
  static let yearsBack = 60
  /// Agreements and terms of office end sooner than after so many years.
  static let yearsAhead = 30

  /// The present year, and the rest of today's date.
  private let year: Int
  private let monthAndDay: String

  public init(today: CalendarDay) {
    let today = today.iso
    year = Int(today.prefix(4)) ?? 1970
    monthAndDay = today.hasSuffix("-02-29") ? "-02-28" : String(today.dropFirst(4))
  }

  /// Dates before the first and after the second are doubtful. SQL compares them as texts: every date and period begins
  /// with its year.
  public func bounds(_ role: Role) -> (earliest: String, latest: String) {
    let latest = min(year + (role == .other ? Self.yearsAhead : 1), 9999)
    return (Self.padded(earliestYear(role)), Self.padded(latest) + monthAndDay)
  }

  /// Why a date or a period is doubtful, with what was probably meant: one clause that begins with the date. Nil for one
  /// that is not, and for a text that is no date.
  public func problem(_ bytes: [UInt8], _ type: FieldType, _ role: Role) -> String? {
    if isUsual(bytes, role) { return nil }
    let days: DayRange? =
      switch type {
      case .date: DayRange(date: bytes)
      case .period: DayRange(period: bytes)
      default: nil
      }
    guard let days else { return nil }
    let (earliest, latest) = bounds(role)
    let first = days.first.iso
    guard first < earliest || first > latest else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let typed = Int(first.prefix(4)) else { return nil }
    if let cause = cause(typed) { return "\(text): \(cause)" }
    if first < earliest { return "\(text) is before \(earliestYear(role))" }
    return role == .other
      ? "\(text) is more than \(Self.yearsAhead) years from now" : "\(text) is more than a year from now"
  }

  /// True for what begins with a year that nobody doubts, as nearly every date does.
  private func isUsual(_ bytes: [UInt8], _ role: Role) -> Bool {
    guard bytes.count >= 4 else { return true }
    var typed = 0
    for byte in bytes[..<4] {
      guard (48...57).contains(byte) else { return true }
      typed = typed * 10 + Int(byte) - 48
    }
    return typed > earliestYear(role) && typed <= year
  }

  private func earliestYear(_ role: Role) -> Int {
    role == .reported ? max(Self.earliestYear, year - Self.yearsBack) : Self.earliestYear
  }

  /// The date with the year that was probably meant, where only two of its digits changed places.
  public func meant(_ bytes: [UInt8]) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let typed = Int(text.prefix(4)), typed > year, let year = exchanged(typed) else { return nil }
    return Self.padded(year) + text.dropFirst(4)
  }

  /// What the year probably is.
  private func cause(_ typed: Int) -> String? {
    let (solar, lunar, buddhist) = (year - 621, (year - 622) * 33 / 32, year + 543)
    if typed < 100 { return "the year \(typed) looks like one without its century" }
    if (solar - 85...solar + 10).contains(typed) {
      return "\(typed) looks like a year of the Solar Hijri calendar, which began in \(typed + 621)"
    }
    if (lunar - 32...lunar + 3).contains(typed) {
      return "\(typed) looks like a year of the Hijri calendar, which is about \(typed * 32 / 33 + 622)"
    }
    if (buddhist - 60...buddhist + 3).contains(typed) {
      return "\(typed) looks like a year of the Buddhist calendar, which is \(typed - 543)"
    }
    if (year - 130...year - 99).contains(typed) { return "\(typed) was probably meant as \(typed + 100)" }
    if typed > year, let meant = exchanged(typed) {
      return "\(typed) looks like \(meant) with two digits exchanged"
    }
    return nil
  }

  /// A year of the last thirty, or the next one, that becomes the typed one when two neighbouring digits change places.
  private func exchanged(_ typed: Int) -> Int? {
    var digits = Array(String(typed).utf8)
    guard digits.count == 4 else { return nil }
    for place in [2, 1, 0] {
      digits.swapAt(place, place + 1)
      let other = Int(String(decoding: digits, as: UTF8.self)) ?? 0
      if other != typed, (year - 30...year + 1).contains(other) { return other }
      digits.swapAt(place, place + 1)
    }
    return nil
  }

  private static func padded(_ year: Int) -> String {
    let digits = String(year)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
