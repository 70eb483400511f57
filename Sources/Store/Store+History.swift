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
  /// The values given, by field; elements of sets as `name[element]`.
  public var fields: [(name: String, value: Value)]

  public static func == (a: Self, b: Self) -> Bool {
    a.at == b.at && a.node == b.node && a.origin == b.origin && a.sequence == b.sequence && a.channel == b.channel
      && a.isInsertion == b.isInsertion && a.isDeletion == b.isDeletion && a.isFlagged == b.isFlagged
      && a.fields.elementsEqual(b.fields) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension Store {
  /// Every sealed edit of a record that this node holds, in the total order of changes.
  public func history(kind: String, key: String) throws -> [HistoryEntry] {
    try read { engine in
      let table = try engine.table(named: kind)
      let key = try Self.key(table, key)
      var logged: [Engine.LoggedChange] = []
      try engine.eachChange(kind: table.kind.id, keys: [key]) { logged.append($0) }
      logged.sort { engine.precedes($0.clock, $1.clock) }
      return logged.compactMap { engine.entry($0, table) }
    }
  }
}

extension Engine {
  func entry(_ logged: LoggedChange, _ table: KindTable) -> HistoryEntry? {
    guard let stream = streams.stream(logged.clock.stream) else { return nil }
    var fields: [(name: String, value: Value)] = []
    for register in logged.change.registers {
      if register.key.element != nil {
        let word = register.content.isEmpty ? "removed" : "added"
        fields.append((RecordNotes.label(table, register.key), .text(word)))
        continue
      }
      // What a register leaves empty was said as well; of a whole row it goes without saying.
      let named = table.registers.first { $0.id == register.key.id }?.fields.map(\.id) ?? []
      let ids = logged.change.operation == .insertion ? [] : named
      for id in Set(ids + register.content.cells.map(\.field)).sorted() {
        fields.append((table.kind.field(id)?.name ?? "field \(id)", register.content[id]))
      }
    }
    return HistoryEntry(
      at: logged.clock.time, node: name(of: stream.origin.node), origin: stream.origin.hex,
      sequence: logged.clock.sequence, channel: stream.channel.description,
      isInsertion: logged.change.operation == .insertion, isDeletion: logged.change.operation == .deletion,
      isFlagged: logged.change.isFlagged, fields: fields)
  }
}
