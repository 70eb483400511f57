import Consolidation
import SyncCore

/// Keeps totals exact in the transaction that changes records.
///
/// The first time that a transaction is about to change something of a unit, what the unit adds to totals is taken away;
/// at the end what it adds then is put back. So nothing depends on which records changed, in which order or how often.
///
/// Totals are of what is sealed. A clerk's row is written before it is sealed, so sealing first tells which records were
/// captured, and those are read as they were sealed last.
final class TotalsTracker {
  /// Beyond so many records edited locally, counting everything again is quicker than reading each from the log.
  private static let foldLimit = 64
  /// Beyond so many captured edits, counting everything again is quicker than looking at each.
  private static let captureLimit = 4096

  private unowned let transaction: Transaction
  private let plan: TotalsPlan
  private var touched: Set<[UInt8]> = []
  private var sums = TotalsAccumulator()
  /// Set when totals are to be counted again as a whole at the end.
  private(set) var recounts = false
  private var countsNow = false
  private var isBulk = false

  /// Rows of one unit as they were sealed last, by kind and key; nil for a record that was not.
  typealias SealedRows = [KindID: [RecordKey: ShownRow?]]

  init(_ transaction: Transaction) {
    self.transaction = transaction
    plan = TotalsPlan(transaction)
  }

  /// To be called before a row of the table is changed by the engine.
  func touch(_ table: KindTable, _ key: RecordKey) throws {
    guard !recounts, let unit = plan.unit(of: table, key), touched.insert(unit).inserted else { return }
    try add(unit, negated: true, sealed: [:])
  }

  /// To be called before a record is inserted that nobody knew, the common case of a first sync: the first return of a
  /// unit adds a step and moves no other, and a later one takes the place of the latest, so they are summed at once.
  func touchFresh(_ table: KindTable, _ key: RecordKey, federation: [UInt8], value: (Int) -> Int64?) throws {
    guard !recounts, let unit = plan.unit(of: table, key), !touched.contains(unit) else { return }
    if let part = plan.part(ofReturns: table) {
      let isDone =
        try part.hasReturns(unit, transaction)
        ? part.addLater(unit, key, federation: federation, value: value, transaction, into: &sums)
        : part.addFirst(unit, key, federation: federation, value: value, transaction, into: &sums)
      if isDone { return }
    }
    try touch(table, key)
  }

  /// To be called before captured edits are sealed, with all of them.
  func prepare(_ log: CaptureLog, isComplete: Bool) throws {
    guard isComplete, log.entries.count <= Self.captureLimit else {
      recounts = true
      isBulk = true
      return
    }
    var sealed: [[UInt8]: SealedRows] = [:]
    var known: [KindID: Set<RecordKey>] = [:]
    var folds = 0
    for run in log.records {
      let entry = log.entries[run.lowerBound]
      guard let table = transaction.table(entry.kind) else { continue }
      let key = log.key(entry)
      guard let unit = plan.unit(of: table, key) else { continue }
      if try transaction.heads.contains(entry.kind, key) {
        folds += 1
        if folds > Self.foldLimit { return recounts = true }
        known[entry.kind, default: []].insert(key)
      } else {
        sealed[unit, default: [:]][entry.kind, default: [:]].updateValue(nil, forKey: key)
      }
    }
    for (kind, keys) in known {
      guard let table = transaction.table(kind) else { continue }
      for (key, slots) in try transaction.records.fold(table, keys) {
        guard let unit = plan.unit(of: table, key) else { continue }
        sealed[unit, default: [:]][kind, default: [:]].updateValue(
          try transaction.records.shownRow(table, key, slots), forKey: key)
      }
    }
    for (unit, rows) in sealed where touched.insert(unit).inserted { try add(unit, negated: true, sealed: rows) }
  }

  /// Counts everything again at the end of the transaction.
  func countAgain() { recounts = true }

  /// Counts everything again at the end of the transaction, at a federation as well. Everything captured has to be sealed.
  func countNow() {
    recounts = true
    countsNow = true
  }

  /// Puts back what touched units add now, and writes the difference.
  func finish() throws {
    if isBulk && !countsNow && !transaction.identity.role.isHeadquarters {
      // Headquarters' totals are exact in every transaction. After a bulk of its own edits, which is sealed in parts, a
      // federation's are counted when somebody asks for them.
      try transaction.meta.set(.staleTotals, .integer(1))
      sums = TotalsAccumulator()
    } else if recounts {
      try transaction.meta.set(.staleTotals, .integer(0))
      try transaction.totals.deleteAll()
      sums = TotalsAccumulator()
      try plan.countAll(transaction, into: &sums)
    } else {
      for unit in touched { try add(unit, negated: false, sealed: [:]) }
    }
    touched = []
    recounts = false
    isBulk = false
    for (slot, delta) in sums.drain() { try transaction.totals.add(delta, to: slot) }
  }

  private func add(_ unit: [UInt8], negated: Bool, sealed: SealedRows) throws {
    for part in plan.parts {
      sums.add(part.indicator, try part.contributions(of: unit, transaction, sealed), negated: negated)
    }
  }
}
