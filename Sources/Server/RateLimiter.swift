import Limits
import Synchronization

/// Limits how many requests each client may begin, in a burst and per minute: one token bucket for each.
///
/// Of more clients than `capacity`, those whose last request is oldest are forgotten and count as new ones.
final class RateLimiter<Client: Hashable & Sendable>: Sendable {
  private struct Bucket {
    var tokens: Double
    /// Seconds, by the clock of `wait`.
    var at: Double
  }

  private let rate: RequestRate
  private let capacity: Int
  private let buckets = Mutex<[Client: Bucket]>([:])

  init(_ rate: RequestRate, capacity: Int) {
    self.rate = rate
    self.capacity = max(1, capacity)
  }

  /// Clients that are remembered now.
  var count: Int { buckets.withLock { $0.count } }

  /// Uses one token of the client.
  ///
  /// - Parameter now: seconds by a clock that never goes back.
  /// - Returns: nil when the request may go on; otherwise after how many seconds the next one may.
  func wait(of client: Client, now: Double) -> Int? {
    buckets.withLock { buckets in
      let perSecond = rate.perMinute / 60
      var bucket = buckets[client] ?? Bucket(tokens: rate.burst, at: now)
      bucket.tokens = min(rate.burst, bucket.tokens + max(0, now - bucket.at) * perSecond)
      bucket.at = now
      defer {
        buckets[client] = bucket
        if buckets.count > capacity { forget(&buckets, now: now) }
      }
      guard bucket.tokens < 1 else {
        bucket.tokens -= 1
        return nil
      }
      return max(1, Int(((1 - bucket.tokens) / max(perSecond, 0.001)).rounded(.up)))
    }
  }

  /// Forgets half of the clients, first those whose buckets are full again, because new ones are full too.
  private func forget(_ buckets: inout [Client: Bucket], now: Double) {
    let perSecond = rate.perMinute / 60
    buckets = buckets.filter { $0.value.tokens + (now - $0.value.at) * perSecond < rate.burst }
    guard buckets.count > capacity / 2 else { return }
    let times = buckets.values.map(\.at).sorted()
    let limit = times[times.count - max(1, capacity / 2)]
    buckets = buckets.filter { $0.value.at > limit }
  }
}
