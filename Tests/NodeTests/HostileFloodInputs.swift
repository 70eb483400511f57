import Crypto
import Foundation
import Limits
import Store
import SyncCore
import TestSupport
import Testing
import Transport

@testable import Node
@testable import Wire

/// What comes in a flood.
extension HostileFloodTests {
  /// Holds silent connections in a process of its own: Foundation starts no programs from one with so many open files.
  /// It ends by itself where nobody stops it.
  static let holding = """
    import resource, socket, sys, time
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _ in range(int(sys.argv[2])):
      try: held.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5))
      except OSError: pass
    print(len(held), file=sys.stderr, flush=True)
    time.sleep(7200)
    """

  /// Wraps whatever comes to its port in TLS, so that the hostile need not speak it.
  static let wrapping = """
    import asyncio, ssl, sys
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async def pump(reader, writer):
      try:
        while data := await reader.read(65536):
          writer.write(data)
          await writer.drain()
      except OSError: pass
    async def wrap(reader, writer):
      try: inner, outer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
      except OSError: return writer.close()
      sending = asyncio.create_task(pump(reader, outer))
      await pump(inner, writer)
      sending.cancel()
      for each in (writer, outer): each.transport.abort() if each is outer else each.close()
    async def main():
      server = await asyncio.start_server(wrap, "127.0.0.1", 0)
      print(server.sockets[0].getsockname()[1], file=sys.stderr, flush=True)
      await server.serve_forever()
    asyncio.run(main())
    """

  /// The beginning of a request that never gets to its end: slow in its head, in the body of a stranger, and in the body
  /// of a member, whose request is let in.
  static func slowBeginning(_ number: Int, of member: HostileClient) throws -> String {
    let length = "Host: x\r\nContent-Length: 60000\r\n"
    switch number % 4 {
    case 0: return "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nX-Slow: "
    case 1: return "G"
    case 2: return "POST /v1/join HTTP/1.1\r\n\(length)\r\n"
    default:
      let headers = try MessageSignature.sign(
        method: "POST", path: "/v1/exchange", body: [UInt8](repeating: UInt8(ascii: "a"), count: 60_000),
        created: SystemClock.now(), signer: MessageSigner(keyID: member.id, privateKey: member.key))
      let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
      return "POST /v1/exchange HTTP/1.1\r\n\(length)\(lines)\r\n"
    }
  }

  /// What is no TLS, too old a TLS, or the beginning of one.
  func handshakes(_ port: Int) async throws -> Int {
    let hello = "\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{3}"
    let tries = [
      "", "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}", hello, "\u{16}\u{3}\u{0}" + hello, "\u{15}\u{3}\u{3}",
      "\u{16}\u{3}\u{3}\u{7F}\u{7F}" + String(repeating: "\u{1}", count: 70_000),
      String(repeating: "\u{0}", count: 1 << 20), String(repeating: hello, count: 1000),
    ]
    for text in tries {
      let answer = HostileSocket(port: port)?.exchange(text) ?? ""
      #expect(!answer.contains("HTTP/1.1 200"), "\(text.prefix(20))")
    }
    return tries.count
  }

  /// What a stopped node sends itself and what a member in league with it brings: the one is answered as to one that never
  /// was, the other refused.
  func revoked(_ stopped: HostileClient, carriedBy member: HostileClient) async throws -> Int {
    let open = Channel(owner: "ahik", audience: .open)
    let count = 20 * Self.scale
    for number in 0..<count {
      let origin = Origin(node: stopped.id, nonce: UInt64(8000 + number))
      let late = try stopped.segment(open, origin: origin, name: "late").bytes
      #expect(try await stopped.exchange(segments: [late]).status == 401)
      let answer = try await member.exchange(segments: [late], cards: [stopped.card]).answer()
      #expect(answer.refusals.count == 1 && !answer.refusals.contains { $0.reason.isEmpty })
    }
    return 2 * count
  }

