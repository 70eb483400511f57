import Foundation
import Limits
import Store
import SyncCore
import Testing
import Wire

@testable import Node

/// A member with a true key tries to spoil for others what headquarters does for all.
@Suite(.timeLimit(.minutes(20))) struct HostileMemberTests {
  private let open = Channel(owner: "ftuu", audience: .open)

  @Test("A record too large for any snapshot keeps no new node out: the log is fetched in its place")
  func largeRecord() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      try kz.name("fprk-1", "ours")
      _ = try await kz.sync()
      // One change of ten texts, which packs into nothing: each is allowed, and together they fill no segment.
      let fields = (100..<110).map { FieldID($0) }
      let text = Value.text(Array(repeating: UInt8(ascii: "x"), count: WireLimits.cellBytes))
      var block = KindBlock(kind: 1, keyColumns: 1)
      block.append(
        Change(
          kind: 1, key: RecordKey("large"), operation: .edit,
          registers: fields.map {
            RegisterContent(RegisterKey(RegisterID(of: $0)), Content([Cell(field: $0, value: text)]))
          },
          captured: 1_790_000_000_000, time: 1_790_000_000_000)
      ) { [FieldID(aloneIn: $0.id)] }
      let header = SegmentHeader(
        origin: Origin(node: client.id, nonce: 77), channel: open, first: 1, count: 1, predecessor: .zero, context: [],
        catalogVersion: 1, sealedAt: 1_790_000_000_000)
      let segment = try Segment.seal(header, blocks: [block], key: client.key)
      #expect(try await client.exchange(segments: [segment.bytes]).answer().refusals.isEmpty)

      var office = try await house.join("fprk", office: "Osh", as: "osh.db")
      office.snapshotUse = .always
      let report = try await office.sync()
      #expect(report.outcome == .even && report.snapshot == nil)
      #expect(try office.name(of: "fprk-1") == "ours")
      #expect(try office.store.verify().problems == [])
    }
  }
}
