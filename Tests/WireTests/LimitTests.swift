import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Limits of what is read")
struct LimitTests {
  /// A block of `count` equal changes with as many columns of the key, each holding `key`, and whatever follows.
  static func body(
    count: Int, blocks: Int = 1, keyColumns: Int = 1, key: [UInt8] = [UInt8(ascii: "k")],
    columns: (inout ByteWriter) -> Void = { $0.count(0) }
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.count(blocks)
    for _ in 0..<blocks {
      writer.count(1)
      writer.count(count)
      writer.count(keyColumns)
      for _ in 0..<keyColumns {
        writer.count(1)
        writer.sized(key)
        for _ in 1..<count { writer.count(0) }
      }
      for value in [UInt64(2)] {
        writer.count(count)
        writer.varint(value)
      }
      for _ in 0..<count { writer.zigzag(0) }
      for _ in 0..<2 {
        writer.count(count)
        writer.varint(0)
      }
      columns(&writer)
    }
    return writer.bytes
  }

  private func code(_ count: Int, _ body: [UInt8]) throws -> WireError.Code? {
    let segment = try RawSegment(count: count, packingIfSmaller: body).segment()
    do throws(WireError) {
      _ = try segment.blocks()
      return nil
    } catch {
      return error.code
    }
  }

  @Test("the smallest and the largest number of changes")
  func changes() throws {
    #expect(try code(1, Self.body(count: 1)) == nil)
    #expect(try code(WireLimits.changesPerSegment, Self.body(count: WireLimits.changesPerSegment)) == nil)
    #expect(throws: WireError.self) { try code(65_537, Self.body(count: 65_537)) }
    #expect(throws: WireError.self) { try RawSegment(count: 0, body: [0]).segment() }
    #expect(try code(10, Self.body(count: 5, blocks: 2)) == nil)
    #expect(try code(10, Self.body(count: 5, blocks: 3)) == .tooLarge)
  }

  @Test("a key is at most 4,096 bytes in all its columns together, and has one to four")
  func keys() throws {
    let long = [UInt8](repeating: 120, count: WireLimits.keyBytes)
    #expect(try code(2, Self.body(count: 2, key: long)) == nil)
    #expect(try code(2, Self.body(count: 2, key: long + [120])) == .tooLarge)
    #expect(try code(2, Self.body(count: 2, keyColumns: 4, key: Array(long.prefix(1024)))) == nil)
    #expect(try code(2, Self.body(count: 2, keyColumns: 4, key: Array(long.prefix(1025)))) == .tooLarge)
    #expect(try code(2, Self.body(count: 2, keyColumns: 0)) == .malformed)
    #expect(try code(2, Self.body(count: 2, keyColumns: 5)) == .tooLarge)
    #expect(try code(2, Self.body(count: 2, key: [65, 0])) == .malformed)
  }

  @Test("few bytes cannot unpack to gigabytes of keys", .timeLimit(.minutes(20)))
  func sharedKeys() throws {
    let long = [UInt8](repeating: 120, count: 1024)
    #expect(try code(65_536, Self.body(count: 65_536, keyColumns: 4, key: long)) == .tooLarge)
    #expect(try code(65_536, Self.body(count: 4096, blocks: 16, keyColumns: 4, key: long)) == .tooLarge)
    // As much as is allowed takes no longer than its size.
    let allowed = [UInt8](repeating: 120, count: WireLimits.contentBytes / 65_536)
    #expect(try code(65_536, Self.body(count: 65_536, key: allowed)) == nil)
    #expect(try code(65_536, Self.body(count: 65_536, key: allowed + [1])) == .tooLarge)
  }

  @Test("few bytes cannot unpack to gigabytes of texts")
  func sharedTexts() throws {
    func body(text length: Int) -> [UInt8] {
      Self.body(count: 4096) { writer in
        writer.count(1)
        writer.count(1)
        writer.count(1)
        writer.count(4096)
        writer.varint(UInt64(FieldColumn.State.text.rawValue))
        writer.byte(1)
        writer.count(1)
        writer.sized([UInt8](repeating: 120, count: length))
        for _ in 0..<4096 { writer.count(0) }
      }
    }
    #expect(try code(4096, body(text: 8000)) == nil)
    #expect(try code(4096, body(text: 8193)) == .tooLarge)
    #expect(try code(4096, body(text: WireLimits.cellBytes + 1)) == .tooLarge)
  }

  @Test("few bytes cannot unpack to millions of elements")
  func elements() throws {
    func body(_ count: Int) -> [UInt8] {
      Self.body(count: 1) { writer in
        writer.count(1)
        writer.count(1)
        writer.count(1)
        writer.count(1)
        writer.varint(UInt64(FieldColumn.State.elements.rawValue))
        writer.count(count)
        writer.byte(0)
        for number in 0..<count { writer.sized([UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]) }
        writer.count(count)
        writer.varint(1)
      }
    }
    #expect(try code(1, body(10_000)) == nil)
    #expect(try code(1, body(WireLimits.elementsPerSegment + 1)) == .tooLarge)
  }

