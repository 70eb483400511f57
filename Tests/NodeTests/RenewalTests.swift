import enum Crypto.Curve25519
import Foundation
import Logging
import Server
import Store
import SyncCore
import TestSupport
import Testing
import Transport
import Wire

@testable import Node

/// A node's key is renewed with the word of both keys, and a node's right is taken away.
@Suite(.timeLimit(.minutes(20))) struct RenewalTests {
  /// Has the answer to a path lost, a number of times.
  private struct Forgetful: PassingOn {
    var inner: any HeadquartersService

    func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
      await inner.exchange(body, from: node)
    }
    func renewablePublicKey(of node: NodeID) async throws -> [UInt8]? { try await inner.renewablePublicKey(of: node) }
    func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
      _ = await inner.renewKey(body, from: node)
      return .error(status: 503, code: "busy", message: "Lost.", hint: "")
    }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test("A node goes on under a new key; what was sealed and captured before counts, the old key nowhere")
  func renewed() async throws {
    let house = try House()
    let (uz, office, _) = try await house.joinThree()
    let hostile = try HostileClient(house, as: uz)
    let old = uz.store.identity.node
    try uz.name("a", "Bir")
    let other = try LocalNode.open(database: uz.store.path)
    _ = try other.store.status()
    let after = try await house.serve {
      _ = try await uz.sync()
      try uz.name("b", "not sealed yet")
      let after = try await uz.renewKey()
      #expect(after.store.identity.node != old && after.store.identity.role == uz.store.identity.role)
      try after.name("a", "Iki")
      #expect(try await after.sync().outcome == .even)
      #expect(try await office.sync().outcome == .even)
      // Nothing that the old key signs is answered or taken any more.
      let refused = try await hostile.exchange(segments: [])
      #expect(refused.status == 401)
      return after
    }
    for node in [house.headquarters, office, after] {
      #expect(try node.name(of: "a") == "Iki" && node.name(of: "b") == "not sealed yet")
      #expect(try node.store.verify().problems == [])
      let statement = try #require(try node.store.statement(on: old))
      #expect(statement.state == .replaced && statement.successor == after.store.identity.node)
      let proof = try KeyRenewal(bytes: statement.proof)
      #expect(NodeCard.id(of: proof.oldKey) == old && NodeCard.id(of: proof.newKey) == after.store.identity.node)
    }
    #expect(exists(after.store.path + ".key.old") && !exists(after.store.path + ".key.new"))
    // A process that had the file open has to begin again.
    let stale = try #require(throws: StoreError.self) { try other.store.status() }
    #expect(stale.code == .renewed)
    #expect(try await house.serve { try await after.renewKey().store.identity.node } != after.store.identity.node)
  }

  @Test("Headquarters goes on signing for what was sealed under the earlier key, and the audit knows it for one's own")
  func receipts() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let old = uz.store.identity.node
    try await house.serve {
      try uz.name("a", "Bir")
      _ = try await uz.sync()
      let after = try await uz.renewKey().renewKey()
      try after.name("b", "Iki")
      #expect(try await after.sync().outcome == .even)
      let receipt = try #require(after.store.evidence().receipts.last)
      #expect(receipt.node == after.store.identity.node)
      #expect(Set(receipt.tips.map(\.tip.origin.node)) == [old, receipt.node])
      let audit = try after.store.audit()
      #expect(audit.ok && audit.receipts > 1, "\(audit.findings)")
    }
  }

  @Test("A lost answer is asked for again; meanwhile nothing is sealed and edits are kept")
  func lostAnswer() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let old = uz.store.identity.node
    try await house.serve(wrap: { Forgetful(inner: $0) }) {
      await #expect(throws: (any Error).self) { try await uz.renewKey() }
    }
    try uz.name("a", "typed meanwhile")
    let busy = try #require(throws: StoreError.self) { try uz.store.seal() }
    #expect(busy.code == .busy && busy.hint.contains("rotate-key"))
    let again = try LocalNode.open(database: uz.store.path)
    #expect(again.store.identity.node == old)
    try await house.serve {
      let after = try await again.renewKey()
      #expect(try await after.sync().outcome == .even)
      #expect(try house.headquarters.name(of: "a") == "typed meanwhile")
      #expect(try house.headquarters.store.statement(on: old)?.successor == after.store.identity.node)
    }
    #expect(try house.headquarters.store.nodeStatements().count == 1)
  }

  @Test("Cut off before the key file got its name, the next command goes on")
  func cutOff() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let path = uz.store.path
    try await house.serve {
      let after = try await uz.renewKey()
      try after.store.close()
    }
    for step in 0..<2 {
      try FileManager.default.moveItem(atPath: path + ".key", toPath: path + ".key.new")
      if step == 0 { try FileManager.default.moveItem(atPath: path + ".key.old", toPath: path + ".key") }
      let opened = try LocalNode.open(database: path)
      #expect(!exists(path + ".key.new") && exists(path + ".key"))
      #expect(try Array(KeyFile(beside: path).read().publicKey.rawRepresentation) == opened.store.identity.publicKey)
      try opened.store.close()
    }
  }

  @Test("A database from before its key was renewed goes on under the new key, with what it held unsealed")
  func backup() async throws {
    let house = try House()
    var (uz, office, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("a", "Bir")
      _ = try await uz.sync()
      try uz.name("b", "captured in the backup")
      uz = try house.keep(uz, as: "before")
      var after = try await uz.renewKey()
      try after.name("a", "Iki")
      _ = try await after.sync()
      after = try house.putBack("before", for: after)
      try after.name("c", "typed after the restoration")
      let refusal = try #require(await #expect(throws: NodeError.self) { try await after.sync() })
      #expect(refusal.hint.contains("rotate-key"))
      let back = try await after.renewKey()
      #expect(try await back.sync().outcome == .even)
      #expect(try await office.sync().outcome == .even)
      #expect(back.store.identity.node != uz.store.identity.node)
      for node in [house.headquarters, office, back] {
        let names = try ["a", "b", "c"].map { try node.name(of: $0) }
        #expect(names == ["Iki", "captured in the backup", "typed after the restoration"])
        #expect(try node.store.status().conflicts == 0)
        #expect(try node.store.verify().problems == [])
      }
    }
  }

  @Test("Nobody renews the key of another node, of a revoked one, or twice to different keys")
  func forged() async throws {
    let house = try House()
    let (uz, office, kz) = try await house.joinThree()
    let hostile = try HostileClient(house, as: uz)
    let fresh = Curve25519.Signing.PrivateKey()
    func post(_ bytes: [UInt8]) async throws -> Int { try await hostile.post(bytes, path: "/v1/renew-key").status }
    try await house.serve {
      let identity = uz.store.identity
      let foreign = try KeyRenewal(from: kz.store.identity.key, to: fresh, tips: [], at: 1)
      #expect(try await post(foreign.bytes) == 403)
      let taken = try KeyRenewal(from: identity.key, to: kz.store.identity.key, tips: [], at: 1)
      #expect(try await post(taken.bytes) == 403)
      var altered = try KeyRenewal(from: identity.key, to: fresh, tips: [], at: 1).bytes
      altered[10] ^= 1
      #expect(try await post(altered) == 400)
      let tip = Tip(origin: Origin(node: office.store.identity.node, nonce: 1), sequence: 9, hash: .zero)
      let home = Channel(owner: "ftuu", audience: .home)
      let others = try KeyRenewal(
        from: identity.key, to: fresh, tips: [FrontierEntry(channel: home, tip: tip)], at: 1)
      #expect(try await post(others.bytes) == 403)
      #expect(try house.headquarters.store.nodeStatements() == [])
      #expect(try await post(KeyRenewal(from: identity.key, to: fresh, tips: [], at: 1).bytes) == 200)
      let second = Curve25519.Signing.PrivateKey()
      #expect(try await post(KeyRenewal(from: identity.key, to: second, tips: [], at: 2).bytes) == 403)
      _ = try house.headquarters.store.revoke(office.store.identity.node, reason: "")
      let stopped = try HostileClient(house, as: office)
      let renewal = try KeyRenewal(from: office.store.identity.key, to: second, tips: [], at: 3)
      #expect(try await stopped.post(renewal.bytes, path: "/v1/renew-key").status == 401)
      #expect(try house.headquarters.store.nodes().count == 5)
    }
  }

  @Test("Where headquarters cannot look up whether a node was stopped, nobody is let in")
  func unanswered() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let service = try Headquarters(house.headquarters.store, logger: Logger(label: "test"))
    let identity = uz.store.identity
    let body = ExchangeRequest(
      card: identity.card.bytes, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: nil, cards: [],
      segments: []
    ).bytes
    #expect(try await service.enrol(body, node: identity.node) == identity.publicKey)
    try house.headquarters.store.close()
    // What cannot be looked up is not unknown.
    await #expect(throws: (any Error).self) { try await service.enrol(body, node: identity.node) }
  }

  @Test("A revoked node is answered nothing from its next request on, as one that never was")
  func revoked() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let hostile = try HostileClient(house, as: uz)
    try await house.serve {
      try uz.name("a", "Bir")
      _ = try await uz.sync()
      let before = try #require(house.headquarters.store.nodes().first { $0.node == uz.store.identity.node })
      #expect(before.contact?.agent == "birlik/\(Program.version)" && before.contact?.lag == 0)
      _ = try house.headquarters.store.revoke(uz.store.identity.node, reason: "stolen")
      try uz.name("a", "late")
      let error = try #require(await #expect(throws: NodeError.self) { try await uz.sync() })
      #expect(error.code == .denied)
      let refused = try await hostile.exchange(segments: [])
      let unknown = try await HostileClient(house, as: try House().headquarters).exchange(segments: [])
      #expect(refused.status == 401 && unknown.status == 401 && refused.body == unknown.body)
      #expect(try await kz.sync().outcome == .even)
    }
    #expect(try kz.name(of: "a") == "Bir" && house.headquarters.name(of: "a") == "Bir")
    // Its own edits are still its own.
    #expect(try uz.name(of: "a") == "late")
  }
}
