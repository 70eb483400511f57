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
    let right = HTTPClient(pinnedPublicKey: try server.pin(), caFile: server.certificate)
    #expect(await failure(right, port: server.port) == nil)
    // A pin does not replace the certificate.
    #expect(await failure(HTTPClient(pinnedPublicKey: try server.pin()), port: server.port) == .tls)
    let wrong = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    #expect(
      await failure(HTTPClient(pinnedPublicKey: wrong, caFile: server.certificate), port: server.port) == .tls)
  }

  @Test func oldProtocolsAreRefused() async throws {
    let server = try OpenSSL(["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    defer { server.stop() }
    #expect(await failure(HTTPClient(caFile: server.certificate), port: server.port) == .tls)
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

  init(_ options: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    certificate = folder.appendingPathComponent("certificate.pem").path
    let key = folder.appendingPathComponent("key.pem").path
    _ = try Self.run([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=birlik-test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ])
    process.executableURL = URL(fileURLWithPath: Self.path)
    process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key] + options
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

  private static func run(_ arguments: [String]) throws -> Data {
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
