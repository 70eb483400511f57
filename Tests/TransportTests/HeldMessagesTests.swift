import SyncCore
import Testing
import Wire

@testable import Server

/// Messages that come in parts.
@Suite struct HeldMessagesTests {
  private let node = NodeID(high: 1, low: 1)
  private let other = NodeID(high: 2, low: 2)
  private let digest = Digest(1, 2, 3, 4)

  private func part(_ offset: Int, _ content: [UInt8], size: Int = 10) -> PartRequest {
    PartRequest(message: digest, size: size, offset: offset, content: content)
  }

  @Test("Parts in order, repeated and overlapping make the message; one that leaves a gap is not added")
  func parts() {
    let held = HeldMessages(limit: 1000)
    #expect(held.add(part(4, [4, 5]), of: node) == 0)
    #expect(held.add(part(0, [0, 1, 2, 3]), of: node) == 4)
    #expect(held.add(part(0, [0, 1, 2, 3]), of: node) == 4)
    #expect(held.add(part(2, [2, 3, 4, 5, 6]), of: node) == 7)
    #expect(held.request(digest, of: node) == nil)
    #expect(held.add(part(7, [7, 8, 9]), of: node) == 10)
    #expect(held.request(digest, of: node) == Array(0..<10))
    #expect(held.request(digest, of: other) == nil && held.request(.zero, of: node) == nil)
    #expect(held.bytes == 10)
    // Another message of the same node takes its place.
    #expect(held.add(PartRequest(message: .zero, size: 3, offset: 0, content: [1]), of: node) == 1)
    #expect(held.request(digest, of: node) == nil && held.bytes == 1)
  }

  @Test("The rest of the last answer is given, to its node alone")
  func rest() {
    let held = HeldMessages(limit: 1000)
    held.hold(Array(0..<10), digest: digest, for: node)
    func rest(_ offset: Int, _ limit: Int, of node: NodeID) -> RestAnswer {
      held.rest(RestRequest(message: digest, offset: offset, limit: limit), of: node)
    }
    #expect(rest(4, 3, of: node) == RestAnswer(size: 10, content: [4, 5, 6]))
    #expect(rest(8, 300, of: node) == RestAnswer(size: 10, content: [8, 9]))
    #expect(rest(10, 300, of: node) == RestAnswer(size: 10, content: []))
    #expect(rest(11, 300, of: node).size == 0)
    #expect(rest(0, 300, of: other).size == 0)
    held.hold(nil, digest: digest, for: node)
    #expect(rest(0, 300, of: node).size == 0 && held.bytes == 0)
  }

  @Test("All nodes together take no more memory than the limit; what was used longest ago goes first")
  func bounded() {
    let held = HeldMessages(limit: 25)
    for number in 0..<100 as Range<UInt64> {
      held.hold(Array(repeating: 1, count: 10), digest: digest, for: NodeID(high: 9, low: number))
      #expect(held.bytes <= 25)
    }
    let request = RestRequest(message: digest, offset: 0, limit: 10)
    #expect(held.rest(request, of: NodeID(high: 9, low: 99)).size == 10)
    #expect(held.rest(request, of: NodeID(high: 9, low: 0)).size == 0)
  }
}
