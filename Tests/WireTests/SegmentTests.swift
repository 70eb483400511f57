import Crypto
import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Segments")
struct SegmentTests {
  @Test("random changes come out as they went in, packed or not")
  func roundTrips() throws {
    var packed = 0
    var plain = 0
    for seed in UInt64(0)..<400 {
      var random = SeededRandom(seed: seed)
      let size = random.pick([1, 1, 2, 30])
      let models = (1...(random.below(3) + 1)).map {
        RandomBlock(&random, kind: KindID($0), changes: random.below(size) + 1)
      }
      let header = Samples.header(&random, count: models.reduce(0) { $0 + $1.changes.count })
      let segment = try Segment.seal(header, blocks: models.map(\.block), key: Samples.key(1))
      let read = try Segment(bytes: segment.bytes)
      try read.verify(publicKey: Samples.publicKey(1))
      #expect(read == segment && read.header == header, "seed \(seed)")
      let blocks = try read.blocks()
      #expect(blocks.map(\.kind) == models.map(\.block.kind), "seed \(seed)")
      #expect(blocks.flatMap(\.changes) == models.flatMap(\.changes), "seed \(seed)")
      #expect(models.flatMap(\.block.changes) == models.flatMap(\.changes), "seed \(seed)")
      let resealed = try Segment.seal(header, blocks: blocks, key: Samples.key(1))
      #expect(resealed.hash == segment.hash, "seed \(seed)")
      if isPacked(read) { packed += 1 } else { plain += 1 }
    }
    #expect(packed > 50 && plain > 20, "\(packed) packed, \(plain) not")
  }

  private func isPacked(_ segment: Segment) -> Bool {
    segment.bytes.suffix(segment.body.count).starts(with: [0x28, 0xB5, 0x2F, 0xFD])
  }

  @Test("a block reads the same through a moving cursor and one change at a time")
  func cursor() throws {
    for seed in UInt64(500)..<540 {
      var random = SeededRandom(seed: seed)
      let model = RandomBlock(&random, kind: 1, changes: 20)
      var cursor = KindBlock.Cursor(model.block)
      var padded = model.block
      for column in padded.columns { #expect(column.states.count <= 20) }
      padded = try Samples.reread(padded)
      for place in 0..<20 {
        #expect(padded.key(place) == model.changes[place].key, "seed \(seed)")
        #expect(padded.change(place, at: cursor) == model.changes[place], "seed \(seed)")
        cursor.pass(place, of: padded)
      }
    }
  }

  @Test("a column distinguishes NULL, nothing and an empty set")
  func states() throws {
    var block = KindBlock(kind: 3, keyColumns: 1)
    for place in 0..<5 {
      block.begin(.edit, captured: 5, time: 6, isFlagged: false)
      block.appendKey(column: 0, Array("k\(place)".utf8)[...])
      let column = block.column(field: 9, register: 9)
      switch place {
      case 0: block.appendNull(to: column)
      case 1: block.append(elements: [], to: column)
      case 2: block.append(text: [], to: column)
      case 3: block.append(elements: [([], true), ([1], false)], to: column)
      default: break
      }
    }
    let read = try Samples.reread(block)
    #expect(read.columns[0].states == [1, 4, 3, 4, 0])
    #expect(read.columns[0].elementCounts == [0, 2])
    #expect(read.columns[0].elementFlags == [1, 0])
    #expect(
      read.changes.map(\.registers) == [
        [RegisterContent(RegisterKey(9), .empty)], [],
        [RegisterContent(RegisterKey(9), Content([Cell(field: 9, value: .text(""))]))],
        [
          RegisterContent(RegisterKey(9, element: []), .element(of: 9, present: true)),
          RegisterContent(RegisterKey(9, element: [1]), .empty),
        ], [],
      ])
  }

  @Test("what the page describes is what is written")
  func layout() throws {
    let segment = try Samples.segment(seed: 9)
    let blocks = try segment.blocks()
    var body = ByteWriter()
    body.count(blocks.count)
    for block in blocks { block.encode(into: &body) }
    var raw = try RawSegment(count: segment.header.count, packing: body.bytes)
    raw.header = segment.header
    #expect(try raw.segment().hash == segment.hash)
    #expect(try raw.bytes().count == segment.bytes.count)
    try raw.segment().verify(publicKey: Samples.publicKey(1))
  }

