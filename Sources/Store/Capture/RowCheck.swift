import SyncCore

/// A row that was changed behind the triggers' back: written by a program that had switched them off, or while they were
/// missing.
public struct RowDifference: Sendable, Equatable {
  public enum Sort: String, Sendable {
    case inserted, edited, deleted

    /// What the person wanted to do.
    var operation: RefusedView.Operation {
      switch self {
      case .inserted: .insert
      case .edited: .edit
      case .deleted: .delete
      }
    }
  }

  public struct Field: Sendable, Equatable {
    public var name: String
    /// The value by the log, and the value in the row.
    public var old: Value
    public var new: Value

    /// Fields as people read them.
    static func shown(_ fields: [Field], _ table: KindTable, from old: ShownRow?, to new: ShownRow?) -> [Field] {
      let (before, after) = (table.amounts(old), table.amounts(new))
      return fields.map {
        Field(name: $0.name, old: before.shown($0.old, of: $0.name), new: after.shown($0.new, of: $0.name))
      }
    }
  }

  public var kind: String
  /// The key as people write it.
  public var key: String
  public var sort: Sort
  /// Fields that differ; of an inserted or a deleted row those that are not empty.
  public var fields: [Field]
  /// Why it was put back instead of captured, such as a field that is set once; nil where it can be captured.
  public var refusal: String?

  /// Whether a record or a value is gone.
  var removes: Bool { sort == .deleted || fields.contains { $0.new.isNull && !$0.old.isNull } }
}

/// Compares rows with what the log says they show, minus what triggers noted since.
///
/// Heads alone cannot tell: most rely on the row for their values. So records are folded again from the log, a batch of
/// keys at a time.
struct RowCheck {
  /// How many keys one batch looks at.
  static let batchLimit = 8192

  private let transaction: Transaction
  private let table: KindTable
  private let captured: [RecordKey: CapturedEdits]

  /// - Parameter table: of a kind that is shared.
  init(_ transaction: Transaction, _ table: KindTable) throws {
    self.transaction = transaction
    self.table = table
    captured = try transaction.capture.edits(of: table, after: transaction.held.edits(of: table.kind.id))
  }

  /// What becomes of what is found.
  enum Taking {
    /// It is reported alone.
    case none
    /// A person has to confirm it.
    case held
    /// What was typed is captured, as into a table that a tool built anew; a person has to confirm what is gone.
    case typed
    /// It is captured as if a trigger had.
    case captured
  }

  /// What a batch found.
  struct Batch {
    var records = 0
    /// Records of which the log no longer holds enough to tell.
    var unknown = 0
    var differences: [RowDifference] = []
    /// Where the next batch begins; nil after the last.
    var last: RecordKey?
  }

  /// Looks at the records after a key.
  ///
  /// - Parameter taking: what becomes of differences; those that may not be made are put back unless they are reported
  ///   alone. Within a write transaction.
  func batch(after last: RecordKey?, taking: Taking) throws -> Batch {
    let limit = Self.batchLimit
    var known = try transaction.heads.keys(of: table.kind.id, after: last, limit: limit)
    var rows = try transaction.rows.rows(table, after: last, limit: limit)
    // Beyond the nearer end of two full lists nothing can be said yet.
    let ends = [known.count == limit ? known.last : nil, rows.count == limit ? rows.last?.key : nil].compactMap { $0 }
    let end = ends.min()
    if let end {
      known = known.filter { $0 <= end }
      rows = rows.filter { $0.key <= end }
    }
    let actual = Dictionary(rows.map { ($0.key, $0.row) }) { $1 }
    // From the log alone: what heads hold by themselves may have been taken from a row that was changed already.
    let folded = try transaction.records.foldLog(table, Set(known))
    var batch = Batch()
    batch.last = end
    for key in Set(known + rows.map(\.key)).sorted() {
      batch.records += 1
      let stored = try transaction.records.slots(table.kind.id, key)
      guard let slots = whole(stored, folded[key] ?? []) else {
        batch.unknown += 1
        continue
      }
      let expected = try transaction.records.shownRow(table, key, slots)
      let found = Finding(table, key, row: actual[key], expected: expected, captured: captured[key])
      let taint = CaptureTaint(table, stored: stored, logged: slots, row: actual[key], transaction.directory)
      if let taint {
        let isCaptured = captured[key] != nil || found != nil
        if taking != .none { try taint.correct(table, key, slots, isCaptured: isCaptured, transaction) }
        batch.differences.append(taint.difference(table, key))
      }
      guard var finding = found else { continue }
      if taking != .none {
        let waits = taking == .held || taking == .typed && finding.difference.removes
        try finding.capture(slots, transaction, waits: waits, isCaptured: captured[key] != nil)
      }
      batch.differences.append(finding.difference)
    }
    return batch
  }

