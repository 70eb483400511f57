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

  /// - Parameters:
  ///   - trust: the keys or authorities by which its server is known.
  ///   - headquarters: the 32 bytes of its public key.
  ///   - agent: the user agent of its requests.
  init(
    url: String, trust: ServerTrust, headquarters: [UInt8], signer: MessageSigner?, agent: String = Program.agent
  ) {
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
    let signer = MessageSigner(keyID: store.identity.node, privateKey: store.identity.key)
    self.init(
      url: url, trust: try store.serverTrust(), headquarters: store.identity.headquarters, signer: signer,
      agent: agent)
  }

  /// Sends one request.
  ///
  /// - Parameter offset: what to add to this machine's clock to get headquarters', in milliseconds.
  /// - Returns: the body of headquarters' answer.
  /// - Throws: `TransportError`, or `NodeError`.
  func post(_ path: String, _ body: [UInt8], offset: Int64 = 0) async throws -> [UInt8] {
    do {
      return try await attempt(path, body, created: SystemClock.now() &+ offset)
    } catch let wrong as WrongClock {
      // The refusal carries headquarters' signed time, with which the request can be signed again.
      return try await attempt(path, body, created: wrong.now)
    }
  }

  private struct WrongClock: Error {
    var now: Int64
  }

  private func attempt(_ path: String, _ body: [UInt8], created: Int64) async throws -> [UInt8] {
    let operation = "talking to headquarters"
    // A proxy may strip a prefix of headquarters' address, so the prefix is no part of the path that both sides sign.
    var headers: HTTPFields = [.contentType: "application/octet-stream"]
    if let signer {
      headers += try MessageSignature.sign(method: "POST", path: path, body: body, created: created, signer: signer)
    } else {
      // Binds the answer to this very body.
      headers[.contentDigest] = ContentDigest.header(for: body)
    }
    var request = HTTPRequest(method: .post, url: url + path, headers: headers, body: body)
    request.limits.responseBytes = WireLimits.messageBytes
    let response = try await client.send(request)
    let time: Int64
    do {
      time = try MessageSignature.verify(
        status: response.status, headers: response.headers, body: response.body,
        answering: RequestBinding(method: "POST", path: path, headers: headers), keyID: NodeCard.id(of: headquarters),
        publicKey: headquarters)
    } catch {
      throw NodeError(
        .data, operation, "the answer was not signed by headquarters",
        hint: "the address may belong to another server, or something in between altered the answer")
    }
    if response.status == 200 { return response.body }
    let refusal = (try? JSONDecoder().decode(Refusal.self, from: Data(response.body)))?.error
    if response.status == 401, refusal?.code == "clock" {
      throw WrongClock(now: time)
    }
    let code: NodeError.Code =
      switch response.status {
      case 401, 403: .denied
      case 503 where refusal?.code == ServiceAnswer.diskFullCode: .full
      case 503, 500: .busy
      default: .data
      }
    throw NodeError(
      code, operation,
      refusal.map { $0.message.lowercasedFirst.trimmed } ?? "it answered with status \(response.status)",
      hint: refusal?.hint ?? "")
  }

  private struct Refusal: Decodable {
    struct Words: Decodable {
      var code: String
      var message: String
      var hint: String
    }
    var error: Words
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
