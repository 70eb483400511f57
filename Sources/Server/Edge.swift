import HTTPTypes
import Hummingbird
import Limits
import Logging
import NIOCore
import SyncCore
import Wire

/// Handles every request to headquarters: verifies the sender, enforces the limits, calls the service, signs the answer.
struct Edge: HTTPResponder {
  typealias Context = EdgeContext

  private static let signedPrefix = "/v1/"

  private let service: any HeadquartersService
  private let limits: ServerLimits
  private let members: RequestGate<NodeID>
  private let strangers: RequestGate<PeerAddress>
  private let addresses: RateLimiter<PeerAddress>
  private let strangeAddresses: RateLimiter<PeerAddress>
  private let nodes: RateLimiter<NodeID>
  private let messages: HeldMessages
  private let begin = ContinuousClock.now

  init(service: any HeadquartersService, limits: ServerLimits) {
    self.service = service
    self.limits = limits
    members = RequestGate(limit: limits.concurrentRequests, perClient: limits.concurrentRequestsPerNode)
    strangers = RequestGate(limit: limits.concurrentStrangers, perClient: limits.concurrentStrangersPerAddress)
    addresses = RateLimiter(limits.requestsPerAddress, capacity: limits.rememberedAskers)
    strangeAddresses = RateLimiter(limits.strangersPerAddress, capacity: limits.rememberedAskers)
    nodes = RateLimiter(limits.requestsPerNode, capacity: limits.rememberedAskers)
    messages = HeldMessages(limit: limits.heldMessageBytes)
  }

  /// Seconds since the server began.
  private var now: Double { (ContinuousClock.now - begin) / .seconds(1) }

  /// The answer to an address that asks too often; nil for others. Clients on this machine have no limit.
  private func refusal(_ peer: PeerAddress?, by limiter: RateLimiter<PeerAddress>) -> Outcome? {
    peer.flatMap { limiter.wait(of: $0, now: now) }.map { .early(.busy(retryAfterSeconds: $0)) }
  }

  /// An answer, and whether the whole request was read before it: only then can the connection serve another one.
  private struct Outcome {
    var answer: ServiceAnswer
    var isWhole: Bool
    /// For whom the answer is held, in case that the line breaks.
    var heldFor: NodeID?

    static func early(_ answer: ServiceAnswer) -> Outcome { Outcome(answer: answer, isWhole: false) }
    static func whole(_ answer: ServiceAnswer) -> Outcome { Outcome(answer: answer, isWhole: true) }
  }

  func respond(to request: Request, context: Context) async throws -> Response {
    let path = request.head.path ?? ""
    let excess = refusal(context.peer, by: addresses)
    guard path.hasPrefix(Self.signedPrefix) else {
      guard path == "/health", request.method == .get else { return response(.early(.notFound), signature: [:]) }
      if let excess { return response(excess, signature: [:]) }
      let hasBody = request.headers.contains(.contentLength) || request.headers.contains(.transferEncoding)
      return response(Outcome(answer: await service.health(), isWhole: !hasBody), signature: [:])
    }
    let outcome: Outcome =
      if let excess { excess } else { await answer(request, path: path, peer: context.peer) }
    context.logger.debug("Answered.", metadata: ["status": "\(outcome.answer.status)"])
    let binding = RequestBinding(method: request.method.rawValue, path: path, headers: request.headers)
    do {
      let signature = try MessageSignature.sign(
        status: outcome.answer.status, body: outcome.answer.body, time: max(0, service.now()), answering: binding,
        signer: await service.signer())
      if let node = outcome.heldFor { hold(outcome.answer.body, signature, for: node) }
      return response(outcome, signature: signature)
    } catch {
      context.logger.error("An answer could not be signed.", metadata: ["code": "\(error.code.rawValue)"])
      return response(.early(.failed), signature: [:])
    }
  }

  private func answer(_ request: Request, path: String, peer: PeerAddress?) async -> Outcome {
    do {
      return switch (request.method, path) {
      case (.post, "/v1/exchange"): try await exchange(request, peer: peer)
      case (.post, "/v1/snapshot"): try await snapshot(request)
      case (.post, "/v1/renew-key"): try await renewKey(request)
      case (.post, "/v1/catalog"): try await catalog(request)
      case (.post, "/v1/part"): try await part(request)
      case (.post, "/v1/rest"): try await rest(request)
      case (.post, "/v1/join"): await join(request, peer: peer)
      default: .early(.denied)
      }
    } catch {
      // The sender could not be looked up.
      return .early(.busy(retryAfterSeconds: limits.retryAfterSeconds))
    }
  }

