import Limits
import SyncCore
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Server
@testable import Transport

@Suite(.timeLimit(.minutes(20))) struct ServerLimitsTests {
  let node = TestNode(1)

  static func short() -> ServerLimits {
    var limits = ServerLimits()
    limits.bodyBytes = 1000
    limits.joinBytes = 100
    limits.lingerTime = .milliseconds(100)
    return limits
  }

  /// The head of a signed exchange, without the end of the headers.
  func head(_ headquarters: FakeHeadquarters, body: [UInt8] = []) throws -> String {
    let headers = try MessageSignature.sign(
      method: "POST", path: "/v1/exchange", body: body, created: headquarters.now(), signer: node.signer)
    return "POST /v1/exchange HTTP/1.1\r\nHost: localhost\r\n"
      + headers.map { "\($0.name): \($0.value)\r\n" }.joined()
  }

  @Test func bodiesOverTheLimitAreRefused() async throws {
    let headquarters = FakeHeadquarters()
    node.makeKnown(to: headquarters)
    try await headquarters.serve(limits: Self.short()) { port in
      let fits = try await node.post([UInt8](repeating: 1, count: 1000), to: headquarters, port: port)
      #expect(fits.response.status == 200)
      for count in [1001, 5_000_000] {
        let answer = try await node.post([UInt8](repeating: 1, count: count), to: headquarters, port: port)
        #expect(answer.response.status == 413)
        #expect(answer.code == "too_large")
      }
      let join = try await node.post(
        [UInt8](repeating: 1, count: 101), to: headquarters, port: port, path: "/v1/join")
      #expect(join.response.status == 413)
      #expect(headquarters.memory.withLock { $0.joins } == 0)
    }
  }

  @Test func nothingAnnouncedAsTooLargeIsRead() async throws {
    let headquarters = FakeHeadquarters()
    node.makeKnown(to: headquarters)
    try await headquarters.serve(limits: Self.short()) { port in
      // Not one byte of the body is sent, and yet the answer comes and the connection closes.
      let announced = await RawClient.exchange(
        port: port, try head(headquarters) + "Content-Length: 999999999999\r\n\r\n")
      #expect(announced.hasPrefix("HTTP/1.1 413 "))
      // Unannounced and without end: refused as soon as the limit is passed.
      let chunk = "64\r\n" + String(repeating: "a", count: 100) + "\r\n"
      let endless = await RawClient.exchange(
        port: port, try head(headquarters) + "Transfer-Encoding: chunked\r\n\r\n", drip: chunk)
      #expect(endless.hasPrefix("HTTP/1.1 413 "))
    }
  }

  @Test func slowBodiesMeetTheDeadline() async throws {
    let headquarters = FakeHeadquarters()
    node.makeKnown(to: headquarters)
    var limits = Self.short()
    limits.bodyBytes = 1 << 20
    limits.bodyTime = .milliseconds(100)
    try await headquarters.serve(limits: limits) { port in
      // Each byte comes well within the idle time; only the deadline of the whole body can end it.
      let answer = await RawClient.exchange(
        port: port, try head(headquarters) + "Content-Length: 1000000\r\n\r\n", drip: "a")
      #expect(answer.hasPrefix("HTTP/1.1 408 "))
      #expect(answer.contains("too_slow"))
      #expect(headquarters.memory.withLock { $0.exchanges }.isEmpty)
    }
  }

  @Test func slowHeadersAndIdleConnectionsAreClosed() async throws {
    var limits = Self.short()
    limits.idleTime = .milliseconds(300)
    try await FakeHeadquarters().serve(limits: limits) { port in
      #expect(await RawClient.exchange(port: port, "") == "")
      #expect(await RawClient.exchange(port: port, "GET /health HTTP/1.1\r\nX: ", drip: "a") == "")
      // After an answer, too.
      let answer = await RawClient.exchange(port: port, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 200 "))
    }
  }

  @Test func slowServicesMeetTheDeadlineOfTheRequest() async throws {
    let answer = Gate()
    let headquarters = FakeHeadquarters { await answer.wait() }
    node.makeKnown(to: headquarters)
    var limits = Self.short()
    limits.requestTime = .milliseconds(100)
    try await headquarters.serve(limits: limits) { port in
      let error = await #expect(throws: TransportError.self) {
        try await node.post([1], to: headquarters, port: port)
      }
      #expect(error?.code == .interrupted)
      answer.open()
    }
  }

  @Test(arguments: [
    "GET /health HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 1000) + "\r\n",
    "GET /health HTTP/1.1\r\nX: " + String(repeating: "y", count: 100_000) + "\r\n\r\n",
    "\u{1}\u{2}\u{3}\r\n\r\n", "POST /v1/exchange HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST /v1/exchange HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /v1/exchange HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /v1/\0 HTTP/1.1\r\n\r\n",
  ])
  func hostileHeadsAreRefused(text: String) async throws {
    let headquarters = FakeHeadquarters()
    try await headquarters.serve(limits: Self.short()) { port in
      let answer = await RawClient.exchange(port: port, text)
      #expect(answer == "" || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(200))")
      let health = HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/health")
      let after = try await node.client.send(health)
      #expect(after.status == 200)
    }
  }

  @Test func tooManyAtOnceAreAskedToComeAgain() async throws {
    let (arrivals, arrival) = AsyncStream<Void>.makeStream()
    let answers = Gate()
    let headquarters = FakeHeadquarters {
      arrival.yield()
      await answers.wait()
    }
    node.makeKnown(to: headquarters)
    var limits = Self.short()
    limits.concurrentRequests = 1
    try await headquarters.serve(limits: limits) { port in
      let first = Task { try await node.post([1], to: headquarters, port: port).response.status }
      for await _ in arrivals { break }
      // A client of its own: one client sends one request at a time.
      let other = TestNode(2)
      other.makeKnown(to: headquarters)
      let second = try await other.post([2], to: headquarters, port: port)
      #expect(second.response.status == 503)
      #expect(second.code == "busy")
      #expect(second.response.headers["Retry-After"] == "5")
      // Strangers are counted apart.
      let stranger = try await TestNode(3).post([3], to: headquarters, port: port)
      #expect(stranger.code == "denied")
      answers.open()
      let status = try await first.value
      #expect(status == 200)
      let again = try await other.post([2], to: headquarters, port: port)
      #expect(again.response.status == 200)
    }
  }

  @Test("One node that has all it may have at once leaves the others theirs")
  func oneNodeHoldsNotAll() async throws {
    let (arrivals, arrival) = AsyncStream<Void>.makeStream()
    let answers = Gate()
    let headquarters = FakeHeadquarters {
      arrival.yield()
      await answers.wait()
    }
    node.makeKnown(to: headquarters)
    let other = TestNode(2)
    other.makeKnown(to: headquarters)
    var limits = Self.short()
    limits.concurrentRequests = 3
    limits.concurrentRequestsPerNode = 2
    try await headquarters.serve(limits: limits) { port in
      defer { answers.open() }
      // A client sends one request at a time, so the node needs several.
      func again() -> TestNode {
        var same = node
        same.client = HTTPClient()
        return same
      }
      var arrived = arrivals.makeAsyncIterator()
      var held: [Task<Int, any Error>] = []
      for _ in 0..<2 {
        let connection = again()
        held.append(Task { try await connection.post([1], to: headquarters, port: port).response.status })
        await arrived.next()
      }
      let third = try await again().post([1], to: headquarters, port: port)
      #expect(third.code == "busy")
      held.append(Task { try await other.post([1], to: headquarters, port: port).response.status })
      await arrived.next()
      answers.open()
      for task in held { #expect(try await task.value == 200) }
      // Who leaves makes room again.
      #expect(try await again().post([1], to: headquarters, port: port).response.status == 200)
    }
  }

  @Test func connectionsAreCapped() async throws {
    var limits = Self.short()
    limits.connections = 2
    limits.idleTime = .milliseconds(300)
    try await FakeHeadquarters().serve(limits: limits) { port in
      // Far more idle connections than allowed; the well-behaved one waits until they are closed, and is served.
      await withTaskGroup(of: String.self) { idle in
        for _ in 0..<20 { idle.addTask { await RawClient.exchange(port: port, "") } }
        let health = HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/health")
        let status = try? await node.client.send(health).status
        #expect(status == 200)
      }
    }
  }
}
