import Consolidation
import SyncCore

/// Counting many units at once.
extension TotalsPlan {
  /// Counts everything again: every unit and every return once, in the order of their tables.
  func countAll(_ engine: Engine, into sums: inout TotalsAccumulator) throws {
    for part in parts {
      guard let stock = part.stock, let returns = part.returns else {
        try countUnits(part, engine, into: &sums)
        continue
      }
      try countExpected(part, stock, engine, into: &sums)
      try countReturns(part, stock, returns, engine, into: &sums)
    }
  }

  private func eachUnitRecord(_ part: Part, _ engine: Engine, _ body: (UnitRecord) throws -> Void) throws {
    let statement = try engine.connection.prepared(part.units.selectAll)
    defer { statement.reset() }
    while try statement.step() { try body(part.units.record(statement)) }
  }

  private func countUnits(_ part: Part, _ engine: Engine, into sums: inout TotalsAccumulator) throws {
    try eachUnitRecord(part, engine) { record in
      sums.add(part.indicator, Contributions.openUnits(record), negated: false)
    }
  }

  private func countExpected(
    _ part: Part, _ stock: Indicator.Stock, _ engine: Engine, into sums: inout TotalsAccumulator
  ) throws {
    try eachUnitRecord(part, engine) { record in
      guard stock.expectedSorts.contains(record.sort) else { return }
      sums.add(part.indicator, Contributions.stock(stock, unit: record, returns: []), negated: false)
    }
  }

  /// Most units have one return, which is summed from its bytes.
  private func countReturns(
    _ part: Part, _ stock: Indicator.Stock, _ returns: ReturnReader, _ engine: Engine,
    into sums: inout TotalsAccumulator
  ) throws {
    let statement = try engine.connection.prepared(returns.selectUnits)
    defer { statement.reset() }
    while try statement.step() {
      let record = statement.isNull(0) ? nil : part.units.record(statement)
      if statement.int64(5) == 1 {
        let value: Int64? = statement.isNull(9) ? nil : statement.int64(9)
        statement.withBytes(6) { federation in
          statement.withBytes(7) { axis in
            statement.withBytes(8) { date in
              First(stock, record, part.number).add(
                part.indicator, federation: federation, axis: axis, date: Array(date), value: value, into: &sums)
            }
          }
        }
        continue
      }
      let unit = statement.bytes(4)
      let steps = Contributions.stock(stock, unit: record, returns: try returns.read(unit, engine, [:]))
      sums.add(part.indicator, steps, negated: false)
      // What is expected was counted with the units.
      sums.add(part.indicator, Contributions.stock(stock, unit: record, returns: []), negated: true)
    }
  }

  /// What the first return of a unit adds: a step up, and one down when the unit closes.
  struct First {
    private let number: Int
    private let counts: Bool
    private let expected: Int64
    private let opened: Int32
    private let closed: Int32?

    init(_ stock: Indicator.Stock, _ unit: UnitRecord?, _ number: Int) {
      self.number = number
      opened = unit?.opened?.first.number ?? Contributions.always
      closed = unit?.closed?.last.number
      let isExpected = unit.map { stock.expectedSorts.contains($0.sort) } ?? false
      expected = isExpected ? 0 : 1
      let isExcluded = unit.map { stock.excludedSorts.contains($0.sort) } ?? false
      let isEverOpen = (closed ?? Int32.max) > opened
      counts = !isExcluded && isEverOpen
    }

    func add(
      _ indicator: String, federation: UnsafeBufferPointer<UInt8>, axis: UnsafeBufferPointer<UInt8>, date: [UInt8],
      value: Int64?, into sums: inout TotalsAccumulator
    ) {
      guard counts, let value, let day = DayRange(date: date)?.last.number else { return }
      let from = max(day, opened)
      if let closed, from >= closed { return }
      let step = TotalDelta(amount: value, reported: 1, expected: expected)
      sums.add(number, indicator, federation: federation, slot: axis, day: from, step)
      if let closed { sums.add(number, indicator, federation: federation, slot: axis, day: closed, -step) }
    }
  }
}

extension TotalsPlan.Part {
  /// True when the unit has a return already.
  func hasReturns(_ unit: [UInt8], _ engine: Engine) throws -> Bool { try returns?.exists(unit, engine) ?? true }

  /// Sums the first return of a unit.
  ///
  /// - Returns: false when it is not of the form that this can tell.
  func addFirst(
    _ unit: [UInt8], _ key: RecordKey, federation: [UInt8], value: (Int) -> Int64?, _ engine: Engine,
    into sums: inout TotalsAccumulator
  ) throws -> Bool {
    guard let stock, let returns else { return false }
    let rest = key.bytes.dropFirst(unit.count + 1)
    guard let separator = rest.firstIndex(of: RecordKey.separator) else { return false }
    let first = TotalsPlan.First(stock, try units.read(unit, engine, [:]), number)
    let value = value(returns.value)
    if value == nil, returns.mayWithhold { return false }
    federation.withUnsafeBufferPointer { federation in
      rest[(separator + 1)...].withUnsafeBufferPointer { axis in
        first.add(
          indicator, federation: federation, axis: axis, date: Array(rest[..<separator]), value: value, into: &sums)
      }
    }
    return true
  }
}
