import Limits
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Transport

/// Against OpenSSL's own test server, where there is one.
@Suite(.enabled(if: OpenSSL.isInstalled), .timeLimit(.minutes(20)))
struct TLSTests {
  func failure(_ client: HTTPClient, port: Int) async -> TransportError.Code? {
    do throws(TransportError) {
      let response = try await client.send(HTTPRequest(method: .get, url: "https://127.0.0.1:\(port)/"))
      #expect(response.status == 200)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func certificatesAndPinsAreChecked() async throws {
    let server = try await OpenSSL(["-www"])
    defer { server.stop() }
    #expect(await failure(HTTPClient(), port: server.port) == .tls)
    #expect(await failure(HTTPClient(caFile: server.certificate), port: server.port) == nil)
    let right = HTTPClient(trust: .keysAndAuthorities([try await server.pin()]), caFile: server.certificate)
    #expect(await failure(right, port: server.port) == nil)
    // A pin does not replace the certificate.
    #expect(await failure(HTTPClient(trust: .keysAndAuthorities([try await server.pin()])), port: server.port) == .tls)
    let wrong = HTTPClient(trust: .keysAndAuthorities([Self.wrongPin]), caFile: server.certificate)
    #expect(await failure(wrong, port: server.port) == .wrongKey)
  }

  private static let wrongPin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

  /// libcurl compares the pin also where it does not check the certificate: for a wrong name, too old, by nobody known.
  @Test func aPinAloneDecidesWhereItIsToldTo() async throws {
    let server = try await OpenSSL(["-www"], days: "-1", name: "DNS:elsewhere.example.org")
    defer { server.stop() }
    let pin = try await server.pin()
    #expect(await failure(HTTPClient(trust: .keys([pin])), port: server.port) == nil)
    #expect(await failure(HTTPClient(trust: .keys([Self.wrongPin, pin])), port: server.port) == nil)
    #expect(await failure(HTTPClient(trust: .keys([Self.wrongPin])), port: server.port) == .wrongKey)
    // No pin is no reason to believe anybody.
    #expect(await failure(HTTPClient(trust: .keys([])), port: server.port) == .tls)
    // Beside an authority the name and the time count as well.
    let both = HTTPClient(trust: .keysAndAuthorities([pin]), caFile: server.certificate)
    #expect(await failure(both, port: server.port) == .tls)
  }

  /// Without a certificate there is no key to compare, so there must be no connection.
  @Test(arguments: ["-tls1_2", "-tls1_3"]) func serversWithoutACertificateAreRefused(version: String) async throws {
    let server = try await OpenSSL(["-www", "-nocert", version, "-cipher", "ALL:aNULL:@SECLEVEL=0"])
    defer { server.stop() }
    for trust in [HTTPTrust.keys([Self.wrongPin]), .keysAndAuthorities([Self.wrongPin])] {
      #expect(await failure(HTTPClient(trust: trust), port: server.port) == .tls)
    }
  }

  @Test func oldProtocolsAreRefused() async throws {
    let server = try await OpenSSL(["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    defer { server.stop() }
    #expect(await failure(HTTPClient(caFile: server.certificate), port: server.port) == .tls)
  }

  @Test func redirectsOutOfTLSAreNotFollowed() async throws {
    let target = try RawServer { _ in .answer(HTTPClientTests.ok) }
    defer { target.stop() }
    let answer = "HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/\r\nContent-Length: 0\r\n\r\n"
    let server = try await OpenSSL(["-HTTP"], files: ["away": answer])
    defer { server.stop() }
    let client = HTTPClient(trust: .keys([try await server.pin()]))
    let response = try await client.send(HTTPRequest(method: .get, url: "https://127.0.0.1:\(server.port)/away"))
    #expect(response.status == 302)
    #expect(target.connections == 0)
  }

  /// A weak network and a server that was killed are no reason to suspect anybody.
  @Test(arguments: [true, false]) func aConnectionThatBreaksInTheHandshakeIsInterrupted(resets: Bool) async throws {
    let server = try RawServer(closingAtOnce: resets)
    defer { server.stop() }
    for trust in [HTTPTrust.authorities, .keys([Self.wrongPin])] {
      #expect(await failure(HTTPClient(trust: trust), port: Int(server.port)) == .interrupted)
    }
    #expect(server.connections == 2)
  }

  @Test func aServerThatNeverEndsTheHandshakeIsGivenUp() async throws {
    // It waits for the end of a request's head, which no handshake has.
    let server = try RawServer { _ in .silence }
    defer { server.stop() }
    var request = HTTPRequest(method: .get, url: "https://127.0.0.1:\(server.port)/")
    request.limits.connectTime = .milliseconds(100)
    let error = await #expect(throws: TransportError.self) { try await HTTPClient().send(request) }
    #expect(error?.code == .timeout)
    #expect(server.connections == 1)
  }

  @Test func plainServersAreNoTLSServers() async throws {
    try await FakeHeadquarters().serve { port in
      let code = await failure(HTTPClient(), port: port)
      #expect(code == .protocolError)
    }
  }
}

/// `openssl s_server` on a free loopback port with a certificate of its own.
final class OpenSSL {
  static let isInstalled = Program.find("openssl") != nil

  let port: Int
  let certificate: String
  private let folder: TemporaryFolder
  private let process: RunningProgram

  /// Starts it, and waits until it listens.
  ///
  /// - Parameters:
  ///   - days: how long its certificate is valid; negative for one that was.
  ///   - name: for whom it is.
  ///   - files: what it serves with the option -HTTP: whole answers, by their paths.
  init(
    _ options: [String], days: String = "2", name: String = "IP:127.0.0.1", files: [String: String] = [:]
  ) async throws {
    folder = try TemporaryFolder()
    certificate = folder.file("certificate.pem")
    let key = folder.file("key.pem")
    let request = folder.file("request.pem")
    try await Self.run([
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=birlik-test",
      "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", request,
    ])
    try await Self.run([
      "x509", "-req", "-in", request, "-signkey", key, "-days", days, "-copy_extensions", "copy", "-out", certificate,
    ])
    for (path, text) in files { try folder.write(text, to: path) }
    let proof = options.contains("-nocert") ? [] : ["-cert", certificate, "-key", key]
    let process = try RunningProgram(
      "openssl", ["s_server", "-accept", "127.0.0.1:0"] + proof + options, in: folder)
    self.process = process
    var found: Int?
    try await waitUntil("openssl listens: \(process.errors)") {
      // It writes "ACCEPT 127.0.0.1:12345" when it listens.
      let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      found = lines.first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last.flatMap { Int($0) }
      if found == nil, !process.isRunning { throw TestProblem("openssl ended: \(process.errors)") }
      return found != nil
    }
    port = found ?? 0
  }

  /// Not the gentle signal: the thread that started it may have had that one blocked, and the process inherits it.
  func stop() { process.stop(SIGKILL) }

  /// The SHA-256 of the certificate's public key, as libcurl wants it.
  func pin() async throws -> String {
    let script = """
      openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64
      """
    let hash = try await Program.run("sh", ["-c", script, certificate])
    return "sha256//" + hash.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func run(_ arguments: [String]) async throws {
    let result = try await Program.run("openssl", arguments)
    guard result.status == 0 else { throw TestProblem(result.errors) }
  }
}
