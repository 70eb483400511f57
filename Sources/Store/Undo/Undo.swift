import Limits
import SyncCore

/// Reverses a batch of this node's own edits by ordinary edits.
///
/// Within a write transaction in which everything captured is sealed.
struct Undo {
  private let transaction: Transaction
  private let edits: OwnEdits
  /// The rows that were written, before and after.
  private(set) var moves: [Move] = []

  struct Move {
    var name: RecordName
    var from: ShownRow?
    var to: ShownRow?
  }
  private(set) var report: UndoReport

  init(_ transaction: Transaction, _ edits: OwnEdits, _ report: UndoReport) {
    self.transaction = transaction
    self.edits = edits
    self.report = report
    self.report.edits += edits.count
  }

  mutating func run() throws {
    for (kind, records) in edits.records.sorted(by: { $0.key < $1.key }) {
      guard let table = transaction.table(kind) else { continue }
      let keys = records.keys.sorted()
      var start = 0
      while start < keys.count {
        let page = keys[start..<min(keys.count, start + StoreLimits.recordsPerFold)]
        start = page.endIndex
        try run(table, Set(page), records)
      }
    }
  }

  private mutating func run(
    _ table: KindTable, _ keys: Set<RecordKey>, _ records: [RecordKey: [ChannelNumber: OwnEdits.Edits]]
  ) throws {
    let before = try transaction.records.foldLog(table, keys) { logged in
      !(records[logged.change.key]?.values.contains { $0.isOrBefore(logged) } ?? false)
    }
    // Where older parts of the log are not kept, what was there before may not be known.
    let whole = transaction.log.pruned.isEmpty ? nil : try transaction.records.foldLog(table, keys)
    for key in keys.sorted() {
      for (channel, edits) in (records[key] ?? [:]).sorted(by: { $0.key < $1.key }) {
        try undo(table, key, channel, edits, before[key]?[channel] ?? RecordState(), whole: whole.map { $0[key] ?? [] })
      }
    }
  }

  private mutating func undo(
    _ table: KindTable, _ key: RecordKey, _ channel: ChannelNumber, _ edits: OwnEdits.Edits, _ before: RecordState,
    whole: [RecordSlot]?
  ) throws {
    let slots = try transaction.records.slots(table, key)
    guard let now = slots[channel], let name = transaction.directory.channel(channel) else { return }
    var touched = edits.registers
    if edits.isWhole {
      touched.formUnion(now.knownRegisters + before.knownRegisters)
      touched.formUnion(table.registers.filter { !$0.isSet }.map { RegisterKey($0.id) })
    }
    let reversal = try Reversal(
      now: now, before: before, touched: touched, table.shape, facts: transaction.facts
    ) { edits.clocks.contains($0) }
    let others = authors(of: reversal.later)
    if !others.isEmpty { leave(table, key, "\(others) edited it later") }
    guard reversal.operation != .nothing else { return }
    if let whole {
      let known = whole[channel]
      guard known?.edits == now.edits, known?.deletions == now.deletions else {
        return leave(table, key, "the log no longer holds what was there before")
      }
    }
    let shown = try transaction.records.shownSlot(slots, table.kind.deletion)
    if let reason = try hindrance(table, key, name, isHidden: shown.map { slots[$0].channel != channel } ?? false) {
      return leave(table, key, reason)
    }
    let old = try transaction.records.row(of: RecordSlot(channel: channel, state: before, stored: nil), table)
    try write(reversal.operation, table, key, old)
  }

  private func hindrance(
    _ table: KindTable, _ key: RecordKey, _ channel: Channel, isHidden: Bool
  ) throws -> String? {
    if isHidden { return "the record of another owner is shown under its key" }
    if table.kind.appendOnly { return "\(table.kind.name) is written once" }
    if !transaction.role.mayWrite(channel) { return "this node may not write it any more" }
    let name = RecordName(kind: table.kind.id, key: key)
    return try transaction.held.record(name) == nil ? nil : "an edit of it waits for you: see `birlik held`"
  }

  private mutating func write(
    _ operation: Reversal.Operation, _ table: KindTable, _ key: RecordKey, _ before: ShownRow?
  ) throws {
    let row = try transaction.rows.row(table, key)
    var new: ShownRow?
    switch operation {
    case .nothing: return
    case .delete: break
    case .insert: new = before
    case .edit(let registers):
      guard let row, let before else { return }
      let (frozen, free) = divide(registers, table)
      if !frozen.isEmpty { leave(table, key, "\(frozen.joined(separator: ", ")) is set once") }
      guard !free.isEmpty else { return }
      new = Self.row(row, with: free, of: before, table)
    }
    do {
      if let new {
        try transaction.rows.write(new, table, key)
      } else {
        try transaction.rows.delete(table, key)
      }
      report.undone.append(RowDifference(table, key, from: row, to: new))
      moves.append(Move(name: RecordName(kind: table.kind.id, key: key), from: row, to: new))
    } catch let error as StoreError where error.code == .invalid {
      leave(table, key, error.detail.replacing("CHECK constraint failed: ", with: ""))
    }
  }

  /// Divides registers into the fields of those that are set once, by name, and the others.
  private func divide(_ registers: [RegisterKey], _ table: KindTable) -> (frozen: [String], free: [RegisterKey]) {
    let isFrozen = { (key: RegisterKey) in table.register(key.id)?.rule == .frozen }
    let frozen = registers.filter(isFrozen).flatMap { table.register($0.id)?.fields ?? [] }
    return (frozen.map(\.name), registers.filter { !isFrozen($0) })
  }

  /// A row with the values of some registers as they were.
  private static func row(
    _ row: ShownRow, with registers: [RegisterKey], of before: ShownRow, _ table: KindTable
  ) -> ShownRow {
    var new = row
    let shown = table.contents(of: before)
    for key in registers {
      for field in table.register(key.id)?.fields ?? [] {
        guard let place = table.fieldIndex(id: field.id) else { continue }
        guard let element = key.element else {
          new.values[place] = before.values[place]
          continue
        }
        var elements = if case .text(let json) = new.values[place] { table.elements(json) } else { [[UInt8]]() }
        elements.removeAll { $0 == element }
        if !(shown[key] ?? .empty).isEmpty { elements.append(element) }
        new.values[place] = elements.isEmpty ? .null : .text(TextSet(elements).json)
      }
    }
    return new
  }

  private mutating func leave(_ table: KindTable, _ key: RecordKey, _ reason: String) {
    report.left.append(UndoReport.Left(kind: table.kind.name, key: key.display, reason: reason))
  }

  private func authors(of clocks: Set<Clock>) -> String {
    let nodes = clocks.compactMap { transaction.log.streams.stream($0.stream)?.origin.node }
    return Set(nodes.map { transaction.directory.isOwn($0) ? "this node" : transaction.directory.name(of: $0) })
      .sorted()
      .joined(separator: " and ")
  }
}
