import Crypto
import Foundation
import Server
import Store
import SyncCore
import Synchronization
import TestSupport
import Testing
import Transport

@testable import Node
@testable import Wire

/// A headquarters that turned against its members, with its true key: the node refuses in a sentence, keeps its rows and
/// works on.
@Suite(.timeLimit(.minutes(20))) struct HostileHeadquartersTests {
  /// Answers exchanges with what a test makes of the true answer.
  private final class Liar: PassingOn {
    typealias Lie = @Sendable (ServiceAnswer) -> ServiceAnswer

    let inner: any HeadquartersService
    private let lie: Lie

    init(_ inner: any HeadquartersService, _ lie: @escaping Lie) {
      self.inner = inner
      self.lie = lie
    }

    func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
      lie(await inner.exchange(body, from: node))
    }
  }

  private func answer(_ change: @escaping @Sendable (inout ExchangeAnswer) -> Void) -> Liar.Lie {
    { reply in
      guard var answer = try? ExchangeAnswer(bytes: reply.body) else { return reply }
      change(&answer)
      return ServiceAnswer(body: answer.bytes)
    }
  }

  private func bytes(_ body: [UInt8], status: Int = 200) -> Liar.Lie {
    { _ in ServiceAnswer(status: status, body: body) }
  }

  /// A node with rows of every class and an edit that was not sealed yet.
  private func prepared() async throws -> (house: House, uz: LocalNode) {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try uz.name("ftuu-1", "Ours")
    try uz.link("ftuu-1", "inner")
    _ = try await house.serve { try await uz.sync() }
    let shell = try SQLiteShell(uz.store.path)
    try shell.send("INSERT INTO member(id) VALUES('PERSON');")
    shell.close()
    try uz.name("ftuu-2", "Typed")
    return (house, uz)
  }

  /// Syncs with a liar and looks at what is left.
  private func survives(
    _ name: String, _ house: House, _ uz: LocalNode, _ lie: @escaping Liar.Lie
  ) async throws -> String {
    let role = uz.store.identity.role
    let version = try uz.store.catalog().version
    var words = ""
    try await house.serve(wrap: { Liar($0, lie) }) {
      do {
        let report = try await uz.sync()
        words = (report.refusals + report.notices).joined(separator: "; ")
        if report.outcome == .partial { words += " partial" }
      } catch let error as NodeError {
        words = error.detail
        #expect(!error.hint.isEmpty || !error.detail.isEmpty, "\(name)")
      } catch let error as TransportError {
        words = error.message
      } catch let error as StoreError {
        words = error.detail
      } catch let error as WireError {
        words = error.detail
      }
    }
    // Its own rows, its own role, its own work.
    #expect(try uz.name(of: "ftuu-1") == "Ours" && uz.name(of: "ftuu-2") == "Typed", "\(name)")
    #expect(try uz.store.record(kind: "member", key: "PERSON") != nil, "\(name)")
    #expect(try LocalNode.open(database: uz.store.path, isForReading: true).store.identity.role == role)
    #expect(try uz.store.catalog().version == version, "\(name)")
    try uz.name("ftuu-3", name)
    try uz.store.seal()
    #expect(try uz.name(of: "ftuu-3") == name, "\(name)")
    return words
  }

  @Test("Answers that are no answers")
  func malformed() async throws {
    let (house, uz) = try await prepared()
    let cases: [(String, Liar.Lie, String)] = [
      ("giant", bytes([UInt8](repeating: 0, count: 9 << 20)), "large"),
      ("empty", bytes([]), "too early"), ("garbage", bytes([UInt8](repeating: 0xFF, count: 5000)), "BRA1"),
      ("redirect", bytes([], status: 302), "302"), ("odd status", bytes([], status: 418), "418"),
      (
        "endless count",
        bytes(
          Array("BRA1".utf8) + [0] + [UInt8](repeating: 0, count: 32) + [1] + Array(repeating: 0xFF, count: 9) + [1]),
        ""
      ),
      ("year 30,000", answer { $0.now = 884_541_340_800_000 }, "beyond all years"),
      ("the end of time", answer { $0.now = .max }, "beyond all years"),
      ("before time", answer { $0.now = .min }, "beyond all years"),
    ]
    for (name, lie, expected) in cases {
      let words = try await survives(name, house, uz, lie)
      #expect((expected.isEmpty || words.contains(expected)) && !words.isEmpty, "\(name): \(words)")
    }
    #expect(try await house.serve { try await uz.sync() }.outcome == .even)
    #expect(try uz.isSame(as: house.headquarters))
  }

  @Test("Frontiers, marks and cards that are invented, and news without end")
  func invented() async throws {
    let (house, uz) = try await prepared()
    let key = try house.headquarters.store.identity.key
    let own = Channel(owner: "ftuu", audience: .open)
    let node = uz.store.identity.node
    let entries = (1...65_536).map { number in
      FrontierEntry(
        channel: own,
        tip: Tip(origin: Origin(node: node, nonce: UInt64(number)), sequence: 9, hash: Digest(UInt64(number), 1, 2, 3)))
    }
    let counter = Mutex<UInt64>(0)
    let promoted = try NodeCard.issue(
      publicKey: uz.store.identity.publicKey, role: NodeRole(isHeadquarters: true, federation: "fprk"), name: "x",
      at: 0,
      by: key)
    let cases: [(String, Liar.Lie, String)] = [
      (
        "frontier",
        answer {
          $0.frontier = entries; $0.frontierDigest = Digest(of: entries)
        }, "partial"
      ),
      (
        "endless",
        answer { answer in
          answer.hasMore = true
          answer.frontier = answer.frontier ?? []
          answer.frontierDigest = counter.withLock {
            $0 += 1; return Digest($0, 0, 0, 0)
          }
        }, "partial"
      ),
      (
        "never held",
        answer { answer in
          answer.frontier = []
          answer.held = answer.held.map { _ in false }
          answer.frontierDigest = counter.withLock {
            $0 += 1; return Digest($0, 0, 0, 0)
          }
        }, "partial"
      ),
      (
        "marks",
        answer {
          $0.held = [Bool](repeating: true, count: 65_536); $0.frontierDigest = .zero; $0.frontier = []
        }, ""
      ),
      ("card", answer { $0.cards = [promoted.bytes, [], [1]] }, ""),
      ("receipt", answer { $0.receipt = [UInt8](repeating: 7, count: 60_000) }, ""),
      ("large receipt", answer { $0.receipt = [UInt8](repeating: 7, count: 100_000) }, "receipt"),
      (
        "refusals",
        answer { answer in
          answer.frontierDigest = .zero
          answer.frontier = []
          answer.refusals = (0..<8192).map {
            .init(segment: .zero, reason: String(repeating: "x", count: 500) + "\($0)")
          }
        }, "did not take"
      ),
    ]
    for (name, lie, expected) in cases {
      let words = try await survives(name, house, uz, lie)
      #expect(expected.isEmpty || words.contains(expected), "\(name): \(words.prefix(300))")
    }
    #expect(try uz.store.card(of: node)?.role == uz.store.identity.role)
    #expect(try await house.serve { try await uz.sync() }.outcome == .even)
    #expect(try uz.isSame(as: house.headquarters))
    #expect(try uz.store.audit().ok && uz.store.verify().ok)
  }

  @Test("Segments of strangers, of channels that are none of the node's, and bombs")
  func segments() async throws {
    let (house, uz) = try await prepared()
    let hq = house.headquarters.store.identity
    let client = try HostileClient(house, as: uz)
    let origin = Origin(node: hq.node, nonce: 4)
    let stranger = Curve25519.Signing.PrivateKey()
    let strange = Origin(node: NodeCard.id(of: Array(stranger.publicKey.rawRepresentation)), nonce: 1)
    let open = Channel(owner: "otuts", audience: .open)
    let bomb = try HostileSegment(origin: origin, channel: open, zeros: 16 << 20).bytes(by: hq.key)
    let liar = try HostileSegment(origin: Origin(node: hq.node, nonce: 5), channel: open, zeros: 1 << 20, size: 7)
      .bytes(by: hq.key)
    let cases: [(String, [[UInt8]], String)] = [
      ("stranger", [try client.segment(open, origin: strange, by: stranger).bytes], "not known"),
      ("forged", [try client.segment(open, origin: origin, by: stranger).bytes], "signature"),
      (
        "foreign", [try client.segment(Channel(owner: "fprk", audience: .home), origin: origin, by: hq.key).bytes],
        "not one that may be exchanged"
      ),
      ("numbers", [try client.segment(open, origin: origin, first: .max - 1, by: hq.key).bytes], "number"),
      ("garbage", [[], [1, 2, 3], Array("BRS1".utf8)], "not taken"),
      ("bombs", [bomb, liar], ""),
    ]
    for (name, segments, expected) in cases {
      let words = try await survives(
        name, house, uz,
        answer { answer in
          answer.segments = segments
          answer.frontierDigest = .zero
          answer.frontier = answer.frontier ?? []
        })
      #expect(expected.isEmpty || words.contains(expected), "\(name): \(words)")
    }
    // What was signed and cannot be read is kept and reported, as everywhere.
    #expect(try uz.store.audit().ok)
    // It goes back to where it did not come from, and both get in sync.
    #expect(try await house.serve { try await uz.sync() }.outcome == .even)
  }

  @Test("Catalogs that would run SQL, lose, retype or give away what was typed")
  func catalogs() async throws {
    let (house, uz) = try await prepared()
    let hq = house.headquarters.store.identity
    let schema = try await schema(house, uz)
    var count = 0
    for (name, catalog) in HostileCatalog.all(after: try uz.store.catalog()) {
      let signed = try HostileCatalog.signed(catalog, by: hq.key)
      let words = try await survives(name, house, uz, answer { $0.catalog = signed })
      #expect(!words.isEmpty, "\(name)")
      #expect(try await self.schema(house, uz) == schema, "\(name)")
      count += 1
    }
    #expect(count > 60)
    #expect(try await house.serve { try await uz.sync() }.outcome == .even)
  }

  private func schema(_ house: House, _ node: LocalNode) async throws -> String {
    let query = "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"
    return try await Program.run("sqlite3", [node.store.path, query]).output
  }
}