  /// Requests that play with paths, lengths and headers.
  func paths(_ port: Int) async throws -> Int {
    var heads: [String] = []
    for path in [
      "/v1/../v1/exchange", "//v1/exchange", "/v1/exchange?x=1", "/v1/%65xchange", "/v1/exchange/", "/v1/exchange%00",
      "/../../etc/passwd", "/v1/" + String(repeating: "a", count: 9000), "http://other/v1/exchange", "*",
      "/V1/exchange",
      "/health/..", "\\v1\\exchange",
    ] {
      for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"] {
        heads.append("\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
      }
    }
    let post = "POST /v1/exchange HTTP/1.1\r\nHost: x\r\n"
    heads += [
      post + "Content-Length: -1\r\n\r\n", post + "Content-Length: 99999999999999999999\r\n\r\n",
      post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", post + "Transfer-Encoding: gzip\r\n\r\n",
      post + (0..<5000).map { "h\($0): x\r\n" }.joined() + "\r\n",
      post + "h: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n",
      "\0\0\0\0\r\n\r\n", String(repeating: "\r\n", count: 10_000), "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for head in heads {
      let answer = HostileSocket(port: port)?.exchange(head) ?? ""
      #expect(!answer.contains("HTTP/1.1 200") && !answer.contains("root:"), "\(head.prefix(60)): \(answer.prefix(80))")
    }
    return heads.count
  }

  /// Segments under a member's true signature that lie in every way.
  func segments(_ client: HostileClient) async throws -> Int {
    let open = Channel(owner: "fprk", audience: .open)
    func origin(_ nonce: UInt64) -> Origin { Origin(node: client.id, nonce: nonce) }
    var count = 0
    // Bombs of each size, and those that lie about theirs: kept unread, never unpacked beyond what is allowed.
    for (number, size) in [nil, 1, 7, 16 << 20].enumerated() {
      for part in 0..<5 {
        let nonce = UInt64(1000 + number * 10 + part)
        let bomb = try HostileSegment(origin: origin(nonce), channel: open, zeros: 16 << 20, size: size)
        let answer = try await client.exchange(segments: [bomb.bytes(by: client.key)]).answer()
        #expect(answer.refusals.isEmpty || answer.refusals[0].reason.isEmpty == false)
        count += 1
      }
    }
    let extremes = [Int64.min, .min + 1, -1, 0, .max - 1, .max]
    for (number, extreme) in extremes.enumerated() {
      for (place, other) in extremes.enumerated() {
        let nonce = UInt64(2000 + number * 10 + place)
        let segment = try extremeSegment(origin(nonce), open, value: extreme, time: other, by: client.key)
        #expect(try await client.exchange(segments: [segment.bytes]).answer().refusals.isEmpty)
        count += 1
      }
      guard extreme > 0 else { continue }
      let forged = try? client.segment(open, origin: origin(UInt64(3000 + number)), first: extreme)
      if let forged { #expect(try await client.exchange(segments: [forged.bytes]).answer().refusals.count == 1) }
    }
    for text in [
      [0], [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], Array("a\0b".utf8), Array(repeating: 0x80, count: 900_000),
    ] as [[UInt8]] {
      let segment = try textSegment(origin(UInt64(4000 + count)), open, text: text, by: client.key)
      #expect(try await client.exchange(segments: [segment.bytes]).answer().refusals.isEmpty)
      count += 1
    }
    #expect(throws: WireError.self) {
      try textSegment(origin(1), open, text: [1], key: String(repeating: "k", count: 4097), by: client.key)
    }
    return count
  }

  func extremeSegment(
    _ origin: Origin, _ channel: Channel, value: Int64, time: Int64, by key: Curve25519.Signing.PrivateKey
  ) throws -> Segment {
    var block = KindBlock(kind: 5, keyColumns: 3)
    block.begin(.insertion, captured: time, time: value, isFlagged: false)
    for (column, text) in ["u\(value)", "2025-10-31", "territorial"].enumerated() {
      block.appendKey(column: column, Array(text.utf8)[...])
    }
    let members = block.column(field: 1, register: 20)
    block.append(value, to: members)
    return try seal(block, origin, channel, sealedAt: time, by: key)
  }

