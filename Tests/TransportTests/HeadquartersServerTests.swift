import Logging
import SyncCore
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Server
@testable import Transport

@Suite(.timeLimit(.minutes(20))) struct HeadquartersServerTests {
  let node = TestNode(1)
  let body = Array("a segment".utf8)

  func knownHeadquarters() -> FakeHeadquarters {
    let headquarters = FakeHeadquarters()
    node.makeKnown(to: headquarters)
    return headquarters
  }

  @Test func exchangesGoRoundOverOneConnection() async throws {
    let headquarters = knownHeadquarters()
    try await headquarters.serve { port in
      for round in 0..<5 {
        let answer = try await node.post(body, to: headquarters, port: port)
        #expect(answer.response.status == 200)
        #expect(answer.text == "echo a segment")
        #expect(answer.time == headquarters.now())
        #expect(answer.response.reusedConnection == (round > 0))
      }
      #expect(headquarters.memory.withLock { $0.exchanges } == Array(repeating: node.id, count: 5))
      #expect(headquarters.memory.withLock { $0.enrolments } == 0)
    }
  }

  @Test func largeBodiesArriveWhole() async throws {
    let headquarters = knownHeadquarters()
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await headquarters.serve { port in
      let answer = try await node.post(large, to: headquarters, port: port)
      #expect(answer.response.body.dropFirst(5).elementsEqual(large))
    }
  }

  @Test func healthIsPublic() async throws {
    try await FakeHeadquarters().serve { port in
      let response = try await node.client.send(HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/health"))
      #expect(response.status == 200)
      #expect(response.headers["Content-Type"] == "application/json")
      #expect(response.headers["Signature"] == nil)
      let other = try await node.client.send(HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/"))
      #expect(other.status == 404)
    }
  }

  @Test func requestsSentTogetherAreAnsweredInOrder() async throws {
    try await FakeHeadquarters().serve { port in
      let head = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
      let answers = await RawClient.exchange(
        port: port, "\(head)\r\n\(head)\r\n\(head)Connection: close\r\n\r\n")
      #expect(answers.split(separator: "HTTP/1.1 200 OK").count == 3)
    }
  }

  @Test func joiningNeedsNoKey() async throws {
    let headquarters = FakeHeadquarters()
    try await headquarters.serve { port in
      let answer = try await node.post(body, to: headquarters, port: port, path: "/v1/join") { request in
        request.headers.removeAll { $0.name != ContentDigest.headerName }
      }
      #expect(answer.response.body == body)
      let altered = try await node.post(body, to: headquarters, port: port, path: "/v1/join") { $0.body.append(0) }
      #expect(altered.code == "denied")
      #expect(headquarters.memory.withLock { $0.joins } == 1)
    }
  }

  @Test func whoeverIsNotVerifiedGetsOneAndTheSameAnswer() async throws {
    let headquarters = knownHeadquarters()
    let stranger = TestNode(2)
    let impostor = TestNode(1)
    try await headquarters.serve { port in
      let answers = [
        try await stranger.post(body, to: headquarters, port: port),
        try await impostor.post(body, to: headquarters, port: port),
        try await node.post(body, to: headquarters, port: port) { $0.body[0] ^= 1 },
        try await node.post(body, to: headquarters, port: port, path: "/v1/nothing"),
        try await node.post(body, to: headquarters, port: port) { $0.headers.removeAll() },
        try await node.post(body, to: headquarters, port: port) { request in
          request.headers.append((name: "Signature", value: "birlik=:AAAA:"))
        },
      ]
      for answer in answers {
        #expect(answer.response.status == 401)
        #expect(answer.code == "denied")
        #expect(answer.text == answers[0].text)
      }
      let get = HTTPRequest(method: .get, url: "http://127.0.0.1:\(port)/v1/exchange")
      let answer = try await node.client.send(get)
      #expect(answer.body == answers[0].response.body)
      #expect(headquarters.memory.withLock { $0.exchanges }.isEmpty)
    }
  }

  @Test func answersOfSomebodyElseAreNotBelieved() async throws {
    let headquarters = knownHeadquarters()
    let impostor = FakeHeadquarters()
    node.makeKnown(to: impostor)
    try await impostor.serve { port in
      await #expect(throws: MessageSignatureError.self) {
        try await node.post(body, to: headquarters, port: port)
      }
    }
  }

  @Test func aWrongClockIsToldAndCorrected() async throws {
    let headquarters = knownHeadquarters()
    try await headquarters.serve { port in
      for wrong in [headquarters.now() - 400_000, headquarters.now() + 400_000, 0] {
        let answer = try await node.post(body, to: headquarters, port: port, created: wrong)
        #expect(answer.response.status == 401)
        #expect(answer.code == "clock")
        let again = try await node.post(body, to: headquarters, port: port, created: answer.time)
        #expect(again.response.status == 200)
      }
      let stranger = try await TestNode(2).post(body, to: headquarters, port: port, created: 0)
      #expect(stranger.code == "denied")
    }
  }

  @Test func nodesWithACardAreEnrolled() async throws {
    let headquarters = FakeHeadquarters()
    headquarters.memory.withLock { $0.enrollable[node.id] = node.publicKey }
    try await headquarters.serve { port in
      let enrolled = try await node.post(body, to: headquarters, port: port)
      #expect(enrolled.text == "echo a segment")
      let late = try await node.post(body, to: headquarters, port: port, created: 0)
      #expect(late.code == "clock")
      let impostor = try await TestNode(1).post(body, to: headquarters, port: port)
      #expect(impostor.code == "denied")
      #expect(headquarters.memory.withLock { $0.exchanges } == [node.id])
    }
  }

  @Test func errorsAreJSON() {
    let answer = ServiceAnswer.error(status: 400, code: "a", message: "say \"no\"\\\n", hint: "ş")
    #expect(
      String(decoding: answer.body, as: UTF8.self)
        == "{\"error\":{\"code\":\"a\",\"message\":\"say \\\"no\\\"\\\\\\u000a\",\"hint\":\"ş\"}}\n")
  }

  @Test func aTakenPortIsNamed() async throws {
    try await FakeHeadquarters().serve { port in
      let second = HeadquartersServer(
        service: FakeHeadquarters(), port: port, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: ServerError.self) { try await second.run() }
      #expect(error?.code == .addressInUse)
    }
  }

  @Test func shutdownWaitsForTheAnswer() async throws {
    let (arrivals, arrival) = AsyncStream<Void>.makeStream()
    let answers = Gate()
    let headquarters = FakeHeadquarters {
      arrival.yield()
      await answers.wait()
    }
    node.makeKnown(to: headquarters)
    let running = Mutex<Task<String, any Error>?>(nil)
    try await headquarters.serve { port in
      let task = Task { try await node.post(body, to: headquarters, port: port).text }
      running.withLock { $0 = task }
      for await _ in arrivals { break }
      // The shutdown begins when this block ends; the answer is allowed once nobody else is let in.
      Task {
        defer { answers.open() }
        try await waitUntil("the server stops listening") { !Loopback.isListening(port) }
      }
    }
    let task = try #require(running.withLock { $0 })
    #expect(try await task.value == "echo a segment")
  }
}
