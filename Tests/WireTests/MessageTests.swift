import Crypto
import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Messages")
struct MessageTests {
  @Test("requests and answers come out as they went in")
  func exchange() throws {
    for seed in UInt64(0)..<30 {
      let request = try Samples.request(seed: seed)
      #expect(try ExchangeRequest(bytes: request.bytes) == request, "seed \(seed)")
      #expect(ExchangeRequest.card(inRequest: request.bytes) == request.card)
      let answer = try Samples.answer(seed: seed)
      #expect(try ExchangeAnswer(bytes: answer.bytes) == answer, "seed \(seed)")
    }
    let greeting = ExchangeRequest(card: [], catalogVersion: 0, frontierDigest: .zero, frontier: nil)
    #expect(try ExchangeRequest(bytes: greeting.bytes) == greeting)
    var empty = greeting
    empty.frontier = []
    #expect(try ExchangeRequest(bytes: empty.bytes) == empty)
    #expect(empty.bytes != greeting.bytes)
    let even = ExchangeAnswer(now: .min, frontierDigest: .zero)
    #expect(try ExchangeAnswer(bytes: even.bytes) == even)
    #expect(even.bytes.count < 60 && greeting.bytes.count < 60)
  }

  @Test("a wish for a larger answer than allowed is cut down")
  func answerLimit() throws {
    var request = try Samples.request(seed: 1)
    request.answerLimit = .max
    #expect(try ExchangeRequest(bytes: request.bytes).answerLimit == WireLimits.messageBytes)
  }

  @Test("a reason is cut rather than making the answer unreadable")
  func longReasons() throws {
    for (character, count) in [("x", 1024), ("x", 1025), ("ş", 700), ("🙂", 300), ("x🙂", 2000)] {
      let reason = String(repeating: character, count: count)
      let refusal = ExchangeAnswer.Refusal(segment: .zero, reason: reason)
      let answer = ExchangeAnswer(now: 0, frontierDigest: .zero, refusals: [refusal])
      let read = try ExchangeAnswer(bytes: answer.bytes).refusals[0].reason
      #expect(reason.utf8.count <= 1024 ? read == reason : reason.hasPrefix(read.filter { $0 != "\u{FFFD}" }))
      #expect(read.utf8.count > 1000 || read == reason)
    }
  }

  @Test("cards, receipts and joins come out as they went in")
  func others() throws {
    let card = try Samples.card()
    #expect(try NodeCard(bytes: card.bytes, signedBy: Samples.publicKey(0)) == card)
    #expect(card.id == NodeCard.id(of: try Samples.publicKey(2)))
    let receipt = try Samples.receipt(seed: 5)
    #expect(try Receipt(bytes: receipt.bytes, signedBy: Samples.publicKey(0)) == receipt)
    #expect(receipt.tips.count == 3 && receipt.openDigest != nil)
    let evidence = try Samples.evidence(seed: 5)
    #expect(try Evidence(bytes: evidence.bytes, signedBy: Samples.publicKey(0)) == evidence)
    #expect(evidence.binding == evidence.receipts.last && evidence.receipts.count == 2)
    let join = try Samples.join()
    #expect(try JoinRequest(bytes: join.bytes) == join)
    let answer = try Samples.joinAnswer()
    #expect(try JoinAnswer(bytes: answer.bytes) == answer)
  }

  @Test("a card or a receipt of somebody else is refused, and so is one taken for the other")
  func forgeries() throws {
    let card = try Samples.card()
    let receipt = try Samples.receipt(seed: 5)
    for key in [try Samples.publicKey(1), [], Array(repeating: 0, count: 32)] {
      #expect(throws: WireError.self) { try NodeCard(bytes: card.bytes, signedBy: key) }
      #expect(throws: WireError.self) { try Receipt(bytes: receipt.bytes, signedBy: key) }
    }
    let headquarters = try Samples.publicKey(0)
    #expect(throws: WireError.self) { try NodeCard(bytes: receipt.bytes, signedBy: headquarters) }
    #expect(throws: WireError.self) { try Receipt(bytes: card.bytes, signedBy: headquarters) }
    for bytes in [card.bytes, receipt.bytes] {
      for place in bytes.indices {
        var altered = bytes
        altered[place] ^= 1 << (place % 8)
        #expect(throws: WireError.self, "byte \(place)") { try NodeCard(bytes: altered, signedBy: headquarters) }
        #expect(throws: WireError.self, "byte \(place)") { try Receipt(bytes: altered, signedBy: headquarters) }
      }
    }
  }

