import SyncCore
import TestSupport
import Testing

/// Days, and the dates and periods that people write.
@Suite struct CalendarDayTests {
  @Test("Days are numbered from 1970-01-01 without gap or overlap over years 1 to 9999")
  func numbering() throws {
    #expect(CalendarDay(year: 1970, month: 1, day: 1)?.number == 0)
    #expect(CalendarDay(year: 1, month: 1, day: 1)?.number == -719_162)
    #expect(CalendarDay(year: 2000, month: 2, day: 29)?.number == 11_016)
    #expect(CalendarDay(year: 9999, month: 12, day: 31)?.number == 2_932_896)
    var next: Int32 = -719_162
    for year in 1...9999 {
      let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      for (index, plain) in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        let length = index == 1 && isLeap ? 29 : plain
        let first = try #require(CalendarDay(year: year, month: index + 1, day: 1)).number
        let last = try #require(CalendarDay(year: year, month: index + 1, day: length)).number
        guard first == next, last == first + Int32(length) - 1,
          CalendarDay(year: year, month: index + 1, day: length + 1) == nil
        else {
          Issue.record("\(year)-\(index + 1)")
          return
        }
        next = last + 1
      }
    }
  }

  @Test("Every day is written so that it can be read again")
  func roundTrip() {
    for number in stride(from: Int32(-719_162), through: 2_932_896, by: 131) {
      let day = CalendarDay(number: number)
      guard day.iso.utf8.count == 10, DayRange(date: bytes(day.iso)) == DayRange(first: day, last: day) else {
        Issue.record("\(number) is \(day.iso)")
        return
      }
    }
    #expect(CalendarDay(number: -1).iso == "1969-12-31" && CalendarDay(number: -719_162).iso == "0001-01-01")
  }

  @Test("What the calendar does not have is no day")
  func impossible() {
    for (year, month, day) in [
      (0, 1, 1), (10_000, 1, 1), (-1, 1, 1), (2025, 0, 1), (2025, 13, 1), (2025, 1, 0), (2025, 1, 32), (2025, 2, 29),
      (1900, 2, 29), (2100, 2, 29), (2025, 4, 31), (.max, .max, .max), (.min, .min, .min), (2025, 1, .min),
    ] {
      #expect(CalendarDay(year: year, month: month, day: day) == nil)
    }
  }

  @Test("A moment falls into the day that began before it, also before 1970 and at the ends of Int64")
  func moments() {
    #expect(CalendarDay(millisecondsSince1970: 0).number == 0)
    #expect(CalendarDay(millisecondsSince1970: 86_399_999).number == 0)
    #expect(CalendarDay(millisecondsSince1970: 86_400_000).number == 1)
    #expect(CalendarDay(millisecondsSince1970: -1).number == -1)
    #expect(CalendarDay(millisecondsSince1970: -86_400_000).number == -1)
    #expect(CalendarDay(millisecondsSince1970: -86_400_001).number == -2)
    #expect(CalendarDay(millisecondsSince1970: .max).number == .max)
    #expect(CalendarDay(millisecondsSince1970: .min).number == .min)
    for number in [Int32.min, .min + 1, .max - 1, .max] { #expect(!CalendarDay(number: number).iso.isEmpty) }
  }
}

@Suite struct DayRangeTests {
  private func days(_ range: DayRange?) -> String? { range.map { "\($0.first.iso)/\($0.last.iso)" } }

  private func date(_ text: String) -> String? { days(DayRange(date: bytes(text))) }

  private func period(_ text: String) -> String? { days(DayRange(period: bytes(text))) }

