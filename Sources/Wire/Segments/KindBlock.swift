import Limits
import SyncCore

/// Changes of one kind, column by column, in the form in which they are sealed, sent and absorbed.
///
/// Readable without a catalog: every column holds its field, its register and the type of each value.
public struct KindBlock: Equatable, Sendable {
  public let kind: KindID
  /// One column of texts for each column of the key.
  public private(set) var keys: [TextColumn]
  /// `Change.Operation` of each change.
  public private(set) var operations: [UInt8] = []
  /// The wall time that the trigger recorded, in milliseconds since 1970.
  public private(set) var captured: [Int64] = []
  /// The stamped time, in milliseconds since 1970.
  public private(set) var times: [Int64] = []
  /// 1 where the author's catalog did not allow a value.
  public private(set) var flags: [UInt8] = []
  public private(set) var columns: [FieldColumn] = []

  public init(kind: KindID, keyColumns: Int) {
    self.kind = kind
    keys = Array(repeating: TextColumn(), count: keyColumns)
  }

  public var count: Int { operations.count }

  // MARK: Building

  /// Begins a change. Its key columns and values are to follow; keys in ascending order make the block small.
  public mutating func begin(_ operation: Change.Operation, captured: Int64, time: Int64, isFlagged: Bool) {
    operations.append(operation.rawValue)
    self.captured.append(captured)
    times.append(time)
    flags.append(isFlagged ? 1 : 0)
  }

  /// Adds the next key column of the change that was begun last.
  public mutating func appendKey(column: Int, _ text: ArraySlice<UInt8>) {
    guard keys.indices.contains(column) else { return }
    keys[column].append(text)
  }

  /// The place among `columns` of a field, which is added when it is new.
  public mutating func column(field: FieldID, register: RegisterID) -> Int {
    if let known = columns.firstIndex(where: { $0.field == field && $0.register == register }) { return known }
    columns.append(FieldColumn(field: field, register: register))
    return columns.count - 1
  }

  public mutating func appendNull(to column: Int) {
    columns[column].pad(to: count - 1)
    columns[column].appendNull()
  }

  public mutating func append(_ integer: Int64, to column: Int) {
    columns[column].pad(to: count - 1)
    columns[column].append(integer)
  }

  public mutating func append(text: [UInt8], to column: Int) {
    columns[column].pad(to: count - 1)
    columns[column].append(text)
  }

  public mutating func append(elements: [(text: [UInt8], present: Bool)], to column: Int) {
    columns[column].pad(to: count - 1)
    columns[column].append(elements: elements)
  }

  // MARK: Bytes

  func encode(into writer: inout ByteWriter) {
    writer.id(kind)
    writer.count(count)
    writer.count(keys.count)
    for column in keys { column.encodeShared(into: &writer) }
    Runs.encode(operations.map(UInt64.init), into: &writer)
    var previous: Int64 = 0
    for time in captured {
      writer.zigzag(time &- previous)
      previous = time
    }
    let shifts = zip(times, captured).map { UInt64(bitPattern: $0 &- $1) }
    Runs.encode(shifts, into: &writer)
    Runs.encode(flags.map(UInt64.init), into: &writer)
    writer.count(columns.count)
    for var column in columns {
      column.pad(to: count)
      column.encode(into: &writer)
    }
  }

  static func decode(_ reader: inout ByteReader, budget: inout BlockBudget) throws(WireError) -> KindBlock {
    let kind: KindID = try reader.id(of: "kinds")
    let count = try reader.count(limit: budget.changes, of: "changes")
    let keyColumns = try reader.count(limit: WireLimits.keyColumns, of: "key columns")
    guard count > 0, keyColumns > 0 else { throw reader.error(.malformed, "a kind without changes or without a key") }
    var block = KindBlock(kind: kind, keyColumns: keyColumns)
    for column in 0..<keyColumns {
      let left = budget.contentBytes - block.contentBytes
      block.keys[column] = try TextColumn.decodeShared(
        &reader, count: count, textLimit: WireLimits.keyBytes, totalLimit: left)
    }
    block.operations = try Runs.decode(&reader, count: count, limit: UInt64(Change.Operation.edit.rawValue))
      .map(UInt8.init)
    var previous: Int64 = 0
    for _ in 0..<count {
      previous = previous &+ (try reader.zigzag())
      block.captured.append(previous)
    }
    let shifts = try Runs.decode(&reader, count: count, limit: .max)
    block.times = zip(block.captured, shifts).map { $0 &+ Int64(bitPattern: $1) }
    block.flags = try Runs.decode(&reader, count: count, limit: 1).map(UInt8.init)
    for _ in 0..<(try reader.count(limit: WireLimits.columnsPerKind, of: "columns")) {
      let left = budget.elements - block.elementCount
      block.columns.append(try FieldColumn.decode(&reader, changes: count, elements: left))
    }
    try budget.spend(block, operation: reader.operation)
    return block
  }
}

