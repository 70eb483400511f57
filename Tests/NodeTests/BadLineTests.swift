import Foundation
import Limits
import Store
import SyncCore
import TestSupport
import Testing

@testable import Node

/// Lines that cut connections, are slow, or lead somewhere else.
@Suite(.timeLimit(.minutes(20))) struct BadLineTests {
  /// Types so many organizations, whose names do not compress well.
  private func type(_ count: Int, _ prefix: String, into node: LocalNode) throws {
    var random = SeededRandom(seed: 7)
    var number = 0
    _ = try node.store.importRows(kind: "org_unit", header: ["code", "name"], isDryRun: false) {
      guard number < count else { return nil }
      number += 1
      let name = String(random.next(), radix: 36) + String(random.next(), radix: 36)
      return ImportRow(line: number, texts: ["\(prefix)-\(number)", name])
    }
  }

  private func join(_ house: House, _ federation: String, _ line: BadLine, as name: String) async throws -> LocalNode {
    let invitation = try house.headquarters.invite(federation: federation, office: nil, minutes: 15, url: line.url)
    return try await LocalNode.join(invitation: invitation, database: house.folder.file(name))
  }

  @Test(
    "Over a line that cuts every connection 20,000 records arrive in one sync, both ways, by the log and by a snapshot",
    arguments: [150_000, 40_000])
  func cut(after limit: Int) async throws {
    let house = try House()
    let line = try BadLine(to: house.port, .cut(after: limit))
    defer { line.stop() }
    try await house.serve {
      let uz = try await join(house, "ftuu", line, as: "uz.db")
      try type(20_000, "ftuu", into: uz)
      let sent = try await uz.sync()
      #expect(sent.outcome == .even && sent.sent.changes == 20_000)
      #expect(line.cuts > 0)
      #expect(try uz.isSame(as: house.headquarters))

      for use in [SnapshotUse.never, .always] {
        var kz = try await join(house, use == .never ? "fprk" : "mulki", line, as: "\(use).db")
        kz.snapshotUse = use
        let before = line.cuts
        #expect(try await kz.sync().outcome == .even)
        #expect(line.cuts > before)
        #expect(try kz.isSame(as: house.headquarters))
        #expect((try kz.store.status().frontier.isEmpty) == false)
        #expect(try await kz.sync().rounds == 1)
      }
      // What the line carries is remembered, and the next sync does not begin with what breaks.
      #expect(try uz.store.lineSize().bytes != nil)
      let before = line.cuts
      try uz.name("ftuu-1", "after")
      #expect(try await uz.sync().outcome == .even)
      #expect(line.cuts == before)
    }
  }

  @Test("A line that carries next to nothing ends the sync with an error, and a better one goes on")
  func hopeless() async throws {
    let house = try House()
    let good = try BadLine(to: house.port, .cut(after: .max))
    let bad = try BadLine(to: house.port, .cut(after: 6_000))
    defer { [good, bad].forEach { $0.stop() } }
    try await house.serve {
      let uz = try await join(house, "ftuu", good, as: "uz.db")
      try type(3_000, "ftuu", into: uz)
      try uz.store.setUpstream(bad.url)
      await #expect(throws: (any Error).self) { try await uz.sync() }
      #expect(bad.connections < 100)
      #expect(try uz.store.status().lastSync?.outcome == "failed")
      try uz.store.setUpstream(good.url)
      #expect(try await uz.sync().outcome == .even)
      #expect(try uz.isSame(as: house.headquarters))
    }
  }

  @Test("A line that lets a few bytes through at a time carries everything")
  func trickle() async throws {
    let house = try House()
    let line = try BadLine(to: house.port, .trickle(bytes: 700, pause: .milliseconds(5)))
    defer { line.stop() }
    try await house.serve {
      let uz = try await join(house, "ftuu", line, as: "uz.db")
      try type(2_000, "ftuu", into: uz)
      #expect(try await uz.sync().outcome == .even)
      #expect(try uz.isSame(as: house.headquarters))
    }
  }

  @Test("A connection that is reset behind an answer's last byte does not make the sync fail")
  func reset() async throws {
    let house = try House()
    let line = try BadLine(to: house.port, .reset(behindAnswersOf: 1))
    defer { line.stop() }
    try await house.serve {
      let uz = try await join(house, "ftuu", line, as: "uz.db")
      try uz.name("ftuu-1", "x")
      #expect(try await uz.sync().outcome == .even)
      #expect(line.cuts > 2)
    }
  }

  // MARK: Somebody else answers

  @Test(
    "A login page, a router or a proxy that answers in headquarters' place is told as such, and is no refusal",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 25\r\n\r\n<html>Please log in</html>",
      "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied",
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"router\"\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\n<html>until the end</html>",
    ])
  func stranger(_ page: String) async throws {
    let house = try House()
    let portal = try Portal(page)
    defer { portal.stop() }
    try await house.serve {
      let uz = try await house.join("ftuu", as: "uz.db")
      let url = try #require(try uz.store.upstream())
      try uz.store.setUpstream("http://127.0.0.1:\(portal.port)")
      try uz.name("ftuu-1", "x")
      let error = await #expect(throws: NodeError.self) { try await uz.sync() }
      #expect(
        error?.code == .unreachable && error?.detail.contains("login page") == true, "\(String(describing: error))")
      #expect(try uz.store.status().lastSync?.error?.contains("login page") == true)
      try uz.store.setUpstream(url)
      #expect(try await uz.sync().outcome == .even)
    }
  }
}

/// Answers every request with the same page and closes.
private final class Portal: Sendable {
  let port: Int
  private let listener: Int32

  init(_ page: String) throws {
    (listener, port) = try Loopback.listen()
    Thread.detachNewThread { [listener] in
      while case let connection = accept(listener, nil, nil), connection >= 0 {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        _ = read(connection, &buffer, buffer.count)
        _ = Loopback.send(page.utf8, to: connection)
        shutdown(connection, Int32(SHUT_RDWR))
        close(connection)
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  deinit { close(listener) }
}
