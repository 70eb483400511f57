import enum Crypto.Curve25519
import Foundation
import struct HTTPTypes.HTTPFields
import Store
import SyncCore
import Transport
import Wire

@testable import Node

/// Speaks the protocol as somebody would who wrote a client from the page alone, and breaks it where a test wants that.
struct HostileClient {
  let url: String
  /// Its public key, with which it signs answers.
  let headquarters: [UInt8]
  var key: Curve25519.Signing.PrivateKey
  /// Comes again later when asked to, as a client that asks more often than a node may.
  var waitsWhenBusy = false
  var card: [UInt8]
  private let client = HTTPClient(userAgent: "somebody")

  init(_ house: House, as node: LocalNode) throws {
    try self.init(url: house.url, headquarters: house.headquarters.store.identity.headquarters, as: node)
  }

  init(url: String, headquarters: [UInt8], as node: LocalNode) throws {
    self.url = url
    self.headquarters = headquarters
    key = try node.store.identity.key
    card = node.store.identity.card.bytes
  }

  struct Reply: Equatable {
    var status: Int
    var body: [UInt8]

    /// The code of an error.
    var code: String? {
      String(decoding: body, as: UTF8.self).split(separator: "\"").drop { $0 != "code" }.dropFirst(2).first
        .map(String.init)
    }

    func answer() throws -> ExchangeAnswer { try ExchangeAnswer(bytes: body) }
  }

  var id: NodeID { NodeCard.id(of: Array(key.publicKey.rawRepresentation)) }

  /// Posts a body; the answer has to be signed by headquarters whatever was sent.
  func post(
    _ body: [UInt8], path: String = "/v1/exchange", created: Int64 = SystemClock.now(), isSigned: Bool = true,
    change: (inout HTTPRequest) -> Void = { _ in }
  ) async throws -> Reply {
    var headers: HTTPFields = [.contentDigest: ContentDigest.header(for: body)]
    if isSigned {
      headers = try MessageSignature.sign(
        method: "POST", path: path, body: body, created: created, signer: MessageSigner(keyID: id, privateKey: key))
    }
    var request = HTTPRequest(method: .post, url: url + path, headers: headers, body: body)
    change(&request)
    let response = try await send(request)
    _ = try MessageSignature.verify(
      status: response.status, headers: response.headers, body: response.body,
      answering: RequestBinding(method: "POST", path: path, headers: request.headers),
      keyID: NodeCard.id(of: headquarters),
      publicKey: headquarters)
    return Reply(status: response.status, body: response.body)
  }

  /// A connection that waits may be closed to make room for others, as any node has to expect: it comes again.
  private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    for _ in 0..<(waitsWhenBusy ? 2000 : 20) {
      do {
        let response = try await client.send(request)
        guard waitsWhenBusy, response.status == 503 else { return response }
        try? await Task.sleep(for: .milliseconds(300))
      } catch {
        guard error.code == .interrupted else { throw error }
      }
    }
    return try await client.send(request)
  }

  /// Posts an exchange with the digest of an empty frontier.
  func exchange(
    segments: [[UInt8]] = [], cards: [[UInt8]] = [], frontier: [FrontierEntry]? = []
  ) async throws -> Reply {
    try await post(
      ExchangeRequest(
        card: card, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: frontier, cards: cards,
        segments: segments
      ).bytes)
  }

  /// A segment with one edit of an organization's name.
  func segment(
    _ channel: Channel, origin: Origin? = nil, first: Int64 = 1, after predecessor: Digest = .zero,
    context: [Tip] = [], name: String = "x", by key: Curve25519.Signing.PrivateKey? = nil
  ) throws -> Segment {
    var block = KindBlock(kind: 1, keyColumns: 1)
    let cell = Content([Cell(field: 5, value: .text(Array(name.utf8)))])
    block.append(
      Change(
        kind: 1, key: RecordKey("hostile-1"), operation: .edit,
        registers: [RegisterContent(RegisterKey(5), cell)], captured: 1_790_000_000_000, time: 1_790_000_000_000)
    ) { _ in [5] }
    let header = SegmentHeader(
      origin: origin ?? Origin(node: id, nonce: 77), channel: channel, first: first, count: 1,
      predecessor: predecessor, context: context, catalogVersion: 1, sealedAt: 1_790_000_000_000)
    return try Segment.seal(header, blocks: [block], key: key ?? self.key)
  }
}
