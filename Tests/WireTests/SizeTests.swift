import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Size")
struct SizeTests {
  /// The first sync of the real federations: one return for every primary organization.
  @Test("a first return takes at most 20 bytes on the wire")
  func returns() throws {
    var total = 0
    var number = 0
    let count = 137_131
    var random = SeededRandom(seed: 2025)
    var predecessor = SyncCore.Digest.zero
    let origin = Samples.origin(&random)
    while number < count {
      let size = min(16_384, count - number)
      let block = block(number..<(number + size), &random)
      let header = SegmentHeader(
        origin: origin, channel: Channel(owner: "ftuu", audience: .home), first: Int64(number + 1), count: size,
        predecessor: predecessor, context: [Samples.tip(&random)], catalogVersion: 1, sealedAt: Samples.now)
      let segment = try Segment.seal(header, blocks: [block], key: Samples.key(1))
      let read = try Segment(bytes: segment.bytes).blocks()
      #expect(read.count == 1 && read[0].count == size)
      predecessor = segment.hash
      total += segment.bytes.count
      number += size
    }
    let share = Double(total) / Double(count)
    print("\(count) returns take \(total) bytes: \(share) bytes a change")
    #expect(share <= 20)
  }

  @Test("A body is never larger than it is known to become before it is written", arguments: 0..<300)
  func bound(seed: Int) {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ UInt64(seed))
    let blocks = (1...3).map { RandomBlock(&random, kind: KindID($0), changes: 1 + random.below(120)) }
    var most = 0
    for random in blocks {
      most += KindBlock.sizeLimit
      for change in random.changes {
        most += KindBlock.sizeLimit(of: change.key)
        for register in change.registers {
          most += KindBlock.sizeLimit(of: register, fieldCount: random.fields[register.key.id]?.count ?? 1)
        }
      }
    }
    let body = Segment.body(of: blocks.map(\.block))
    #expect(body.count <= most)
    #expect(most < 4 * body.count + 8 * KindBlock.sizeLimit, "it says little")
  }

  private func block(_ numbers: Range<Int>, _ random: inout SeededRandom) -> KindBlock {
    var block = KindBlock(kind: 5, keyColumns: 3)
    let columns = (1...7).map { block.column(field: FieldID($0), register: 20) }
    let method = block.column(field: 8, register: 20)
    let date = Array("2025-10-31".utf8)
    let axis = Array("territorial".utf8)
    let estimate = Array("estimate".utf8)
    for number in numbers {
      // Captured as rows of one transaction are: a few in every millisecond.
      let captured = Samples.now + Int64(number / 40)
      block.begin(.insertion, captured: captured, time: captured - 1234, isFlagged: false)
      let digits = String(number)
      let code = "ftuu-" + String(repeating: "0", count: 6 - digits.count) + digits
      block.appendKey(column: 0, Array(code.utf8)[...])
      block.appendKey(column: 1, date[...])
      block.appendKey(column: 2, axis[...])
      block.append(Int64(random.below(196) + 5), to: columns[0])
      for column in columns.dropFirst() { block.appendNull(to: column) }
      block.append(text: estimate, to: method)
    }
    return block
  }
}