  @Test("Dates known in whole or in part, and approximate ones")
  func dates() {
    #expect(date("2021") == "2021-01-01/2021-12-31")
    #expect(date("2021-10") == "2021-10-01/2021-10-31")
    #expect(date("2024-02") == "2024-02-01/2024-02-29")
    #expect(date("1900-02") == "1900-02-01/1900-02-28")
    #expect(date("2000-02") == "2000-02-01/2000-02-29")
    #expect(date("2021-10-05") == "2021-10-05/2021-10-05")
    #expect(date("2024-02-29") == "2024-02-29/2024-02-29")
    #expect(date("0001") == "0001-01-01/0001-12-31" && date("9999-12-31") == "9999-12-31/9999-12-31")
    for text in ["2021", "2021-10", "2021-10-05"] { #expect(date(text + "~") == date(text)) }
  }

  @Test(
    "What is no date is none",
    arguments: [
      "", "~", "2021~~", "202", "20211", "0000", "0000-01", "2021-", "2021-1", "2021-13", "2021-00", "2021-10-",
      "2021-10-5", "2021-10-32", "2023-02-29", "2021/10/05", "2021-10-05T", "2021-10-05 ", " 2021", "-2021", "+2021",
      "2021-1O", "２０２１", "2021–10", "2021?", "2021%", "2021-Q1", "5.10.2021",
    ])
  func noDates(text: String) {
    #expect(date(text) == nil)
  }

  @Test("Periods of every kind")
  func periods() {
    #expect(period("2025") == "2025-01-01/2025-12-31")
    #expect(period("2025-S1") == "2025-01-01/2025-06-30" && period("2025-S2") == "2025-07-01/2025-12-31")
    #expect(period("2024-Q1") == "2024-01-01/2024-03-31" && period("2025-Q2") == "2025-04-01/2025-06-30")
    #expect(period("2025-Q3") == "2025-07-01/2025-09-30" && period("2025-Q4") == "2025-10-01/2025-12-31")
    #expect(period("2025-04") == "2025-04-01/2025-04-30")
    #expect(period("2025-W15") == "2025-04-07/2025-04-13")
    #expect(period("2026-W01") == "2025-12-29/2026-01-04" && period("2020-W53") == "2020-12-28/2021-01-03")
  }

  @Test(
    "What is no period is none",
    arguments: [
      "", "2025-", "2025-S", "2025-S0", "2025-S3", "2025-Q0", "2025-Q5", "2025-Q", "2025-Q11", "2025-W00", "2025-W53",
      "2025-W54", "2026-W54", "2025-W1", "2025-W001", "2025-00", "2025-13", "2025-1", "2025-001", "2025-s1", "2025-q1",
      "2025-w15", "2025-M04", "2025-04-01", "2025~", "2025-A1", "0000", "0000-W01", "2025 Q1", "2025Q1", "2025--1",
    ])
  func noPeriods(text: String) {
    #expect(period(text) == nil)
  }

  @Test("Weeks follow each other over 400 years, 71 of which have 53")
  func weeks() throws {
    var long: [Int] = []
    var next = try #require(DayRange(period: bytes("1999-W52"))).last.number + 1
    for year in 2000..<2400 {
      for week in 1...53 {
        let text = "\(year)-W\(week < 10 ? "0" : "")\(week)"
        guard let range = DayRange(period: bytes(text)) else {
          if week != 53 { Issue.record("\(text) is missing") }
          continue
        }
        if range.first.number != next || range.last.number != next + 6 { Issue.record("\(text): \(range)") }
        if week == 53 { long.append(year) }
        next = range.last.number + 1
      }
    }
    #expect(long.count == 71 && long.prefix(6) == [2004, 2009, 2015, 2020, 2026, 2032])
  }

  @Test("Random bytes trap nowhere, and what is accepted is read as written")
  func hostileBytes() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 11)
    let alphabet = bytes("0001112233459--~SQW") + [0, 0x80, 0xFF]
    var accepted = 0
    for _ in 0..<40_000 {
      var text = (0..<random.below(13)).map { _ in random.pick(alphabet) }
      if random.chance(50), text.count > 4 { text.replaceSubrange(0..<4, with: bytes("20\(10 + random.below(90))")) }
      if text.count > 4, random.chance(80) { text[4] = UInt8(ascii: "-") }
      for range in [DayRange(date: text), DayRange(period: text)].compactMap({ $0 }) {
        accepted += 1
        // Years 0 and 9999 apart, a week may reach into the neighbouring years.
        let length = range.last.number - range.first.number
        guard length >= 0, length <= 365, String(decoding: text.prefix(4), as: UTF8.self).utf8.count == 4 else {
          Issue.record("\(text): \(range)")
          return
        }
        if text.count == 10, !range.first.iso.utf8.elementsEqual(text) { Issue.record("\(text): \(range)") }
      }
      _ = DayRange(date: random.bytes(random.below(14)))
      _ = DayRange(period: random.bytes(random.below(14)))
    }
    #expect(accepted > 200)
  }
}
