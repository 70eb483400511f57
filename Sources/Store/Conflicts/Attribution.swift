import SyncCore
import Wire

/// Says whose a value is.
struct Attribution {
  private let log: SegmentLog
  private let directory: Directory

  init(_ transaction: Transaction) {
    log = transaction.log
    directory = transaction.directory
  }

  /// The value of a head, with who gave it.
  ///
  /// - Parameter amounts: of the record as it is shown.
  func value(of head: Head, _ table: KindTable, _ key: RegisterKey, _ amounts: Amounts) -> AttributedValue {
    let cells: [(field: String, value: Value)]
    if key.element != nil {
      let side = Contested.Element(head.content)
      cells = [(RecordNotes.label(table.shape, key), .text(side.rawValue))]
    } else if let register = table.register(key.id) {
      cells = register.fields.map { ($0.name, head.content[$0.id]) }
    } else {
      cells = head.content.cells.map { ("field \($0.field)", $0.value) }
    }
    var value = value(cells, head.clock)
    // Amounts that were given together with their currency are in that one.
    value.amounts = cells.count > 1 ? amounts.replaced(table.kind, cells) : amounts
    value.isAllowed = table.problem(head.content, of: key) == nil
    return value
  }

  /// A side of a conflict about a record's existence, with who is on it.
  func value(_ side: Contested.Existence, _ clock: Clock) -> AttributedValue {
    value([(RecordNotes.existence, .text(side.rawValue))], clock)
  }

  /// A federation that owns a record, with who created it.
  func owner(_ federation: String, _ clock: Clock) -> AttributedValue {
    value([("federation", .text(federation))], clock)
  }

  /// Cells with whose they are.
  func value(_ cells: [(field: String, value: Value)], _ clock: Clock) -> AttributedValue {
    let node = log.streams.stream(clock.stream)?.origin.node
    return AttributedValue(
      cells: cells, node: node.map { directory.name(of: $0) } ?? "?", at: clock.time,
      federation: node.flatMap { directory.cards[$0]?.role.federation } ?? "")
  }
}
