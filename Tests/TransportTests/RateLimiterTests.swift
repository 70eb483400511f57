import Limits
import Testing

@testable import Server

/// Who asks too often waits; who does not is never held up; what is remembered of them is bounded.
@Suite struct RateLimiterTests {
  @Test("A burst, then the rate, then how long to wait; another asker is not held up")
  func burstAndRate() {
    let limiter = RateLimiter<Int>(RequestRate(burst: 5, perMinute: 60), capacity: 10)
    for _ in 0..<5 { #expect(limiter.wait(of: 1, now: 100) == nil) }
    #expect(limiter.wait(of: 1, now: 100) == 1 && limiter.wait(of: 1, now: 100.5) == 1)
    #expect(limiter.wait(of: 2, now: 100.5) == nil)
    #expect(limiter.wait(of: 1, now: 101.1) == nil && limiter.wait(of: 1, now: 101.1) == 1)
    // Quiet fills the bucket up to the burst and no further; a clock that goes back takes nothing away.
    for _ in 0..<5 { #expect(limiter.wait(of: 1, now: 10_000) == nil) }
    #expect(limiter.wait(of: 1, now: 10_000) == 1 && limiter.wait(of: 1, now: 5) == 1)
    let never = RateLimiter<Int>(RequestRate(burst: 1, perMinute: 0), capacity: 10)
    #expect(never.wait(of: 1, now: 0) == nil && (never.wait(of: 1, now: 1e12) ?? 0) > 0)
  }

  @Test("A million askers leave no more behind than may be remembered, and the busy one is not forgotten")
  func bounded() {
    let limiter = RateLimiter<Int>(RequestRate(burst: 3, perMinute: 1), capacity: 100)
    for asker in 0..<20_000 {
      _ = limiter.wait(of: -1, now: Double(asker) / 1000)
      _ = limiter.wait(of: asker, now: Double(asker) / 1000)
      #expect(limiter.count <= 100)
    }
    #expect(limiter.wait(of: -1, now: 20) != nil)
  }

  @Test("Addresses are distinguished, IPv6 by its network, and this machine is not limited")
  func addresses() {
    #expect(PeerAddress("192.0.2.7") != nil && PeerAddress("192.0.2.7") == PeerAddress("::ffff:192.0.2.7"))
    #expect(PeerAddress("192.0.2.7") != PeerAddress("192.0.2.8"))
    #expect(PeerAddress("2001:db8:1:2::1") == PeerAddress("2001:db8:1:2:ffff::9"))
    #expect(PeerAddress("2001:db8:1:2::1") != PeerAddress("2001:db8:1:3::1"))
    #expect(PeerAddress("fe80::1%eth0") == PeerAddress("fe80::2"))
    for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", "x", "1.2.3"] {
      #expect(PeerAddress(own) == nil)
    }
  }
}