  @Test("columns are counted, named once and of known sorts")
  func columns() throws {
    func body(_ names: [(Int, Int)], state: UInt64 = 1) -> [UInt8] {
      Self.body(count: 2) { writer in
        writer.count(names.count)
        for (field, register) in names {
          writer.count(field)
          writer.count(register)
          writer.count(2)
          writer.varint(state)
        }
      }
    }
    let many = (1...WireLimits.columnsPerKind).map { ($0, $0) }
    #expect(try code(2, body(many)) == nil)
    #expect(try code(2, body(many + [(200, 200)])) == .tooLarge)
    #expect(try code(2, body([(65_535, 65_535)])) == nil)
    #expect(try code(2, body([(65_536, 1)])) == .tooLarge)
    #expect(try code(2, body([(1, 65_536)])) == .tooLarge)
    #expect(try code(2, body([(1, 1)], state: 5)) == .malformed)
    #expect(try code(2, body([(1, 1), (1, 1)])) == .malformed)
    #expect(try code(2, body([(1, 1), (1, 2)])) == .malformed)
  }

  @Test("an element is named once in a change")
  func repeatedElements() throws {
    func body(_ texts: [[UInt8]]) -> [UInt8] {
      Self.body(count: 1) { writer in
        for number in [1, 1, 1, 1, Int(FieldColumn.State.elements.rawValue), texts.count] { writer.count(number) }
        writer.byte(0)
        for text in texts { writer.sized(text) }
        writer.count(texts.count)
        writer.varint(0)
      }
    }
    #expect(try code(1, body([[1], [2], []])) == nil)
    #expect(try code(1, body([[1], [1]])) == .malformed)
    #expect(try code(1, body([[3], [1], [2], [1]])) == .malformed)
  }

  @Test("a bomb is refused without being unpacked beyond the limit")
  func bomb() throws {
    let zeros = [UInt8](repeating: 0, count: WireLimits.bodyBytes)
    let bomb = try RawSegment(count: 1, packing: zeros)
    #expect(bomb.body.count < 4096)
    #expect(throws: WireError.self) { try bomb.segment().blocks() }
    #expect(try RawSegment(count: 1, packing: zeros).segment().header.count == 1)
    let larger = try RawSegment(count: 1, packing: zeros + [0])
    let error = #expect(throws: WireError.self) { try larger.segment() }
    #expect(error?.code == .tooLarge)
    var lying = larger
    lying.size = 100
    #expect(throws: WireError.self) { try lying.segment().blocks() }
  }

  @Test("a segment or a message beyond its limit is refused before it is read")
  func sizes() throws {
    let large = RawSegment(count: 1, body: [UInt8](repeating: 1, count: WireLimits.segmentBytes))
    #expect(throws: WireError(.tooLarge, "reading a segment", "it has \(try large.bytes().count) bytes")) {
      try large.segment()
    }
    let many = try Samples.segment(seed: 1, blocks: 1, changes: 1).bytes
    let list = [[UInt8]](repeating: many + [UInt8](repeating: 0, count: WireLimits.segmentBytes - many.count), count: 2)
    let request = ExchangeRequest(
      card: [], catalogVersion: 1, frontierDigest: .zero, frontier: nil, cards: [], segments: list)
    #expect(request.bytes.count > WireLimits.messageBytes)
    #expect(throws: WireError.self) { try ExchangeRequest(bytes: request.bytes) }
    let answer = ExchangeAnswer(now: 0, frontierDigest: .zero, segments: list)
    #expect(throws: WireError.self) { try ExchangeAnswer(bytes: answer.bytes) }
  }

  @Test("a context has at most 16,384 entries")
  func contexts() throws {
    var random = SeededRandom(seed: 8)
    var raw = RawSegment(count: 1, body: Self.body(count: 1))
    raw.header.context = Array(repeating: Samples.tip(&random), count: WireLimits.contextEntries)
    #expect(try raw.segment().blocks().count == 1)
    raw.header.context.append(Samples.tip(&random))
    #expect(throws: WireError.self) { try raw.segment() }
  }

  @Test("counts without bytes behind them are refused at once")
  func announcements() throws {
    var frontier = ByteWriter()
    frontier.raw(ExchangeRequest.magic)
    for _ in 0..<2 { frontier.count(0) }
    frontier.raw(SyncCore.Digest.zero.bytes)
    for number in [1, 1, 65_536] { frontier.count(number) }
    #expect(throws: WireError.self) { try ExchangeRequest(bytes: frontier.bytes) }
    for limit in [UInt64(65_536), 65_537, 1 << 31, 1 << 63, .max] {
      var writer = ByteWriter()
      writer.varint(limit)
      #expect(throws: WireError.self) {
        var reader = ByteReader(writer.bytes, operation: "test")
        _ = try FrontierCodec.decode(&reader)
      }
      #expect(throws: WireError.self) {
        var reader = ByteReader(writer.bytes, operation: "test")
        _ = try FrontierCodec.decodeList(&reader, limit: 65_536, bytes: .max, of: "things")
      }
      #expect(throws: WireError.self) {
        var reader = ByteReader(writer.bytes, operation: "test")
        _ = try reader.sized(limit: .max, of: "things")
      }
      #expect(throws: WireError.self) {
        var reader = ByteReader(writer.bytes, operation: "test")
        _ = try Runs.decode(&reader, count: 65_536, limit: 1)
      }
    }
  }
}

