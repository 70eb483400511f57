import Foundation
import Glibc
import Server
import SyncCore
import Wire

/// What settings and options say of how headquarters' server speaks TLS; what they leave out is nil.
public struct TLSSettings: Equatable, Sendable {
  /// False for plain HTTP on this machine, behind a web server that speaks TLS.
  public var isOn: Bool?
  /// Files in PEM, in place of those that `birlik init` made.
  public var certificate: String?
  public var key: String?

  public init(isOn: Bool? = nil, certificate: String? = nil, key: String? = nil) {
    self.isOn = isOn
    self.certificate = certificate
    self.key = key
  }
}

/// The files with which headquarters' server proves who it is.
struct ServerFiles {
  private static let reading = "reading the files for TLS"

  let certificate: String
  let key: SecretFile

  /// The files beside a database: those in use, or those that are announced and will be.
  init(beside database: String, isNext: Bool = false) {
    let base = database + (isNext ? ".tls.next" : ".tls")
    certificate = base + ".pem"
    key = SecretFile(base + ".key")
  }

  init(certificate: String, key: SecretFile) {
    self.certificate = certificate
    self.key = key
  }

  /// The files to use: those that are named, else systemd's, else those beside the database.
  ///
  /// - Returns: nil when the server is to speak plain HTTP: it was told so, or has no files.
  /// - Throws: `NodeError` with code `config` when one of the two is missing, or both where TLS was asked for.
  static func find(
    database: String, _ settings: TLSSettings, credentials: CredentialFolder = .current
  ) throws -> ServerFiles? {
    if settings.isOn == false { return nil }
    let certificate = settings.certificate ?? credentials.file(CredentialFolder.serverCertificate)?.path
    let key = settings.key.map { SecretFile($0) } ?? credentials.file(CredentialFolder.serverKey)
    if let certificate, let key { return ServerFiles(certificate: certificate, key: key) }
    let own = ServerFiles(beside: database)
    // The key may come from systemd, and its certificate, which is no secret, stand where `birlik init` made it.
    if certificate == nil, let key { return ServerFiles(certificate: own.certificate, key: key) }
    guard certificate == nil else {
      throw NodeError(
        .config, reading, "a certificate is named and no key", hint: "name its key with tls_key or --tls-key")
    }
    if own.exist { return own }
    guard settings.isOn != true else {
      throw NodeError(
        .config, reading, "there is no key for TLS at \(own.key.path)", hint: "`birlik rotate-tls` makes one")
    }
    return nil
  }

  var paths: [String] { [key.path, certificate] }

  var exist: Bool { access(key.path, F_OK) == 0 }

  /// - Throws: `NodeError` or `ServerError` when they cannot be read, do not fit, or others may read the key.
  func load() throws -> ServerCertificate {
    try ServerCertificate(certificate: publicPart(), key: key.read(Self.reading))
  }

  /// The certificate, which everybody may see.
  func publicPart() throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: certificate), data.count <= 1 << 20 else {
      throw NodeError(
        .config, Self.reading, "\(certificate) cannot be read", hint: "check tls_certificate, or its permissions")
    }
    return Array(data)
  }

  /// By what nodes know a server with this certificate: the pin where nobody but itself vouches for it.
  func trust() throws -> (pin: Digest, needsAuthority: Bool) {
    let text = try publicPart()
    guard let pin = Digest(bytes: try ServerCertificate.pin(ofCertificate: text)) else {
      throw NodeError(.config, Self.reading, "\(certificate) holds no key", hint: "check tls_certificate")
    }
    return (pin, !ServerCertificate.isSelfSigned(text))
  }

  /// Makes a key and a certificate for it. Nothing may stand at their paths.
  func make(hosts: [String]) throws {
    let made = try SelfSigned(hosts: hosts)
    let operation = "writing the files for TLS"
    try key.write(made.key, operation)
    do { try SecretFile(certificate).write(made.certificate, operation, mode: 0o644) } catch {
      unlink(key.path)
      throw error
    }
  }

  /// Puts these files in the place of others. Cut in between, it is finished by calling it again.
  func move(over others: ServerFiles) throws {
    for (from, to) in [(key.path, others.key.path), (certificate, others.certificate)] {
      guard rename(from, to) == 0 || access(from, F_OK) != 0 else {
        throw NodeError(
          .config, "putting the new files for TLS in place", "\(to) cannot be replaced", hint: "check the folder")
      }
    }
  }

  func remove() {
    unlink(key.path)
    unlink(certificate)
  }
}
