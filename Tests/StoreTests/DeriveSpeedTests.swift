import Foundation
import Testing

@testable import Store

/// A million members, when `BIRLIK_MILLION` asks for it: too long for every run.
@Suite(.timeLimit(.minutes(20)), .enabled(if: ProcessInfo.processInfo.environment["BIRLIK_MILLION"] != nil))
struct DeriveSpeedTests {
  @Test("a million members are counted in bounded memory")
  func million() throws {
    let uz = try House().addKept("ftuu")
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<19999)
      INSERT INTO org_unit(code, unit_kind) SELECT 'u'||i, 'primary_organization' FROM n
      """)
    try uz.type(
      """
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<999999)
      INSERT INTO member(id, name, sex, employment, birth_date, primary_unit, joined_on)
      SELECT 'm'||printf('%07d', i), 'Somebody '||i, CASE i%2 WHEN 0 THEN 'female' ELSE 'male' END, 'employee',
        (1960+i%45)||'-05-05', 'u'||(i%20000), '2010-01-01' FROM n
      """)
    try uz.seal()
    // What making the rows took would hide what counting them takes.
    try #require(FileHandle(forWritingAtPath: "/proc/self/clear_refs")).write(contentsOf: Data("5".utf8))
    let before = Self.peak
    let clock = ContinuousClock()
    var report: DeriveReport?
    let time = try clock.measure { report = try uz.store.derive("membership", span: "2026-09-30") }
    #expect(report?.counted == 1_000_000 && report?.count(.created) == 20_000)
    let added = Self.peak - before
    print("derived 1,000,000 members into 20,000 returns in \(time); peak memory grew by \(added / 1024) MiB")
    // 20,000 records with their figures, not a million rows.
    #expect(added < 512 * 1024, "\(added) KiB")
  }

  /// The most memory that the process ever held, in KiB.
  private static var peak: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? Int.max
  }
}
