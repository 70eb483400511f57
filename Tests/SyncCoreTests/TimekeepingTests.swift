import SyncCore
import Testing

/// The rule of time.
@Suite struct TimekeepingTests {
  private func stamp(
    _ captured: Int64, offset: Int64 = 0, previous: Int64 = 1_000, now: Int64 = 2_000, replacing: [Int64] = []
  ) -> Int64 {
    Timekeeping(offset: offset, previousSeal: previous, now: now).stamp(captured: captured, replacing: replacing)
  }

  @Test("A capture keeps its time, corrected by the measured offset")
  func corrected() {
    #expect(stamp(1_500) == 1_500)
    #expect(stamp(5_500, offset: -4_000) == 1_500)
    #expect(stamp(-8_500, offset: 10_000) == 1_500)
  }

  @Test("It is clamped between the previous seal and now")
  func clamped() {
    #expect(stamp(9_999_999) == 2_000)
    #expect(stamp(-9_999_999) == 1_000)
    #expect(stamp(1_500, previous: 7_000) == 2_000, "a previous seal in the future does not carry time there")
    #expect(stamp(9_000, previous: 7_000) == 2_000)
  }

  @Test("It is later than every head that it replaces, in whatever order they come")
  func laterThanReplaced() {
    #expect(stamp(1_500, replacing: [1_499]) == 1_500)
    #expect(stamp(1_500, replacing: [1_500]) == 1_501)
    for order in [[1_600, 1_900, 1_700], [1_900, 1_700, 1_600], [1_600, 1_700, 1_900]] as [[Int64]] {
      #expect(stamp(1_500, replacing: order) == 1_901)
    }
  }

  @Test("A head ahead of now is followed for five minutes and then ignored")
  func lead() {
    let edge = 2_000 + Timekeeping.toleratedLead
    #expect(Timekeeping.toleratedLead == 300_000)
    #expect(stamp(1_500, replacing: [edge]) == edge + 1)
    #expect(stamp(1_500, replacing: [edge + 1]) == 1_500)
    #expect(stamp(1_500, replacing: [.max, 1_700, .min]) == 1_701, "an absurd head spreads nothing")
  }

  private static let years: ClosedRange<Int64> = 0...253_402_300_799_999
  private static let today: Int64 = 1_785_000_000_000
  private static let year: Int64 = 31_557_600_000

  private func now(_ wall: Int64, offset: Int64, measuredAt: Int64? = nil) -> Int64 {
    Timekeeping.now(wall: wall, offset: offset, measuredAt: measuredAt, within: Self.years)
  }

  @Test("The peer's clock is this machine's and the offset")
  func peersNow() {
    #expect(now(Self.today, offset: -4_000) == Self.today - 4_000)
    #expect(now(Self.today + 58 * Self.year, offset: -58 * Self.year, measuredAt: Self.today) == Self.today)
    #expect(now(Self.today - 1000, offset: 0, measuredAt: Self.today) == Self.today - 1000, "a step of a time server")
  }

  @Test("An offset that leads to an impossible time does not count", arguments: [Int64(4), 58, 292_000_000])
  func impossibleOffset(years: Int64) {
    // The clock stood in the future while the offset was measured, and was corrected.
    #expect(now(Self.today + 5_000, offset: -years * Self.year, measuredAt: Self.today) == Self.today + 5_000)
    #expect(now(Self.today, offset: .min) == Self.today && now(Self.today, offset: .max) == Self.today)
  }

  @Test("A clock that lost its time is not believed: no time before the last measurement is")
  func lostTime() {
    #expect(now(-5 * Self.year, offset: 0, measuredAt: Self.today) == Self.today)
    #expect(now(0, offset: 0, measuredAt: Self.today) == Self.today)
    #expect(now(-5 * Self.year, offset: 0) == 0)
  }

  @Test("Whatever numbers are stored, now is a time that a clock may show")
  func alwaysPossible() {
    let numbers: [Int64] = [.min, .min + 1, -Self.today, -1, 0, 1, Self.today, 253_402_300_799_999, .max - 1, .max]
    for wall in numbers {
      for offset in numbers {
        for measured in numbers { #expect(Self.years.contains(now(wall, offset: offset, measuredAt: measured))) }
        #expect(Self.years.contains(now(wall, offset: offset)))
      }
    }
  }

  @Test("No clock makes it trap, and it never goes back behind a head that it follows")
  func extremes() {
    let lead = Timekeeping.toleratedLead
    let times: [Int64] = [
      .min, .min + 1, -lead, -1, 0, 1, lead, .max - lead - 1, .max - lead, .max - lead + 1, .max - 1, .max,
    ]
    for captured in times {
      for offset in times {
        for previous in [times[0], times[3], 0, times[8], .max] {
          for now in times {
            guard isSound(captured, offset, previous, now, heads: times) else { return }
          }
        }
      }
    }
  }

  private func isSound(_ captured: Int64, _ offset: Int64, _ previous: Int64, _ now: Int64, heads: [Int64]) -> Bool {
    let keeping = Timekeeping(offset: offset, previousSeal: previous, now: now)
    let alone = keeping.stamp(captured: captured, replacing: [])
    if alone > now || alone < min(previous, now) {
      Issue.record("\(captured) \(offset) \(previous) \(now): \(alone) is out of bounds")
      return false
    }
    for head in heads where head < .max {
      let time = keeping.stamp(captured: captured, replacing: [head, .max])
      let (limit, overflow) = now.addingReportingOverflow(Timekeeping.toleratedLead)
      let isFollowed = head >= alone && (overflow || head <= limit)
      if time != (isFollowed ? head + 1 : alone) {
        Issue.record("\(captured) \(offset) \(previous) \(now): \(time) after \(head)")
        return false
      }
    }
    return true
  }
}
