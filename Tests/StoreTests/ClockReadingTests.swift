import SyncCore
import Testing

@testable import Store

/// What is recorded of this machine's clock, and when it is worth a write and a warning.
@Suite struct ClockReadingTests {
  @Test("A clock is wrong from a minute on, since it was first found to be, until it is right again")
  func since() throws {
    let node = try House().addKept("ftuu")
    let start = House.start
    try node.store.setClockOffset(59_000, now: start)
    #expect(try node.store.clockReading() == ClockReading(offset: 59_000, measuredAt: start + 59_000, wrongSince: nil))
    #expect(try node.store.clockReading().warning == nil)
    try node.store.setClockOffset(-61_000, now: start + 1000)
    let first = try node.store.clockReading()
    #expect(first.wrongSince == start + 1000 - 61_000)
    #expect(first.warning?.contains("1 min 1 s ahead of headquarters'") == true)
    try node.store.setClockOffset(-3_600_000, now: start + 5000)
    #expect(try node.store.clockReading().wrongSince == first.wrongSince)
    try node.store.setClockOffset(10, now: start + 9000)
    #expect(try node.store.clockReading().wrongSince == nil)
  }

  @Test("An equal measurement within the hour is no write; a later one is")
  func quiet() throws {
    let node = try House().addKept("ftuu")
    let other = try Store(path: node.path, key: node.identity.key)
    try node.store.setClockOffset(100_000, now: House.start)
    let before = try other.dataVersion()
    try node.store.setClockOffset(100_200, now: House.start + 3_000_000)
    #expect(try other.dataVersion() == before)
    try node.store.setClockOffset(100_200, now: House.start + 3_700_000)
    #expect(try other.dataVersion() != before)
    #expect(try node.store.clockReading().offset == 100_000)
    #expect(try node.store.clockReading().measuredAt == House.start + 3_700_000 + 100_000)
    try other.close()
  }

  @Test("Absurd offsets stop nothing", arguments: [Int64.min, .min + 1, .max])
  func absurd(_ offset: Int64) throws {
    let node = try House().addKept("ftuu")
    try node.store.setClockOffset(offset, now: House.start)
    #expect(try node.store.clockReading().isWrong)
    #expect(try node.store.clockReading().warning != nil)
    try node.store.setClockOffset(0, now: House.start)
    #expect(try !node.store.clockReading().isWrong)
  }

  @Test("News is what changed: wrong, right, the other side, a minute more")
  func news() {
    func reading(_ offset: Int64) -> ClockReading { ClockReading(offset: offset, measuredAt: nil, wrongSince: nil) }
    #expect(!reading(0).isNews(after: nil))
    #expect(reading(100_000).isNews(after: nil))
    #expect(reading(100_000).isNews(after: reading(0)))
    #expect(!reading(100_000).isNews(after: reading(130_000)))
    #expect(reading(100_000).isNews(after: reading(-100_000)))
    #expect(reading(100_000).isNews(after: reading(200_000)))
    #expect(reading(0).isNews(after: reading(100_000)))
    #expect(!reading(0).isNews(after: reading(10)))
  }
}
