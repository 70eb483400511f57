/// How long to wait after failures: twice as long each time, with jitter so that offices do not come all at once.
struct Backoff: Sendable {
  static let first: Duration = .seconds(5)
  static let longest: Duration = .seconds(900)
  private var next = Backoff.first

  mutating func succeed() { next = Self.first }

  mutating func fail() -> Duration {
    defer { next = min(next * 2, Self.longest) }
    return Self.jittered(next, by: 0.3)
  }

  /// A duration that differs from `duration` by at most that share of it.
  static func jittered(_ duration: Duration, by share: Double) -> Duration {
    duration * Double.random(in: (1 - share)...(1 + share))
  }
}