  // MARK: Routes

  /// Who signed the request, as it claims; nil unless its headers are spelled as Birlik spells them.
  private func claim(of request: Request) -> RequestClaim? {
    try? RequestClaim(method: request.method.rawValue, path: request.head.path ?? "", headers: request.headers)
  }

  private func exchange(_ request: Request, peer: PeerAddress?) async throws -> Outcome {
    guard let claim = claim(of: request) else { return .early(.denied) }
    let key = try await service.publicKey(of: claim.keyID)
    guard let key, (try? claim.verifySignature(publicKey: key)) != nil else {
      return await exchangeWithStranger(request, claim: claim, isKnown: key != nil, peer: peer)
    }
    guard (try? claim.verifyTime(now: service.now(), tolerance: limits.clockToleranceSeconds)) != nil else {
      return .early(.clock)
    }
    let agent = request.headers[.userAgent]
    return await serve(request, claim: claim, limit: limits.bodyBytes) { [service] body in
      let answer = await service.exchange(body, from: claim.keyID)
      if answer.status == 200 { await service.recordContact(claim.keyID, agent: agent) }
      return answer
    }
  }

  /// Snapshots are for nodes that are known.
  private func snapshot(_ request: Request) async throws -> Outcome {
    try await serveKnown(request, key: service.publicKey) { [service] body, node in
      await service.snapshot(body, from: node)
    }
  }

  /// A node that did not get the answer with its new card asks again with its old key.
  private func renewKey(_ request: Request) async throws -> Outcome {
    try await serveKnown(request, key: service.renewablePublicKey) { [service] body, node in
      await service.renewKey(body, from: node)
    }
  }

  /// A later catalog that headquarters lost.
  private func catalog(_ request: Request) async throws -> Outcome {
    try await serveKnown(request, key: service.publicKey, limit: limits.bodyBytes) { [service] body, node in
      await service.restoreCatalog(body, from: node)
    }
  }

  // MARK: Bad lines

  private func part(_ request: Request) async throws -> Outcome {
    try await serveKnown(request, key: service.publicKey, limit: limits.bodyBytes, isHeld: false) { body, node in
      guard let part = try? PartRequest(bytes: body) else { return .broken }
      return ServiceAnswer(body: PartAnswer(held: messages.add(part, of: node)).bytes)
    }
  }

  private func rest(_ request: Request) async throws -> Outcome {
    try await serveKnown(request, key: service.publicKey, isHeld: false) { body, node in
      guard let request = try? RestRequest(bytes: body) else { return .broken }
      return ServiceAnswer(body: messages.rest(request, of: node).bytes)
    }
  }

  /// Holds an answer that a line may not carry whole, and forgets the one before.
  private func hold(_ body: [UInt8], _ signature: HTTPFields, for node: NodeID) {
    guard let digest = signature[.contentDigest].flatMap(ContentDigest.bytes).flatMap({ Digest(bytes: $0) }) else {
      return
    }
    messages.hold(body.count > WireLimits.resumedBytes ? body : nil, digest: digest, for: node)
  }

  // MARK: Known nodes

  /// A small request of a node that is known.
  private func serveKnown(
    _ request: Request, key: (NodeID) async throws -> [UInt8]?, limit: Int? = nil, isHeld: Bool = true,
    _ answer: ([UInt8], NodeID) async -> ServiceAnswer
  ) async throws -> Outcome {
    guard let claim = claim(of: request), let key = try await key(claim.keyID),
      (try? claim.verifySignature(publicKey: key)) != nil
    else { return .early(.denied) }
    guard (try? claim.verifyTime(now: service.now(), tolerance: limits.clockToleranceSeconds)) != nil else {
      return .early(.clock)
    }
    return await serve(request, claim: claim, limit: limit ?? limits.joinBytes, isHeld: isHeld) { body in
      await answer(body, claim.keyID)
    }
  }