  func textSegment(
    _ origin: Origin, _ channel: Channel, text: [UInt8], key name: String = "text",
    by key: Curve25519.Signing.PrivateKey
  ) throws -> Segment {
    var block = KindBlock(kind: 1, keyColumns: 1)
    block.begin(.edit, captured: 1_790_000_000_000, time: 1_790_000_000_000, isFlagged: false)
    block.appendKey(column: 0, Array(name.utf8)[...])
    let column = block.column(field: 5, register: 5)
    block.append(text: text, to: column)
    return try seal(block, origin, channel, sealedAt: 1_790_000_000_000, by: key)
  }

  func seal(
    _ block: KindBlock, _ origin: Origin, _ channel: Channel, sealedAt: Int64, by key: Curve25519.Signing.PrivateKey
  ) throws -> Segment {
    let header = SegmentHeader(
      origin: origin, channel: channel, first: 1, count: 1, predecessor: .zero, context: [], catalogVersion: 1,
      sealedAt: sealedAt)
    return try Segment.seal(header, blocks: [block], key: key)
  }

  /// Segments of one change each, in one chain, and as many that wait for what never comes.
  func tiny(_ client: HostileClient) async throws -> Int {
    let open = Channel(owner: "fprk", audience: .open)
    var count = 0
    var last: Segment?
    while count < 2 * Self.tinySegments {
      var batch: [[UInt8]] = []
      for _ in 0..<min(Self.tinySegments, WireLimits.segmentsPerMessage) {
        let first = (last?.header.last ?? 0) + 1
        let next = try client.segment(
          open, origin: Origin(node: client.id, nonce: 5000), first: first, after: last?.hash ?? .zero,
          name: "tiny \(first)")
        batch.append(next.bytes)
        last = next
      }
      #expect(try await client.exchange(segments: batch).answer().refusals.isEmpty)
      // The same again is held already.
      #expect(try await client.exchange(segments: batch).answer().refusals.isEmpty)
      count += 2 * batch.count
    }
    let waiting = try (0..<500).map { number in
      try client.segment(
        open, origin: Origin(node: client.id, nonce: UInt64(6000 + number)), first: 2,
        after: Digest(1, 2, 3, UInt64(number + 1)))
    }
    #expect(try await client.exchange(segments: waiting.map(\.bytes)).answer().refusals.isEmpty)
    return count + waiting.count
  }

  /// Requests with bytes changed, cut off and doubled, signed as they are.
  func mutations(_ client: HostileClient) async throws -> Int {
    let segment = try client.segment(
      Channel(owner: "fprk", audience: .open), origin: Origin(node: client.id, nonce: 7000))
    let whole = ExchangeRequest(
      card: client.card, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: [], segments: [segment.bytes]
    ).bytes
    var generator = SystemRandomNumberGenerator()
    let count = 400 * Self.scale
    for number in 0..<count {
      var body = whole
      switch number % 3 {
      case 0:
        for _ in 0...(number % 5) {
          body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
      case 1: body.removeLast(Int.random(in: 1..<body.count, using: &generator))
      default: body.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0x7F], at: Int.random(in: 0..<body.count, using: &generator))
      }
      let reply = try await client.post(body)
      #expect([200, 400, 413].contains(reply.status), "\(reply.status)")
    }
    return count
  }

  /// Nodes that nobody knows, signatures that are not theirs, and replays.
  func strangers(_ client: HostileClient) async throws -> Int {
    let body = ExchangeRequest(
      card: client.card, catalogVersion: 1, frontierDigest: Digest(of: []), frontier: []
    ).bytes
    var headers: HeaderFields = []
    let count = 100 * Self.scale
    for number in 0..<count {
      // Before its time is over.
      if number % 50 == 0 {
        headers = try MessageSignature.sign(
          method: "POST", path: "/v1/exchange", body: body, created: SystemClock.now(),
          signer: MessageSigner(keyID: client.id, privateKey: client.key))
      }
      var stranger = client
      stranger.key = Curve25519.Signing.PrivateKey()
      #expect(try await stranger.post(body).status == 401)
      #expect(try await client.post(body) { $0.headers = headers }.status == 200)
      #expect(try await client.post(body + [0]) { $0.headers = headers }.status == 401)
      #expect(try await client.post([UInt8](repeating: 1, count: 80), path: "/v1/join", isSigned: false).status != 200)
    }
    return 4 * count
  }
}