  /// A record as it was sealed last; nil where neither the log nor the heads by themselves tell its values.
  private func whole(_ stored: [RecordSlot], _ folded: [RecordSlot]) -> [RecordSlot]? {
    var slots: [RecordSlot] = []
    for slot in stored {
      if var told = folded.first(where: { $0.channel == slot.channel }), told.state.edits == slot.state.edits,
        Set(told.state.deletions.map(\.clock)) == Set(slot.state.deletions.map(\.clock))
      {
        told.stored = slot.stored
        slots.append(told)
      } else if let bytes = slot.stored, StateCodec.form(of: bytes) == .full {
        slots.append(slot)
      } else {
        return nil
      }
    }
    return slots
  }
}

/// One record whose row is not what it should be.
private struct Finding {
  private let table: KindTable
  private let key: RecordKey
  private let row: ShownRow?
  private let expected: ShownRow?
  /// Registers that differ, one bit each; -1 and 0 as triggers note an insertion and a deletion.
  private var mask: Int64
  private(set) var difference: RowDifference

  /// Nil when the row is as it should be.
  init?(_ table: KindTable, _ key: RecordKey, row: ShownRow?, expected: ShownRow?, captured: CapturedEdits?) {
    self.table = table
    self.key = key
    self.row = row
    self.expected = expected
    difference = RowDifference(kind: table.kind.name, key: key.display, sort: .edited, fields: [], refusal: nil)
    // A captured insertion is sealed by comparing the whole row with what was sealed before.
    if captured?.insertedAt != nil { return nil }
    if captured?.deletion != nil {
      guard row != nil else { return nil }
      mask = -1
    } else {
      switch (row, expected) {
      case (nil, nil): return nil
      case (nil, .some): mask = 0
      case (.some, nil): mask = -1
      case (.some(let row), .some(let expected)):
        mask = Self.differing(table, row, expected) & ~(captured?.edited ?? 0)
        guard mask != 0 || row.federation != expected.federation else { return nil }
        if mask == 0 { difference.refusal = Self.federationIsFixed(table) }
      }
    }
    describe()
  }

  private static func differing(_ table: KindTable, _ row: ShownRow, _ expected: ShownRow) -> Int64 {
    let typed = table.contents(of: row)
    let shown = table.contents(of: expected)
    let keys = Set(typed.keys).union(shown.keys)
    return keys.reduce(0) { mask, key in
      (typed[key] ?? .empty) == (shown[key] ?? .empty) ? mask : mask | key.id.bit
    }
  }

  private mutating func describe() {
    switch mask {
    case -1:
      difference.sort = .inserted
      difference.fields = fields { !$0.new.isNull }
    case 0 where row == nil:
      difference.sort = .deleted
      difference.fields = fields { !$0.old.isNull }
      if table.kind.appendOnly {
        difference.refusal = "\(table.kind.name) is written once: its records are not deleted"
      }
    default:
      difference.fields = fields { $0.old != $0.new }
      if let row, let expected, row.federation != expected.federation {
        difference.fields.insert(
          RowDifference.Field(name: "federation", old: .text(expected.federation), new: .text(row.federation)),
          at: 0)
      }
      if let words = refusal { difference.refusal = words }
    }
    difference.fields = RowDifference.Field.shown(difference.fields, table, from: expected, to: row)
  }