extension KindBlock {
  /// Reads changes one after the other, with the place of each in every column.
  public struct Cursor {
    /// For each column how many integers, texts and sets were passed.
    public private(set) var integers: [Int]
    public private(set) var texts: [Int]
    public private(set) var sets: [Int]
    public private(set) var elements: [Int]

    public init(_ block: KindBlock) {
      integers = Array(repeating: 0, count: block.columns.count)
      texts = integers
      sets = integers
      elements = integers
    }

    /// Moves past the change at `place`.
    public mutating func pass(_ place: Int, of block: KindBlock) {
      for column in block.columns.indices {
        switch block.columns[column].state(place) {
        case .integer: integers[column] += 1
        case .text: texts[column] += 1
        case .elements:
          elements[column] += block.columns[column].elementCounts[sets[column]]
          sets[column] += 1
        case .absent, .null: break
        }
      }
    }
  }

  /// The key of the change at a place.
  public func key(_ place: Int) -> RecordKey {
    var bytes: [UInt8] = []
    for (index, column) in keys.enumerated() {
      if index > 0 { bytes.append(RecordKey.separator) }
      bytes.append(contentsOf: column[place])
    }
    return RecordKey(bytes: bytes)
  }

  /// The change at a place, with a cursor at that place.
  public func change(_ place: Int, at cursor: Cursor) -> Change {
    let operation = Change.Operation(rawValue: operations[place]) ?? .edit
    var cells: [RegisterID: [Cell]] = [:]
    var registers: [RegisterContent] = []
    for (index, column) in columns.enumerated() {
      switch column.state(place) {
      case .null: cells[column.register, default: []].append(Cell(field: column.field, value: .null))
      case .integer:
        let value = Value.integer(column.integers[cursor.integers[index]])
        cells[column.register, default: []].append(Cell(field: column.field, value: value))
      case .text:
        let value = Value.text(Array(column.texts[cursor.texts[index]]))
        cells[column.register, default: []].append(Cell(field: column.field, value: value))
      case .elements:
        let first = cursor.elements[index]
        for element in first..<(first + column.elementCounts[cursor.sets[index]]) {
          registers.append(
            RegisterContent(
              RegisterKey(column.register, element: Array(column.elements[element])),
              .element(of: column.field, present: column.elementFlags[element] == 1)))
        }
      case .absent: break
      }
    }
    for (register, cells) in cells { registers.append(RegisterContent(RegisterKey(register), Content(cells))) }
    registers.sort { $0.key < $1.key }
    return Change(
      kind: kind, key: key(place), operation: operation, registers: operation == .deletion ? [] : registers,
      captured: captured[place], time: times[place], isFlagged: flags[place] == 1)
  }

  /// Every change in order.
  public var changes: [Change] {
    var cursor = Cursor(self)
    return (0..<count).map { place in
      defer { cursor.pass(place, of: self) }
      return change(place, at: cursor)
    }
  }

  /// Appends a change of this kind.
  ///
  /// - Parameter nullable: the fields of each register named by the change, so that empty ones travel as NULL.
  public mutating func append(_ change: Change, fields nullable: (RegisterKey) -> [FieldID]) {
    begin(change.operation, captured: change.captured, time: change.time, isFlagged: change.isFlagged)
    for (index, column) in change.key.columns.enumerated() { appendKey(column: index, column[...]) }
    var sets: [RegisterID: [(text: [UInt8], present: Bool)]] = [:]
    for register in change.registers {
      if let element = register.key.element {
        sets[register.key.id, default: []].append((element, !register.content.isEmpty))
        continue
      }
      let fields = Set(nullable(register.key)).union(register.content.cells.map(\.field)).sorted()
      for field in fields {
        let column = column(field: field, register: register.key.id)
        switch register.content[field] {
        case .null: appendNull(to: column)
        case .integer(let number): append(number, to: column)
        case .text(let bytes): append(text: bytes, to: column)
        }
      }
    }
    for (register, elements) in sets.sorted(by: { $0.key < $1.key }) {
      append(elements: elements, to: column(field: FieldID(aloneIn: register), register: register))
    }
  }
}
