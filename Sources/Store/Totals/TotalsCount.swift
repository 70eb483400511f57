import Consolidation
import SyncCore

/// Counting many units at once.
extension TotalsPlan {
  /// Counts everything again: every unit and every return once, in the order of their tables.
  func countAll(_ transaction: Transaction, into sums: inout TotalsAccumulator) throws {
    for part in parts {
      guard let stock = part.stock, let returns = part.returns else {
        try countUnits(part, transaction, into: &sums)
        continue
      }
      try countExpected(part, stock, transaction, into: &sums)
      try countReturns(part, stock, returns, transaction, into: &sums)
    }
  }

  private func eachUnitRecord(_ part: Part, _ transaction: Transaction, _ body: (UnitRecord) throws -> Void) throws {
    let statement = try transaction.connection.prepared(part.units.selectAll)
    defer { statement.reset() }
    while try statement.step() { try body(part.units.record(statement)) }
  }

  private func countUnits(_ part: Part, _ transaction: Transaction, into sums: inout TotalsAccumulator) throws {
    try eachUnitRecord(part, transaction) { record in
      sums.add(part.indicator, Contributions.openUnits(record), negated: false)
    }
  }

  private func countExpected(
    _ part: Part, _ stock: Indicator.Stock, _ transaction: Transaction, into sums: inout TotalsAccumulator
  ) throws {
    try eachUnitRecord(part, transaction) { record in
      guard stock.expectedSorts.contains(record.sort) else { return }
      sums.add(
        part.indicator,
        Contributions.stock(stock, unit: record, code: "", returns: [], headquarters: part.headquarters), negated: false
      )
    }
  }

  /// Most units have one return, which is summed from its bytes.
  private func countReturns(
    _ part: Part, _ stock: Indicator.Stock, _ returns: ReturnReader, _ transaction: Transaction,
    into sums: inout TotalsAccumulator
  ) throws {
    let statement = try transaction.connection.prepared(returns.selectUnits)
    defer { statement.reset() }
    while try statement.step() {
      let record = statement.isNull(0) ? nil : part.units.record(statement)
      let code = record == nil ? statement.string(4) : ""
      let terms = ReturnTerms(stock, unit: record, code: code, headquarters: part.headquarters)
      if statement.int64(5) == 1, statement.withBytes(6, terms.isPlain), !statement.isNull(9) || !returns.mayWithhold {
        let value: Int64? = statement.isNull(9) ? nil : statement.int64(9)
        statement.withBytes(6) { federation in
          statement.withBytes(7) { axis in
            statement.withBytes(8) { date in
              part.add(value, on: terms, federation: federation, axis: axis, date: Array(date), to: &sums)
            }
          }
        }
        continue
      }
      let unit = statement.bytes(4)
      let steps = Contributions.stock(
        stock, unit: record, code: code, returns: try returns.read(unit, transaction, [:]),
        headquarters: part.headquarters)
      sums.add(part.indicator, steps, negated: false)
      // What is expected was counted with the units.
      sums.add(
        part.indicator,
        Contributions.stock(stock, unit: record, code: "", returns: [], headquarters: part.headquarters),
        negated: true)
    }
  }
}

extension TotalsPlan.Part {
  /// True when the unit has a return already.
  func hasReturns(_ unit: [UInt8], _ transaction: Transaction) throws -> Bool {
    try returns?.exists(unit, transaction) ?? true
  }

  /// Sums the first return of a unit.
  ///
  /// - Returns: false when the return has a form that this shortcut does not handle.
  func addFirst(
    _ unit: [UInt8], _ key: RecordKey, federation: [UInt8], value: (Int) -> Int64?, _ transaction: Transaction,
    into sums: inout TotalsAccumulator
  ) throws -> Bool {
    guard let returns else { return false }
    let rest = key.bytes.dropFirst(unit.count + 1)
    guard let separator = rest.firstIndex(of: RecordKey.separator) else { return false }
    guard let terms = try terms(of: unit, transaction), terms.isPlain(federation) else { return false }
    let value = value(returns.value)
    if value == nil, returns.mayWithhold { return false }
    federation.withUnsafeBufferPointer { federation in
      rest[(separator + 1)...].withUnsafeBufferPointer { axis in
        add(value, on: terms, federation: federation, axis: axis, date: Array(rest[..<separator]), to: &sums)
      }
    }
    return true
  }

  /// Sums a later return of a unit: it takes the place of the latest, the common case of every quarter.
  ///
  /// - Returns: false when the return, or one before it, has a form that this shortcut does not handle.
  func addLater(
    _ unit: [UInt8], _ key: RecordKey, federation: [UInt8], value: (Int) -> Int64?, _ transaction: Transaction,
    into sums: inout TotalsAccumulator
  ) throws -> Bool {
    let columns = key.columns
    guard let returns, columns.count == 3, columns[1].count == 10, let value = value(returns.value),
      let last = try returns.latest(unit, axis: columns[2], of: federation, transaction),
      last.date.lexicographicallyPrecedes(columns[1]), let day = DayRange(date: columns[1])?.last.number,
      let before = DayRange(date: last.date)?.last.number
    else { return false }
    guard let terms = try terms(of: unit, transaction), terms.isPlain(federation) else { return false }
    func add(_ vintage: Int32, _ day: Int32, _ delta: TotalDelta) {
      federation.withUnsafeBufferPointer { federation in
        columns[2].withUnsafeBufferPointer { axis in
          sums.add(number, indicator, federation: federation, slot: axis, vintage: vintage, day: day, delta)
        }
      }
    }
    guard let from = terms.effectiveDay(of: day) else { return true }
    for step in terms.stepsOfOnly(day: day, value: value) { add(day, step.day, step.delta) }
    // What stood until now goes when the new one comes, and not when the unit closes.
    for step in terms.stepsOfOnly(day: before, value: last.value) {
      if step.delta.reported > 0 { add(before, from, -step.delta) } else { add(before, step.day, -step.delta) }
    }
    return true
  }

  /// Sums a unit's only return from its bytes.
  fileprivate func add(
    _ value: Int64?, on terms: ReturnTerms, federation: UnsafeBufferPointer<UInt8>, axis: UnsafeBufferPointer<UInt8>,
    date: [UInt8], to sums: inout TotalsAccumulator
  ) {
    guard let value, let day = DayRange(date: date)?.last.number else { return }
    for step in terms.stepsOfOnly(day: day, value: value) {
      sums.add(
        number, indicator, federation: federation, slot: axis, vintage: day, day: step.day, step.delta)
    }
  }
}
