import Limits
import Foundation
import Glibc
import Testing

@testable import Transport

/// Against OpenSSL's own test server, where there is one.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: OpenSSL.path)), .timeLimit(.minutes(20)))
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
    let server = try OpenSSL(["-www"])
    defer { server.stop() }
    #expect(await failure(HTTPClient(), port: server.port) == .tls)
    #expect(await failure(HTTPClient(caFile: server.certificate), port: server.port) == nil)
    let right = HTTPClient(trust: .keysAndAuthorities([try server.pin()]), caFile: server.certificate)
    #expect(await failure(right, port: server.port) == nil)
    // A pin does not replace the certificate.
    #expect(await failure(HTTPClient(trust: .keysAndAuthorities([try server.pin()])), port: server.port) == .tls)
    let wrong = HTTPClient(trust: .keysAndAuthorities([Self.wrongPin]), caFile: server.certificate)
    #expect(await failure(wrong, port: server.port) == .wrongKey)
  }

  private static let wrongPin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

  /// libcurl compares the pin also where it does not check the certificate: for a wrong name, too old, by nobody known.
  @Test func aPinAloneDecidesWhereItIsToldTo() async throws {
    let server = try OpenSSL(["-www"], days: "-1", name: "DNS:elsewhere.example.org")
    defer { server.stop() }
    let pin = try server.pin()
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
    let server = try OpenSSL(["-www", "-nocert", version, "-cipher", "ALL:aNULL:@SECLEVEL=0"])
    defer { server.stop() }
    for trust in [HTTPTrust.keys([Self.wrongPin]), .keysAndAuthorities([Self.wrongPin])] {
      #expect(await failure(HTTPClient(trust: trust), port: server.port) == .tls)
    }
  }

  @Test func oldProtocolsAreRefused() async throws {
    let server = try OpenSSL(["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    defer { server.stop() }
    #expect(await failure(HTTPClient(caFile: server.certificate), port: server.port) == .tls)
  }

  @Test func redirectsOutOfTLSAreNotFollowed() async throws {
    let target = try RawServer { _ in .answer(HTTPClientTests.ok) }
    defer { target.stop() }
    let answer = "HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/\r\nContent-Length: 0\r\n\r\n"
    let server = try OpenSSL(["-HTTP"], files: ["away": answer])
    defer { server.stop() }
    let client = HTTPClient(trust: .keys([try server.pin()]))
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
      #expect(code == .tls)
    }
  }
}

/// `openssl s_server` on a free loopback port with a certificate of its own.
final class OpenSSL {
  static let path = "/usr/bin/openssl"

  let port: Int
  let certificate: String
  private let folder: URL
  private let process = Process()
  private let output = Pipe()

  /// - Parameters:
  ///   - days: how long its certificate is valid; negative for one that was.
  ///   - name: for whom it is.
  ///   - files: what it serves with the option -HTTP: whole answers, by their paths.
  init(
    _ options: [String], days: String = "2", name: String = "IP:127.0.0.1", files: [String: String] = [:]
  ) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    certificate = folder.appendingPathComponent("certificate.pem").path
    let key = folder.appendingPathComponent("key.pem").path
    let request = folder.appendingPathComponent("request.pem").path
    _ = try Self.run([
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=birlik-test",
      "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", request,
    ])
    _ = try Self.run([
      "x509", "-req", "-in", request, "-signkey", key, "-days", days, "-copy_extensions", "copy", "-out", certificate,
    ])
    process.executableURL = URL(fileURLWithPath: Self.path)
    for (path, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(path)) }
    process.currentDirectoryURL = folder
    let proof = options.contains("-nocert") ? [] : ["-cert", certificate, "-key", key]
    process.arguments = ["s_server", "-accept", "127.0.0.1:0"] + proof + options
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var said = ""
    // It says "ACCEPT 127.0.0.1:12345" when it listens.
    while !(said.contains("ACCEPT") && said.hasSuffix("\n")) {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { throw CocoaError(.fileReadUnknown) }
      said += String(decoding: part, as: UTF8.self)
    }
    let line = said.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }
    port = line?.split(separator: ":").last.flatMap { Int($0) } ?? 0
  }

  func stop() {
    // Not the gentle signal: the thread that started it may have had that one blocked, and the process inherits it.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// The SHA-256 of the certificate's public key, as libcurl wants it.
  func pin() throws -> String {
    let pem = try Self.run(["x509", "-in", certificate, "-pubkey", "-noout"])
    let file = folder.appendingPathComponent("public.pem")
    try pem.write(to: file)
    let der = try Self.run(["pkey", "-pubin", "-in", file.path, "-outform", "DER"])
    let derFile = folder.appendingPathComponent("public.der")
    try der.write(to: derFile)
    return "sha256//" + (try Self.run(["dgst", "-sha256", "-binary", derFile.path])).base64EncodedString()
  }

  static func run(_ arguments: [String]) throws -> Data {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return data
  }
}
