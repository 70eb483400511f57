extension Moment {
  /// The moment that a person wrote, in UTC as all times are shown: `2026-11-27`, `2026-11-27 18:30`,
  /// `2026-11-27 18:30:05 UTC`, `2026-11-27T18:30:05.123Z`.
  public init?(written text: String) {
    var rest = text[...]
    for ending in [" UTC", "Z"] where rest.hasSuffix(ending) { rest = rest.dropLast(ending.count) }
    let parts = rest.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }
    guard let date = parts.first, date.utf8.count == 10, let day = DayRange(date: Array(date.utf8))?.first else {
      return nil
    }
    var milliseconds = Int64(day.number) * 86_400_000
    if parts.count == 2 {
      guard let ofDay = Self.ofDay(parts[1]) else { return nil }
      milliseconds += ofDay
    }
    self.init(milliseconds)
  }

  /// In milliseconds since 1970.
  public var sinceEpoch: Int64 { milliseconds }

  /// `18:30`, `18:30:05` or `18:30:05.123` as milliseconds since midnight.
  private static func ofDay(_ text: Substring) -> Int64? {
    let whole = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = whole[0].split(separator: ":", omittingEmptySubsequences: false).map { part -> Int64? in
      part.utf8.count == 2 && part.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? Int64(part) : nil
    }
    guard (2...3).contains(numbers.count), whole.count <= 2, let hour = numbers[0], let minute = numbers[1], hour < 24,
      minute < 60
    else { return nil }
    var milliseconds = (hour * 60 + minute) * 60_000
    if numbers.count == 3 {
      guard let second = numbers[2], second < 60 else { return nil }
      milliseconds += second * 1000
    }
    guard whole.count == 2 else { return milliseconds }
    guard numbers.count == 3, whole[1].utf8.count == 3, let fraction = Int64(whole[1]), fraction >= 0 else {
      return nil
    }
    return milliseconds + fraction
  }
}
