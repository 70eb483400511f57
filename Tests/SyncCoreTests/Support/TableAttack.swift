import SyncCore

/// Whoever knows every published figure and every sum, and finds by force which tables are possible.
///
/// A table has a total and one family of parts; with the rest of the family, the parts and the rest add up to the total.
struct TableAttack {
  /// For each row the total, the parts and the rest.
  let truth: [[Int64]]
  /// For each of them whether it is known.
  let isKnown: [[Bool]]
  /// Whether the sum of every column over all rows is known.
  let knowsSums: Bool

  init(_ rows: [[Int64]], withheld: [[Bool]], knowsSums: Bool) {
    truth = rows.map { $0 + [$0[0] - $0.dropFirst().reduce(0, +)] }
    isKnown = withheld.map { row in
      // The rest is known as long as everything else is.
      row.map { !$0 } + [!row.contains(true)]
    }
    self.knowsSums = knowsSums
  }

  var sums: [Int64] { truth[0].indices.map { column in truth.reduce(0) { $0 + $1[column] } } }

  /// For each row and column the least and the greatest figure that is possible.
  func bounds() -> [[ClosedRange<Int64>]] {
    let candidates = truth.indices.map(rows)
    var least = truth.map { $0.map { _ in Int64.max } }
    var greatest = truth.map { $0.map { _ in Int64.min } }
    func note(_ chosen: [[Int64]]) {
      for (row, figures) in chosen.enumerated() {
        for (column, figure) in figures.enumerated() {
          least[row][column] = min(least[row][column], figure)
          greatest[row][column] = max(greatest[row][column], figure)
        }
      }
    }
    guard knowsSums else {
      // Rows are independent of each other.
      for row in truth.indices {
        for figures in candidates[row] {
          for (column, figure) in figures.enumerated() {
            least[row][column] = min(least[row][column], figure)
            greatest[row][column] = max(greatest[row][column], figure)
          }
        }
      }
      return zip(least, greatest).map { zip($0, $1).map { $0...$1 } }
    }
    let last = Set(candidates[truth.count - 1])
    func choose(_ chosen: [[Int64]], _ left: [Int64]) {
      if chosen.count == truth.count - 1 {
        if last.contains(left) { note(chosen + [left]) }
        return
      }
      for figures in candidates[chosen.count] where zip(figures, left).allSatisfy({ $0 <= $1 }) {
        choose(chosen + [figures], zip(left, figures).map { $0 - $1 })
      }
    }
    choose([], sums)
    return zip(least, greatest).map { zip($0, $1).map { $0...$1 } }
  }

  /// Everything that one row could be, with sums left aside.
  private func rows(_ row: Int) -> [[Int64]] {
    let limit = knowsSums ? sums[0] : truth[row][0]
    let totals = isKnown[row][0] ? truth[row][0]...truth[row][0] : 0...limit
    return totals.flatMap { total in parts(row, from: 1, of: total).map { [total] + $0 } }
  }

  private func parts(_ row: Int, from column: Int, of left: Int64) -> [[Int64]] {
    if column == truth[row].count - 1 {
      return !isKnown[row][column] || truth[row][column] == left ? [[left]] : []
    }
    if isKnown[row][column] {
      let figure = truth[row][column]
      return figure > left ? [] : parts(row, from: column + 1, of: left - figure).map { [figure] + $0 }
    }
    return (0...left).flatMap { figure in parts(row, from: column + 1, of: left - figure).map { [figure] + $0 } }
  }
}
