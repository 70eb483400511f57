import Server
import SyncCore
import Synchronization
import Testing
import Wire

@testable import Node
@testable import Store

/// Whom headquarters knows to have heard of the next key of its server.
@Suite(.timeLimit(.minutes(20))) struct AnnouncementReachTests {
  private func view(
    _ number: UInt8, contact at: Int64? = nil, lag: Int64 = 0, headquarters: Bool = false,
    stopped: NodeStatement.State? = nil, successor: UInt8? = nil
  ) throws -> NodeView {
    NodeView(
      node: try id(number), name: "node \(number)",
      role: NodeRole(isHeadquarters: headquarters, federation: "ftuu"), since: 1,
      contact: at.map { NodeContact(at: $0, agent: "", catalogVersion: 1, lag: lag) },
      statement: try stopped.map {
        NodeStatement(node: try id(number), state: $0, at: 1, tips: [], successor: try successor.map(id))
      })
  }

  private func id(_ number: UInt8) throws -> NodeID { try #require(NodeID(bytes: Array(repeating: number, count: 16))) }

  private func unaware(_ nodes: [NodeView]) -> [String] { AnnouncementReach(nodes, saidAt: 100).unaware.map(\.name) }

  @Test("Only an exchange after the announcement, in which nothing was lacking, shows that a node heard of it")
  func contacts() throws {
    let nodes = try [
      view(1, headquarters: true), view(2, contact: 101), view(3, contact: 100), view(4, contact: 99), view(5),
      view(6, contact: 200, lag: 1),
    ]
    let reach = AnnouncementReach(nodes, saidAt: 100)
    #expect(reach.count == 5)
    #expect(reach.names == "node 3, node 4, node 5 (never), node 6")
    #expect(reach.amount == "4 of 5 nodes have not synced")
    #expect(try AnnouncementReach([view(4, contact: 99)], saidAt: 100).amount == "1 of 1 node has not synced")
    let many = try AnnouncementReach((1...9).map { try view($0) }, saidAt: 100)
    #expect(many.names.hasSuffix("node 5 (never) and 4 more"))
  }

  @Test("A revoked node hears nothing, and one whose key was renewed heard what its earlier keys did")
  func stopped() throws {
    #expect(try unaware([view(2, contact: 1, stopped: .revoked), view(3, stopped: .revoked)]) == [])
    #expect(
      try unaware([
        view(2, contact: 101, stopped: .replaced, successor: 3), view(3, contact: 5, stopped: .replaced, successor: 4),
        view(4),
      ]) == [])
    let early = try [view(2, contact: 5, stopped: .replaced, successor: 3), view(3)]
    #expect(unaware(early) == ["node 3"] && AnnouncementReach(early, saidAt: 100).names == "node 3")
    // The successor of its successor, in a log that somebody bent.
    let ring = try [
      view(2, stopped: .replaced, successor: 3), view(3, stopped: .replaced, successor: 2),
      view(4, stopped: .replaced, successor: 5), view(5, contact: 101),
    ]
    #expect(unaware(ring) == [])
  }

  /// Answers so many exchanges and then no more.
  private final class Tiring: PassingOn {
    let inner: any HeadquartersService
    let left: Mutex<Int>

    init(_ inner: any HeadquartersService, exchanges: Int) {
      self.inner = inner
      left = Mutex(exchanges)
    }

    func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
      let isWilling = left.withLock { left in
        left -= 1
        return left >= 0
      }
      return isWilling
        ? await inner.exchange(body, from: node)
        : .error(status: 503, code: "busy", message: "Enough.", hint: "")
    }
  }

  @Test("A sync that was cut off counts for nothing until it was complete; what it brought is followed all the same")
  func cutOff() async throws {
    let house = try House()
    let (uz, office, kz) = try await house.joinThree()
    let headquarters = house.headquarters.store
    let pins = [Digest(of: []), try #require(Digest(bytes: Array(repeating: 7, count: 32)))]
    try await house.serve {
      for node in [uz, office, kz] { _ = try await node.sync() }
    }
    _ = try uz.store.setServerTrust(ServerTrust(pins: [pins[0]], needsAuthority: false, issuedAt: 1))
    try headquarters.announce(ServerKey(pin: pins[1].base64, state: .announced, from: SystemClock.now() + 1_000_000))
    let saidAt = try #require(try headquarters.saidAt(ofServerKey: pins[1].base64))
    func unaware() throws -> [String] {
      try AnnouncementReach(headquarters.nodes(), saidAt: saidAt).unaware.map(\.name)
    }
    #expect(try unaware() == ["fprk", "ftuu", "ftuu/Samarkand"])
    // The greeting, and the exchange that brings it; not the one that would confirm it.
    try await house.serve(wrap: { Tiring($0, exchanges: 2) }) {
      await #expect(throws: (any Error).self) { try await uz.sync() }
    }
    #expect(try unaware() == ["fprk", "ftuu", "ftuu/Samarkand"])
    #expect(try uz.store.serverTrust().pins == [pins[0]])
    // Whatever server it would meet now.
    await #expect(throws: (any Error).self) { try await uz.sync() }
    #expect(try uz.store.serverTrust().pins == [pins[1], pins[0]])
    try await house.serve {
      #expect(try await uz.sync().outcome == .even)
      #expect(try unaware() == ["fprk", "ftuu/Samarkand"])
      // Under another key it has heard of it as well.
      _ = try await uz.renewKey()
      #expect(try unaware() == ["fprk", "ftuu/Samarkand"])
      _ = try headquarters.revoke(office.store.identity.node, reason: "gone")
      #expect(try unaware() == ["fprk"])
      #expect(try await kz.sync().outcome == .even)
    }
    #expect(try unaware() == [])
  }
}
