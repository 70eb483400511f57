/// When to try again what met a busy file or a busy headquarters.
///
/// The pauses are random, so that many that wait for the same do not meet again.
public struct Retrying: Sendable {
  /// The longest pause, in seconds, where the other side asks for none.
  public static let longest = 1.0
  /// How long a command waits unless it is told.
  public static let usualSeconds = 60

  private let bound: Double
  private var next = 0.05

  /// - Parameter bound: how long to go on, in seconds.
  public init(bound: Double) { self.bound = bound }

  /// - Parameters:
  ///   - elapsed: seconds since the first attempt.
  ///   - asked: how many seconds the other side asks to wait.
  ///   - random: from 0 to 1.
  /// - Returns: how many seconds to wait before the next attempt; nil where there is none.
  public mutating func pause(elapsed: Double, asked: Double? = nil, random: Double) -> Double? {
    let rest = bound - elapsed
    guard rest > 0 else { return nil }
    // Not all of what is asked for: it is what a crowd needs, and the crowd is mostly gone earlier.
    let most = asked.map { $0 > 0.1 ? ($0 < 60 ? $0 : 60) : 0.1 } ?? next
    next = min(next * 2, Self.longest)
    return min(most * (0.25 + 0.75 * random), rest)
  }
}
