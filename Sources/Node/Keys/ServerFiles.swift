import Foundation
import Glibc
import Server
import Store
import SyncCore
import Wire

/// The key and the certificate of headquarters' server.
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

  /// The announced files that will replace these, in the same folders.
  var next: ServerFiles {
    func next(_ path: String, _ suffix: String) -> String { path.dropLast(suffix.count) + ".next" + suffix }
    return ServerFiles(certificate: next(certificate, ".pem"), key: SecretFile(next(key.path, ".key"), key.place))
  }

  /// The files that this program made and may renew: those in the folder that a person named, else those beside the
  /// database.
  ///
  /// - Throws: `NodeError` with code `config` if the key is elsewhere.
  static func renewable(database: String, keys: CredentialFolder, _ operation: String) throws -> ServerFiles {
    let key = keys.file(CredentialFolder.serverKey)
    let hint = "name the folder that LoadCredential= reads"
    guard keys.isNamed else {
      guard key == nil else {
        throw NodeError(
          .config, operation, "systemd provides the server's key, and a copy cannot be renewed",
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

  /// The files to use: those that the settings name, else systemd's, else those beside the database.
  ///
  /// - Returns: nil if the server is to speak plain HTTP: the settings say so, or there are no files.
  /// - Throws: `NodeError` with code `config` if one of the two is missing, or both though TLS was asked for.
  static func find(
    database: String, _ settings: TLSSettings, credentials: CredentialFolder = .current
  ) throws -> ServerFiles? {
    if settings.isOn == false { return nil }
    let certificate = settings.certificate ?? credentials.file(CredentialFolder.serverCertificate)?.path
    let key = settings.key.map { SecretFile($0) } ?? credentials.file(CredentialFolder.serverKey)
    if let certificate, let key { return ServerFiles(certificate: certificate, key: key) }
    let own = ServerFiles(beside: database)
    // Systemd may provide the key, while its certificate, which is no secret, is where `birlik init` made it.
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

  /// The certificate as a file that is written, moved and named in messages as the key is.
  private var certificateFile: SecretFile {
    let isBeside = FileOwner.folder(of: certificate).sameBytes(as: FileOwner.folder(of: key.path))
    return SecretFile(certificate, isBeside ? key.place : .own)
  }

  var paths: [String] { [key.path, certificate] }

  var exist: Bool { key.exists }

  var hasCertificate: Bool { access(certificate, F_OK) == 0 }

  /// - Throws: `NodeError` or `ServerError` if they cannot be read or do not match, or if others may read the key.
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

  /// How nodes recognize a server with this certificate: by its pin, and by an authority unless it is self-signed.
  func trust() throws -> (pin: Digest, needsAuthority: Bool) {
    let text = try publicPart()
    guard let pin = Digest(bytes: try ServerCertificate.pin(ofCertificate: text)) else {
      throw NodeError(.config, Self.reading, "\(certificateFile.name) holds no key", hint: "check tls_certificate")
    }
    return (pin, !ServerCertificate.isSelfSigned(text))
  }

  /// Makes a key and a certificate for it, or only the certificate if an interrupted call left the key.
  ///
  /// - Parameter others: the files that these will replace; the new files get their user and group.
  func make(hosts: [String], asOwnerOf others: ServerFiles? = nil) throws {
    let operation = "writing the files for TLS"
    let left = exist ? try key.read(Self.reading) : nil
    guard let made = try left == nil ? SelfSigned(hosts: hosts) : try? SelfSigned(hosts: hosts, key: left) else {
      throw NodeError(
        .config, operation, "\(key.name) holds a key that this program did not make",
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

  /// Replaces other files by these. If it is interrupted, the next call finishes it.
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
