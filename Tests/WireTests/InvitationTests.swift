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

  /// What mail programs, chats and editors make of a line.
  private static func pastes(of line: String) -> [String] {
    func cut(_ every: Int, _ separator: String) -> String {
      var text = ""
      for (index, letter) in line.enumerated() {
        text += (index > 0 && index % every == 0 ? separator : "") + String(letter)
      }
      return text
    }
    let letter = "Dear Aygul,\nhere is your birlik invitation, it works once: keep it secret.\n\n"
    let end = "\n\nBest regards\n-- \nHeadquarters, tel. +90 312 000"
    return [
      "\u{FEFF}\(line)\r\n", "\u{FEFF}\(cut(70, "\r\n"))\r\n", "> " + cut(60, "\n> "), ">> > " + cut(60, "\n>> > "),
      "| " + cut(50, "\r\n| "), "    " + cut(76, "\n    "), "\t" + cut(76, "\r\t"), "\u{201C}\(line)\u{201D}",
      "\u{AB}\(line)\u{BB}",
      "\"\(line)\"", "'\(cut(64, "\n"))'", "`\(line)`", "```\n\(line)\n```", "_\(line)_", "*\(line)*", "<\(line)>",
      cut(30, "\u{AD}"), cut(9, "\u{200B}"), cut(7, "\u{200D}"), cut(3, "\u{2060}"), cut(4, "\u{FEFF}"),
      cut(5, "\u{A0}"),
      cut(40, "\u{2028}"), cut(40, "\u{202F}\u{3000}"), cut(66, "=\n"), cut(66, "=\r\n"), cut(33, "=C2=AD"),
      cut(45, "<br>\n"), cut(45, "<wbr/>"), cut(45, "<br />&gt; "), cut(20, "&#8203;"), "<p>\(line)</p>",
      cut(44, "&shy;"),
      letter + line + end, letter + "> " + cut(60, "\n> ") + "\n>" + end, "Invitation: \(line).",
      "(\(line)), thank you",
      letter + line + "\n\n> " + cut(70, "\n> ") + end, line.replacing("birlik1:", with: "Birlik1:"),
      line.replacing("-", with: "\u{2011}"), line.replacing("--", with: "\u{2014}"),
      line.replacing("-", with: "\u{2013}"),
      "birlik1:\n" + line.dropFirst(8), "bir\nlik1:" + line.dropFirst(8),
      "The line begins with birlik1: and is long.\n" + line,
    ]
  }

  @Test("a line is found in every paste that leaves its letters as they are")
  func pastes() throws {
    for name in ["ftuu", "ftuu/Samarkand--Ş", "ftuu/~~~???>>>"] {
      var invitation = try Samples.invitation()
      invitation.name = name
      // Two tokens whose letters hold hyphens and underscores where text around them is hard to tell.
      for byte in [UInt8(0x00), 0xFB, 0xEF, 0xFF] {
        invitation.token = Array(repeating: byte, count: Invitation.tokenBytes)
        for paste in Self.pastes(of: invitation.line) {
          #expect(try Invitation(line: paste) == invitation, "\(paste)")
        }
      }
    }
  }

  @Test("what is missing, and what is too much, is told")
  func tellsWhy() throws {
    var invitation = try Samples.invitation()
    let line = invitation.line
    invitation.token[0] ^= 1
    func problem(_ text: String) -> WireError? {
      #expect(throws: WireError.self) { try Invitation(line: text) }
    }
    #expect(problem(line + "\n" + invitation.line)?.detail == "the text holds several invitations")
    #expect(problem("> " + line.dropLast(9) + "\n> more")?.detail == "it is not a whole invitation")
    #expect(problem("see you")?.hint.contains("begins with birlik1:") == true)
    #expect(problem("birlik-server1:ARxo")?.hint.contains("`birlik pin` takes") == true)
    #expect(problem(String(repeating: "birlik1:AAAA ", count: 2000))?.code == .badInvitation)
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
