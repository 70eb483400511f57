/// Chooses which figures of a table are withheld, so that nobody computes a small one from those that are shown.
///
/// A table has one row for each record of a derivation, with the total of the row and parts of it. A figure of 1 up to
/// one less than the threshold is *small*. Zero is shown: it is about everybody in the group, not about a few.
/// What a family of parts leaves of the total is its *rest*, which everybody can compute while all parts are shown, so it
/// counts as a figure as well.
///
/// What is promised, and tested by force on small tables: whoever knows every figure that is shown, and the sum of every
/// column over each of `sums`, and that no figure is negative, cannot bound a small figure better than by an interval
/// whose ends are at least the threshold apart. The exceptions are sums that nothing could protect, because all rows
/// under them are withheld already: who publishes such a sum publishes the figure.
///
/// ```swift
/// // 30 members, 27 of them women: the 3 men are withheld by withholding the women.
/// Suppression(threshold: 10, totals: [0], families: [[1]]).withheld([[30, 27]], sums: [])   // [[false, true]]
/// ```
public struct Suppression: Sendable {
  public let threshold: Int64
  /// The columns that count everything in a row; a row with a small one is withheld whole. The first is the total that
  /// families share out.
  public let totals: [Int]
  /// Columns that share out the total between them, with the rest.
  public let families: [[Int]]

  public init(threshold: Int64, totals: [Int], families: [[Int]]) {
    self.threshold = threshold
    self.totals = totals
    self.families = families
  }

  /// What is withheld of a derivation's figures.
  public init(_ derivation: Derivation, threshold: Int64) {
    let measures = derivation.measures
    let total = measures.firstIndex(where: \.isTotal) ?? 0
    let others = measures.indices.filter { measures[$0].conditions.isEmpty && $0 != total }
    self.init(
      threshold: max(threshold, derivation.threshold, Derivation.smallestThreshold), totals: [total] + others,
      families: derivation.families)
  }

  /// For each figure whether it is withheld.
  ///
  /// - Parameters:
  ///   - rows: one figure for each column; nil for one that was not collected. In an order that never changes.
  ///   - sums: rows whose sum others may know, column by column.
  public func withheld(_ rows: [[Int64?]], sums: [[Int]]) -> [[Bool]] {
    var table = SuppressionTable(self, rows)
    table.withholdSmall()
    var isSummed = rows.map { _ in false }
    for row in sums.joined() { isSummed[row] = true }
    var isMoving = true
    while isMoving {
      isMoving = false
      for row in rows.indices where table.protectFamilies(of: row, isSummed: isSummed[row]) { isMoving = true }
      for sum in sums where table.protect(sum) { isMoving = true }
    }
    return table.withheld
  }

  func isSmall(_ figure: Int64) -> Bool { figure > 0 && figure < threshold }
}

/// A table while it is decided what is withheld. Withholding only ever grows, so it ends.
private struct SuppressionTable {
  let rule: Suppression
  let rows: [[Int64?]]
  /// For each row what each family leaves of the total; nil where that cannot be known.
  let rests: [[Int64?]]
  var withheld: [[Bool]]

  /// One column of the table: a measure, or the rest of a family.
  enum Column: Hashable {
    case measure(Int)
    case rest(Int)
  }

  init(_ rule: Suppression, _ rows: [[Int64?]]) {
    self.rule = rule
    self.rows = rows
    withheld = rows.map { $0.map { _ in false } }
    rests = rows.map { row in
      rule.families.map { family in
        let parts = family.compactMap { row[$0] }
        guard let total = rule.totals.first.flatMap({ row[$0] }), !parts.isEmpty else { return nil }
        return max(0, total - parts.reduce(0, +))
      }
    }
  }

  /// A row of few people shows nothing at all, not even that one of its parts is zero.
  mutating func withholdSmall() {
    for row in rows.indices where rule.totals.contains(where: { rows[row][$0].map(rule.isSmall) ?? false }) {
      withholdAll(of: row)
    }
  }

  private mutating func withholdAll(of row: Int) {
    for column in rows[row].indices where rows[row][column] != nil { withheld[row][column] = true }
  }

  private func isWithheldWhole(_ row: Int) -> Bool { rule.totals.contains { withheld[row][$0] } }

  // MARK: Within a row

