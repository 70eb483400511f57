import SyncCore
import Testing

@testable import Consolidation

@Suite struct TotalsReportTests {
  private func days(_ text: String) throws -> DayRange { try #require(DayRange(date: Array(text.utf8))) }

  @Test("All figures of the latest date at or before the day count: two published totals are two facts")
  func published() throws {
    let figures = [
      PublishedFigure(value: 2_000_000, asOf: "2021", source: "old"),
      PublishedFigure(value: 1_638_182, asOf: "2025-10", source: "a"),
      PublishedFigure(value: 1_640_000, asOf: "2025-10-31", source: "b", precision: "at_least"),
      PublishedFigure(value: 1, asOf: "no date", source: "z"),
    ]
    func sources(_ day: String) throws -> [String] {
      PublishedFigure.current(at: try days(day).last, among: figures.reversed()).map(\.source)
    }
    #expect(try sources("2020-12-31") == [])
    #expect(try sources("2021-06-30") == [])
    #expect(try sources("2021-12-31") == ["old"])
    #expect(try sources("2025-10-30") == ["old"])
    #expect(try sources("2025-10-31") == ["a", "b"])
    #expect(try sources("2026-01-01") == ["a", "b"])
    let sum = try #require(DeclaredSum([figures.filter { $0.asOf.hasPrefix("2025") }, [figures[0]], []]))
    #expect(sum.lowest == 3_638_182 && sum.highest == 3_640_000 && sum.value == nil && sum.precisions == ["at_least"])
    #expect(DeclaredSum([[], []]) == nil)
    let huge = PublishedFigure(value: .max, asOf: "2021", source: "x")
    #expect(DeclaredSum([[huge], [huge]]) == nil)
  }

  @Test("Gaps and residuals are shown only where both sides are known")
  func sums() throws {
    func row(_ unit: String, _ counted: Int128, _ declared: Int64?) -> TotalsRow {
      var tally = Tally()
      tally.sum = counted
      tally.unitsExpected = 10
      tally.unitsReported = 4
      return TotalsRow(
        unit: unit, tally: tally,
        declared: declared.map { [PublishedFigure(value: $0, asOf: "2026", source: "s")] } ?? [])
    }
    var report = TotalsReport(
      indicator: "members", measure: .reporting, asOf: "2026", period: try days("2026"), axis: "territorial",
      rows: [row("a", 90, 100), row("b", 7, nil)],
      claimed: [PublishedFigure(value: 150, asOf: "2026", source: "s")])
    #expect(report.counted == 97)
    #expect(report.declared?.value == 100)
    #expect(report.residual == 50)
    #expect(report.rows.map(\.gap) == [10, nil])
    #expect(report.tally.unitsExpected == 20)
    #expect(report.tally.unitsReported == 8)
    report.rows = [row("b", 7, nil)]
    #expect(report.declared == nil)
    #expect(report.residual == nil)
    report.rows = [row("a", Int128(Int64.max), 5), row("b", 1, nil)]
    #expect(report.counted == nil && report.rows[0].counted == .max && report.gap == nil)
    report.rows = []
    report.claimed = []
    #expect(report.counted == 0)
  }

  @Test("What was reported for the period is told from what is carried forward, with the age of the oldest")
  func carried() throws {
    let period = try days("2026-11")
    var tally = Tally()
    for (day, units) in [("2026-11-15", 2), ("2026-10-31", 3), ("2012-12-31", 1)] as [(String, Int64)] {
      tally.add(
        TotalDelta(amount: 5, reported: units, expected: units), vintage: try days(day).last.number, period: period)
    }
    tally.add(TotalDelta(expected: 4), vintage: Contributions.always, period: period)
    // Moved away again by a later return.
    tally.add(TotalDelta(), vintage: try days("1999-01-01").last.number, period: period)
    #expect(tally.unitsReported == 2 && tally.unitsCarried == 4 && tally.unitsExpected == 10)
    #expect(tally.carriedSince?.iso == "2012-12-31")
  }
}
