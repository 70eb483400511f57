/// A moment in UTC as people and scripts read it, without regard to any locale.
public struct Moment: Sendable {
  let milliseconds: Int64

  /// - Parameter milliseconds: since 1970.
  public init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

  /// `2026-01-05T14:03:22.123Z`
  public var iso: String { "\(day.iso)T\(clock).\(Self.padded(ofDay % 1000, 3))Z" }

  /// `2026-01-05 14:03:22 UTC`
  public var words: String { "\(day.iso) \(clock) UTC" }

  public var day: CalendarDay { CalendarDay(millisecondsSince1970: milliseconds) }

  /// How long something lasts, by its two largest units: `3 min 12 s`.
  public static func duration(milliseconds: Int64) -> String {
    let seconds = Int64(milliseconds.magnitude / 1000)
    let parts: [(Int64, String)] = [
      (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s"),
    ]
    let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
    return shown.isEmpty ? "0 s" : shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }

  private var ofDay: Int64 { ((milliseconds % 86_400_000) + 86_400_000) % 86_400_000 }

  private var clock: String {
    let seconds = ofDay / 1000
    return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
