import Testing

@testable import SyncCore

@Suite struct DateDoubtTests {
  private let doubt = DateDoubt(today: CalendarDay(millisecondsSince1970: 1_795_780_000_000))  // 2026-11-27

  private func problem(_ text: String, _ type: FieldType = .date, _ role: DateDoubt.Role = .observed) -> String? {
    doubt.problem(Array(text.utf8), type, role)
  }

  @Test("Dates of other calendars are told with the calendar")
  func calendars() {
    #expect(
      problem("1405-07-08")?.contains("1405 looks like a year of the Solar Hijri calendar, which began in 2026") == true
    )
    #expect(problem("1404~")?.contains("Solar Hijri") == true)
    #expect(
      problem("1448-03-01")?.contains("1448 looks like a year of the Hijri calendar, which is about 2026") == true)
    #expect(problem("2569-09-30")?.contains("Buddhist calendar, which is 2026") == true)
    #expect(problem("0026-09-30")?.contains("without its century") == true)
    #expect(problem("1405-Q3", .period)?.contains("Solar Hijri") == true)
  }

  @Test("Dates too far from now are told, and what was probably meant")
  func distance() {
    #expect(problem("2062-09-30")?.contains("2062 looks like 2026 with two digits exchanged") == true)
    #expect(doubt.meant(Array("2062-09-30".utf8)) == "2026-09-30")
    #expect(problem("2028-01-01")?.contains("more than a year from now") == true)
    #expect(problem("9999-12-31")?.contains("more than a year from now") == true)
    #expect(problem("1799-12-31")?.contains("before 1800") == true)
    #expect(problem("2027-12-31") != nil)
    #expect(problem("2028-W02", .period) != nil)
  }

  @Test(
    "Dates that people mean are not doubted",
    arguments: ["2026-09-30", "2025", "2026-11-27", "2027-11-27", "2027", "1905-10", "1991-12-26~", "2012"])
  func usual(_ text: String) { #expect(problem(text) == nil) }

  @Test("Nobody reports for a time of long ago")
  func reported() {
    #expect(problem("1926-09-30", .date, .reported)?.contains("1926 was probably meant as 2026") == true)
    #expect(problem("1950", .date, .reported)?.contains("before 1966") == true)
    #expect(problem("1926-Q1", .period, .reported) != nil)
    #expect(problem("1991", .date, .reported) == nil)
    #expect(problem("2028", .date, .reported)?.contains("more than a year from now") == true)
  }

  @Test("An agreement may end in years, and not in centuries")
  func others() {
    #expect(problem("2031-12-31", .date, .other) == nil)
    #expect(problem("2055", .date, .other) == nil)
    #expect(problem("9999-12-31", .date, .other)?.contains("more than 30 years") == true)
    #expect(problem("1405-07-08", .date, .other)?.contains("Solar Hijri") == true)
  }

  @Test("SQL finds every doubtful date by its bounds, of any precision")
  func bounds() {
    for role in [DateDoubt.Role.observed, .reported, .other] {
      let (earliest, latest) = doubt.bounds(role)
      for year in stride(from: 1, to: 9999, by: 1) {
        let padded = String(repeating: "0", count: 4 - String(year).count) + String(year)
        for (tail, type) in [
          ("", FieldType.date), ("-11", .date), ("-12", .date), ("-11-28", .date), ("-Q4", .period), ("-W50", .period),
          ("~", .date),
        ] {
          let text = padded + tail
          guard problem(text, type, role) != nil else { continue }
          #expect(
            text.utf8.lexicographicallyPrecedes(earliest.utf8) || latest.utf8.lexicographicallyPrecedes(text.utf8),
            "\(text)")
        }
      }
    }
  }

  @Test("What is no date is no doubtful one")
  func noDates() {
    for text in ["", "x", "1405-13-01", "30.09.2062"] { #expect(problem(text) == nil) }
    #expect(problem("1405-07-08", .text) == nil)
  }
}
