import Limits
import SyncCore

/// The heads of one record as one owner's channel knows it.
public struct HeadsEntry: Equatable, Sendable {
  public var kind: KindID
  public var key: RecordKey
  public var channel: Channel
  /// With streams as the snapshot numbers them.
  public var state: RecordState

  public init(kind: KindID, key: RecordKey, channel: Channel, state: RecordState) {
    self.kind = kind
    self.key = key
    self.channel = channel
    self.state = state
  }
}

/// Heads as they travel. Bytes of each kind have a lane of their own, which halves the packed size.
enum HeadsCodec {
  /// The lanes, in the order in which they travel.
  private struct Lanes {
    var keys = ByteWriter()
    var shapes = ByteWriter()
    var streams = ByteWriter()
    var sequences = ByteWriter()
    var times = ByteWriter()
    var numbers = ByteWriter()
    var texts = ByteWriter()
    private var sequence: Int64 = 0
    private var time: Int64 = 0

    mutating func put(_ clock: Clock) {
      streams.id(clock.stream)
      sequences.zigzag(clock.sequence &- sequence)
      times.zigzag(clock.time &- time)
      sequence = clock.sequence
      time = clock.time
    }

    mutating func put(_ key: RegisterKey) {
      shapes.id(key.id)
      shapes.byte(key.element == nil ? 0 : 1)
      if let element = key.element { texts.sized(element) }
    }

    mutating func put(_ content: Content) {
      shapes.count(content.cells.count)
      for cell in content.cells {
        shapes.id(cell.field)
        switch cell.value {
        case .null: shapes.byte(0)
        case .integer(let number):
          shapes.byte(1)
          numbers.zigzag(number)
        case .text(let bytes):
          shapes.byte(2)
          texts.sized(bytes)
        }
      }
    }

    var all: [[UInt8]] {
      [keys.bytes, shapes.bytes, streams.bytes, sequences.bytes, times.bytes, numbers.bytes, texts.bytes]
    }
  }

  static func encode(_ entries: [HeadsEntry], into writer: inout ByteWriter) {
    var lanes = Lanes()
    let channels = Set(entries.map(\.channel)).sorted()
    let places = Dictionary(uniqueKeysWithValues: channels.enumerated().map { ($1, $0) })
    writer.count(channels.count)
    for channel in channels { writer.text(channel.description) }
    writer.count(entries.count)
    var before: [UInt8] = []
    for entry in entries {
      let shared = zip(before, entry.key.bytes).prefix { $0 == $1 }.count
      lanes.shapes.id(entry.kind)
      lanes.shapes.count(places[entry.channel] ?? 0)
      lanes.keys.count(shared)
      lanes.keys.sized(entry.key.bytes.dropFirst(shared))
      before = entry.key.bytes
      encode(entry.state, into: &lanes)
    }
    for lane in lanes.all { writer.sized(lane) }
  }

  private static func encode(_ state: RecordState, into lanes: inout Lanes) {
    lanes.shapes.count(state.rows.count)
    for row in state.rows {
      lanes.put(row.clock)
      lanes.shapes.count(row.contents.count)
      for (key, content) in row.contents.sorted(by: { $0.key < $1.key }) {
        lanes.put(key)
        lanes.put(content)
      }
    }
    lanes.shapes.count(state.registers.count)
    for (key, heads) in state.registers.sorted(by: { $0.key < $1.key }) {
      lanes.put(key)
      lanes.shapes.count(heads.count)
      for head in heads {
        lanes.put(head.clock)
        lanes.put(head.content)
      }
    }
    lanes.shapes.count(state.deletions.count)
    for deletion in state.deletions {
      lanes.put(deletion.clock)
      let covered = deletion.covered.sorted { ($0.stream, $0.sequence, $0.time) < ($1.stream, $1.sequence, $1.time) }
      lanes.shapes.count(covered.count)
      for clock in covered { lanes.put(clock) }
    }
  }

  // MARK: Reading

  private struct Reader {
    var keys: ByteReader
    var shapes: ByteReader
    var streams: ByteReader
    var sequences: ByteReader
    var times: ByteReader
    var numbers: ByteReader
    var texts: ByteReader
    private var sequence: Int64 = 0
    private var time: Int64 = 0

    init(_ reader: inout ByteReader) throws(WireError) {
      keys = try Self.lane(&reader)
      shapes = try Self.lane(&reader)
      streams = try Self.lane(&reader)
      sequences = try Self.lane(&reader)
      times = try Self.lane(&reader)
      numbers = try Self.lane(&reader)
      texts = try Self.lane(&reader)
    }

