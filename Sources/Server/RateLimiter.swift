import Limits
import Synchronization

/// Lets each of many askers begin so many requests in a burst and so many a minute after that (a token bucket each).
///
/// Bounded: of more askers than `capacity`, those that asked least lately are forgotten, which makes them new ones.
final class RateLimiter<Asker: Hashable & Sendable>: Sendable {
  private struct Bucket {
    var tokens: Double
    /// Seconds, by the clock of `allows`.
    var at: Double
  }

  private let rate: RequestRate
  private let capacity: Int
  private let buckets = Mutex<[Asker: Bucket]>([:])

  init(_ rate: RequestRate, capacity: Int) {
    self.rate = rate
    self.capacity = max(1, capacity)
  }

  /// Askers that are remembered now.
  var count: Int { buckets.withLock { $0.count } }

  /// Takes a token of the asker's.
  ///
  /// - Parameter now: seconds by a clock that never goes back.
  /// - Returns: nil when the request may go on; otherwise after how many seconds the next one may.
  func wait(of asker: Asker, now: Double) -> Int? {
    buckets.withLock { buckets in
      let perSecond = rate.perMinute / 60
      var bucket = buckets[asker] ?? Bucket(tokens: rate.burst, at: now)
      bucket.tokens = min(rate.burst, bucket.tokens + max(0, now - bucket.at) * perSecond)
      bucket.at = now
      defer {
        buckets[asker] = bucket
        if buckets.count > capacity { forget(&buckets, now: now) }
      }
      guard bucket.tokens < 1 else {
        bucket.tokens -= 1
        return nil
      }
      return max(1, Int(((1 - bucket.tokens) / max(perSecond, 0.001)).rounded(.up)))
    }
  }

  /// Forgets half: first those whose buckets are full again, of which nothing is to be remembered.
  private func forget(_ buckets: inout [Asker: Bucket], now: Double) {
    let perSecond = rate.perMinute / 60
    buckets = buckets.filter { $0.value.tokens + (now - $0.value.at) * perSecond < rate.burst }
    guard buckets.count > capacity / 2 else { return }
    let times = buckets.values.map(\.at).sorted()
    let limit = times[times.count - max(1, capacity / 2)]
    buckets = buckets.filter { $0.value.at > limit }
  }
}
