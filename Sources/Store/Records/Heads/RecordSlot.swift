import SyncCore

/// What a record's table row shows.
struct ShownRow: Equatable {
  var federation: [UInt8]
  /// One value for each of `KindTable.fields`.
  var values: [Value]
}

/// The name of a record.
struct RecordName: Hashable, Comparable {
  var kind: KindID
  var key: RecordKey

  static func < (a: Self, b: Self) -> Bool { (a.kind, a.key) < (b.kind, b.key) }
}

/// One record as one owner's channel knows it.
struct RecordSlot {
  var channel: ChannelNumber
  var state: RecordState
  /// The bytes in which the heads are stored; nil for a record that is new.
  var stored: [UInt8]?

  /// True when values have to be read from the row, which a row that was typed over no longer tells.
  var reliesOnRow: Bool { stored.map { StateCodec.form(of: $0) != .full } ?? false }
}

extension [RecordSlot] {
  /// The state of the record in a channel; nil where there is none.
  subscript(channel: ChannelNumber) -> RecordState? { first { $0.channel == channel }?.state }

  /// Changes the state of the record in a channel, which is new where there was none.
  mutating func update(_ channel: ChannelNumber, _ body: (inout RecordState) throws -> Void) rethrows {
    if let index = firstIndex(where: { $0.channel == channel }) { return try body(&self[index].state) }
    var state = RecordState()
    try body(&state)
    append(RecordSlot(channel: channel, state: state, stored: nil))
  }
}