  /// Withholds as much of each family as protects what is small or withheld in it: where sums over rows are known the
  /// whole family, for what rows with different gaps leave together could be solved.
  ///
  /// - Returns: whether anything was withheld that was not.
  mutating func protectFamilies(of row: Int, isSummed: Bool) -> Bool {
    guard !isWithheldWhole(row) else { return false }
    var isMoving = false
    for index in rule.families.indices {
      let isProtected = protect(rule.families[index], rest: rests[row][index], of: row, isSummed: isSummed)
      isMoving = isMoving || isProtected
    }
    return isMoving
  }

  private mutating func protect(_ family: [Int], rest: Int64?, of row: Int, isSummed: Bool) -> Bool {
    guard let rest else { return false }
    var isMoving = false
    for column in family where rows[row][column].map(rule.isSmall) ?? false && !withheld[row][column] {
      withheld[row][column] = true
      isMoving = true
    }
    var hidden = family.filter { withheld[row][$0] }
    guard !hidden.isEmpty || rule.isSmall(rest) else { return isMoving }
    if isSummed {
      for column in family where rows[row][column] != nil && !withheld[row][column] {
        withheld[row][column] = true
        isMoving = true
      }
      return isMoving
    }
    // The rest is unknown as soon as one part is; together they must leave room enough.
    while hidden.isEmpty || hidden.reduce(rest, { $0 + (rows[row][$1] ?? 0) }) < rule.threshold {
      let open = family.filter { !hidden.contains($0) && rows[row][$0] ?? 0 > 0 }
      guard let next = open.min(by: { (rows[row][$0] ?? 0, $0) < (rows[row][$1] ?? 0, $1) }) else { break }
      withheld[row][next] = true
      hidden.append(next)
      isMoving = true
    }
    return isMoving
  }

  // MARK: Under a sum

  /// Withholds more rows under a sum until what is withheld cannot be computed from it.
  ///
  /// - Returns: whether anything was withheld that was not.
  mutating func protect(_ sum: [Int]) -> Bool {
    var isMoving = false
    for column in columns where protect(sum, column) { isMoving = true }
    return isMoving
  }

  private var columns: [Column] {
    (rows.first?.indices.map { .measure($0) } ?? []) + rule.families.indices.map { .rest($0) }
  }

  private func figure(_ row: Int, _ column: Column) -> Int64? {
    switch column {
    case .measure(let index): rows[row][index]
    case .rest(let index): rests[row][index]
    }
  }

  private func isUnknown(_ row: Int, _ column: Column) -> Bool {
    switch column {
    case .measure(let index): withheld[row][index]
    case .rest(let index): isWithheldWhole(row) || rule.families[index].contains { withheld[row][$0] }
    }
  }

  private mutating func protect(_ sum: [Int], _ column: Column) -> Bool {
    let known = sum.filter { figure($0, column) != nil }
    let hidden = known.filter { isUnknown($0, column) }
    var total = hidden.reduce(0) { $0 + (figure($1, column) ?? 0) }
    var count = hidden.count
    // Nothing withheld, or nobody in what is.
    guard count > 0, total > 0, count < 2 || total < rule.threshold else { return false }
    let open = known.filter { !isUnknown($0, column) && figure($0, column) ?? 0 > 0 }
      .sorted { (figure($0, column) ?? 0, $0) < (figure($1, column) ?? 0, $1) }
    var isMoving = false
    for row in open {
      guard count < 2 || total < rule.threshold else { break }
      guard withhold(row, column) else { continue }
      isMoving = true
      count += 1
      total += figure(row, column) ?? 0
    }
    return isMoving
  }

  private mutating func withhold(_ row: Int, _ column: Column) -> Bool {
    switch column {
    case .measure(let index):
      if rule.totals.contains(index) { withholdAll(of: row) } else { withheld[row][index] = true }
      return true
    case .rest(let index):
      let open = rule.families[index].filter { rows[row][$0] != nil }
      let positive = open.filter { rows[row][$0] ?? 0 > 0 }
      guard
        let part = (positive.isEmpty ? open : positive).min(by: { (rows[row][$0] ?? 0, $0) < (rows[row][$1] ?? 0, $1) })
      else { return false }
      withheld[row][part] = true
      return true
    }
  }
}
