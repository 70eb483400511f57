import Crypto
import Foundation
import struct HTTPTypes.HTTPFields
import Limits
import Server
import Store
import SyncCore
import Transport
import Wire

/// Talks to headquarters: signs what it sends, and accepts only what headquarters signed.
final class HeadquartersClient: Sendable {
  private let client: HTTPClient
  private let url: String
  private let headquarters: [UInt8]
  /// Nil for a node that has no card yet.
  private let signer: MessageSigner?
  /// How long to wait for a busy headquarters.
  private let waiting: Duration
  /// What the line carries.
  let line: Line

  /// - Parameters:
  ///   - trust: the keys or authorities by which its server is known.
  ///   - headquarters: the 32 bytes of its public key.
  ///   - agent: the user agent of its requests.
  ///   - waiting: how long each request waits for a busy headquarters.
  ///   - lineSize: what the line carried last.
  init(
    url: String, trust: ServerTrust, headquarters: [UInt8], signer: MessageSigner?, agent: String = Program.agent,
    waiting: Duration = .zero, lineSize: LineSize = LineSize()
  ) {
    self.waiting = waiting
    line = Line(lineSize)
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    self.headquarters = headquarters
    self.signer = signer
    client = HTTPClient(userAgent: agent, trust: HTTPTrust(trust))
  }

  /// A client for the headquarters that a node knows.
  ///
  /// - Throws: `NodeError` with code `usage` at headquarters itself, `config` for a node that knows none.
  convenience init(for store: Store, _ operation: String, agent: String = Program.agent) throws {
    guard !store.identity.role.isHeadquarters else {
      throw NodeError(
        .usage, operation, "this node is headquarters: the others sync with it", hint: "run `birlik serve`")
    }
    guard let url = try store.upstream() else {
      throw NodeError(.config, operation, "this node knows no headquarters", hint: "run `birlik join`")
    }
    let signer = try MessageSigner(keyID: store.identity.node, privateKey: store.identity.key)
    self.init(
      url: url, trust: try store.serverTrust(), headquarters: store.identity.headquarters, signer: signer,
      agent: agent, waiting: store.waiting, lineSize: try store.lineSize())
  }

  // MARK: Sending

  /// Sends one request, again where headquarters is busy or the line broke: every request may be repeated.
  ///
  /// - Parameters:
  ///   - offset: what to add to this machine's clock to get headquarters', in milliseconds.
  ///   - body: the request, when its answer may have so many bytes.
  /// - Returns: the body of headquarters' answer.
  /// - Throws: `TransportError`, or `NodeError`.
  func post(_ path: String, offset: Int64 = 0, _ body: (_ answerLimit: Int) -> [UInt8]) async throws -> [UInt8] {
    var (offset, corrections, cuts) = (offset, 0, 0)
    var retrying = Retrying(bound: waiting / .seconds(1))
    let begin = ContinuousClock.now
    while true {
      do {
        return try await attempt(path, body(line.answerLimit), offset: offset)
      } catch Setback.clock(let now) {
        // The refusal carries headquarters' signed time, with which the request can be signed again.
        corrections += 1
        guard corrections <= Self.mostCorrections else {
          throw NodeError(
            .busy, Self.talking, "headquarters' clock jumps, so that no request is of its time",
            hint: "ask headquarters to look at its clock")
        }
        offset = now &- SystemClock.now()
      } catch Setback.busy(let error, let asked) {
        let elapsed = (ContinuousClock.now - begin) / .seconds(1)
        guard let pause = retrying.pause(elapsed: elapsed, asked: asked, random: Double.random(in: 0...1)) else {
          throw error
        }
        try await Task.sleep(for: .seconds(pause))
      } catch Setback.broken(let error, let isLarge) {
        // A small message breaks by accident, or where a connection ends on which much went over before.
        cuts += 1
        // An old headquarters takes no parts: there only smaller answers help, and smaller requests in the next sync.
        let isHopeful = isLarge ? line.takesParts || cuts <= LineSize.attempts : cuts <= Self.smallCuts
        guard isHopeful, !isLarge || line.messageBroke() else { throw error }
      }
    }
  }

  /// A request whose size does not depend on the line.
  func post(_ path: String, _ body: [UInt8], offset: Int64 = 0) async throws -> [UInt8] {
    try await post(path, offset: offset) { _ in body }
  }

  private static let talking = "talking to headquarters"
  /// How often the clock may be corrected in one request.
  private static let mostCorrections = 3
  /// How often in a row a message may break that is too small to be cut.
  private static let smallCuts = 2

