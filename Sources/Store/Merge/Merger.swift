import SyncCore
import Wire

/// The one place where changes meet what is known of their records.
///
/// Local changes, changes of others, what nodes say of themselves and the heads of a snapshot all come through here; the
/// only difference of a local change is that its row is written already.
final class Merger {
  /// What a change had seen.
  enum Ancestry {
    /// What its segment's author had seen.
    case vector(VersionVector)
    /// All that this store holds: it is being sealed here.
    case everything
  }

  private let transaction: Transaction
  /// How many conflicts were opened.
  private(set) var conflictsOpened = 0

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Merges one change and shows its record.
  ///
  /// - Parameters:
  ///   - table: nil for a kind that the catalog does not know.
  ///   - clock: the change's place and time.
  func merge(
    _ change: Change, _ table: KindTable?, at clock: Clock, in channel: ChannelNumber, _ ancestry: Ancestry
  ) throws {
    // What the record adds to totals has to be taken away before its row changes.
    if let table { try transaction.totalsTracker?.touch(table, change.key) }
    var slots = try slots(table, change.kind, change.key)
    merge(change, at: clock, in: channel, ancestry, into: &slots)
    try store(table, RecordName(kind: change.kind, key: change.key), slots)
  }

  /// Merges one change into what is known under its key, without storing it.
  func merge(
    _ change: Change, at clock: Clock, in channel: ChannelNumber, _ ancestry: Ancestry, into slots: inout [RecordSlot]
  ) {
    slots.update(channel) { state in
      switch ancestry {
      case .vector(let seen): state.absorb(change, at: clock, seen: seen)
      case .everything: state.absorb(change, at: clock) { _ in true }
      }
    }
  }

  /// Merges an insertion of a record that nobody knew: the common case of imports and first syncs. The row is the
  /// caller's to write.
  ///
  /// - Returns: false, with nothing done, when heads of its owner are known under the key.
  func insertFresh(_ table: KindTable, _ key: RecordKey, at clock: Clock, in channel: ChannelNumber) throws -> Bool {
    try transaction.heads.insertFresh(clock, table.kind.id, key, channel: channel)
  }

  /// Merges the heads that another store has of a record.
  func join(
    _ theirs: RecordState, _ table: KindTable?, _ name: RecordName, in channel: ChannelNumber,
    iKnow: (Clock) -> Bool, theyKnow: (Clock) -> Bool
  ) throws {
    var slots = try slots(table, name.kind, name.key)
    slots.update(channel) { mine in
      mine = HeadsJoin.join(mine: mine, theirs: theirs, iKnow: iKnow, theyKnow: theyKnow)
    }
    try store(table, name, slots)
  }

  /// Stores what merging made of a record, and shows it.
  func store(_ table: KindTable?, _ name: RecordName, _ slots: [RecordSlot]) throws {
    conflictsOpened += try transaction.records.store(table, name, slots)
  }

  private func slots(_ table: KindTable?, _ kind: KindID, _ key: RecordKey) throws -> [RecordSlot] {
    try table.map { try transaction.records.slots($0, key) } ?? transaction.records.slots(kind, key)
  }
}
