import Testing

@testable import SyncCore

/// Rows of a local kind become figures, and only what is certain is counted.
@Suite(.timeLimit(.minutes(20))) struct DerivationCountTests {
  private static let members = Derivation(
    id: "membership", title: "", source: "member", target: "membership_return", span: .day,
    key: [.field("unit"), .span, .text("territorial")],
    conditions: [
      Derivation.Condition(field: "joined", test: .reached),
      Derivation.Condition(field: "left", test: .notReached, allowsEmpty: true),
    ],
    measures: [
      Derivation.Measure(field: "total"),
      Derivation.Measure(field: "women", conditions: [Derivation.Condition(field: "sex", test: .oneOf(["f"]))]),
      Derivation.Measure(field: "youth", conditions: [Derivation.Condition(field: "born", test: .younger(than: 31))]),
    ], marks: [], withheldField: "withheld", threshold: 10, sums: [])

  private static let files = Derivation(
    id: "files", title: "", source: "file", target: "consultation_count", span: .month,
    key: [.federation, .span, .each("topics")], conditions: [Derivation.Condition(field: "opened", test: .within)],
    measures: [Derivation.Measure(field: "files"), Derivation.Measure(field: "people", distinct: "person")],
    marks: [], withheldField: "withheld", threshold: 10, sums: [])

  private func count(_ derivation: Derivation, _ name: String, _ rows: [[String: String]]) throws -> DerivationCount {
    let bytes = Array(name.utf8)
    let days = try #require(derivation.span == .day ? DayRange(date: bytes) : DayRange(period: bytes))
    var count = DerivationCount(derivation, over: days, named: name, federation: "ftuu")
    for row in rows { count.add(count.fields.map { field in row[field].map { .text($0) } ?? .null }) }
    return count
  }

  private func member(_ unit: String, joined: String = "2020", left: String? = nil) -> [String: String] {
    var row = ["unit": unit, "joined": joined, "sex": "f", "born": "1980"]
    row["left"] = left
    return row
  }

  @Test("one record a unit, in order of key")
  func groups() throws {
    let count = try count(Self.members, "2026-09-30", [member("b"), member("a"), member("b")])
    #expect(
      count.records.map(\.key) == [
        RecordKey("a", "2026-09-30", "territorial"), RecordKey("b", "2026-09-30", "territorial"),
      ])
    #expect(count.records.map(\.figures) == [[1, 1, 0], [2, 2, 0]])
  }

  @Test(
    "dates known in part count only when they are certain",
    arguments: [
      ("2026-09-30", nil, 1, 0), ("2026-10-01", nil, 0, 0), ("2026-09", nil, 1, 0), ("2026-10", nil, 0, 0),
      ("2026", nil, 0, 1), ("2025~", nil, 1, 0), ("2027", nil, 0, 0), ("soon", nil, 0, 1), ("", nil, 0, 1),
      ("2020", "2026-09-30", 0, 0), ("2020", "2026-10-01", 1, 0), ("2020", "2026", 0, 1), ("2020", "2025", 0, 0),
      ("2020", "2026-09", 0, 0), ("2020", "", 1, 0), ("2020", "x", 0, 1),
    ] as [(String, String?, Int64, Int64)])
  func partialDates(joined: String, left: String?, counted: Int64, undecided: Int64) throws {
    let count = try count(Self.members, "2026-09-30", [member("u", joined: joined, left: left)])
    #expect(count.counted == counted && count.undecided == undecided)
    #expect(count.records.first?.figures[0] ?? 0 == counted)
  }

  @Test(
    "age is counted at the date, on the birthday and around it",
    arguments: [
      ("1995-09-30", 0), ("1995-10-01", 1), ("1995-09-29", 0), ("1996", 1), ("1995", nil), ("1994", 0),
      ("1995-10", 1), ("1995-09", 0), ("2026-10-01", nil), ("1996-02-29", 1),
    ] as [(String, Int64?)])
  func age(born: String, youth: Int64?) throws {
    var row = member("u")
    row["born"] = born
    let count = try count(Self.members, "2026-09-30", [row])
    #expect(count.records[0].figures[2] == youth)
    #expect(count.untold[2] == (youth == nil ? 1 : 0))
  }

  @Test("a unit or a topic with what nobody sees in it is the one without, and no row is counted twice for that")
  func hiddenCharacters() throws {
    let count = try count(
      Self.members, "2026-09-30", [member("a"), member("a "), member("\u{200B}a"), member("\u{A0}")])
    #expect(count.records.map(\.key) == [RecordKey("a", "2026-09-30", "territorial")])
    #expect(count.records.map(\.figures) == [[3, 3, 0]])
    #expect(count.keyless == 1)
    let file = ["topics": "[\"wages\",\"wages \",\"\u{A0}\"]", "opened": "2026-09-03", "person": "p"]
    let files = try self.count(Self.files, "2026-09", [file])
    #expect(files.records.map(\.key) == [RecordKey("ftuu", "2026-09", "wages")])
    #expect(files.records.map(\.figures) == [[1, 1]])
  }

  @Test("what no row has was not collected, which is not zero")
  func notCollected() throws {
    var row = member("u")
    row["sex"] = nil
    #expect(try count(Self.members, "2026-09-30", [row]).records[0].figures == [1, nil, 0])
    // A word that the derivation does not know may be a woman's in another spelling, unless another row shows the known one.
    row["sex"] = "m"
    let deaf = try count(Self.members, "2026-09-30", [row])
    #expect(deaf.records[0].figures == [1, nil, 0])
    #expect(deaf.strange.map { $0.words.map(\.word) } == [["m"]])
    var other = member("v")
    other["sex"] = "f"
    #expect(try count(Self.members, "2026-09-30", [row, other]).records.map(\.figures) == [[1, 0, 0], [1, 1, 0]])
  }

  @Test("a file counts once for each topic, a person once however many files")
  func topics() throws {
    func file(_ person: String?, _ topics: String, _ opened: String) -> [String: String] {
      var row = ["topics": topics, "opened": opened]
      row["person"] = person
      return row
    }
    let count = try count(
      Self.files, "2026-10",
      [
        file("p", #"["pay","pay","leave"]"#, "2026-10-01"), file("p", #"["pay"]"#, "2026-10-31"),
        file("q", #"["pay"]"#, "2026-10"), file("q", #"["pay"]"#, "2026"), file("q", #"["pay"]"#, "2026-11-01"),
        file("q", "pay", "2026-10-02"), file("q", "[]", "2026-10-02"), file(nil, #"["leave"]"#, "2026-10-02"),
      ])
    #expect(count.records.map(\.key.display) == ["ftuu/2026-10/leave", "ftuu/2026-10/pay"])
    // Words between semicolons are a set as well.
    #expect(count.records.map(\.figures) == [[2, 1], [4, 2]])
    #expect(count.counted == 5 && count.undecided == 1 && count.keyless == 1 && count.rows == 8)
    #expect(count.untold == [0, 1])
  }

  @Test(
    "years between days",
    arguments: [
      ("2000-02-29", "2001-02-28", 0), ("2000-02-29", "2001-03-01", 1),
      ("2000-02-29", "2004-02-29", 4), ("2001-01-01", "2000-12-31", -1), ("1990-05-05", "2020-05-04", 29),
    ])
  func years(from: String, to: String, years: Int) throws {
    let from = try #require(DayRange(date: Array(from.utf8))).first
    let to = try #require(DayRange(date: Array(to.utf8))).first
    #expect(to.years(since: from) == years)
  }
}
