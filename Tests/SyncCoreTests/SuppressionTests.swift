import TestSupport
import Testing

@testable import SyncCore

/// Nobody computes a small figure from those that are published.
@Suite(.timeLimit(.minutes(20))) struct SuppressionTests {
  private func withheld(
    _ rows: [[Int64?]], families: [[Int]] = [[1]], totals: [Int] = [0], sums: [[Int]] = [], below threshold: Int64 = 10
  ) -> [[Bool]] {
    Suppression(threshold: threshold, totals: totals, families: families).withheld(rows, sums: sums)
  }

  @Test("a small part is withheld, zero and what reaches the threshold are published")
  func parts() {
    #expect(withheld([[100, 1]]) == [[false, true]])
    #expect(withheld([[100, 9]]) == [[false, true]])
    #expect(withheld([[100, 10]]) == [[false, false]])
    #expect(withheld([[100, 0]]) == [[false, false]])
    #expect(withheld([[100, 100]]) == [[false, false]])
  }

  @Test("a part that leaves a small rest is withheld, because the rest is the total less the part")
  func rest() {
    #expect(withheld([[100, 91]]) == [[false, true]])
    #expect(withheld([[100, 90]]) == [[false, false]])
  }

  @Test("a small total withholds the whole row, a total of nobody nothing")
  func totals() {
    #expect(withheld([[9, 0]]) == [[true, true]])
    #expect(withheld([[0, 0]]) == [[false, false]])
    #expect(withheld([[12, 8]], families: [], totals: [0, 1]) == [[true, true]])
  }

  @Test("one small part of several takes the smallest other with it, not the largest")
  func complement() {
    // 3 employees, 20 retired, 77 others: without the retired, 23 - 20 would give the employees.
    #expect(withheld([[100, 3, 20]], families: [[1, 2]]) == [[false, true, false]])
    // Nobody else: 3 and 97 give each other away.
    #expect(withheld([[100, 3, 97]], families: [[1, 2]]) == [[false, true, true]])
    // Two small ones that are 8 together are not enough.
    #expect(withheld([[100, 3, 5, 92]], families: [[1, 2, 3]]) == [[false, true, true, true]])
    #expect(withheld([[100, 6, 5, 89]], families: [[1, 2, 3]]) == [[false, true, true, false]])
    // The rest alone is small: the smallest part that is large enough goes.
    #expect(withheld([[100, 40, 55]], families: [[1, 2]]) == [[false, true, false]])
  }

  @Test("one withheld row under a known sum takes the smallest other with it")
  func sums() {
    let rows: [[Int64?]] = [[4], [50], [30], [80]]
    #expect(withheld(rows, families: [], sums: [[0, 1, 2]]).map { $0[0] } == [true, false, true, false])
    #expect(withheld(rows, families: [], sums: []).map { $0[0] } == [true, false, false, false])
    // A part that is withheld alone under a sum, and the rests with it.
    let parts: [[Int64?]] = [[50, 3], [60, 30], [90, 20]]
    #expect(withheld(parts, sums: [[0, 1, 2]]) == [[false, true], [false, false], [false, true]])
  }

  @Test("what was not collected is neither withheld nor of any help")
  func notCollected() {
    #expect(withheld([[100, nil]]) == [[false, false]])
    #expect(withheld([[5, nil]]) == [[true, false]])
    #expect(withheld([[100, 5, nil]], families: [[1, 2]]) == [[false, true, false]])
  }

  @Test("the same table in the same order always gives the same", arguments: 0..<20)
  func deterministic(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let rows = Self.table(&random, rows: 6, parts: 2, upTo: 30)
    let once = withheld(rows, families: [[1, 2]], sums: [[0, 1, 2], [3, 4, 5]])
    #expect(withheld(rows, families: [[1, 2]], sums: [[0, 1, 2], [3, 4, 5]]) == once)
  }

  private static func table(_ random: inout SeededRandom, rows: Int, parts: Int, upTo limit: Int) -> [[Int64?]] {
    (0..<rows).map { _ in
      let cells = (0...parts).map { _ in Int64(random.below(3) == 0 ? random.below(4) : random.below(limit)) }
      return [cells.reduce(0, +)] + cells.dropLast()
    }
  }

  /// Rows and parts of a table, and whether sums over its rows are known.
  struct Shape: Sendable {
    var rows: Int
    var parts: Int
    var knowsSums: Bool
    var limit: Int
    var tables = 150
  }

  static let shapes = [
    Shape(rows: 1, parts: 1, knowsSums: false, limit: 12), Shape(rows: 1, parts: 3, knowsSums: false, limit: 9),
    Shape(rows: 2, parts: 1, knowsSums: true, limit: 9), Shape(rows: 3, parts: 1, knowsSums: true, limit: 8),
    Shape(rows: 2, parts: 2, knowsSums: true, limit: 6),
    Shape(rows: 3, parts: 2, knowsSums: true, limit: 4, tables: 25),
  ]

  @Test(
    "an attacker with every told figure and every sum gets no interval narrower than the threshold", arguments: shapes)
  func attack(_ shape: Shape) {
    let threshold: Int64 = 4
    var random = SeededRandom(seed: UInt64(shape.rows * 100 + shape.parts))
    var attacked = 0
    for _ in 0..<shape.tables {
      let rows = Self.table(&random, rows: shape.rows, parts: shape.parts, upTo: shape.limit)
      let all = Array(rows.indices)
      let withheld = withheld(
        rows, families: [Array(1...shape.parts)], sums: shape.knowsSums ? [all] : [], below: threshold)
      let attack = TableAttack(rows.map { $0.compactMap { $0 } }, withheld: withheld, knowsSums: shape.knowsSums)
      let bounds = attack.bounds()
      var isOpen = rows.map { _ in false }
      for column in attack.truth[0].indices where shape.knowsSums {
        let hidden = all.filter { !attack.isKnown[$0][column] }
        let sum = hidden.reduce(0) { $0 + attack.truth[$1][column] }
        guard sum > 0, hidden.count < 2 || sum < threshold else { continue }
        // A sum that nothing protects: there must have been nothing left to withhold.
        #expect(all.allSatisfy { hidden.contains($0) || attack.truth[$0][column] == 0 }, "\(rows) \(withheld)")
        for row in hidden { isOpen[row] = true }
      }
      for row in all where !isOpen[row] {
        // Without a sum nothing at all bounds the total of a row that is withheld whole.
        if !shape.knowsSums, !attack.isKnown[row][0] { continue }
        for column in attack.truth[row].indices {
          let figure = attack.truth[row][column]
          guard figure > 0, figure < threshold else { continue }
          attacked += 1
          let bound = bounds[row][column]
          #expect(
            bound.upperBound - bound.lowerBound >= threshold, "\(rows) \(withheld): \(row), \(column) is in \(bound)")
        }
      }
    }
    #expect(attacked > 20, "\(attacked)")
  }
}