  /// Reads the body of a known node's request and has it answered.
  ///
  /// - Parameter isHeld: whether the answer is held for one whose line breaks.
  private func serve(
    _ request: Request, claim: RequestClaim, limit: Int, isHeld: Bool = true,
    _ answer: ([UInt8]) async -> ServiceAnswer
  ) async -> Outcome {
    if let seconds = nodes.wait(of: claim.keyID, now: now) { return .early(.busy(retryAfterSeconds: seconds)) }
    let outcome: Outcome? = await members.enter(claim.keyID) {
      switch await read(request, limit: limit) {
      case .failure(let refusal): return .early(refusal.answer)
      case .success(let read):
        var body = read
        if body.isEmpty, (try? claim.verify(body: body)) == nil {
          // The body was sent in parts before.
          guard let parts = claim.bodyDigest.flatMap({ messages.request($0, of: claim.keyID) }) else {
            return .whole(.partsMissing)
          }
          body = parts
        }
        guard (try? claim.verify(body: body)) != nil else { return .whole(.denied) }
        return Outcome(answer: await answer(body), isWhole: true, heldFor: isHeld ? claim.keyID : nil)
      }
    }
    return outcome ?? .early(.busy(retryAfterSeconds: limits.retryAfterSeconds))
  }

  /// For an unknown sender, and in the same steps for a bad signature in the name of a known one, so that neither the
  /// answer nor its timing reveals which node ids exist.
  private func exchangeWithStranger(
    _ request: Request, claim: RequestClaim, isKnown: Bool, peer: PeerAddress?
  ) async -> Outcome {
    if let refusal = refusal(peer, by: strangeAddresses) { return refusal }
    let outcome: Outcome? = await strangers.enter(peer) {
      switch await read(request, limit: limits.bodyBytes) {
      case .failure(let refusal): return .early(refusal.answer)
      case .success(let body):
        let key: [UInt8]?
        do {
          key = isKnown ? nil : try await service.enrol(body, node: claim.keyID)
        } catch {
          return .whole(.busy(retryAfterSeconds: limits.retryAfterSeconds))
        }
        guard let key, (try? claim.verifySignature(publicKey: key)) != nil, (try? claim.verify(body: body)) != nil
        else { return .whole(.denied) }
        guard (try? claim.verifyTime(now: service.now(), tolerance: limits.clockToleranceSeconds)) != nil else {
          return .whole(.clock)
        }
        return .whole(await service.exchange(body, from: claim.keyID))
      }
    }
    return outcome ?? .early(.busy(retryAfterSeconds: limits.retryAfterSeconds))
  }

  private func join(_ request: Request, peer: PeerAddress?) async -> Outcome {
    if let refusal = refusal(peer, by: strangeAddresses) { return refusal }
    let outcome: Outcome? = await strangers.enter(peer) {
      switch await read(request, limit: limits.joinBytes) {
      case .failure(let refusal): return .early(refusal.answer)
      case .success(let body):
        // The signature of the answer covers the announced digest, so this has to be the digest of the body.
        let announced = request.headers[values: .contentDigest]
        guard announced.allSatisfy({ $0 == ContentDigest.header(for: body) }) else { return .whole(.denied) }
        return .whole(await service.join(body))
      }
    }
    return outcome ?? .early(.busy(retryAfterSeconds: limits.retryAfterSeconds))
  }

  // MARK: Bodies

  private struct Refusal: Error {
    var answer: ServiceAnswer
  }

  /// The whole body, unless it is larger than `limit`, announces that it is, or comes too slowly.
  private func read(_ request: Request, limit: Int) async -> Result<[UInt8], Refusal> {
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    if let announced, announced > limit { return .failure(Refusal(answer: .tooLarge)) }
    var body: [UInt8] = []
    do {
      for try await part in request.body {
        guard part.readableBytes <= limit - body.count else { return .failure(Refusal(answer: .tooLarge)) }
        body.append(contentsOf: part.readableBytesView)
      }
    } catch {
      return .failure(Refusal(answer: error is BodyDeadlineExceeded ? .tooSlow : .broken))
    }
    // The stream also ends without an error when the connection breaks.
    guard announced == nil || announced == body.count else { return .failure(Refusal(answer: .broken)) }
    return .success(body)
  }

  private func response(_ outcome: Outcome, signature: HTTPFields) -> Response {
    let answer = (200...599).contains(outcome.answer.status) ? outcome.answer : .failed
    var headers = HTTPFields()
    headers[.contentType] = answer.contentType
    headers[.cacheControl] = "no-store"
    if let seconds = answer.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
    if let version = answer.laggingCatalog { headers[.birlikCatalog] = String(version) }
    headers.append(contentsOf: signature)
    if !outcome.isWhole { headers[.connection] = "close" }
    return Response(
      status: .init(code: answer.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
  }
}

/// A request with the address that it came from.
struct EdgeContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Nil for a client on this machine.
  let peer: PeerAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    peer = PeerAddress(source.channel.remoteAddress)
  }
}
