import Limits
import SyncCore
import Wire

/// Gathers the changes that one seal makes in one channel.
final class SegmentBuilder {
  let channel: Channel
  /// The store's number of the stream that the segment will stand in.
  let stream: StreamNumber
  /// The stream that it continues, or nil for a new one.
  let continues: StreamNumber?
  let first: Int64
  private(set) var blocks: [KindBlock] = []
  private(set) var count = 0
  /// Bytes that the changes take at most before they are packed.
  private var size = 0

  init(channel: Channel, stream: StreamNumber, continues: StreamNumber?, first: Int64) {
    self.channel = channel
    self.stream = stream
    self.continues = continues
    self.first = first
  }

  /// How many changes one segment takes, so that a batch of an exchange can be small.
  static let changeLimit = 16_384
  /// How many bytes the changes of one segment take at most: even where nothing of them can be packed, they fit into a
  /// segment with the longest header.
  static let sizeLimit = WireLimits.segmentBytes - 66 * WireLimits.contextEntries - 1024

  /// Whether a change of so many bytes still fits.
  func hasRoom(for bytes: Int) -> Bool {
    count == 0 || (count < Self.changeLimit && size + bytes <= Self.sizeLimit)
  }

  /// The sequence number of the next change.
  var next: Int64 { first &+ Int64(count) }

  /// Adds a change. Those of one kind have to follow each other.
  ///
  /// - Parameter bytes: how many it takes at most.
  func append(_ change: Change, _ table: KindTable, size bytes: Int) {
    beginBlock(table, size: bytes)
    blocks[blocks.count - 1].append(change) { key in
      table.registerIndex(id: key.id).map { table.registers[$0].fields.map(\.id) } ?? []
    }
    count += 1
  }

  /// Adds the insertion of a row as it stands, without building a `Change`.
  func append(
    insertionOf row: ShownRow, key: RecordKey, _ table: KindTable, captured: Int64, time: Int64, size bytes: Int
  ) {
    beginBlock(table, size: bytes)
    let block = blocks.count - 1
    blocks[block].begin(.insertion, captured: captured, time: time, isFlagged: false)
    var start = 0
    for column in table.kind.key.indices {
      let end = key.bytes[start...].firstIndex(of: RecordKey.separator) ?? key.bytes.count
      blocks[block].appendKey(column: column, key.bytes[start..<end])
      start = min(end + 1, key.bytes.count)
    }
    for (index, field) in table.fields.enumerated() {
      let value = row.values[index]
      if value.isNull { continue }
      let column = blocks[block].column(field: field.id, register: table.registers[table.registerOfField[index]].id)
      switch value {
      case .null: break
      case .integer(let number): blocks[block].append(number, to: column)
      case .text(let text):
        if field.type == .set {
          blocks[block].append(elements: table.elements(text).map { ($0, true) }, to: column)
        } else {
          blocks[block].append(text: text, to: column)
        }
      }
    }
    count += 1
  }

  private func beginBlock(_ table: KindTable, size bytes: Int) {
    size += bytes
    if blocks.last?.kind != table.kind.id {
      size += KindBlock.sizeLimit
      blocks.append(KindBlock(kind: table.kind.id, keyColumns: table.kind.key.count))
    }
  }
}
