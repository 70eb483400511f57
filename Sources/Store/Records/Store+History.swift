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
    try read { transaction in
      let table = try transaction.adopted.table(named: kind)
      return try HistoryReader(transaction).entries(table, table.key(written: key))
    }
  }
}
