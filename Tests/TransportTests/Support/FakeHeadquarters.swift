import Crypto
import Limits
import Logging
import ServiceLifecycle
import SyncCore
import Synchronization
import Wire

@testable import Server
@testable import Transport

/// Headquarters without a database: echoes what it gets and remembers who came.
final class FakeHeadquarters: HeadquartersService {
  struct Memory {
    var keys: [NodeID: [UInt8]] = [:]
    var enrollable: [NodeID: [UInt8]] = [:]
    var exchanges: [NodeID] = []
    var enrolments = 0
    var joins = 0
    var now: Int64 = 1_790_000_000_000
  }

  let memory = Mutex(Memory())
  let key = Curve25519.Signing.PrivateKey()
  let id = NodeID(high: 1, low: 1)
  /// Awaited in every exchange, before the answer.
  let beforeAnswer: @Sendable () async -> Void

  init(beforeAnswer: @escaping @Sendable () async -> Void = {}) { self.beforeAnswer = beforeAnswer }

  var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  func publicKey(of node: NodeID) async -> [UInt8]? { memory.withLock { $0.keys[node] } }

  func enrol(_ body: [UInt8], node: NodeID) async -> [UInt8]? {
    memory.withLock { memory in
      memory.enrolments += 1
      return memory.enrollable[node]
    }
  }

  func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    memory.withLock { $0.exchanges.append(node) }
    await beforeAnswer()
    return ServiceAnswer(body: Array("echo ".utf8) + body)
  }

  func join(_ body: [UInt8]) async -> ServiceAnswer {
    memory.withLock { $0.joins += 1 }
    return ServiceAnswer(contentType: "application/json", body: body)
  }

  func health() async -> ServiceAnswer { ServiceAnswer(contentType: "application/json", body: Array("{}".utf8)) }
  func now() -> Int64 { memory.withLock { $0.now } }
  func signer() async -> MessageSigner { MessageSigner(keyID: id, privateKey: key) }

  /// Runs a server with this service while `work` lasts, then shuts it down gracefully.
  func serve(
    limits: ServerLimits = ServerLimits(), certificate: CurrentCertificate? = nil,
    _ work: (_ port: Int) async throws -> Void
  ) async throws {
    let (ports, ready) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = HeadquartersServer(
      service: self, port: 0, certificate: certificate, limits: limits, logger: logger
    ) { ready.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { ready.finish() }
        try await group.run()
      }
      for await port in ports {
        do {
          try await work(port)
        } catch {
          await group.triggerGracefulShutdown()
          throw error
        }
        await group.triggerGracefulShutdown()
      }
      try await tasks.waitForAll()
    }
  }
}

/// A node that signs its requests and believes signed answers only.
struct TestNode {
  let key = Curve25519.Signing.PrivateKey()
  let id: NodeID
  var client: HTTPClient

  init(_ number: UInt64, client: HTTPClient = HTTPClient()) {
    id = NodeID(high: 7, low: number)
    self.client = client
  }

  var signer: MessageSigner { MessageSigner(keyID: id, privateKey: key) }
  var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  func makeKnown(to headquarters: FakeHeadquarters) {
    headquarters.memory.withLock { $0.keys[id] = publicKey }
  }

  struct Answer {
    var response: HTTPResponse
    var time: Int64
    var text: String { String(decoding: response.body, as: UTF8.self) }
    /// The code of the error in the body.
    var code: String? {
      text.split(separator: "\"").drop { $0 != "code" }.dropFirst(2).first.map(String.init)
    }
  }

  /// Posts `body`, signed at `created`, and verifies the answer.
  func post(
    _ body: [UInt8], to headquarters: FakeHeadquarters, port: Int, scheme: String = "http",
    path: String = "/v1/exchange", created: Int64? = nil, change: (inout HTTPRequest) -> Void = { _ in }
  ) async throws -> Answer {
    let headers = try MessageSignature.sign(
      method: "POST", path: path, body: body, created: created ?? headquarters.now(), signer: signer)
    var request = HTTPRequest(
      method: .post, url: "\(scheme)://127.0.0.1:\(port)\(path)", headers: headers, body: body)
    change(&request)
    let response = try await client.send(request)
    let time = try MessageSignature.verify(
      status: response.status, headers: response.headers, body: response.body,
      answering: RequestBinding(method: "POST", path: path, headers: request.headers), keyID: headquarters.id,
      publicKey: headquarters.publicKey)
    return Answer(response: response, time: time)
  }
}
