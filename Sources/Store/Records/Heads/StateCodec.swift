import Limits
import SyncCore
import Wire

/// The bytes in which a record's heads are kept.
///
/// Most records have one head a field whose values stand in the row itself; only clocks are kept of those. Everything
/// else is written out.
enum StateCodec {
  enum Form: UInt8 {
    /// One whole-row change; all values stand in the row.
    case row = 1
    /// One whole-row change and fields edited later, one head each; all values stand in the row.
    case edited = 2
    /// Heads with their values.
    case full = 3
  }

  /// 2020-01-01 in milliseconds since 1970: times are counted from here to be short.
  private static let epoch: Int64 = 1_577_836_800_000

  /// The form of the common case, a record that was inserted and never edited.
  static func row(_ clock: Clock, into writer: inout ByteWriter) {
    writer.byte(Form.row.rawValue)
    encode(clock, into: &writer)
  }

  /// True for one whole-row change and one head for each field edited later: what may stand in the row alone.
  static func isPlain(_ state: RecordState) -> Bool {
    state.rows.count == 1 && state.deletions.isEmpty && state.registers.values.allSatisfy { $0.count == 1 }
  }

  /// - Parameter valuesStandInRow: true when every head's value can be read back from the shown row.
  static func encode(_ state: RecordState, valuesStandInRow: Bool) -> [UInt8] {
    var writer = ByteWriter()
    guard valuesStandInRow, isPlain(state) else {
      encodeFull(state, into: &writer)
      return writer.bytes
    }
    if state.registers.isEmpty {
      row(state.rows[0].clock, into: &writer)
      return writer.bytes
    }
    writer.byte(Form.edited.rawValue)
    encode(state.rows[0].clock, into: &writer)
    writer.count(state.registers.count)
    for (key, heads) in state.registers.sorted(by: { $0.key < $1.key }) {
      encode(key, into: &writer)
      encode(heads[0].clock, into: &writer)
    }
    return writer.bytes
  }

  /// Reads a state back.
  ///
  /// - Parameter shown: the registers' values as they stand in the row; asked only when they are not in the bytes.
  static func decode(_ bytes: [UInt8], shown: () throws -> [RegisterKey: Content]) throws -> RecordState {
    var reader = ByteReader(bytes, operation: "reading a record's heads")
    switch Form(rawValue: try reader.byte()) {
    case .row:
      let clock = try decodeClock(&reader)
      let contents = try shown().filter { !$0.value.isEmpty }
      return RecordState(rows: [RowHead(clock: clock, contents: contents)], registers: [:], deletions: [])
    case .edited:
      let clock = try decodeClock(&reader)
      var contents = try shown()
      var registers: [RegisterKey: [Head]] = [:]
      for _ in 0..<(try reader.count(limit: Int(Int32.max), of: "registers")) {
        let key = try decodeKey(&reader)
        let head = Head(clock: try decodeClock(&reader), content: contents[key] ?? .empty)
        registers[key] = [head]
        contents[key] = nil
      }
      let row = RowHead(clock: clock, contents: contents.filter { !$0.value.isEmpty })
      return RecordState(rows: [row], registers: registers, deletions: [])
    case .full:
      return try decodeFull(&reader)
    case nil:
      throw StoreError(.damaged, "reading a record's heads", "they are written in an unknown way")
    }
  }

  static func form(of bytes: [UInt8]) -> Form? { bytes.first.flatMap(Form.init) }

  /// The clocks in a state, without its values.
  static func decodeClocks(_ bytes: [UInt8]) throws -> RecordState { try decode(bytes) { [:] } }

  // MARK: Everything

  private static func encodeFull(_ state: RecordState, into writer: inout ByteWriter) {
    writer.byte(Form.full.rawValue)
    writer.count(state.rows.count)
    for row in state.rows {
      encode(row.clock, into: &writer)
      writer.count(row.contents.count)
      for (key, content) in row.contents.sorted(by: { $0.key < $1.key }) {
        encode(key, into: &writer)
        encode(content, into: &writer)
      }
    }
    writer.count(state.registers.count)
    for (key, heads) in state.registers.sorted(by: { $0.key < $1.key }) {
      encode(key, into: &writer)
      writer.count(heads.count)
      for head in heads {
        encode(head.clock, into: &writer)
        encode(head.content, into: &writer)
      }
    }
    writer.count(state.deletions.count)
    for deletion in state.deletions {
      encode(deletion.clock, into: &writer)
      let covered = deletion.covered.sorted { ($0.stream, $0.sequence, $0.time) < ($1.stream, $1.sequence, $1.time) }
      writer.count(covered.count)
      for clock in covered { encode(clock, into: &writer) }
    }
  }