  /// Why a request is sent again.
  private enum Setback: Error {
    /// The clocks differ; headquarters' is here, in milliseconds since 1970.
    case clock(Int64)
    /// Headquarters is busy, and asks to wait so many seconds.
    case busy(NodeError, asked: Double?)
    /// The line broke, or was too slow.
    case broken(any Error, isLarge: Bool)
  }

  private func attempt(_ path: String, _ body: [UInt8], offset: Int64) async throws -> [UInt8] {
    if let size = line.bytes, body.count > size, try await sendParts(of: body, offset: offset) {
      return try await single(path, body, offset: offset, isSentInParts: true)
    }
    return try await single(path, body, offset: offset)
  }

  /// Sends one message and reads the whole answer to it.
  ///
  /// - Parameters:
  ///   - isSentInParts: whether headquarters has the body already.
  ///   - isPart: whether the message is a part of another one, which is not taken apart again.
  private func single(
    _ path: String, _ body: [UInt8], offset: Int64, isSentInParts: Bool = false, isPart: Bool = false
  ) async throws -> [UInt8] {
    // A proxy may strip a prefix of headquarters' address, so the prefix is no part of the path that both sides sign.
    var headers: HTTPFields = [.contentType: "application/octet-stream"]
    if let signer {
      let (now, overflow) = SystemClock.now().addingReportingOverflow(offset)
      let created = overflow ? 0 : min(max(now, WireLimits.clock.lowerBound), WireLimits.clock.upperBound)
      headers += try MessageSignature.sign(method: "POST", path: path, body: body, created: created, signer: signer)
    } else {
      // Binds the answer to this very body.
      headers[.contentDigest] = ContentDigest.header(for: body)
    }
    let sent = isSentInParts ? [] : body
    var request = HTTPRequest(method: .post, url: url + path, headers: headers, body: sent)
    request.limits.responseBytes = WireLimits.messageBytes
    let response = try await send(request, offset: offset, isPart: isPart)
    line.count(max(sent.count, response.body.count))
    return try read(response, answering: RequestBinding(method: "POST", path: path, headers: headers))
  }

  /// Sends a request, and fetches the rest of an answer that broke.
  private func send(_ request: HTTPRequest, offset: Int64, isPart: Bool) async throws -> HTTPResponse {
    let error: TransportError
    do {
      return try await client.send(request)
    } catch let broken {
      error = broken
    }
    guard error.code == .interrupted || error.code == .timeout else { throw error }
    let isLarge = max(error.received?.body.count ?? 0, request.body.count) > LineSize.smallest
    if !isPart, isLarge, let partial = error.received, partial.status == 200,
      let whole = try await complete(partial, offset)
    {
      return whole
    }
    // Nobody knows how long a peer that says nothing goes on to say nothing.
    if error.code == .timeout, !isLarge { throw error }
    throw Setback.broken(error, isLarge: isLarge)
  }

  /// The body of an answer that headquarters signed.
  private func read(_ response: HTTPResponse, answering binding: RequestBinding) throws -> [UInt8] {
    let time: Int64
    do {
      time = try MessageSignature.verify(
        status: response.status, headers: response.headers, body: response.body, answering: binding,
        keyID: NodeCard.id(of: headquarters), publicKey: headquarters)
    } catch  where error.code == .missing {
      throw stranger(response)
    } catch {
      throw NodeError(
        .data, Self.talking, "the answer was not signed by headquarters",
        hint: "the address may belong to another server, or something in between altered the answer")
    }
    if let version = response.headers[.birlikCatalog].flatMap({ Int($0) }) { line.setLaggingCatalog(version) }
    if response.status == 200 { return response.body }
    let refusal = (try? JSONDecoder().decode(Refusal.self, from: Data(response.body)))?.error
    let code: NodeError.Code =
      switch response.status {
      case 401, 403: .denied
      case 503 where refusal?.code == ServiceAnswer.diskFullCode: .full
      case 503, 500, 408, 409, 429: .busy
      default: .data
      }
    let error = NodeError(
      code, Self.talking,
      refusal.map { $0.message.lowercasedFirst.trimmed } ?? "it answered with status \(response.status)",
      hint: refusal?.hint ?? "")
    // A disk does not get emptier by waiting.
    guard code != .full else { throw error }
    switch (response.status, refusal?.code) {
    case (401, "clock"): throw Setback.clock(time)
    case (503, _), (429, _): throw Setback.busy(error, asked: response.headers[.retryAfter].flatMap { Double($0) })
    case (408, _), (409, "parts_missing"), (400, "broken"): throw Setback.broken(error, isLarge: true)
    default: throw error
    }
  }

