import Limits
import enum Crypto.Curve25519
import Foundation
import Server
import Store
import SyncCore
import Synchronization
import Testing
import Transport
import Wire

@testable import Node

/// What comes from outside: refused in clear words, nothing else stops, nothing is learnt.
@Suite(.timeLimit(.minutes(20))) struct HostileClientTests {
  private let open = Channel(owner: "ftuu", audience: .open)
  private let home = Channel(owner: "ftuu", audience: .home)
  private let foreignHome = Channel(owner: "fprk", audience: .home)

  private func rows(_ house: House) throws -> String? { try house.headquarters.name(of: "hostile-1") }

  @Test("Altered, truncated and invented segments are refused one by one, the good one beside them is taken")
  func alteredSegments() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let good = try client.segment(open)
      var bad: [[UInt8]] = [[], [0], Array("BRS1".utf8), Array(repeating: 0xFF, count: 500)]
      for place in stride(from: 0, to: good.bytes.count, by: 7) {
        var altered = good.bytes
        altered[place] ^= 0x20
        bad.append(altered)
      }
      for count in stride(from: 1, to: good.bytes.count, by: 13) { bad.append(Array(good.bytes.prefix(count))) }
      bad.append(good.bytes + [0])
      let refused = try await client.exchange(segments: bad).answer()
      #expect(refused.refusals.count == bad.count)
      #expect(refused.refusals.allSatisfy { !$0.reason.isEmpty })
      #expect(try rows(house) == nil && house.headquarters.store.status().frontier.isEmpty)
      #expect(try house.headquarters.store.status().waiting == 0)

      let mixed = try await client.exchange(segments: Array(bad.prefix(20)) + [good.bytes] + bad.suffix(20)).answer()
      #expect(mixed.refusals.count == 40 && mixed.frontier?.map(\.tip.hash) == [good.hash])
      #expect(try rows(house) == "x")
    }
    #expect(try house.headquarters.store.verify().problems == [])
  }

  @Test("A segment is bound to its author's key, channels and numbers")
  func unlawfulSegments() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    let stranger = Curve25519.Signing.PrivateKey()
    let otuts = house.headquarters.store.identity
    try await house.serve {
      let good = try client.segment(open)
      _ = try await client.exchange(segments: [good.bytes])
      func channel(_ owner: String, _ audience: Channel.Audience) -> Channel {
        Channel(owner: owner, audience: audience)
      }
      let misnamed = Tip(origin: good.header.origin, sequence: 2, hash: good.hash)
      let kzOrigin = Origin(node: kz.store.identity.node, nonce: 5)
      let cases: [(Segment, String)] = [
        (try client.segment(channel("fprk", .open)), "may not write"),
        (try client.segment(channel("otuts", .open)), "may not write"),
        (try client.segment(channel("nobody", .open)), "may not write"),
        (try client.segment(foreignHome), "not one that may be exchanged"),
        (try client.segment(channel("nobody", .home)), "not one that may be exchanged"),
        (try client.segment(open, by: stranger), "signature"),
        (try client.segment(channel("fprk", .open), origin: kzOrigin), "signature"),
        (try client.segment(channel("otuts", .open), origin: Origin(node: otuts.node, nonce: 1)), "signature"),
        (try client.segment(open, origin: Origin(node: NodeID(high: 1, low: 2), nonce: 3)), "not known"),
        (try client.segment(open, first: 3, after: good.hash), "numbers"),
        (try client.segment(open, first: .max - 1, after: good.hash), "numbers"),
        (try client.segment(open, first: 2), "begins with number 1"),
        (try client.segment(home, first: 2, after: good.hash), "predecessor"),
        (try client.segment(open, origin: Origin(node: client.id, nonce: 9), context: [misnamed]), "context"),
      ]
      for (segment, words) in cases {
        let answer = try await client.exchange(segments: [segment.bytes]).answer()
        #expect(answer.refusals.map(\.segment) == [segment.hash])
        #expect(answer.refusals.first?.reason.contains(words) == true, "\(answer.refusals), not \(words)")
        #expect(answer.frontier?.count == 1)
      }
      // A card that headquarters did not sign makes nobody known.
      let forger = Curve25519.Signing.PrivateKey()
      let forged = try NodeCard.issue(
        publicKey: Array(forger.publicKey.rawRepresentation), role: NodeRole(isHeadquarters: true, federation: "otuts"),
        name: "OTUTS", at: 0, by: forger)
      let segment = try client.segment(open, origin: Origin(node: forged.id, nonce: 1), by: forger)
      let answer = try await client.exchange(segments: [segment.bytes], cards: [forged.bytes, [1, 2, 3]]).answer()
      #expect(answer.refusals.count == 1)
      #expect(try house.headquarters.store.card(of: forged.id) == nil)
    }
    #expect(try house.headquarters.store.verify().problems == [])
  }

  @Test("A segment whose predecessor is missing waits for it, across requests")
  func earlySegments() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let first = try client.segment(open, name: "first")
      let second = try client.segment(open, first: 2, after: first.hash, name: "second")
      let other = try client.segment(
        open, origin: Origin(node: client.id, nonce: 8),
        context: [Tip(origin: second.header.origin, sequence: 2, hash: second.hash)], name: "other")
      for _ in 0..<2 {
        let early = try await client.exchange(segments: [other.bytes, second.bytes]).answer()
        #expect(early.refusals.isEmpty && early.isEvenWithNothing)
        #expect(try house.headquarters.store.status().waiting == 2)
      }
      let answer = try await client.exchange(segments: [first.bytes]).answer()
      #expect(Set(answer.frontier?.map(\.tip.hash) ?? []) == [second.hash, other.hash])
      #expect(try house.headquarters.store.status().waiting == 0 && rows(house) == "other")
    }
  }

  @Test("Unknown nodes, wrong keys, foreign cards and unknown paths get one and the same answer")
  func strangers() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    try await house.serve {
      let client = try HostileClient(house, as: uz)
      let body = ExchangeRequest(
        card: client.card, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: []
      ).bytes
      var stranger = client
      stranger.key = Curve25519.Signing.PrivateKey()
      var replies = [
        // Unknown, without and with cards of others.
        try await stranger.post(body), try await stranger.post(Array("BRX1".utf8)), try await stranger.post([]),
        try await stranger.post(body, path: "/v1/other"), try await client.post(body, path: "/v1/other"),
        try await client.post(body, isSigned: false), try await stranger.post(body, created: 0),
      ]
      // In the name of a known node: another key, another body, another signature.
      let others = try MessageSignature.sign(
        method: "POST", path: "/v1/exchange", body: body, created: SystemClock.now(),
        signer: MessageSigner(keyID: client.id, privateKey: stranger.key))
      replies.append(try await client.post(body) { $0.headers = others })
      replies.append(try await client.post(body) { $0.body = body + [0] })
      let kzHeaders = try MessageSignature.sign(
        method: "POST", path: "/v1/exchange", body: body, created: SystemClock.now(),
        signer: MessageSigner(keyID: kz.store.identity.node, privateKey: client.key))
      replies.append(try await client.post(body) { $0.headers = kzHeaders })
      // A card that the stranger signed itself.
      let selfSigned = try NodeCard.issue(
        publicKey: Array(stranger.key.publicKey.rawRepresentation),
        role: NodeRole(isHeadquarters: false, federation: "ftuu"), name: "ftuu", at: 0, by: stranger.key)
      stranger.card = selfSigned.bytes
      replies.append(try await stranger.exchange())
      for reply in replies { #expect(reply == replies[0]) }
      #expect(replies[0].status == 401 && replies[0].code == "denied")
      // Right but for its time.
      let late = try await client.post(body, created: SystemClock.now() - 365 * 86_400_000)
      #expect(late.status == 401 && late.code == "clock")
      #expect(try house.headquarters.store.cards().count == 4)
      #expect(try await client.post(body).status == 200)
    }
  }

  @Test("Another federation's home channel looks like one that does not exist")
  func foreignChannels() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    try await house.serve {
      try uz.link("ftuu-1", "ours")
      try kz.link("fprk-1", "secret")
      try kz.name("fprk-1", "public")
      try house.headquarters.store.seal()
      _ = try house.headquarters.store.edit(
        kind: "org_link", key: "otuts-1/territorial/2026-01-01", values: [("remark", "headquarters' own")])
      for node in [kz, uz] { _ = try await node.sync() }
      let all = try house.headquarters.store.status().frontier
      let secret = try #require(all.first { $0.channel == foreignHome })
      let inner = try #require(all.first { $0.channel.owner == "otuts" && $0.channel.audience == .home })
      let client = try HostileClient(house, as: uz)

      func asked(_ entry: FrontierEntry) async throws -> ExchangeAnswer {
        var answer = try await client.exchange(frontier: [entry]).answer()
        (answer.now, answer.receipt) = (0, [])
        return answer
      }
      let nowhere = Channel(owner: "nobody", audience: .home)
      let invented = Tip(origin: Origin(node: NodeID(high: 1, low: 1), nonce: 1), sequence: 1, hash: Digest(1, 2, 3, 4))
      let nothing = try await asked(FrontierEntry(channel: nowhere, tip: invented))
      #expect(nothing.held == [false])
      #expect(nothing.frontier?.contains { !uz.store.identity.role.mayRead($0.channel) } == false)
      for entry in [
        secret, inner, FrontierEntry(channel: foreignHome, tip: invented),
        FrontierEntry(channel: nowhere, tip: secret.tip), FrontierEntry(channel: inner.channel, tip: secret.tip),
        // Under the name of a channel that may be read.
        FrontierEntry(channel: home, tip: secret.tip), FrontierEntry(channel: open, tip: inner.tip),
      ] {
        #expect(try await asked(entry) == nothing)
      }
      // Nothing is sent from a channel that may not be read.
      for bytes in nothing.segments {
        let segment = try Segment(bytes: bytes)
        #expect(uz.store.identity.role.mayRead(segment.header.channel))
      }
      // What a frontier claims about headquarters is no proof.
      for channel in [inner.channel, Channel(owner: "otuts", audience: .open), open] {
        let claim = Tip(origin: inner.tip.origin, sequence: 1000, hash: Digest(9, 9, 9, 9))
        _ = try await client.exchange(frontier: [FrontierEntry(channel: channel, tip: claim)])
      }
      #expect(try house.headquarters.store.status().notice == nil)
      let before = try house.headquarters.origins
      _ = try house.headquarters.store.edit(
        kind: "org_link", key: "otuts-2/territorial/2026-01-01", values: [("remark", "later")])
      try house.headquarters.store.seal()
      #expect(try house.headquarters.origins == before)
    }
  }

  @Test("Garbage and bodies over the limit are refused, and headquarters goes on")
  func garbage() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let segment = try client.segment(open)
      let tip = Tip(origin: Origin(node: client.id, nonce: 1), sequence: 1, hash: .zero)
      let whole = ExchangeRequest(
        card: client.card, catalogVersion: 1, frontierDigest: Digest(of: []),
        frontier: [FrontierEntry(channel: open, tip: tip)], cards: [client.card], segments: [segment.bytes]
      ).bytes
      var bodies: [[UInt8]] = [[], [0], Array("BRX2".utf8), Array("{}".utf8), whole + [0]]
      for count in stride(from: 4, to: whole.count, by: 11) { bodies.append(Array(whole.prefix(count))) }
      // Announces more than it has, and more than may be.
      bodies.append(Array(whole.prefix(4)) + Array(repeating: 0xFF, count: 9) + [1])
      bodies.append(Array("BRX1".utf8) + Array(repeating: 0xFF, count: 200))
      for body in bodies {
        let reply = try await client.post(body)
        #expect([400, 413].contains(reply.status))
        let known: Set = ["truncated", "malformed", "too_large", "unsupported"]
        #expect(reply.code.map(known.contains) == true, "\(reply.code ?? "")")
      }
      let large = try await client.post([UInt8](repeating: 0, count: WireLimits.messageBytes + 1))
      #expect(large.status == 413 && large.code == "too_large")
      let largeJoin = try await client.post([UInt8](repeating: 0, count: 1 << 17), path: "/v1/join", isSigned: false)
      #expect(largeJoin.status == 413 && largeJoin.code == "too_large")
      #expect(try rows(house) == nil)
      #expect(try await uz.sync().outcome == .even)
    }
  }

  @Test("A replayed request changes nothing and gets the same answer")
  func replay() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let segment = try client.segment(open)
      let body = ExchangeRequest(
        card: client.card, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: [], segments: [segment.bytes]
      ).bytes
      let headers = try MessageSignature.sign(
        method: "POST", path: "/v1/exchange", body: body, created: SystemClock.now(),
        signer: MessageSigner(keyID: client.id, privateKey: client.key))
      var answers: [ExchangeAnswer] = []
      for _ in 0..<3 {
        var answer = try await client.post(body) { $0.headers = headers }.answer()
        #expect(answer.now > 0 && !answer.receipt.isEmpty)
        (answer.now, answer.receipt) = (0, [])
        answers.append(answer)
      }
      #expect(answers[0] == answers[1] && answers[1] == answers[2])
      #expect(answers[0].refusals.isEmpty && answers[0].frontier?.map(\.tip.hash) == [segment.hash])
      #expect(try house.headquarters.store.history(kind: "org_unit", key: "hostile-1").count == 1)
    }
    #expect(try house.headquarters.store.verify().problems == [])
  }

  @Test("A receipt lists what headquarters holds of the sender, under its signature")
  func receipt() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let client = try HostileClient(house, as: uz)
    try await house.serve {
      let segment = try client.segment(open)
      let answer = try await client.exchange(segments: [segment.bytes]).answer()
      let receipt = try Receipt(bytes: answer.receipt, signedBy: house.headquarters.store.identity.headquarters)
      #expect(receipt.node == client.id && receipt.tips.map(\.tip.hash) == [segment.hash])
      // Nothing moves, so there is nothing to sign.
      let even = try house.headquarters.store.frontier(visibleTo: uz.store.identity.role)
      #expect(try await client.exchange(frontier: even).answer().receipt.isEmpty)
      #expect(receipt.openDigest == Digest(of: even))
    }
  }
}

extension ExchangeAnswer {
  /// The answering side holds nothing, and the asking one claims the same.
  fileprivate var isEvenWithNothing: Bool { frontier == nil && frontierDigest == Digest(of: []) && held.isEmpty }
}
