import Foundation
import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

/// The page "Wire format" agrees with the code.
@Suite("The page")
struct PageTests {
  static func page() throws -> String {
    try String(contentsOf: Repository.folder.appending(path: "Sources/Wire/Wire.docc/WireFormat.md"), encoding: .utf8)
  }

  /// The segment with which the page begins.
  static func example() throws -> Segment {
    var block = KindBlock(kind: 5, keyColumns: 2)
    let day = Array("2025-10-31".utf8)
    block.begin(.insertion, captured: 1_790_000_000_000, time: 1_790_000_000_500, isFlagged: false)
    block.appendKey(column: 0, Array("ftuu-000001".utf8)[...])
    block.appendKey(column: 1, day[...])
    let members = block.column(field: 1, register: 20)
    let women = block.column(field: 3, register: 20)
    let method = block.column(field: 8, register: 20)
    let parties = block.column(field: 9, register: 9)
    block.append(42, to: members)
    block.appendNull(to: women)
    block.append(text: Array("estimate".utf8), to: method)
    block.begin(.edit, captured: 1_790_000_000_007, time: 1_790_000_000_507, isFlagged: false)
    block.appendKey(column: 0, Array("ftuu-000002".utf8)[...])
    block.appendKey(column: 1, day[...])
    block.append(17, to: members)
    block.append(elements: [(Array("HİS".utf8), true), (Array("MESS".utf8), false)], to: parties)
    let header = SegmentHeader(
      origin: Origin(node: NodeCard.id(of: try Samples.publicKey(0)), nonce: 1),
      channel: Channel(owner: "ftuu", audience: .home), first: 1, count: 2, predecessor: .zero, context: [],
      catalogVersion: 1, sealedAt: 1_790_000_001_000)
    return try Segment.seal(header, blocks: [block], key: Samples.key(0))
  }

  /// The bytes in the code blocks marked `hex`, without what follows a semicolon.
  private func hexBlocks() throws -> [[UInt8]] {
    let parts = try Self.page().components(separatedBy: "```hex\n").dropFirst()
    return try parts.map { part in
      let lines = part.prefix(upTo: part.range(of: "```")?.lowerBound ?? part.endIndex).split(separator: "\n")
      let digits = lines.map { $0.prefix { $0 != ";" }.filter { !$0.isWhitespace } }.joined()
      return try #require(Hex.bytes(digits))
    }
  }

  @Test("its example is a segment, byte for byte")
  func exampleIsReal() throws {
    let blocks = try hexBlocks()
    #expect(blocks.count == 2)
    let bytes = try #require(blocks.first)
    let segment = try Segment(bytes: bytes)
    let expected = try Self.example()
    try segment.verify(publicKey: Samples.publicKey(0))
    #expect(segment.hash == expected.hash && segment.header == expected.header)
    #expect(try segment.blocks().flatMap(\.changes) == expected.blocks().flatMap(\.changes))
    let page = try Self.page()
    #expect(page.contains(Hex.string(try Samples.publicKey(0))))
    #expect(page.contains(segment.hash.hex))
    #expect(blocks.last == Array(bytes.suffix(segment.body.count)))
  }

  @Test("its numbers are the limits")
  func limits() throws {
    let page = try Self.page()
    let limits = [
      WireLimits.messageBytes, WireLimits.segmentBytes, WireLimits.bodyBytes, WireLimits.changesPerSegment,
      WireLimits.contextEntries, WireLimits.frontierEntries, WireLimits.segmentsPerMessage, WireLimits.cardsPerMessage,
      WireLimits.streamsPerNode, WireLimits.columnsPerKind, WireLimits.contentBytes, WireLimits.elementsPerSegment,
      WireLimits.cellBytes,
      WireLimits.keyBytes, WireLimits.nameBytes, WireLimits.catalogBytes,
    ]
    for limit in limits {
      var text = ""
      for (place, digit) in String(limit).reversed().enumerated() {
        if place > 0, place % 3 == 0 { text.append(",") }
        text.append(digit)
      }
      #expect(page.contains("| \(String(text.reversed())) |"), "\(limit)")
    }
  }
}
