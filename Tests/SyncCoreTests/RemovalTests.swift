import SyncCore
import Testing

/// How much one seal may delete or empty, and the times that people write.
@Suite struct RemovalTests {
  @Test(
    "More than so many records wait, and only where they are more than a share",
    arguments: [
      (100, 100, false), (101, 101, true), (101, 1010, false), (102, 1010, true), (1, 1, false),
      (Int.max, Int.max, true),
      (101, Int.max, false),
    ])
  func bound(removed: Int, total: Int, isExceeded: Bool) {
    #expect(RemovalBound(records: 100, percent: 10).isExceeded(removing: removed, of: total) == isExceeded)
  }

  @Test(
    "A time is written as times are shown, or shorter",
    arguments: [
      ("1970-01-02", 86_400_000), ("1970-01-01 00:01", 60_000), ("1970-01-01 00:01:02", 62_000),
      ("1970-01-01 00:01:02 UTC", 62_000), ("1970-01-01T00:01:02.003Z", 62_003), ("1969-12-31 23:59", -60_000),
    ])
  func written(text: String, milliseconds: Int64) {
    #expect(Moment(written: text)?.sinceEpoch == milliseconds)
  }

  @Test(
    "What is no time is none",
    arguments: [
      "", "yesterday", "2026", "2026-13-01", "2026-01-01 24:00", "2026-01-01 1:00", "2026-01-01 10:60", "2026-01-01 10",
      "2026-01-01 10:00:61", "2026-01-01 10:00.5", "2026-01-01 10:00:00.5", "2026-01-01x10:00", "2026-01-01 -1:00",
      "2026-01-01 ",
    ])
  func unwritten(text: String) {
    #expect(Moment(written: text) == nil)
  }

  @Test("What is shown is read back")
  func roundTrip() {
    let moment = Moment(1_795_000_000_000)
    #expect(Moment(written: moment.iso)?.sinceEpoch == moment.sinceEpoch)
    #expect(Moment(written: moment.words)?.sinceEpoch == moment.sinceEpoch)
  }
}