    private static func lane(_ reader: inout ByteReader) throws(WireError) -> ByteReader {
      ByteReader(
        try reader.sized(limit: WireLimits.pageContentBytes, of: "a lane"), operation: SnapshotPage.reading)
    }

    mutating func clock() throws(WireError) -> Clock {
      sequence = sequence &+ (try sequences.zigzag())
      time = time &+ (try times.zigzag())
      guard sequence > 0 else { throw sequences.error(.malformed, "a change has no number") }
      let stream: StreamNumber = try streams.id(of: "streams", limit: WireLimits.frontierEntries)
      return Clock(stream: stream, sequence: sequence, time: time)
    }

    mutating func register() throws(WireError) -> RegisterKey {
      let id: RegisterID = try shapes.id(of: "registers")
      switch try shapes.byte() {
      case 0: return RegisterKey(id)
      case 1: return RegisterKey(id, element: Array(try texts.sized(limit: WireLimits.cellBytes, of: "an element")))
      default: throw shapes.error(.malformed, "a register is neither a field nor an element")
      }
    }

    mutating func content() throws(WireError) -> Content {
      var cells: [Cell] = []
      for _ in 0..<(try shapes.count(limit: WireLimits.largestID, of: "cells")) {
        let field: FieldID = try shapes.id(of: "fields")
        switch try shapes.byte() {
        case 1: cells.append(Cell(field: field, value: .integer(try numbers.zigzag())))
        case 2:
          let text = Array(try texts.sized(limit: WireLimits.cellBytes, of: "a cell"))
          cells.append(Cell(field: field, value: .text(text)))
        default: throw shapes.error(.malformed, "a value is of an unknown type")
        }
      }
      return Content(cells)
    }

    mutating func some(_ what: String) throws(WireError) -> Int {
      try shapes.count(limit: WireLimits.pageContentBytes, of: what)
    }

    func finish() throws(WireError) {
      for lane in [keys, shapes, streams, sequences, times, numbers, texts] { try lane.finish() }
    }
  }

  static func decode(_ reader: inout ByteReader) throws(WireError) -> [HeadsEntry] {
    var channels: [Channel] = []
    for _ in 0..<(try reader.count(limit: WireLimits.frontierEntries, of: "channels")) {
      channels.append(try reader.channel())
    }
    let count = try reader.count(limit: WireLimits.pageContentBytes, of: "records")
    var lanes = try Reader(&reader)
    var entries: [HeadsEntry] = []
    var before: [UInt8] = []
    for _ in 0..<count {
      let kind: KindID = try lanes.shapes.id(of: "kinds")
      let place = try lanes.shapes.count(limit: max(0, channels.count - 1), of: "channels")
      guard channels.indices.contains(place) else { throw reader.error(.malformed, "a record has no channel") }
      let shared = try lanes.keys.count(limit: before.count, of: "shared bytes")
      let rest = try lanes.keys.sized(limit: WireLimits.keyBytes - shared, of: "a key")
      before = Array(before.prefix(shared)) + rest
      entries.append(
        HeadsEntry(
          kind: kind, key: RecordKey(bytes: before), channel: channels[place], state: try decodeState(&lanes)))
    }
    try lanes.finish()
    return entries
  }

  private static func decodeState(_ lanes: inout Reader) throws(WireError) -> RecordState {
    var rows: [RowHead] = []
    for _ in 0..<(try lanes.some("rows")) {
      let clock = try lanes.clock()
      var contents: [RegisterKey: Content] = [:]
      for _ in 0..<(try lanes.some("registers")) {
        let key = try lanes.register()
        contents[key] = try lanes.content()
      }
      rows.append(RowHead(clock: clock, contents: contents.filter { !$0.value.isEmpty }))
    }
    var registers: [RegisterKey: [Head]] = [:]
    for _ in 0..<(try lanes.some("registers")) {
      let key = try lanes.register()
      var heads: [Head] = []
      for _ in 0..<(try lanes.some("heads")) {
        heads.append(Head(clock: try lanes.clock(), content: try lanes.content()))
      }
      guard !heads.isEmpty else { throw lanes.shapes.error(.malformed, "a register has no head") }
      registers[key] = heads
    }
    var deletions: [RecordState.Deletion] = []
    for _ in 0..<(try lanes.some("deletions")) {
      let clock = try lanes.clock()
      var covered: Set<Clock> = []
      for _ in 0..<(try lanes.some("clocks")) { covered.insert(try lanes.clock()) }
      deletions.append(RecordState.Deletion(clock: clock, covered: covered))
    }
    return RecordState(rows: rows, registers: registers, deletions: deletions)
  }
}
