import Crypto
import SyncCore
import Testing
import Wire

@testable import Store

/// A stopped node and somebody in league with it try to have more of it counted than headquarters said.
@Suite(.timeLimit(.minutes(20))) struct StoppedNodeTests {
  private struct Members {
    let house: House
    let hq: TestNode
    let uz: TestNode
    let office: TestNode
    let tr: TestNode
  }

  private func members() throws -> Members {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let office = try house.add("ftuu", office: "Samarkand")
    let tr = try house.add("fturk")
    for name in ["Bir", "Iki", "Üch"] {
      try uz.type("INSERT INTO org_unit(code, name) VALUES('a', '\(name)') ON CONFLICT DO UPDATE SET name='\(name)'")
      try uz.seal()
    }
    try Exchange.settle(hq, [uz, office, tr])
    return Members(house: house, hq: hq, uz: uz, office: office, tr: tr)
  }

  private func names(_ node: TestNode) throws -> [String] { try node.column("name", "org_unit ORDER BY code") }

  @Test("A revoked node does not have its earlier key's streams go on, though it holds both keys")
  func renewalAfterRevocation() throws {
    let all = try members()
    let identity = all.uz.identity
    let (second, third) = (try House.key(90), try House.key(91))
    func renew(
      _ old: Curve25519.Signing.PrivateKey, _ new: Curve25519.Signing.PrivateKey, _ tips: [FrontierEntry] = []
    ) throws -> NodeCard? {
      try all.hq.store.replace(KeyRenewal(from: old, to: new, tips: tips, at: 1)) { card in
        try NodeCard.issue(
          publicKey: Array(new.publicKey.rawRepresentation), role: card.role, name: card.name, at: House.start,
          by: all.house.headquartersKey)
      }
    }
    let now = try #require(try renew(identity.key, second))
    let last = try #require(try renew(second, third))
    // While the node is in good standing a repetition is answered.
    #expect(try renew(identity.key, second) == now)
    _ = try all.hq.store.revoke(last.id, reason: "the machine was stolen")

    let before = try all.hq.store.nodeStatements()
    let late = Tip(origin: Origin(node: identity.node, nonce: 77), sequence: 1, hash: Digest(1, 2, 3, 4))
    let channel = Channel(owner: "ftuu", audience: .open)
    #expect(try renew(identity.key, second, [FrontierEntry(channel: channel, tip: late)]) == nil)
    #expect(try renew(second, third) == nil)
    #expect(try all.hq.store.nodeStatements() == before)
  }
}
