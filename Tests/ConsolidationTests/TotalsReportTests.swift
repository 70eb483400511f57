import SyncCore
import Testing

@testable import Consolidation

@Suite struct TotalsReportTests {
  private func day(_ text: String) throws -> CalendarDay { try #require(DayRange(date: Array(text.utf8))).last }

  @Test("The latest figure at or before the day counts; of one date the source that sorts last")
  func published() throws {
    let figures = [
      PublishedFigure(value: 2_000_000, asOf: "2021", source: "old"),
      PublishedFigure(value: 1_638_182, asOf: "2025-10", source: "a"),
      PublishedFigure(value: 1_640_000, asOf: "2025-10-31", source: "b"),
      PublishedFigure(value: 1, asOf: "no date", source: "z"),
    ]
    #expect(PublishedFigure.current(at: try day("2020-12-31"), among: figures) == nil)
    #expect(PublishedFigure.current(at: try day("2021-06-30"), among: figures) == nil)
    #expect(PublishedFigure.current(at: try day("2021-12-31"), among: figures)?.value == 2_000_000)
    #expect(PublishedFigure.current(at: try day("2025-10-30"), among: figures)?.value == 2_000_000)
    #expect(PublishedFigure.current(at: try day("2025-10-31"), among: figures)?.source == "b")
    #expect(PublishedFigure.current(at: try day("2026-01-01"), among: figures.reversed())?.source == "b")
  }

  @Test("Gaps and residuals are shown only where both sides are known")
  func sums() {
    func row(_ unit: String, _ counted: Int64, _ declared: Int64?) -> TotalsRow {
      TotalsRow(
        unit: unit, counted: counted, declared: declared, declaredAsOf: nil, unitsExpected: 10, unitsReported: 4)
    }
    var report = TotalsReport(
      indicator: "members", asOf: "2026", axis: "territorial",
      rows: [row("a", 90, 100), row("b", 7, nil)],
      claimed: PublishedFigure(value: 150, asOf: "2026", source: "s"))
    #expect(report.counted == 97)
    #expect(report.declared == 100)
    #expect(report.residual == 50)
    #expect(report.rows.map(\.gap) == [10, nil])
    #expect(report.unitsExpected == 20)
    #expect(report.unitsReported == 8)
    report.rows = [row("b", 7, nil)]
    #expect(report.declared == nil)
    #expect(report.residual == nil)
    report.rows = []
    report.claimed = nil
    #expect(report.counted == 0)
  }
}
