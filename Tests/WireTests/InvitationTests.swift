import SyncCore
import TestSupport
import Testing

@testable import Wire

@Suite("Invitations")
struct InvitationTests {
  @Test("the line gives back the invitation, however it was copied")
  func line() throws {
    let invitation = try Samples.invitation()
    let line = invitation.line
    #expect(line.hasPrefix("birlik1:"))
    #expect(line.utf8.allSatisfy { (33...126).contains($0) })
    #expect(try Invitation(line: line) == invitation)
    let middle = line.index(line.startIndex, offsetBy: 60)
    for copied in [
      " \(line)\n", "\r\n\t\(line)\r\n", line[..<middle] + "\n  " + line[middle...],
      line.map { "\($0) " }.joined(), line[..<middle] + "\r\n" + line[middle...], "\u{A0}\(line)\u{2028}",
    ] {
      #expect(try Invitation(line: String(copied)) == invitation, "\(copied)")
    }
  }

  @Test("a line that is not whole, altered or something else is refused with a hint")
  func refusals() throws {
    let line = try Samples.invitation().line
    var wrong = [
      "", " ", "birlik1:", "birlik1:AAAA", "birlik2:" + line.dropFirst(8), line + "A", line + "=", line + line,
    ]
    wrong += [line.uppercased(), "x" + line, String(line.dropFirst()), line.replacing("birlik1:", with: "birlik1：")]
    for place in line.indices {
      var altered = line
      altered.replaceSubrange(place...place, with: line[place] == "A" ? "B" : "A")
      wrong.append(altered)
    }
    for line in wrong {
      let error = #expect(throws: WireError.self, "\(line)") { try Invitation(line: line) }
      #expect(error?.code == .badInvitation && error?.hint.isEmpty == false, "\(line)")
    }
  }

  @Test("base64 has one spelling for every run of bytes")
  func base64() {
    #expect(Base64URL.encode([]) == "")
    #expect(Base64URL.encode(Array("Man".utf8)) == "TWFu")
    #expect(Base64URL.encode(Array("Ma".utf8)) == "TWE")
    #expect(Base64URL.encode(Array("M".utf8)) == "TQ")
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
    for seed in UInt64(0)..<300 {
      var random = SeededRandom(seed: seed)
      let bytes = random.bytes(random.below(80))
      let text = Base64URL.encode(bytes)
      #expect(Base64URL.decode(text) == bytes, "seed \(seed)")
    }
    for text in ["A", "AAAAA", "TR", "TWF", "TQ==", "TW+u", "TW/u", "TW u", "ş", "TQ\n", "-_9"] {
      #expect(Base64URL.decode(text) == nil, "\(text)")
    }
  }

  @Test("every text that decodes is the one that encodes")
  func base64Strictness() {
    var random = SeededRandom(seed: 11)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for _ in 0..<3000 {
      let text = String((0..<random.below(7)).map { _ in random.pick(alphabet) })
      guard let bytes = Base64URL.decode(text) else { continue }
      #expect(Base64URL.encode(bytes) == text)
    }
  }
}
