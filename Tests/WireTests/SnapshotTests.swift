import Limits
import SyncCore
import TestSupport
import Testing

@testable import Wire

/// Snapshots as they travel.
@Suite("Snapshots", .timeLimit(.minutes(5)))
struct SnapshotTests {
  private func page(_ seed: UInt64) throws -> SnapshotPage {
    switch seed % 4 {
    case 0: .heads(Samples.heads(seed: seed))
    case 1: .amendments(Samples.heads(seed: seed, count: 3))
    case 2: .skeleton(try Samples.skeleton(seed: seed).map(\.entry))
    default: .cards([try Samples.card().bytes])
    }
  }

  @Test("Pages, manifests and messages come out as they went in")
  func same() throws {
    for seed in UInt64(0)..<200 {
      let original = try page(seed)
      let (bytes, entry) = try original.packed()
      #expect(try SnapshotPage(bytes: bytes, entry) == original, "seed \(seed)")
      let manifest = try Samples.manifest(seed: seed)
      #expect(try SnapshotManifest(bytes: manifest.bytes, signedBy: Samples.publicKey(0)) == manifest)
      let request = SnapshotRequest(name: manifest.name, first: Int(seed), insists: seed % 2 == 0)
      #expect(try SnapshotRequest(bytes: request.bytes) == request)
      let answer = SnapshotAnswer(now: Int64(seed), manifest: seed % 2 == 0 ? manifest.bytes : nil, pages: [bytes])
      #expect(try SnapshotAnswer(bytes: answer.bytes) == answer)
    }
  }

  @Test("A segment without its body keeps hash and signature, and comes out of a skeleton again")
  func skeleton() throws {
    for seed in UInt64(0)..<20 {
      let all = try Samples.skeleton(seed: seed)
      var tips: [[Tip]] = []
      for (entry, segment) in all {
        if entry.beginning != nil { tips.append([]) }
        let parent = entry.beginning?.parent == nil ? nil : tips[0].first
        let context = entry.context.compactMap { place in
          tips[place.stream.number].first { $0.sequence == place.sequence }
        }
        let again = entry.segment(
          segment.header.origin, segment.header.channel, after: tips[entry.stream.number].last ?? parent,
          context: context)
        #expect(again == segment)
        try again.verify(publicKey: Samples.publicKey(1))
        #expect(throws: WireError.self) { try again.verify(publicKey: Samples.publicKey(2)) }
        tips[entry.stream.number].append(
          Tip(origin: segment.header.origin, sequence: segment.header.last, hash: segment.hash))
      }
    }
    let whole = try Samples.segment(seed: 3)
    let bare = try PrunedSegment(bytes: whole.bytes)
    #expect(bare.hash == whole.hash && bare.header == whole.header && bare.bytes.count < whole.bytes.count)
    #expect(try PrunedSegment(bytes: bare.bytes) == bare)
    #expect(throws: WireError.self) { try Segment(bytes: bare.bytes) }
  }

  @Test("What was cut, altered, signed by another, or is of another size is refused")
  func refused() throws {
    for seed in UInt64(0)..<8 {
      let (bytes, entry) = try page(seed).packed()
      for cut in [0, 1, bytes.count / 2, bytes.count - 1] {
        #expect(throws: WireError.self) { try SnapshotPage(bytes: Array(bytes.prefix(cut)), entry) }
        var short = entry
        (short.size, short.digest) = (cut, Digest(sha256: Array(bytes.prefix(cut))))
        #expect(throws: WireError.self) { try SnapshotPage(bytes: Array(bytes.prefix(cut)), short) }
      }
      var altered = bytes
      altered[bytes.count / 2] ^= 1
      #expect(throws: WireError.self) { try SnapshotPage(bytes: altered, entry) }
      var larger = entry
      larger.content += 1
      #expect(throws: WireError.self) { try SnapshotPage(bytes: bytes, larger) }
      let manifest = try Samples.manifest(seed: seed)
      #expect {
        try SnapshotManifest(bytes: manifest.bytes, signedBy: Samples.publicKey(3))
      } throws: {
        ($0 as? WireError)?.code == .badSignature
      }
      for cut in 0..<manifest.bytes.count {
        #expect(throws: WireError.self) {
          try SnapshotManifest(bytes: Array(manifest.bytes.prefix(cut)), signedBy: Samples.publicKey(0))
        }
      }
    }
  }

  @Test("Mutated contents of pages are read or refused")
  func mutated() throws {
    let contents = try (0..<40 as Range<UInt64>).map { seed -> [UInt8] in
      let (bytes, entry) = try page(seed).packed()
      return bytes.first == 0
        ? Array(bytes.dropFirst()) : try #require(Zstandard.decompress(bytes.dropFirst(), size: entry.content))
    }
    var read = 0
    for seed in UInt64(0)..<20_000 {
      var random = SeededRandom(seed: seed)
      let content = random.mutated(contents[Int(seed) % contents.count])
      guard let page = try? SnapshotPage(content: content) else { continue }
      read += 1
      // What is read can be written again.
      guard seed % 16 == 0 else { continue }
      let (bytes, entry) = try page.packed()
      #expect(try SnapshotPage(bytes: bytes, entry) == page, "seed \(seed)")
    }
    #expect(read > 300, "\(read)")
  }

  @Test("A page or a manifest beyond the limits is refused")
  func limits() throws {
    let text = [UInt8](repeating: 7, count: WireLimits.cellBytes)
    let content = Content([Cell(field: 1, value: .text(text))])
    let heads = (0..<9).map { number in
      HeadsEntry(
        kind: 1, key: RecordKey("a\(number)"), channel: Channel(owner: "ftuu", audience: .open),
        state: RecordState(
          rows: [
            RowHead(clock: Clock(stream: 0, sequence: 1, time: 0), contents: [RegisterKey(1): content])
          ], registers: [:], deletions: []))
    }
    #expect {
      try SnapshotPage.heads(heads).packed()
    } throws: {
      ($0 as? WireError)?.code == .tooLarge
    }
    // A small page that would unpack to more than it claims.
    let (bytes, entry) = try SnapshotPage.heads(Array(heads.prefix(7))).packed()
    #expect(bytes.count < 10_000)
    var smaller = entry
    smaller.content = 1000
    #expect(throws: WireError.self) { try SnapshotPage(bytes: bytes, smaller) }
    let pages = Array(repeating: entry, count: WireLimits.snapshotPages + 1)
    #expect(throws: WireError.self) {
      try SnapshotManifest.issue(
        federation: "ftuu", takenAt: 0, catalogVersion: 1, frontier: [], pages: pages, by: Samples.key(0))
    }
  }
}
