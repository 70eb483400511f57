import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Numbers and texts")
struct NumberTests {
  private func varint(_ bytes: [UInt8]) throws -> UInt64 {
    var reader = ByteReader(bytes, operation: "test")
    let value = try reader.varint()
    try reader.finish()
    return value
  }

  @Test("numbers have one spelling")
  func varints() throws {
    for (value, bytes) in [
      (UInt64(0), [UInt8(0)]), (1, [1]), (127, [127]), (128, [128, 1]), (300, [0xAC, 2]),
      (.max, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
    ] {
      var writer = ByteWriter()
      writer.varint(value)
      #expect(writer.bytes == bytes)
      #expect(try varint(bytes) == value)
    }
    let ten = [UInt8](repeating: 255, count: 9)
    for bytes in [[], [128], [128, 0], [129, 128, 0], ten + [2], ten + [129, 0], ten + [255], [1, 1]] {
      #expect(throws: WireError.self, "\(bytes)") { try varint(bytes) }
    }
  }

  @Test("signed numbers take turns")
  func zigzags() throws {
    var random = SeededRandom(seed: 2)
    let fixed: [(Int64, UInt64)] = [(0, 0), (-1, 1), (1, 2), (-2, 3), (.max, .max - 1), (.min, .max)]
    for (value, written) in fixed {
      var writer = ByteWriter()
      writer.zigzag(value)
      #expect(try varint(writer.bytes) == written)
    }
    for value in fixed.map(\.0) + (0..<500).map({ _ in random.integer() }) {
      var writer = ByteWriter()
      writer.zigzag(value)
      var reader = ByteReader(writer.bytes, operation: "test")
      #expect(try reader.zigzag() == value)
      #expect(reader.isAtEnd)
    }
  }

  @Test("names are UTF-8 of bounded length")
  func names() {
    for bytes in [
      [UInt8]([1, 0xFF]), [2, 0xC3, 0x28], [3, 0xED, 0xA0, 0x80], [2, 0xC0, 0x80], [4, 65, 65, 65, 65],
    ] {
      #expect(throws: WireError.self, "\(bytes)") {
        var reader = ByteReader(bytes, operation: "test")
        _ = try reader.text(limit: 3, of: "a name")
      }
    }
  }

  @Test("a channel has one spelling")
  func channels() {
    for text in [
      "ftuu", "ftuu:", ":home", "ftuu:Home", "FTUU:home", "ftuu:home:open", "ftuu:h\u{F6}me", "1a:open", "a b:open",
    ] {
      #expect(throws: WireError.self, "\(text)") {
        var writer = ByteWriter()
        writer.text(text)
        var reader = ByteReader(writer.bytes, operation: "test")
        _ = try reader.channel()
      }
    }
  }

  @Test("runs and columns of texts come out as they went in")
  func columns() throws {
    for seed in UInt64(0)..<200 {
      var random = SeededRandom(seed: seed)
      let count = random.below(60) + 1
      let texts = (0..<count).map { _ in random.text() }
      var column = TextColumn()
      for text in texts { column.append(text) }
      var writer = ByteWriter()
      column.encode(into: &writer)
      column.encodeShared(into: &writer)
      let numbers = texts.map { UInt64($0.count % 3) * (UInt64.max / 2) }
      Runs.encode(numbers, into: &writer)
      var reader = ByteReader(writer.bytes, operation: "test")
      let read = try TextColumn.decode(&reader, count: count)
      let shared = try TextColumn.decodeShared(&reader, count: count, textLimit: 4096, totalLimit: 1 << 20)
      #expect(try Runs.decode(&reader, count: count, limit: .max) == numbers, "seed \(seed)")
      #expect(reader.isAtEnd)
      #expect((0..<count).map { Array(read[$0]) } == texts, "seed \(seed)")
      #expect((0..<count).map { Array(shared[$0]) } == texts, "seed \(seed)")
      #expect(read.count == count && read.distinctCount <= count)
    }
  }
}