/// An edit that no node could read must be found when it is sealed: a sealed segment can never be taken back.
@Suite("Limits of what is sealed")
struct SealLimitTests {
  private func seal(_ blocks: KindBlock...) throws -> Segment {
    var random = SeededRandom(seed: 1)
    let header = Samples.header(&random, count: blocks.reduce(0) { $0 + $1.count })
    return try Segment.seal(header, blocks: blocks, key: Samples.key(1))
  }

  private func block(
    kind: KindID = 1, keys: [[UInt8]] = [[65]], keyColumns: Int? = nil, changes: Int = 1,
    values: (inout KindBlock) -> Void = { _ in }
  ) -> KindBlock {
    var block = KindBlock(kind: kind, keyColumns: keyColumns ?? keys.count)
    for _ in 0..<changes {
      block.begin(.edit, captured: 0, time: 0, isFlagged: false)
      for (column, key) in keys.enumerated() { block.appendKey(column: column, key[...]) }
      values(&block)
    }
    return block
  }

  private func long(_ count: Int) -> [UInt8] { [UInt8](repeating: 120, count: count) }

  @Test("what is sealed can be read, also at the limits")
  func proper() throws {
    #expect(try seal(block()).blocks().count == 1)
    #expect(try seal(block(keys: [long(WireLimits.keyBytes)])).blocks().count == 1)
    #expect(try seal(block(keys: [long(1024), long(1024), long(1024), long(1024)])).blocks().count == 1)
    let cell = block { $0.append(text: long(WireLimits.cellBytes), to: $0.column(field: 1, register: 1)) }
    #expect(try seal(cell).blocks().count == 1)
    let wide = block { block in
      for field in 1...WireLimits.columnsPerKind {
        block.appendNull(to: block.column(field: FieldID(field), register: RegisterID(field)))
      }
    }
    #expect(try seal(wide).blocks().count == 1)
    #expect(try seal(block(kind: 65_535), block(), block()).blocks().count == 3)
  }

  @Test("what is too large is not sealed")
  func tooLarge() throws {
    let wide = block { block in
      for field in 0...WireLimits.columnsPerKind {
        block.appendNull(to: block.column(field: FieldID(field), register: RegisterID(field)))
      }
    }
    let elements = (0..<1024).map { (text: [UInt8($0 >> 8), UInt8($0 & 255)], present: true) }
    for block in [
      block(keys: [long(WireLimits.keyBytes + 1)]), block(keys: [long(2048), long(2049)]), wide,
      block(keys: [[1], [2], [3], [4], [5]]),
      block { $0.append(text: long(WireLimits.cellBytes + 1), to: $0.column(field: 1, register: 1)) },
      block { $0.append(elements: [(long(WireLimits.cellBytes + 1), true)], to: $0.column(field: 1, register: 1)) },
      block(changes: 33) { $0.append(text: long(WireLimits.cellBytes), to: $0.column(field: 1, register: 1)) },
      block(changes: 1025) { $0.append(elements: elements, to: $0.column(field: 1, register: 1)) },
    ] {
      let error = #expect(throws: WireError.self) { try seal(block) }
      #expect(error?.code == .tooLarge)
    }
  }

  @Test("what makes no sense is not sealed")
  func malformed() throws {
    for block in [
      block(keys: [], keyColumns: 0), block(keys: [[65]], keyColumns: 2), block(keys: [[65, 0]]), block(kind: 65_536),
      block(kind: -1), block { $0.appendNull(to: $0.column(field: 65_536, register: 1)) },
      block { $0.appendNull(to: $0.column(field: 1, register: -1)) },
      block { block in
        for _ in 0..<2 { block.appendNull(to: block.column(field: 1, register: 1)) }
      },
      block { block in
        for register in 1...2 { block.appendNull(to: block.column(field: 1, register: RegisterID(register))) }
      },
      block { $0.append(elements: [([1], true), ([1], false)], to: $0.column(field: 1, register: 1)) },
      block { $0.appendKey(column: 0, [66]) },
    ] {
      let error = #expect(throws: WireError.self) { try seal(block) }
      #expect(error?.code == .malformed)
    }
  }
}
