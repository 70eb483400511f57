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

  /// The files beside a database.
  init(beside database: String) {
    self.init(certificate: database + ".tls.pem", key: SecretFile(database + ".tls.key"))
  }

  init(certificate: String, key: SecretFile) {
    self.certificate = certificate
    self.key = key
  }

  /// The files that are announced and will take the place of these, in the same folders.
  var next: ServerFiles {
    func next(_ path: String, _ suffix: String) -> String { path.dropLast(suffix.count) + ".next" + suffix }
    return ServerFiles(certificate: next(certificate, ".pem"), key: SecretFile(next(key.path, ".key"), key.place))
  }

  /// The files of this program's own making, which it may renew: those in the folder that a person named, else those
  /// beside the database.
  ///
  /// - Throws: `NodeError` with code `config` where the key stands elsewhere.
  static func renewable(database: String, keys: CredentialFolder, _ operation: String) throws -> ServerFiles {
    let key = keys.file(CredentialFolder.serverKey)
    let hint = "name the folder that LoadCredential= reads"
    guard keys.isNamed else {
      guard key == nil else {
        throw NodeError(
          .config, operation, "systemd hands the server's key over, and a copy cannot be renewed",
          hint: hint + " with --keys")
      }
      return ServerFiles(beside: database)
    }
    guard let key else {
      throw NodeError(
        .config, operation, "there is no \(CredentialFolder.serverKey)\(CredentialFolder.namedWords)",
        hint: hint + ", or leave out --keys for the key beside the database")
    }
    return ServerFiles(
      certificate: keys.file(CredentialFolder.serverCertificate)?.path ?? ServerFiles(beside: database).certificate,
      key: key)
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
        .config, reading, "there is no key for TLS at \(own.key.name)", hint: "`birlik rotate-tls` makes one")
    }
    return nil
  }

  /// The certificate as a file that is written and moved like the key, and called in messages as the key is.
  private var certificateFile: SecretFile {
    let isBeside = SecretFile.folder(of: certificate).sameBytes(as: SecretFile.folder(of: key.path))
    return SecretFile(certificate, isBeside ? key.place : .own)
  }

  var paths: [String] { [key.path, certificate] }

  var exist: Bool { key.exists }

  var hasCertificate: Bool { access(certificate, F_OK) == 0 }

  /// - Throws: `NodeError` or `ServerError` when they cannot be read, do not fit, or others may read the key.
  func load() throws -> ServerCertificate {
    try ServerCertificate(certificate: publicPart(), key: key.read(Self.reading))
  }

  /// The certificate, which everybody may see.
  func publicPart() throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: certificate), data.count <= 1 << 20 else {
      throw NodeError(
        .config, Self.reading, "\(certificateFile.name) cannot be read",
        hint: "check tls_certificate, or its permissions")
    }
    return Array(data)
  }

  /// By what nodes know a server with this certificate: the pin where nobody but itself vouches for it.
  func trust() throws -> (pin: Digest, needsAuthority: Bool) {
    let text = try publicPart()
    guard let pin = Digest(bytes: try ServerCertificate.pin(ofCertificate: text)) else {
      throw NodeError(.config, Self.reading, "\(certificateFile.name) holds no key", hint: "check tls_certificate")
    }
    return (pin, !ServerCertificate.isSelfSigned(text))
  }

  /// Makes a key and a certificate for it, or the certificate alone where a call that was cut left the key.
  ///
  /// - Parameter others: the files that these will replace: they belong to the same user and group then.
  func make(hosts: [String], asOwnerOf others: ServerFiles? = nil) throws {
    let operation = "writing the files for TLS"
    let left = exist ? try key.read(Self.reading) : nil
    guard let made = try left == nil ? SelfSigned(hosts: hosts) : try? SelfSigned(hosts: hosts, key: left) else {
      throw NodeError(
        .config, operation, "\(key.name) holds no key of this program's making",
        hint: "move it away, and the next call makes another")
    }
    if left == nil { try key.write(made.key, operation, asOwnerOf: others?.key) }
    do {
      try certificateFile.write(
        made.certificate, operation, mode: 0o644, asOwnerOf: others?.certificateFile)
    } catch {
      if left == nil { unlink(key.path) }
      throw error
    }
  }

  /// Puts these files in the place of others. Cut in between, it is finished by calling it again.
  func move(over others: ServerFiles) throws {
    for (from, to) in [(key, others.key), (certificateFile, others.certificateFile)] {
      guard !from.exists || from.move(over: to) else {
        throw NodeError(
          .config, "putting the new files for TLS in place", "\(to.name) cannot be replaced", hint: "check the folder")
      }
    }
  }

  func remove() {
    unlink(key.path)
    unlink(certificate)
  }
}
