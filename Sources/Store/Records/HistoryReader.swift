import SyncCore
import Wire

/// Reads the edits of records from the log.
struct HistoryReader {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Every edit of a record, in the total order of changes, and after them those that wait for one that they build on.
  func entries(_ table: KindTable, _ key: RecordKey) throws -> [HistoryEntry] {
    var logged: [LoggedChange] = []
    try transaction.log.eachChange(kind: table.kind.id, keys: [key]) { logged.append($0) }
    let ordered = try transaction.facts.latestFirst(logged, \.clock).reversed()
    let reasons = table.kind.appendOnly ? try Withdrawals(transaction).reasons(table, key) : [:]
    let known = ordered.compactMap { logged in
      rawEntry(logged, table).map { entry in
        var entry = entry
        if entry.isDeletion, let reason = reasons[entry.channel] { entry.fields.append(("reason", .text(reason))) }
        return entry
      }
    }
    // An amount was given in the currency that the record had then.
    var standing: [String: [String: Value]] = [:]
    return try (known + waitingEntries(table, key)).map { entry in
      let shown = shown(entry, table) { standing[entry.channel]?[$0] }
      for (name, value) in entry.fields { standing[entry.channel, default: [:]][name] = value }
      return shown
    }
  }

  func entry(_ logged: LoggedChange, _ table: KindTable) throws -> HistoryEntry? {
    try rawEntry(logged, table).map { try shown($0, table, logged.change.key) }
  }

  private func rawEntry(_ logged: LoggedChange, _ table: KindTable) -> HistoryEntry? {
    guard let stream = transaction.log.streams.stream(logged.clock.stream) else { return nil }
    return entry(logged.change, of: stream.origin, in: stream.channel, sequence: logged.clock.sequence, table)
  }

  /// An entry with amounts as people read them.
  ///
  /// - Parameter standing: what the record held besides.
  private func shown(
    _ entry: HistoryEntry, _ table: KindTable, _ standing: (String) throws -> Value?
  ) rethrows -> HistoryEntry {
    let amounts = try Amounts(table.kind) { name in
      try entry.fields.first { $0.name.sameBytes(as: name) }?.value ?? standing(name)
    }
    var entry = entry
    entry.fields = amounts.shown(entry.fields)
    return entry
  }

  /// The same by what the record's row holds now.
  private func shown(_ entry: HistoryEntry, _ table: KindTable, _ key: RecordKey) throws -> HistoryEntry {
    try shown(entry, table) { name in try transaction.rows.text(table, key, name).map { .text($0) } }
  }

  /// What waits of a record: should what it builds on have died with its author, it can be read here for ever.
  private func waitingEntries(_ table: KindTable, _ key: RecordKey) throws -> [HistoryEntry] {
    var entries: [HistoryEntry] = []
    try transaction.log.eachWaiting { bytes in
      // One that cannot be read is reported when it is absorbed.
      guard let segment = Arrival(bytes).segment, let blocks = try? segment.blocks() else { return }
      for (place, change) in blocks.flatMap(\.changes).enumerated()
      where change.kind == table.kind.id && change.key == key {
        var entry = entry(
          change, of: segment.header.origin, in: segment.header.channel,
          sequence: segment.header.first &+ Int64(place), table)
        entry.isWaiting = true
        entries.append(entry)
      }
    }
    return entries.sorted { ($0.at, $0.origin, $0.sequence) < ($1.at, $1.origin, $1.sequence) }
  }

  /// A change of a segment; of a kind that the catalog does not know, with the numbers of its fields.
  func entry(_ change: Change, of segment: Segment, sequence: Int64, _ table: KindTable?) throws -> HistoryEntry {
    let (origin, channel) = (segment.header.origin, segment.header.channel)
    if let table {
      return try shown(entry(change, of: origin, in: channel, sequence: sequence, table), table, change.key)
    }
    let cells = change.registers.flatMap { register in
      register.content.cells.map { (name: "field \($0.field)", value: $0.value) }
        + (register.key.element.map { [(name: "field \(register.key.id)", value: Value.text($0))] } ?? [])
    }
    return HistoryEntry(
      at: change.time, node: transaction.directory.name(of: origin.node), origin: origin.hex, sequence: sequence,
      channel: channel.description, isInsertion: change.operation == .insertion,
      isDeletion: change.operation == .deletion, isFlagged: change.isFlagged, isWaiting: false, fields: cells)
  }

  private func entry(
    _ change: Change, of origin: Origin, in channel: Channel, sequence: Int64, _ table: KindTable
  ) -> HistoryEntry {
    var fields: [(name: String, value: Value)] = []
    for register in change.registers {
      if register.key.element != nil {
        let side = Contested.Element(register.content)
        fields.append((RecordNotes.label(table.shape, register.key), .text(side.rawValue)))
        continue
      }
      // What an edit leaves empty was given as well; of a whole row that needs no mention.
      let named = table.register(register.key.id)?.fields.map(\.id) ?? []
      let ids = change.operation == .insertion ? [] : named
      for id in Set(ids + register.content.cells.map(\.field)).sorted() {
        fields.append((table.kind.field(id)?.name ?? "field \(id)", register.content[id]))
      }
    }
    return HistoryEntry(
      at: change.time, node: transaction.directory.name(of: origin.node), origin: origin.hex, sequence: sequence,
      channel: channel.description, isInsertion: change.operation == .insertion,
      isDeletion: change.operation == .deletion, isFlagged: change.isFlagged, isWaiting: false, fields: fields)
  }
}
