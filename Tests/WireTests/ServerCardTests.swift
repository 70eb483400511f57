import SyncCore
import TestSupport
import Testing

@testable import Wire

/// By what headquarters' server is known: in invitations, and in headquarters' own line.
@Suite("The server's keys")
struct ServerCardTests {
  static func trust(_ seed: UInt64, pins: Int, needsAuthority: Bool) throws -> ServerTrust {
    var random = SeededRandom(seed: seed)
    let pins = (0..<pins).map { _ in Samples.digest(&random) }
    return try ServerTrust(pins: pins, needsAuthority: needsAuthority, issuedAt: Samples.now)
  }

  @Test("What is written is read, and nothing else")
  func roundTrip() throws {
    for (pins, needsAuthority) in [(0, true), (1, false), (1, true), (2, false), (4, true)] {
      let trust = try Self.trust(7, pins: pins, needsAuthority: needsAuthority)
      #expect(try ServerTrust(bytes: trust.bytes) == trust)
      for count in 0..<trust.bytes.count {
        #expect(throws: WireError.self) { try ServerTrust(bytes: Array(trust.bytes.prefix(count))) }
      }
      #expect(throws: WireError.self) { try ServerTrust(bytes: trust.bytes + [0]) }
    }
  }

  @Test("Neither a pin nor an authority, the same pin twice, or too many are refused")
  func refused() throws {
    var random = SeededRandom(seed: 1)
    let pin = Samples.digest(&random)
    let many = (0..<5).map { _ in Samples.digest(&random) }
    for (pins, needsAuthority) in [([], false), ([pin, pin], false), ([pin, pin], true), (many, true)] {
      #expect(throws: WireError.self) { try ServerTrust(pins: pins, needsAuthority: needsAuthority, issuedAt: 0) }
      var writer = ByteWriter()
      writer.byte(needsAuthority ? 1 : 0)
      writer.count(pins.count)
      for pin in pins { writer.digest(pin) }
      writer.zigzag(0)
      #expect(throws: WireError.self) { try ServerTrust(bytes: writer.bytes) }
    }
    #expect(throws: WireError.self) { try ServerTrust(bytes: [2, 0, 0]) }
  }

  @Test("An invitation without pins is what it always was; one with pins is of the second form")
  func invitations() throws {
    var invitation = try Samples.invitation()
    #expect(invitation.trust == .authority)
    #expect(Base64URL.decode(String(invitation.line.dropFirst(8)))?.first == 1)
    for (pins, needsAuthority) in [(1, false), (2, false), (1, true)] {
      invitation.trust = try Self.trust(3, pins: pins, needsAuthority: needsAuthority)
      #expect(Base64URL.decode(String(invitation.line.dropFirst(8)))?.first == 2)
      #expect(try Invitation(line: invitation.line) == invitation)
    }
  }

  @Test("A line of an earlier program is still read")
  func earlierLine() throws {
    var writer = ByteWriter()
    writer.byte(1)
    writer.text("https://birlik.example.org")
    writer.raw(try Samples.publicKey(1))
    writer.raw([UInt8](repeating: 9, count: 16))
    writer.text("ftuu")
    writer.text("ftuu/Samarkand")
    writer.raw(SyncCore.Digest(sha256: writer.bytes).bytes.prefix(4))
    let invitation = try Invitation(line: "birlik1:" + Base64URL.encode(writer.bytes))
    #expect(invitation.trust == .authority && invitation.name == "ftuu/Samarkand")
    // The second form with nothing that the first could not hold is refused.
    var second = ByteWriter()
    second.byte(2)
    second.raw(writer.bytes.dropFirst().dropLast(4))
    second.raw(ServerTrust.authority.bytes)
    second.raw(SyncCore.Digest(sha256: second.bytes).bytes.prefix(4))
    #expect(throws: WireError.self) { try Invitation(line: "birlik1:" + Base64URL.encode(second.bytes)) }
  }

  @Test("Headquarters' line is read however it was copied, and only if this headquarters signed it")
  func line() throws {
    let key = try Samples.key(1)
    let trust = try Self.trust(5, pins: 2, needsAuthority: false)
    let card = try ServerCard.issue(url: "https://hq.example.org:8650", trust: trust, by: key)
    let mine = try Samples.publicKey(1)
    let middle = card.line.index(card.line.startIndex, offsetBy: 60)
    for copied in [card.line, " \(card.line)\r\n", card.line[..<middle] + "\n " + card.line[middle...]] {
      let read = try ServerCard(line: String(copied), signedBy: mine)
      #expect(read == card && read.trust == trust && read.url == "https://hq.example.org:8650")
    }
    let foreign = #expect(throws: WireError.self) {
      try ServerCard(line: card.line, signedBy: Samples.publicKey(2))
    }
    #expect(foreign?.code == .badSignature && foreign?.hint.isEmpty == false)
    for wrong in ["", "birlik-server1:", "birlik1:" + card.line.dropFirst(15), card.line + "A"] {
      #expect(throws: WireError.self) { try ServerCard(line: wrong, signedBy: mine) }
    }
    // With the hash of the line corrected, the signature still differs.
    for place in card.bytes.indices {
      var bytes = card.bytes
      bytes[place] ^= 1
      let line = ServerCard.prefix + Base64URL.encode(bytes + SyncCore.Digest(sha256: bytes).bytes.prefix(4))
      #expect(throws: WireError.self, "byte \(place)") { try ServerCard(line: line, signedBy: mine) }
    }
  }
}
