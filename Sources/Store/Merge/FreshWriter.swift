import SyncCore
import Wire

/// Writes insertions of records that nobody knew straight from a block's columns: the hot path of a first sync.
final class FreshWriter {
  private let transaction: Transaction
  private let merger: Merger
  private let table: KindTable
  private let block: KindBlock
  private let owner: [UInt8]
  private let insert: Prepared
  private var keyCheck: KeyCheck
  /// For each field of the table the column that holds it, or -1.
  private let columnOfField: [Int]
  /// For each text column, whether the catalog allows each distinct text.
  private let properTexts: [[Bool]]

  /// Nil when the block does not fit the table as the catalog describes it.
  init?(
    _ table: KindTable, _ block: KindBlock, owner: String, _ transaction: Transaction, _ merger: Merger
  ) throws {
    guard table.isShared, block.keys.count == table.kind.key.count else { return nil }
    var places = Array(repeating: -1, count: table.fields.count)
    for (number, column) in block.columns.enumerated() {
      guard let field = table.fieldIndex(id: column.field), places[field] < 0,
        table.registers[table.registerOfField[field]].id == column.register
      else { return nil }
      places[field] = number
    }
    columnOfField = places
    var proper = Array(repeating: [Bool](), count: block.columns.count)
    for (field, number) in places.enumerated() where number >= 0 {
      let texts = block.columns[number].texts
      proper[number] = (0..<texts.distinctCount).map { index in
        table.problem(.text(Array(texts.bytes[texts.range(distinct: index)])), field: field) == nil
      }
    }
    properTexts = proper
    self.block = block
    self.table = table
    self.transaction = transaction
    self.merger = merger
    insert = try transaction.connection.prepared(table.insertRow)
    keyCheck = KeyCheck(table)
    self.owner = Array(owner.utf8)
  }

  /// Writes one change.
  ///
  /// - Returns: false, with nothing written, when it is no insertion, not of a new record, or needs a closer look.
  func write(_ place: Int, at cursor: KindBlock.Cursor, clock: Clock, channel: ChannelNumber) throws -> Bool {
    guard block.operations[place] == Change.Operation.insertion.rawValue, isProper(place, at: cursor) else {
      return false
    }
    let key = block.key(place)
    guard keyCheck.isProper(key), try merger.insertFresh(table, key, at: clock, in: channel) else {
      return false
    }
    try transaction.totalsTracker?.touchFresh(table, key, federation: owner) { field in
      let number = columnOfField[field]
      guard number >= 0, block.columns[number].states[place] == FieldColumn.State.integer.rawValue else { return nil }
      return block.columns[number].integers[cursor.integers[number]]
    }
    let statement = insert
    let keys = block.keys.count
    for column in 0..<keys { statement.bind(column + 1, text: block.keys[column][place]) }
    statement.bind(keys + 1, text: owner)
    for (field, number) in columnOfField.enumerated() {
      bind(statement, keys + 2 + field, number, place, cursor)
    }
    guard try statement.stepUnlessConstrained() else {
      // A row is there that no trigger captured. The closer look shows the record over it, and totals count it again.
      transaction.totalsTracker?.countAgain()
      try transaction.heads.delete(table.kind.id, key, channel: channel)
      return false
    }
    return true
  }

  private func isProper(_ place: Int, at cursor: KindBlock.Cursor) -> Bool {
    for (field, number) in columnOfField.enumerated() where number >= 0 {
      let column = block.columns[number]
      switch FieldColumn.State(rawValue: column.states[place]) {
      case .absent, .null, nil: continue
      case .integer:
        let value = column.integers[cursor.integers[number]]
        if !table.fields[field].type.isInteger || table.problem(.integer(value), field: field) != nil { return false }
      case .text:
        let index = column.texts.dictionaryIndex(cursor.texts[number])
        if table.fields[field].type == .set || !properTexts[number][index] { return false }
      case .elements:
        if table.fields[field].type != .set { return false }
        let first = cursor.elements[number]
        for element in first..<(first + column.elementCounts[cursor.sets[number]]) {
          if column.elementFlags[element] == 0 || column.elements[element].first == 0 { return false }
        }
      }
    }
    return true
  }

  private func bind(_ statement: Prepared, _ index: Int, _ number: Int, _ place: Int, _ cursor: KindBlock.Cursor) {
    guard number >= 0 else { return statement.bindNull(index) }
    let column = block.columns[number]
    switch FieldColumn.State(rawValue: column.states[place]) {
    case .absent, .null, nil: statement.bindNull(index)
    case .integer: statement.bind(index, column.integers[cursor.integers[number]])
    case .text: statement.bind(index, text: column.texts[cursor.texts[number]])
    case .elements:
      let first = cursor.elements[number]
      let elements = (first..<(first + column.elementCounts[cursor.sets[number]])).map { Array(column.elements[$0]) }
      // An empty set is not the same to a person as no set, but to the heads it is.
      if elements.isEmpty { statement.bindNull(index) } else { statement.bind(index, text: TextSet(elements).json) }
    }
  }
}
