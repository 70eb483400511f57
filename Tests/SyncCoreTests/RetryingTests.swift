import SyncCore
import TestSupport
import Testing

/// Waiting for what is busy.
@Suite struct RetryingTests {
  @Test("It tries again until the time is over, and no longer")
  func bound() {
    var random = SeededRandom(seed: 5)
    for bound in [0.0, 0.1, 1, 60] {
      var retrying = Retrying(bound: bound)
      var (elapsed, attempts) = (0.0, 0)
      while let pause = retrying.pause(elapsed: elapsed, random: Double(random.below(1001)) / 1000), attempts < 10_000 {
        #expect(pause > 0 && pause <= Retrying.longest)
        elapsed += pause
        attempts += 1
      }
      #expect(elapsed >= bound && elapsed < bound + 0.001)
      #expect(bound == 0 ? attempts == 0 : attempts >= Int(bound))
    }
  }

  @Test("Where the other side asks for a pause it is about that long, whatever number it sends")
  func asked() {
    for asked in [5.0, 0, -1, 1e300, .infinity, .nan] {
      var retrying = Retrying(bound: 1000)
      let pauses = [0, 0.5, 1].compactMap { retrying.pause(elapsed: 0, asked: asked, random: $0) }
      #expect(pauses.count == 3 && pauses.allSatisfy { $0 > 0 && $0 <= 60 }, "\(asked) \(pauses)")
    }
    var retrying = Retrying(bound: 1000)
    #expect(retrying.pause(elapsed: 0, asked: 5, random: 1) == 5)
  }
}
