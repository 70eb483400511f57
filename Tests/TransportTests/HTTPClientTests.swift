import Limits
import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(20))) struct HTTPClientTests {
  static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name:  a b \r\n\r\nok"
  let client = HTTPClient(userAgent: "birlik-test")

  func failure(_ request: HTTPRequest) async -> TransportError.Code? {
    do throws(TransportError) {
      _ = try await client.send(request)
      return nil
    } catch {
      #expect(!error.message.isEmpty && !error.hint.isEmpty && error.operation.hasPrefix(request.method.rawValue))
      return error.code
    }
  }

  @Test(arguments: [
    "http://192.0.2.1/", "http://example.org/", "http://127.0.0.1.example.org/", "http://localhost.example.org/",
    "http://example.org:8650/v1/exchange", "http://[::2]/", "http://128.0.0.1/", "http://0.0.0.0/", "http://127/x.y",
    "HTTP://Example.org/",
  ])
  func plainHTTPStaysAtHome(url: String) async {
    // The limit leaves no time to resolve or to connect; the refusal must come before either.
    var request = HTTPRequest(method: .get, url: url)
    request.limits.totalTime = .zero
    // "127" is read as 0.0.0.127, as in every other program.
    #expect(await failure(request) == .refusedInsecure)
  }

  @Test(arguments: ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.3", "[::1]"])
  func thisMachineIsRecognized(host: String) {
    #expect(RequestAddress.isLoopback(host: host))
  }

  @Test(arguments: [
    "", "127.0.0", "127.0.0.1.", "127.0.0.256", "127.0.0.1x", "127.0..1", "::1", "localhos", "127.0.0.+1",
  ])
  func otherMachinesAreNotThisOne(host: String) {
    #expect(!RequestAddress.isLoopback(host: host))
  }

  @Test(arguments: [
    "", "127.0.0.1:80", "ftp://127.0.0.1/", "file:///etc/hostname", "http://", "http://user:word@127.0.0.1/",
    "https://user@example.org/", "http://127.0.0.1:99999/", "http://127.0.0.1/\0", "gopher://127.0.0.1/",
  ])
  func otherAddressesAreRefused(url: String) async {
    #expect(await failure(HTTPRequest(method: .get, url: url)) == .invalidRequest)
  }

  @Test(arguments: [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("X:", "b"), ("", "b"), ("X-A", "b\0c")])
  func headersCannotBeSmuggled(name: String, value: String) async throws {
    let request = HTTPRequest(method: .get, url: "http://127.0.0.1:1/", headers: [(name: name, value: value)])
    #expect(await failure(request) == .invalidRequest)
  }

  @Test func nobodyThereIsUnreachable() async throws {
    let port = try Loopback.freePort()
    #expect(await failure(HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/")) == .unreachable)
  }

  @Test func answersAreReadAndConnectionsKept() async throws {
    let server = try RawServer { _ in .answer("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + Self.ok) }
    defer { server.stop() }
    for round in 0..<5 {
      let request = HTTPRequest(
        method: .get, url: "http://127.0.0.1:\(server.port)/path", headers: [(name: "X-Mine", value: "\(round)")])
      let response = try await client.send(request)
      #expect(response.status == 200)
      #expect(response.body == Array("ok".utf8))
      #expect(response.headers["x-NAME"] == "a b")
      #expect(response.headers["X-Early"] == nil)
      #expect(response.reusedConnection == (round > 0))
    }
    #expect(server.connections == 1)
    #expect(server.heads.allSatisfy { $0.contains("User-Agent: birlik-test\r\n") && !$0.contains("Expect") })
    #expect(server.heads.last?.contains("X-Mine: 4\r\n") == true)
  }

  @Test func emptyBodiesArePosted() async throws {
    let server = try RawServer { _ in .answer(Self.ok) }
    defer { server.stop() }
    let response = try await client.send(HTTPRequest(method: .post, url: "http://127.0.0.1:\(server.port)/"))
    #expect(response.status == 200)
    #expect(server.heads.first?.contains("Content-Length: 0\r\n") == true)
  }

  @Test func redirectsAreNotFollowed() async throws {
    let target = try RawServer { _ in .answer(Self.ok) }
    let server = try RawServer { _ in
      .answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/\r\nContent-Length: 0\r\n\r\n")
    }
    defer {
      server.stop()
      target.stop()
    }
    let response = try await client.send(HTTPRequest(method: .get, url: "http://127.0.0.1:\(server.port)/"))
    #expect(response.status == 302)
    #expect(target.connections == 0)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + String(repeating: "a", count: 101),
    "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 101),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + String(repeating: "a", count: 101)
      + "\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX-A: " + String(repeating: "a", count: 3000) + "\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 500) + "Content-Length: 0\r\n\r\n",
  ])
  func largeAnswersAreCutOff(answer: String) async throws {
    let server = try RawServer { _ in .answerAndClose(answer) }
    defer { server.stop() }
    var request = HTTPRequest(method: .get, url: "http://127.0.0.1:\(server.port)/")
    request.limits.responseBytes = 100
    request.limits.headerBytes = 2000
    #expect(await failure(request) == .tooLarge)
  }

  @Test func answersUpToTheLimitAreNot() async throws {
    let server = try RawServer { _ in .answerAndClose("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 100)) }
    defer { server.stop() }
    var request = HTTPRequest(method: .get, url: "http://127.0.0.1:\(server.port)/")
    request.limits.responseBytes = 100
    let response = try await client.send(request)
    #expect(response.body.count == 100)
  }

  @Test func brokenAnswersAreNamed() async throws {
    let broken: [(String, TransportError.Code)] = [
      ("", .interrupted), ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", .interrupted),
      ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 0\r\n\r\n", .protocolError),
      ("220 mail.example.org ready\r\n", .protocolError),
    ]
    for (answer, code) in broken {
      let server = try RawServer { _ in .answerAndClose(answer) }
      defer { server.stop() }
      let failed = await failure(HTTPRequest(method: .get, url: "http://127.0.0.1:\(server.port)/"))
      #expect(failed == code, "\(answer)")
    }
  }

  @Test func silenceIsATimeout() async throws {
    let server = try RawServer { _ in .silence }
    defer { server.stop() }
    var request = HTTPRequest(method: .post, url: "http://127.0.0.1:\(server.port)/", body: [1])
    request.limits.totalTime = .milliseconds(50)
    #expect(await failure(request) == .timeout)
  }

  @Test func cancellationStopsTheTransferAndLeavesTheClientUsable() async throws {
    let server = try RawServer { request in request == 1 ? .silence : .answer(Self.ok) }
    defer { server.stop() }
    let request = HTTPRequest(method: .get, url: "http://127.0.0.1:\(server.port)/")
    let running = Task { await failure(request) }
    while server.heads.isEmpty { await Task.yield() }
    let waiting = Task { await failure(request) }
    running.cancel()
    waiting.cancel()
    #expect(await running.value == .cancelled)
    #expect(await waiting.value == .cancelled)
    #expect(await failure(request) == nil)
    #expect(server.heads.count == 2)
  }
}
