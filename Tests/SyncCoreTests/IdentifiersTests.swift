import SyncCore
import TestSupport
import Testing

/// Names of nodes, origins, segments, channels and federations.
@Suite struct IdentifiersTests {
  @Test("Hexadecimal digits are written in lower case and read in both")
  func hex() {
    #expect(Hex.string([0, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
    #expect(
      Hex.bytes("000fa0ff") == [0, 0x0F, 0xA0, 0xFF] && Hex.bytes("FFaB") == [0xFF, 0xAB] && Hex.bytes("") == [])
    for text in ["0", "000", "0g", "0x00", " 00", "00 ", "٠٠", "ＦＦ", "ff\u{0}", "-1", "ı0"] {
      #expect(Hex.bytes(text) == nil)
    }
  }

  @Test("Numbers are written in eight big-endian bytes and read again")
  func bigEndian() {
    for number in [0, 1, 0xFF, 0x0102_0304_0506_0708, UInt64.max] {
      #expect(UInt64(bigEndianBytes: number.bigEndianBytes) == number)
    }
    #expect((0x0102_0304_0506_0708 as UInt64).bigEndianBytes == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(UInt64(bigEndianBytes: [] as [UInt8]) == 0 && UInt64(bigEndianBytes: [1, 0]) == 256)
  }

  @Test("Node ids, origins and digests are read from their bytes and digits, and order as their bytes do")
  func fixedSizes() throws {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 61)
    // Few different bytes, so that long prefixes agree.
    func bytes(_ count: Int) -> [UInt8] { random.bytes(count).map { $0 < 250 ? 0 : $0 } }
    for _ in 0..<300 {
      let (a, b) = (bytes(16), bytes(16))
      let (x, y) = (try #require(NodeID(bytes: a)), try #require(NodeID(bytes: b)))
      #expect(x.bytes == a && NodeID(hex: x.hex) == x && (x < y) == a.lexicographicallyPrecedes(b))
      #expect((x == y) == (a == b))
      let (c, d) = (bytes(24), bytes(24))
      let (v, w) = (try #require(Origin(bytes: c)), try #require(Origin(bytes: d)))
      #expect(v.bytes == c && Hex.bytes(v.hex) == c && (v < w) == c.lexicographicallyPrecedes(d))
      let (e, f) = (bytes(32), bytes(32))
      let (g, h) = (try #require(Digest(bytes: e)), try #require(Digest(bytes: f)))
      #expect(g.bytes == e && Digest(hex: g.hex) == g && (g < h) == e.lexicographicallyPrecedes(f))
      #expect((g == h) == (e == f))
    }
    // Differences in each word count.
    let words: [Digest] = [Digest(1, 0, 0, 0), Digest(0, 1, 0, 0), Digest(0, 0, 1, 0), Digest(0, 0, 0, 1), .zero]
    #expect(Set(words).count == 5 && words.reversed().sorted() == Array(words.reversed()))
  }

  @Test("Other lengths are refused", arguments: [0, 1, 15, 17, 23, 25, 31, 33, 64])
  func otherLengths(count: Int) {
    let wrong = [UInt8](repeating: 1, count: count)
    #expect(NodeID(bytes: wrong) == nil && Origin(bytes: wrong) == nil && Digest(bytes: wrong) == nil)
    #expect(NodeID(hex: Hex.string(wrong)) == nil && Digest(hex: Hex.string(wrong)) == nil)
  }

  @Test("Slices with any start index are read alike")
  func slices() {
    let long = (0..<40).map { UInt8($0) }
    #expect(Digest(bytes: long[5..<37])?.bytes == Array(long[5..<37]))
    #expect(Origin(bytes: long[5..<29])?.bytes == Array(long[5..<29]))
    #expect(NodeID(bytes: long[5..<21])?.bytes == Array(long[5..<21]))
  }

  @Test("Federation codes are short plain ASCII that no casing rule changes")
  func federationCodes() {
    for code in ["a", "ftuu", "turk-is", "x9-", String(repeating: "a", count: 32)] {
      #expect(FederationCode.isValid(code))
    }
    for code in [
      "", "-a", "9a", "A", "Ftuu", "türk", "ı", "a b", "a_b", "a:b", "a\u{301}", "a\u{0}", "a/",
      String(repeating: "a", count: 33),
    ] {
      #expect(!FederationCode.isValid(code))
    }
  }

  @Test("Channels are written and read")
  func channels() {
    let home = Channel(owner: "ftuu", audience: .home)
    #expect(home.description == "ftuu:home" && Channel("ftuu:home") == home)
    #expect(Channel("turk-is:open") == Channel(owner: "turk-is", audience: .open))
    for text in [
      "", ":", "ftuu", "ftuu:", ":home", "ftuu:Home", "ftuu:home:", "ftuu::home", "Ftuu:home", "ftuu:home ",
      "ftuu:local", "ftuu:home\u{301}", "ftuu:\u{301}home", "ftuu：home",
    ] {
      #expect(Channel(text) == nil)
    }
    #expect(Channel(owner: "a", recordClass: .local) == nil)
    #expect(Channel(owner: "a", recordClass: .federation)?.audience == .home)
    #expect(Channel(owner: "a", recordClass: .everyone)?.audience == .open)
    let ordered = ["a:home", "a:open", "a-b:home", "ab:home", "b:home"].compactMap { Channel($0) }
    #expect(ordered.count == 5 && ordered.reversed().sorted() == ordered)
  }

  @Test("Who reads and writes what depends on the channel alone")
  func roles() {
    let headquarters = NodeRole(isHeadquarters: true, federation: "otuts")
    let federation = NodeRole(isHeadquarters: false, federation: "ftuu")
    for (text, reads, writes) in [
      ("ftuu:home", true, true), ("ftuu:open", true, true), ("kfik:home", false, false), ("kfik:open", true, false),
      ("otuts:home", false, false), ("otuts:open", true, false),
    ] {
      guard let channel = Channel(text) else {
        Issue.record("\(text) is no channel")
        continue
      }
      #expect(federation.mayRead(channel) == reads && federation.mayWrite(channel) == writes)
      #expect(headquarters.mayRead(channel) && headquarters.mayWrite(channel))
    }
  }

  @Test("Random texts are read as names only when they are written alike")
  func hostileNames() {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 62)
    for _ in 0..<3_000 {
      let text = String(decoding: random.bytes(random.below(70)), as: UTF8.self)
      if let channel = Channel(text) { #expect(channel.description == text) }
      #expect(FederationCode.isValid(text) == (Channel(text + ":open") != nil), "\(text)")
      if let bytes = Hex.bytes(text) { #expect(Hex.string(bytes) == text.lowercased()) }
      #expect(Digest(hex: text) == nil || text.utf8.count == 64, "\(text)")
    }
  }
}