  /// Something else answered in headquarters' place: the login page of a network, a router, a proxy.
  private func stranger(_ response: HTTPResponse) -> any Error {
    let error = NodeError(
      .unreachable, Self.talking,
      "something in between answered in place of headquarters (with status \(response.status)), such as the login page of "
        + "this network, a router or a proxy",
      hint: "open any page in a browser and log in to the network if it asks for that; nothing is lost, the next try "
        + "sends it")
    // A web server in front of headquarters may say that it has too much to do.
    guard [429, 503].contains(response.status), let asked = response.headers[.retryAfter].flatMap({ Double($0) }) else {
      return error
    }
    return Setback.busy(error, asked: asked)
  }

  private struct Refusal: Decodable {
    struct Words: Decodable {
      var code: String
      var message: String
      var hint: String
    }
    var error: Words
  }

  // MARK: Bad lines

  /// Sends a body in parts that the line carries.
  ///
  /// - Returns: false where headquarters is too old for that.
  private func sendParts(of body: [UInt8], offset: Int64) async throws -> Bool {
    guard signer != nil, line.takesParts else { return false }
    let message = Digest(sha256: body)
    var (held, standstills) = (0, 0)
    while held < body.count {
      let before = held
      let answer = try await exchangePart("/v1/part", offset: offset) { size in
        let content = Array(body[before...].prefix(size))
        return PartRequest(message: message, size: body.count, offset: before, content: content).bytes
      }
      guard let answer else { return false }
      held = min(try PartAnswer(bytes: answer).held, body.count)
      // Headquarters may have forgotten what it had, as when it was started again.
      standstills = held > before ? 0 : standstills + 1
      guard standstills <= LineSize.attempts else {
        throw NodeError(
          .busy, Self.talking, "headquarters does not take the parts of a message", hint: "try again later")
      }
    }
    return true
  }

  /// Fetches what is missing of an answer that broke.
  ///
  /// - Returns: nil where headquarters holds it no longer, or is too old for that.
  private func complete(_ partial: HTTPResponse, _ offset: Int64) async throws -> HTTPResponse? {
    guard signer != nil, line.takesParts, let header = partial.headers[.contentDigest],
      let message = ContentDigest.bytes(inHeader: header).flatMap({ Digest(bytes: $0) }), line.messageBroke()
    else { return nil }
    var whole = partial
    while true {
      let came = whole.body.count
      let bytes = try await exchangePart("/v1/rest", offset: offset) { size in
        RestRequest(message: message, offset: came, limit: size).bytes
      }
      guard let bytes else { return nil }
      let rest = try RestAnswer(bytes: bytes)
      guard rest.size > 0, rest.size <= whole.body.count || !rest.content.isEmpty else { return nil }
      whole.body += rest.content
      if whole.body.count >= rest.size { return whole }
    }
  }

  /// Sends a message that is small enough for a bad line, or smaller ones, until one arrives.
  ///
  /// - Parameter body: the message, when it and its answer may have about so many bytes.
  /// - Returns: nil where headquarters is too old for such messages.
  private func exchangePart(_ path: String, offset: Int64, _ body: (Int) -> [UInt8]) async throws -> [UInt8]? {
    while true {
      do {
        let answer = try await single(path, body(line.bytes ?? LineSize.first), offset: offset, isPart: true)
        line.messageArrived()
        return answer
      } catch Setback.broken(let error, _) {
        guard line.messageBroke() else { throw error }
      } catch let error as NodeError where error.code == .denied {
        line.refuseParts()
        return nil
      }
    }
  }
}

extension HTTPTrust {
  init(_ trust: ServerTrust) {
    let pins = trust.pins.map { "sha256//" + $0.base64 }
    self = pins.isEmpty ? .authorities : trust.needsAuthority ? .keysAndAuthorities(pins) : .keys(pins)
  }
}

extension String {
  /// The sentence with a small first letter, to follow a colon.
  fileprivate var lowercasedFirst: String {
    guard let first = utf8.first, (65...90).contains(first) else { return self }
    return String(UnicodeScalar(first + 32)) + dropFirst()
  }

  fileprivate var trimmed: String { hasSuffix(".") ? String(dropLast()) : self }
}