  private static func decodeFull(_ reader: inout ByteReader) throws -> RecordState {
    let limit = Int(Int32.max)
    var rows: [RowHead] = []
    for _ in 0..<(try reader.count(limit: limit, of: "rows")) {
      let clock = try decodeClock(&reader)
      var contents: [RegisterKey: Content] = [:]
      for _ in 0..<(try reader.count(limit: limit, of: "registers")) {
        let key = try decodeKey(&reader)
        contents[key] = try decodeContent(&reader)
      }
      rows.append(RowHead(clock: clock, contents: contents))
    }
    var registers: [RegisterKey: [Head]] = [:]
    for _ in 0..<(try reader.count(limit: limit, of: "registers")) {
      let key = try decodeKey(&reader)
      var heads: [Head] = []
      for _ in 0..<(try reader.count(limit: limit, of: "heads")) {
        heads.append(Head(clock: try decodeClock(&reader), content: try decodeContent(&reader)))
      }
      registers[key] = heads
    }
    var deletions: [RecordState.Deletion] = []
    for _ in 0..<(try reader.count(limit: limit, of: "deletions")) {
      let clock = try decodeClock(&reader)
      var covered: Set<Clock> = []
      for _ in 0..<(try reader.count(limit: limit, of: "clocks")) { covered.insert(try decodeClock(&reader)) }
      deletions.append(RecordState.Deletion(clock: clock, covered: covered))
    }
    return RecordState(rows: rows, registers: registers, deletions: deletions)
  }

  // MARK: Parts

  private static func encode(_ clock: Clock, into writer: inout ByteWriter) {
    writer.id(clock.stream)
    writer.varint(UInt64(clamping: clock.sequence))
    writer.zigzag(clock.time &- epoch)
  }

  private static func decodeClock(_ reader: inout ByteReader) throws(WireError) -> Clock {
    let stream: StreamNumber = try reader.id(of: "streams", limit: Int(Int32.max))
    let sequence = try reader.number()
    return Clock(stream: stream, sequence: sequence, time: try reader.zigzag() &+ epoch)
  }

  private static func encode(_ key: RegisterKey, into writer: inout ByteWriter) {
    writer.id(key.id)
    writer.count(key.element == nil ? 0 : 1)
    if let element = key.element { writer.sized(element) }
  }

  private static func decodeKey(_ reader: inout ByteReader) throws(WireError) -> RegisterKey {
    let id: RegisterID = try reader.id(of: "registers")
    guard try reader.count(limit: 1, of: "elements") == 1 else { return RegisterKey(id) }
    return RegisterKey(id, element: Array(try reader.sized(limit: WireLimits.cellBytes, of: "an element")))
  }

  static func encode(_ content: Content, into writer: inout ByteWriter) {
    writer.count(content.cells.count)
    for cell in content.cells {
      writer.id(cell.field)
      switch cell.value {
      case .null: writer.byte(0)
      case .integer(let number):
        writer.byte(1)
        writer.zigzag(number)
      case .text(let bytes):
        writer.byte(2)
        writer.sized(bytes)
      }
    }
  }

  static func decodeContent(_ reader: inout ByteReader) throws(WireError) -> Content {
    var cells: [Cell] = []
    for _ in 0..<(try reader.count(limit: WireLimits.largestID, of: "cells")) {
      let field: FieldID = try reader.id(of: "fields")
      switch try reader.byte() {
      case 1: cells.append(Cell(field: field, value: .integer(try reader.zigzag())))
      case 2:
        let bytes = Array(try reader.sized(limit: WireLimits.cellBytes, of: "a cell"))
        cells.append(Cell(field: field, value: .text(bytes)))
      default: cells.append(Cell(field: field, value: .null))
      }
    }
    return Content(cells)
  }
}
