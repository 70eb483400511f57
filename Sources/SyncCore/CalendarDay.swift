/// A day as the number of days since 1970-01-01 in the Gregorian calendar.
public struct CalendarDay: Hashable, Comparable, Sendable {
  public var number: Int32

  public init(number: Int32) { self.number = number }

  /// The day, or nil when the calendar has none such. Years 1 to 9999.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= Self.length(ofMonth: month, year: year)
    else { return nil }
    // Days from civil, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    number = Int32(era * 146_097 + dayOfEra - 719_468)
  }

  /// The day in which a moment falls, UTC.
  public init(millisecondsSince1970 milliseconds: Int64) {
    let day = milliseconds / 86_400_000 - (milliseconds % 86_400_000 < 0 ? 1 : 0)
    number = Int32(clamping: day)
  }

  /// `YYYY-MM-DD`.
  public var iso: String {
    let (year, month, day) = components
    return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2)
  }

  private var components: (year: Int, month: Int, day: Int) {
    let shifted = Int(number) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// Whole years since an earlier day, as people count their age; less than 0 since a later one. Who is born on 29
  /// February has a birthday on 1 March in other years.
  public func years(since birth: CalendarDay) -> Int {
    let (now, then) = (components, birth.components)
    let hadBirthday = (now.month, now.day) >= (then.month, then.day)
    return now.year - then.year - (hadBirthday ? 0 : 1)
  }

  static func length(ofMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
  }

  public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

/// The days that a date or a period stands for, which may be known only in part.
///
/// A stock "as of 2025-10" counts from the last of these days, an opening from the first, a closing from the last.
public struct DayRange: Hashable, Sendable {
  public var first: CalendarDay
  public var last: CalendarDay

  public init(first: CalendarDay, last: CalendarDay) {
    self.first = first
    self.last = last
  }

  /// A date: `2021`, `2021-10` or `2021-10-05`, with `~` after it when approximate (ISO 8601; EDTF level 1). Nil for
  /// anything else.
  public init?(date bytes: [UInt8]) {
    let text = bytes.last == UInt8(ascii: "~") ? bytes.dropLast() : bytes[...]
    guard let year = Self.number(text.prefix(4), digits: 4) else { return nil }
    switch text.count {
    case 4:
      self.init(year: year, months: 1...12)
    case 7:
      guard text[4] == UInt8(ascii: "-"), let month = Self.number(text[5..<7], digits: 2), (1...12).contains(month)
      else { return nil }
      self.init(year: year, months: month...month)
    case 10:
      guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
        let month = Self.number(text[5..<7], digits: 2), let day = Self.number(text[8..<10], digits: 2),
        let exact = CalendarDay(year: year, month: month, day: day)
      else { return nil }
      self.init(first: exact, last: exact)
    default:
      return nil
    }
  }

  /// An SDMX time period: `2025`, `2025-S1`, `2025-Q1`, `2025-04`, `2025-W15`. Nil for anything else.
  public init?(period bytes: [UInt8]) {
    guard let year = Self.number(bytes.prefix(4), digits: 4) else { return nil }
    if bytes.count == 4 {
      self.init(year: year, months: 1...12)
      return
    }
    guard bytes.count >= 7, bytes[4] == UInt8(ascii: "-") else { return nil }
    switch bytes[5] {
    case UInt8(ascii: "S"):
      guard bytes.count == 7, let half = Self.number(bytes[6...], digits: 1), (1...2).contains(half) else { return nil }
      self.init(year: year, months: (half * 6 - 5)...(half * 6))
    case UInt8(ascii: "Q"):
      guard bytes.count == 7, let quarter = Self.number(bytes[6...], digits: 1), (1...4).contains(quarter) else {
        return nil
      }
      self.init(year: year, months: (quarter * 3 - 2)...(quarter * 3))
    case UInt8(ascii: "W"):
      guard bytes.count == 8, let week = Self.number(bytes[6...], digits: 2) else { return nil }
      self.init(year: year, week: week)
    default:
      guard bytes.count == 7, let month = Self.number(bytes[5...], digits: 2), (1...12).contains(month) else {
        return nil
      }
      self.init(year: year, months: month...month)
    }
  }

  private init?(year: Int, months: ClosedRange<Int>) {
    guard let first = CalendarDay(year: year, month: months.lowerBound, day: 1),
      let last = CalendarDay(
        year: year, month: months.upperBound, day: CalendarDay.length(ofMonth: months.upperBound, year: year))
    else { return nil }
    self.init(first: first, last: last)
  }

  /// An ISO 8601 week: the first one holds 4 January.
  private init?(year: Int, week: Int) {
    guard week >= 1, let fourth = CalendarDay(year: year, month: 1, day: 4),
      let nextFourth = CalendarDay(year: year + 1, month: 1, day: 4)
    else { return nil }
    let monday = Self.monday(of: fourth) + Int32(week - 1) * 7
    guard monday < Self.monday(of: nextFourth) else { return nil }
    self.init(first: CalendarDay(number: monday), last: CalendarDay(number: monday + 6))
  }

  /// Day 0 was a Thursday.
  private static func monday(of day: CalendarDay) -> Int32 {
    let weekday = ((day.number % 7) + 10) % 7
    return day.number - weekday
  }

  private static func number(_ digits: ArraySlice<UInt8>, digits count: Int) -> Int? {
    guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
  }
}