  private func fields(_ isWanted: (RowDifference.Field) -> Bool) -> [RowDifference.Field] {
    table.fields.indices.map { index in
      let old = mask == -1 ? Value.null : expected?.values[index] ?? .null
      return RowDifference.Field(name: table.fields[index].name, old: old, new: row?.values[index] ?? .null)
    }.filter(isWanted)
  }

  // MARK: What triggers would have refused

  private static func federationIsFixed(_ table: KindTable) -> String { "\(table.kind.name).federation is set once" }

  private var refusal: String? {
    if table.kind.appendOnly { return "\(table.kind.name) is written once: enter a new record beside the old one" }
    if row?.federation != expected?.federation { return Self.federationIsFixed(table) }
    let names = frozen.map { "\(table.kind.name).\($0.name)" }
    return names.isEmpty ? nil : "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") set once"
  }

  /// Fields that were set already and now read otherwise.
  private var frozen: [Field] {
    guard let row, let expected else { return [] }
    return table.registers.filter { $0.rule == .frozen && mask & ($0.id.bit) != 0 }.flatMap(\.fields).filter {
      guard let index = table.fieldIndex(id: $0.id) else { return false }
      return !expected.values[index].isNull && expected.values[index] != row.values[index]
    }
  }

  // MARK: Capturing

  /// Captures the difference as triggers would have, and puts back what they would have refused.
  ///
  /// - Parameters:
  ///   - waits: whether a person has to confirm the difference.
  ///   - isCaptured: whether other edits of the record were captured.
  mutating func capture(
    _ slots: [RecordSlot], _ transaction: Transaction, waits: Bool, isCaptured: Bool
  ) throws {
    if let refusal = difference.refusal {
      try refuse(refusal, transaction.inbox)
      try restore(slots, transaction)
    }
    guard mask == -1 || mask == 0 && row == nil && difference.refusal == nil || mask > 0 else { return }
    // The heads may rely on the row for their values, which is not what it was; and so may what was written since.
    for slot in slots { try transaction.heads.saveFull(slot, kind: table.kind.id, key: key) }
    guard waits else { return try transaction.capture.add(mask: mask, table, key) }
    // All edits of a record wait together: they are sealed by comparing the row as a whole.
    let steps = isCaptured ? try transaction.capture.removeEdits(table, key) : []
    try transaction.heldRows.hold(
      steps + [CapturedStep(sequence: 0, mask: mask, at: SystemClock.now())],
      of: RecordName(kind: table.kind.id, key: key), because: .unnoticed)
  }

  private func refuse(_ reason: String, _ inbox: EditInbox) throws {
    var record: [(String, Value)] = []
    if let row = row ?? expected {
      record = [("federation", .text(row.federation))] + zip(table.fields.map(\.name), row.values)
    }
    try inbox.addRefused(
      RefusedView(
        at: SystemClock.now(), kind: difference.kind, key: difference.key, operation: difference.sort.operation,
        record: RefusedView.json(record, table.kind), reason: reason))
  }

  private mutating func restore(_ slots: [RecordSlot], _ transaction: Transaction) throws {
    guard let row, let expected, !table.kind.appendOnly else {
      mask = 0
      try transaction.records.show(table, key, slots)
      return
    }
    var whole = ShownRow(federation: expected.federation, values: row.values)
    for field in frozen {
      mask &= ~RegisterID(of: field.id).bit
      if let index = table.fieldIndex(id: field.id) { whole.values[index] = expected.values[index] }
    }
    try transaction.rows.write(whole, table, key)
  }
}
