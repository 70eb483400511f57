import SyncCore
import Wire

/// One sealed edit of a record, as the log holds it.
public struct HistoryEntry: Sendable, Equatable {
  /// The stamped time, in milliseconds since 1970.
  public var at: Int64
  /// What people call the node.
  public var node: String
  /// The origin in hexadecimal.
  public var origin: String
  public var sequence: Int64
  public var channel: String
  public var isInsertion: Bool
  public var isDeletion: Bool
  /// True when the author's catalog did not allow a value.
  public var isFlagged: Bool
  /// True while the edit builds on one that did not arrive: until that comes it is kept and shown here alone.
  public var isWaiting: Bool
  /// The values given, by field; elements of sets as `name[element]`.
  public var fields: [(name: String, value: Value)]

  public static func == (a: Self, b: Self) -> Bool {
    a.at == b.at && a.node == b.node && a.origin == b.origin && a.sequence == b.sequence && a.channel == b.channel
      && a.isInsertion == b.isInsertion && a.isDeletion == b.isDeletion && a.isFlagged == b.isFlagged
      && a.isWaiting == b.isWaiting && a.fields.elementsEqual(b.fields) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension Store {
  /// Every sealed edit of a record that this node holds, in the total order of changes, and after them those that wait
  /// for one that they build on.
  public func history(kind: String, key: String) throws -> [HistoryEntry] {
    try read { engine in
      let table = try engine.table(named: kind)
      let key = try Self.key(table, key)
      var logged: [Engine.LoggedChange] = []
      try engine.eachChange(kind: table.kind.id, keys: [key]) { logged.append($0) }
      logged.sort { engine.precedes($0.clock, $1.clock) }
      return try logged.compactMap { engine.entry($0, table) } + engine.waitingEntries(table, key)
    }
  }
}

extension Engine {
  func entry(_ logged: LoggedChange, _ table: KindTable) -> HistoryEntry? {
    guard let stream = streams.stream(logged.clock.stream) else { return nil }
    return entry(logged.change, of: stream.origin, in: stream.channel, sequence: logged.clock.sequence, table)
  }

  /// What waits of a record: should what it builds on have died with its author, it can be read here for ever.
  fileprivate func waitingEntries(_ table: KindTable, _ key: RecordKey) throws -> [HistoryEntry] {
    let select = try connection.prepared("SELECT bytes FROM birlik_waiting ORDER BY hash")
    defer { select.reset() }
    var entries: [HistoryEntry] = []
    while try select.step() {
      let segment = try Segment(bytes: select.bytes(0))
      // One that cannot be read is told where it arrives.
      guard let blocks = try? segment.blocks() else { continue }
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
  func egressEntry(_ change: Change, of segment: Segment, sequence: Int64, _ table: KindTable?) -> HistoryEntry {
    let (origin, channel) = (segment.header.origin, segment.header.channel)
    if let table { return entry(change, of: origin, in: channel, sequence: sequence, table) }
    let cells = change.registers.flatMap { register in
      register.content.cells.map { (name: "field \($0.field)", value: $0.value) }
        + (register.key.element.map { [(name: "field \(register.key.id)", value: Value.text($0))] } ?? [])
    }
    return HistoryEntry(
      at: change.time, node: name(of: origin.node), origin: origin.hex, sequence: sequence,
      channel: channel.description, isInsertion: change.operation == .insertion,
      isDeletion: change.operation == .deletion, isFlagged: change.isFlagged, isWaiting: false, fields: cells)
  }

  private func entry(
    _ change: Change, of origin: Origin, in channel: Channel, sequence: Int64, _ table: KindTable
  ) -> HistoryEntry {
    var fields: [(name: String, value: Value)] = []
    for register in change.registers {
      if register.key.element != nil {
        let word = register.content.isEmpty ? "removed" : "added"
        fields.append((RecordNotes.label(table, register.key), .text(word)))
        continue
      }
      // What a register leaves empty was said as well; of a whole row it goes without saying.
      let named = table.registers.first { $0.id == register.key.id }?.fields.map(\.id) ?? []
      let ids = change.operation == .insertion ? [] : named
      for id in Set(ids + register.content.cells.map(\.field)).sorted() {
        fields.append((table.kind.field(id)?.name ?? "field \(id)", register.content[id]))
      }
    }
    return HistoryEntry(
      at: change.time, node: name(of: origin.node), origin: origin.hex, sequence: sequence,
      channel: channel.description, isInsertion: change.operation == .insertion,
      isDeletion: change.operation == .deletion, isFlagged: change.isFlagged, isWaiting: false, fields: fields)
  }
}
