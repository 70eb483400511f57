import Foundation
import Limits
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Server
@testable import Transport

/// Headquarters' server over TLS, looked at with programs of others: `openssl` and `curl`.
@Suite(.timeLimit(.minutes(20))) struct ServerTLSTests {
  /// A server's key, its certificate, and what clients need to know of it.
  struct Proof {
    let files: SelfSigned
    let current: CurrentCertificate

    init(hosts: [String] = []) throws {
      files = try SelfSigned(hosts: hosts)
      current = CurrentCertificate(try ServerCertificate(certificate: files.certificate, key: files.key))
    }

    var pin: String { "sha256//" + Data(current.value.pin).base64EncodedString() }
    var client: HTTPClient { HTTPClient(trust: .keys([pin])) }
  }

  static func health(_ port: Int) -> HTTPRequest { HTTPRequest(method: .get, url: "https://127.0.0.1:\(port)/health") }

  @Test func exchangesAreSignedInsideTLSAndKeepTheirConnection() async throws {
    let proof = try Proof()
    let headquarters = FakeHeadquarters()
    let node = TestNode(1, client: proof.client)
    node.makeKnown(to: headquarters)
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await headquarters.serve(certificate: proof.current) { port in
      for round in 0..<3 {
        let answer = try await node.post(large, to: headquarters, port: port, scheme: "https")
        #expect(answer.response.body.dropFirst(5).elementsEqual(large))
        #expect(answer.response.reusedConnection == (round > 0))
      }
      // An answer that comes before the end of the request arrives, although the connection ends with it.
      let early = try await node.post(large, to: headquarters, port: port, scheme: "https", path: "/v1/nothing")
      #expect(early.code == "denied")
    }
  }

  @Test func healthIsTheOnlyUnsignedPath() async throws {
    let proof = try Proof()
    try await FakeHeadquarters().serve(certificate: proof.current) { port in
      let health = try await proof.client.send(Self.health(port))
      #expect(health.status == 200)
      for path in ["/", "/v1", "/v1/exchange", "/v1/snapshot", "/v1/anything", "/healthy", "/HEALTH", "/health/x"] {
        for method in [HTTPRequest.Method.get, .post] {
          let request = HTTPRequest(method: method, url: "https://127.0.0.1:\(port)\(path)")
          let response = try await proof.client.send(request)
          #expect(response.status == (path.hasPrefix("/v1/") ? 401 : 404), "\(method) \(path)")
        }
      }
    }
  }

  @Test func anotherKeyIsRefusedBeforeAnythingIsSent() async throws {
    let (proof, other) = (try Proof(), try Proof())
    let headquarters = FakeHeadquarters()
    let node = TestNode(1, client: other.client)
    node.makeKnown(to: headquarters)
    try await headquarters.serve(certificate: proof.current) { port in
      let error = await #expect(throws: TransportError.self) {
        try await node.post([1], to: headquarters, port: port, scheme: "https")
      }
      #expect(error?.code == .wrongKey)
      #expect(error?.hint.contains("birlik pin") == true)
      #expect(headquarters.memory.withLock { $0.exchanges }.isEmpty)
    }
  }

  @Test func aNewCertificateIsShownToNewConnections() async throws {
    let (proof, next) = (try Proof(), try Proof())
    try await FakeHeadquarters().serve(certificate: proof.current) { port in
      let before = proof.client
      let announced = HTTPClient(trust: .keys([proof.pin, next.pin]))
      for client in [before, announced] {
        let first = try await client.send(Self.health(port))
        #expect(first.status == 200)
      }
      let old = proof.pin
      proof.current.use(next.current.value)
      // Open connections go on; new ones meet the new key.
      let again = try await before.send(Self.health(port))
      #expect(again.reusedConnection)
      let fresh = HTTPClient(trust: .keys([old]))
      let error = await #expect(throws: TransportError.self) { try await fresh.send(Self.health(port)) }
      #expect(error?.code == .wrongKey)
      for client in [announced, HTTPClient(trust: .keys([old, next.pin]))] {
        let after = try await client.send(Self.health(port))
        #expect(after.status == 200)
      }
    }
  }

  // MARK: Files

  @Test func filesThatDoNotFitAreRefused() throws {
    let (one, other) = (try SelfSigned(hosts: []), try SelfSigned(hosts: []))
    let garbage = Array("garbage".utf8)
    for (certificate, key) in [
      (one.certificate, other.key), (garbage, one.key), (one.certificate, garbage), ([], []),
      (one.key, one.certificate), (one.certificate, one.certificate),
    ] {
      let error = #expect(throws: ServerError.self) { try ServerCertificate(certificate: certificate, key: key) }
      #expect(error?.code == .certificate && error?.hint.isEmpty == false)
    }
  }

  @Test func plainHTTPBeyondLoopbackIsRefused() async throws {
    for host in ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example.org"] {
      let server = HeadquartersServer(
        service: FakeHeadquarters(), host: host, port: 0, logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      let error = await #expect(throws: ServerError.self) { try await server.run() }
      #expect(error?.code == .plain)
    }
    for host in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] { #expect(ListenAddress.isLoopback(host)) }
    for host in ["", "::ffff:127.0.0.1", "::2", "128.0.0.1", "0:0:0:0:0:0:0:2", "localhost.example.org"] {
      #expect(!ListenAddress.isLoopback(host))
    }
  }

  // MARK: Programs of others

  @Test func opensslAgreesOnTheVersionAndTheKey() async throws {
    let proof = try Proof(hosts: ["hq.example.org", "192.0.2.7", "2001:db8::7", "0.0.0.0"])
    try await FakeHeadquarters().serve(certificate: proof.current) { port in
      for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let said = try await Program.run(
          "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", option, "-alpn", "h2,http/1.1"], input: "Q\n")
        #expect(said.status == 0 && said.output.contains("New, \(version)"), "\(said.output)\(said.errors)")
        #expect(said.output.contains("ALPN protocol: http/1.1"))
      }
      for old in ["-tls1_1", "-tls1"] {
        let said = try await Program.run(
          "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", old, "-cipher", "ALL:@SECLEVEL=0"], input: "Q\n")
        #expect(said.status != 0 && said.output.contains("Cipher is (NONE)"), "\(old)")
      }
      // Ciphers without forward secrecy.
      let weak = try await Program.run(
        "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA"],
        input: "Q\n")
      #expect(weak.status != 0)
      let shown = try await Program.run("openssl", ["s_client", "-connect", "127.0.0.1:\(port)"], input: "Q\n")
      let text = try await Program.run(
        "openssl", ["x509", "-noout", "-text"], input: shown.output)
      #expect(
        text.output.contains(
          "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:hq.example.org, IP Address:192.0.2.7, "
            + "IP Address:2001:DB8:0:0:0:0:0:7\n"), "\(text.output)")
      #expect(text.output.contains("CA:FALSE") && text.output.contains("prime256v1"))
      let hash = try await Program.run(
        "sh",
        [
          "-c",
          "openssl x509 -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64",
        ], input: shown.output)
      #expect("sha256//" + hash.output == proof.pin + "\n")
    }
  }

  @Test func curlFindsTheKeyThatIsPinned() async throws {
    let (proof, other) = (try Proof(), try Proof())
    let folder = try TemporaryFolder()
    let file = try folder.write(proof.files.certificate, to: "certificate.pem")
    try await FakeHeadquarters().serve(certificate: proof.current) { port in
      func curl(_ options: [String], host: String = "127.0.0.1") async throws -> ProgramResult {
        try await Program.run(
          "curl", ["--silent", "--show-error", "--noproxy", "*"] + options + ["https://\(host):\(port)/health"])
      }
      let right = try await curl(["--insecure", "--pinnedpubkey", proof.pin])
      #expect(right.output == "{}", "\(right.errors)")
      let wrong = try await curl(["--insecure", "--pinnedpubkey", other.pin])
      #expect(wrong.status == 90)
      let unknown = try await curl([])
      #expect(unknown.status == 60)
      // For those who would rather name the certificate: it is valid for the names of this machine.
      for host in ["127.0.0.1", "localhost"] {
        let named = try await curl(["--cacert", file, "--ipv4"], host: host)
        #expect(named.output == "{}", "\(named.errors)")
      }
      let old = try await curl(["--insecure", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"])
      #expect(old.status == 35)
      let plain = try await Program.run("curl", ["--silent", "--noproxy", "*", "http://127.0.0.1:\(port)/health"])
      #expect(plain.status != 0 && plain.output.isEmpty)
    }
  }

  // MARK: Slow and hostile

  /// The head of a handshake of 16 KiB.
  private static let hello = "\u{16}\u{3}\u{1}\u{40}\u{0}\u{1}\u{0}\u{3f}\u{7c}"

  @Test func slowAndIdleHandshakesAreClosed() async throws {
    let proof = try Proof()
    var limits = ServerLimits()
    limits.handshakeTime = .milliseconds(500)
    // Only the deadline of the handshake can end these; the test would not.
    limits.idleTime = .seconds(7200)
    limits.connections = 3
    try await FakeHeadquarters().serve(limits: limits, certificate: proof.current) { port in
      #expect(await RawClient.exchange(port: port, "") == "")
      _ = await RawClient.exchange(port: port, Self.hello)
      // More of them than connections are allowed; the well-behaved one waits its turn and is served.
      await withTaskGroup(of: Void.self) { slow in
        for index in 0..<20 {
          slow.addTask { _ = await RawClient.exchange(port: port, Self.hello, drip: index % 2 == 0 ? "\u{3}" : nil) }
        }
        // On a busy machine its own handshake may take too long as well, and it comes again as nodes do.
        var status: Int?
        for _ in 0..<20 where status == nil { status = try? await proof.client.send(Self.health(port)).status }
        #expect(status == 200)
      }
      var after: Int?
      for _ in 0..<20 where after == nil { after = try? await proof.client.send(Self.health(port)).status }
      #expect(after == 200)
    }
  }

  @Test func idleConnectionsAfterTheHandshakeAreClosed() async throws {
    let proof = try Proof()
    var limits = ServerLimits()
    limits.idleTime = .milliseconds(300)
    let folder = try TemporaryFolder()
    try await FakeHeadquarters().serve(limits: limits, certificate: proof.current) { port in
      // Its input stays open, so it ends only because the server closes.
      let said = try await Program.run(
        "sh",
        [
          "-c",
          """
          mkfifo "$1/input" && exec 3<>"$1/input"
          openssl s_client -quiet -connect 127.0.0.1:\(port) <&3 && echo closed
          """, "sh", folder.path,
        ])
      #expect(said.output == "closed\n", "\(said.errors)")
    }
  }

  @Test(arguments: [
    "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{1}\u{0}", "\u{0}", "\r\n",
  ])
  func whatIsNotTLSIsClosed(text: String) async throws {
    let proof = try Proof()
    var limits = ServerLimits()
    limits.handshakeTime = .milliseconds(200)
    limits.idleTime = .seconds(7200)
    try await FakeHeadquarters().serve(limits: limits, certificate: proof.current) { port in
      let answer = await RawClient.exchange(port: port, text)
      #expect(!answer.contains("HTTP/1.1 200"))
      let after = try await proof.client.send(Self.health(port))
      #expect(after.status == 200)
    }
  }
}