  @Test("the chain hash names every part of the header and the body, but not the signature")
  func chain() throws {
    var random = SeededRandom(seed: 3)
    let model = RandomBlock(&random, kind: 1, changes: 4)
    var header = Samples.header(&random, count: 4)
    header.context = [Samples.tip(&random)]
    let original = header
    func hash() throws -> SyncCore.Digest { try Segment.seal(header, blocks: [model.block], key: Samples.key(1)).hash }
    let first = try hash()
    #expect(try hash() == first)
    #expect(try Segment.seal(header, blocks: [model.block], key: Samples.key(5)).hash == first)
    var hashes: Set<SyncCore.Digest> = [first]
    let alterations: [(inout SegmentHeader) -> Void] = [
      { $0.origin.nonce ^= 1 }, { $0.origin.node.low ^= 1 }, { $0.channel.owner = "hiu" },
      { $0.channel.audience = $0.channel.audience == .home ? .open : .home }, { $0.first += 1 },
      { $0.predecessor = SyncCore.Digest(1, 2, 3, 4) }, { $0.context = [] }, { $0.context[0].origin.nonce ^= 1 },
      { $0.context[0].sequence = 12 }, { $0.context[0].hash = .zero }, { $0.catalogVersion += 1 },
      { $0.sealedAt += 1 },
    ]
    for alter in alterations {
      header = original
      alter(&header)
      hashes.insert(try hash())
    }
    #expect(hashes.count == alterations.count + 1)
    var other = model.block
    other.begin(.edit, captured: 0, time: 0, isFlagged: false)
    for column in other.keys.indices { other.appendKey(column: column, [7]) }
    header = original
    header.count = 5
    #expect(try Segment.seal(header, blocks: [other], key: Samples.key(1)).hash != first)
  }

  @Test("another key is refused")
  func wrongKey() throws {
    let segment = try Samples.segment(seed: 4)
    try segment.verify(publicKey: Samples.publicKey(1))
    for key in [try Samples.publicKey(2), [], Array(repeating: 0, count: 32), Array(repeating: 255, count: 32)] {
      let error = #expect(throws: WireError.self) { try segment.verify(publicKey: key) }
      #expect(error?.code == .badSignature)
    }
  }

  @Test("every single altered byte is found", .timeLimit(.minutes(20)))
  func alterations() throws {
    for (seed, blocks, changes) in [(UInt64(1), 1, 1), (2, 2, 3)] {
      let bytes = try Samples.segment(seed: seed, blocks: blocks, changes: changes).bytes
      let publicKey = try Samples.publicKey(1)
      var random = SeededRandom(seed: seed)
      for place in bytes.indices {
        for mask in [UInt8(1) << random.below(8), UInt8.random(in: 1...255, using: &random)] {
          var altered = bytes
          altered[place] ^= mask
          guard let segment = try? Segment(bytes: altered) else { continue }
          #expect(throws: WireError.self, "seed \(seed), byte \(place) ^ \(mask)") {
            try segment.verify(publicKey: publicKey)
          }
        }
      }
    }
  }

  @Test("a body that differs from its header is refused")
  func lyingHeaders() throws {
    let raw = try body(of: Samples.segment(seed: 5, blocks: 1, changes: 3))
    #expect(try RawSegment(count: 3, body: raw).segment().blocks().count == 1)
    #expect(try RawSegment(count: 3, packing: raw).segment().blocks().count == 1)
    #expect(throws: WireError.self) { try RawSegment(count: 2, body: raw).segment().blocks() }
    #expect(throws: WireError.self) { try RawSegment(count: 4, body: raw).segment().blocks() }
    #expect(throws: WireError.self) { try RawSegment(count: 3, body: raw + [0]).segment().blocks() }
    #expect(throws: WireError.self) { try RawSegment(count: 3, body: [0]).segment().blocks() }
    #expect(throws: WireError.self) { try RawSegment(count: 3, body: []).segment().blocks() }
    for size in [0, 1, raw.count - 1, raw.count + 1, WireLimits.bodyBytes] {
      var packed = try RawSegment(count: 3, packing: raw)
      packed.size = size
      #expect(throws: WireError.self, "\(size)") { try packed.segment().blocks() }
      var plain = RawSegment(count: 3, body: raw)
      plain.size = size
      #expect(throws: WireError.self, "\(size)") { try plain.segment().blocks() }
    }
    var lying = RawSegment(count: 3, body: raw)
    lying.digest = .zero
    #expect(throws: WireError.self) { try lying.segment() }
    lying.digest = nil
    lying.packing = 2
    #expect(throws: WireError.self) { try lying.segment() }
    lying.packing = 1
    #expect(throws: WireError.self) { try lying.segment().blocks() }
  }

  private func body(of segment: Segment) throws -> [UInt8] {
    let blocks = try segment.blocks()
    var writer = ByteWriter()
    writer.count(blocks.count)
    for block in blocks { block.encode(into: &writer) }
    return writer.bytes
  }

  @Test("a number of changes that does not fit is not sealed")
  func counts() throws {
    var random = SeededRandom(seed: 6)
    let model = RandomBlock(&random, kind: 1, changes: 3)
    for count in [0, 2, 4] {
      let header = Samples.header(&random, count: count)
      #expect(throws: WireError.self) { try Segment.seal(header, blocks: [model.block], key: Samples.key(1)) }
    }
    for first in [Int64.min, -1, 0, .max - 2, .max] {
      var header = Samples.header(&random, count: 3)
      header.first = first
      #expect(throws: WireError.self) { try Segment.seal(header, blocks: [model.block], key: Samples.key(1)) }
    }
    var header = Samples.header(&random, count: 3)
    header.first = .max - 3
    #expect(try Segment.seal(header, blocks: [model.block], key: Samples.key(1)).header.last == .max - 1)
  }
}
