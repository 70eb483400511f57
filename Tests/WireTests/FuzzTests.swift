import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

/// Whatever arrives is either read or refused. A crash, a trap or a hang is what these tests look for.
@Suite("Hostile bytes", .timeLimit(.minutes(20)))
struct FuzzTests {
  private typealias Read = @Sendable ([UInt8]) throws -> Void

  @Test("noise is refused")
  func noise() throws {
    // None of these carries a hash or a signature that is checked here: some noise has their form.
    let messages = try Samples.messages().filter {
      ![
        "stored catalog", "join request", "join answer", "snapshot request", "snapshot answer", "pruned segment",
        "part", "part answer", "rest request", "rest answer",
      ].contains($0.name)
    }
    for seed in UInt64(0)..<3000 {
      var random = SeededRandom(seed: seed)
      let bytes = random.bytes(random.below(300))
      for message in messages {
        #expect(throws: WireError.self, "seed \(seed), \(message.name)") {
          try message.read(Array(message.bytes.prefix(random.pick([0, 1, 4, 5]))) + bytes)
        }
      }
    }
  }

  @Test("mutated messages are read or refused")
  func messages() throws {
    let messages = try Samples.messages()
    var read = 0
    for seed in UInt64(0)..<6000 {
      var random = SeededRandom(seed: seed)
      let message = messages[Int(seed) % messages.count]
      if (try? message.read(random.mutated(message.bytes))) != nil { read += 1 }
    }
    #expect(read < 3000, "\(read)")
  }

  /// Behind the hash, where only an author who can sign arrives.
  @Test("mutated bodies are read or refused, and what is read can be sealed again")
  func bodies() throws {
    let samples: [(count: Int, raw: [UInt8])] = (0..<40).map { seed in
      var random = SeededRandom(seed: UInt64(seed))
      let models = (1...(random.below(2) + 1)).map {
        RandomBlock(&random, kind: KindID($0), changes: random.below(8) + 1)
      }
      var writer = ByteWriter()
      writer.count(models.count)
      for model in models { model.block.encode(into: &writer) }
      return (models.reduce(0) { $0 + $1.changes.count }, writer.bytes)
    }
    var read = 0
    for seed in UInt64(0)..<20_000 {
      var random = SeededRandom(seed: seed)
      let sample = samples[Int(seed) % samples.count]
      let raw = RawSegment(count: sample.count, body: random.mutated(sample.raw))
      guard let blocks = try? raw.unsigned().blocks() else { continue }
      read += 1
      let changes = blocks.flatMap(\.changes)
      #expect(changes.count == sample.count, "seed \(seed)")
      guard seed % 8 == 0 else { continue }
      let sealed = try? Segment.seal(raw.header, blocks: blocks, key: Samples.key(1))
      #expect((try? sealed?.blocks().flatMap(\.changes)) == changes, "seed \(seed)")
    }
    #expect(read > 500, "\(read)")
  }

  @Test("mutated headers are read or refused")
  func headers() throws {
    var read = 0
    for seed in UInt64(0)..<8000 {
      var random = SeededRandom(seed: seed)
      var raw = RawSegment(count: 1, body: [0])
      raw.header.context = [Samples.tip(&random)]
      guard let segment = try? Segment(bytes: raw.unsignedBytes(header: random.mutated(raw.headerBytes))) else {
        continue
      }
      read += 1
      #expect(segment.header.last >= segment.header.first && segment.header.first > 0, "seed \(seed)")
      #expect(segment.header.count <= WireLimits.changesPerSegment, "seed \(seed)")
      #expect(throws: WireError.self, "seed \(seed)") { try segment.verify(publicKey: [1]) }
      _ = try? segment.blocks()
    }
    #expect(read > 500, "\(read)")
  }

  @Test("mutated compressed bodies are unpacked or refused")
  func packedBodies() throws {
    let raw = LimitTests.body(count: 2000, key: Array("ftuu-000001".utf8))
    let packed = try RawSegment(count: 2000, packing: raw)
    for seed in UInt64(0)..<2000 {
      var random = SeededRandom(seed: seed)
      var altered = packed
      altered.body = random.mutated(packed.body)
      guard let blocks = try? altered.unsigned().blocks() else { continue }
      #expect(blocks.reduce(0) { $0 + $1.count } == 2000, "seed \(seed)")
    }
  }
}

extension SeededRandom {
  /// The bytes with one to four alterations of the sort that break parsers.
  mutating func mutated(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...below(4) where !bytes.isEmpty {
      let place = below(bytes.count)
      let end = Swift.min(bytes.count, place + below(9) + 1)
      switch below(8) {
      case 0, 1: bytes[place] ^= 1 << below(8)
      case 2: bytes[place] = pick([0, 1, 2, 4, 127, 128, 255])
      case 3: bytes.removeSubrange(place..<end)
      case 4: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
      case 5: bytes.replaceSubrange(place..<end, with: self.bytes(end - place))
      case 6:
        bytes.replaceSubrange(
          place...place, with: [255, 255, 255, 255, 255, 255, 255, 255, 255, 1].suffix(below(10) + 1))
      default: bytes[place] &+= pick([1, 255])
      }
    }
    return bytes
  }
}

extension RawSegment {
  /// The segment with a signature of zeros: reading does not look at it, and signing is slow.
  func unsigned() throws -> Segment { try Segment(bytes: unsignedBytes(header: headerBytes)) }

  func unsignedBytes(header: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(Array("BRS1".utf8))
    writer.sized(header)
    writer.raw([UInt8](repeating: 0, count: 64))
    writer.sized(body)
    return writer.bytes
  }
}