  @Test("a receipt of an earlier program is read, and one that is too large is neither issued nor read")
  func otherReceipts() throws {
    let key = try Samples.key(0)
    let tips = try Samples.receipt(seed: 5).tips
    var writer = ByteWriter()
    writer.raw(NodeCard.id(of: try Samples.publicKey(2)).bytes)
    writer.zigzag(Samples.now)
    FrontierCodec.encode(tips, into: &writer)
    writer.raw(Array(try key.signature(for: Array("birlik.receipt.v1\0".utf8) + writer.bytes)))
    let earlier = try Receipt(bytes: writer.bytes, signedBy: Samples.publicKey(0))
    #expect(earlier.tips == tips && earlier.openDigest == nil)
    let many = Array(repeating: tips[0], count: WireLimits.receiptBytes / 32)
    #expect(Receipt.issue(to: earlier.node, tips: many, open: [], at: 0, by: key) == nil)
    #expect(throws: WireError.self) {
      try Receipt(bytes: [UInt8](repeating: 0, count: WireLimits.receiptBytes + 1), signedBy: Samples.publicKey(0))
    }
  }

  @Test("a card for an improper name, federation or key is not issued")
  func improperCards() throws {
    let key = try Samples.key(0)
    let node = try Samples.publicKey(2)
    for (publicKey, federation, name) in [
      (node, "FTUU", "x"), (node, "", "x"), (Array(node.dropLast()), "ftuu", "x"),
      (node, "ftuu", String(repeating: "ş", count: 129)), (node, String(repeating: "a", count: 33), "x"),
    ] {
      let role = NodeRole(isHeadquarters: false, federation: federation)
      #expect(throws: WireError.self) {
        try NodeCard.issue(publicKey: publicKey, role: role, name: name, at: 0, by: key)
      }
    }
  }

  @Test("every message that is cut off or too long is refused")
  func truncations() throws {
    for message in try Samples.messages() {
      try message.read(message.bytes)
      for length in 0..<message.bytes.count {
        #expect(throws: WireError.self, "\(message.name) of \(length) bytes") {
          try message.read(Array(message.bytes.prefix(length)))
        }
      }
      if message.name != "invitation" {
        #expect(throws: WireError.self, "\(message.name) with a byte more") { try message.read(message.bytes + [0]) }
      }
    }
  }

  @Test("an unknown beginning is refused")
  func magics() throws {
    for message in try Samples.messages() where ["segment", "request", "answer"].contains(message.name) {
      var altered = message.bytes
      altered[3] = UInt8(ascii: "2")
      #expect(throws: WireError.self, "\(message.name)") { try message.read(altered) }
      #expect(ExchangeRequest.card(inRequest: altered) == nil)
    }
  }
}

@Suite("Frontiers")
struct FrontierTests {
  @Test("the digest depends on what is held, not on how the list came about")
  func digest() {
    for seed in UInt64(0)..<100 {
      var random = SeededRandom(seed: seed)
      let frontier = Samples.frontier(&random, count: random.below(12) + 2)
      let digest = SyncCore.Digest(of: frontier)
      #expect(SyncCore.Digest(of: frontier.shuffled(using: &random).sorted()) == digest, "seed \(seed)")
      #expect(SyncCore.Digest(of: Array(Set(frontier)).sorted()) == digest, "seed \(seed)")
      var others: Set<SyncCore.Digest> = [digest]
      for alter in alterations {
        var other = frontier
        alter(&other, random.below(frontier.count))
        others.insert(SyncCore.Digest(of: other.sorted()))
      }
      #expect(others.count == alterations.count + 1, "seed \(seed)")
    }
    #expect(SyncCore.Digest(of: []) != .zero)
  }

  private var alterations: [(inout [FrontierEntry], Int) -> Void] {
    [
      { $0.remove(at: $1) }, { $0[$1].tip.hash.words.3 ^= 1 }, { $0[$1].tip.origin.nonce ^= 1 },
      { $0[$1].tip.origin.node.high ^= 1 }, { $0[$1].tip.sequence ^= 3 << 40 },
      { $0[$1].channel.audience = $0[$1].channel.audience == .home ? .open : .home },
      { $0[$1].channel.owner += "x" }, { $0.append($0[$1]) },
    ]
  }

  @Test("entries keep their order in a request, also when channels are mixed")
  func order() throws {
    for seed in UInt64(0)..<50 {
      var random = SeededRandom(seed: seed)
      let frontier = Samples.frontier(&random, count: 9).shuffled(using: &random)
      let request = ExchangeRequest(card: [], catalogVersion: 1, frontierDigest: .zero, frontier: frontier)
      #expect(try ExchangeRequest(bytes: request.bytes).frontier == frontier, "seed \(seed)")
    }
  }
}
