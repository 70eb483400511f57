import Foundation
import Glibc

/// What systemd hands a service with `LoadCredential=`: files in memory, in a folder that only the service sees. Or the
/// folder on the disk from which it takes them, with files of the same names: there keys are renewed.
///
/// On Debian 12 each copy belongs to the service's user and has the mode 0400, as `BootTests` sees; so the rule for every
/// other secret holds for them too.
struct CredentialFolder {
  static let variable = "CREDENTIALS_DIRECTORY"
  /// The node's key, and the key and the certificate of headquarters' server.
  static let nodeKey = "birlik.key"
  static let serverKey = "birlik.tls.key"
  static let serverCertificate = "birlik.tls.pem"
  /// How messages say where a file is, without the path that was given.
  static let namedWords = " in the folder of --keys"

  let path: String?
  /// Whether a person named it: then its files are the originals.
  let isNamed: Bool

  init(path: String?, isNamed: Bool = false) {
    self.path = path
    self.isNamed = isNamed
  }

  /// That of this process.
  static var current: CredentialFolder {
    CredentialFolder(path: ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// The folder that `LoadCredential=` reads.
  ///
  /// What was given is not repeated in any message: it may be a key by mistake.
  ///
  /// - Throws: `NodeError` with code `config` for what is no folder, and for the copies.
  static func named(_ path: String) throws -> CredentialFolder {
    let operation = "looking for the keys"
    let hint = "name the folder that LoadCredential= reads, as a user who may write there"
    var info = stat()
    guard !path.isEmpty, stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      throw NodeError(.config, operation, "what --keys names is no folder that can be read", hint: hint)
    }
    let real = realpath(path, nil)
    defer { free(real) }
    // Of the system's units there, of users' units further down.
    let parts = real.map { String(cString: $0).split(separator: "/") } ?? []
    guard parts.first != "run" || !parts.contains("credentials") else {
      // A key that is renewed there is gone when the service ends.
      throw NodeError(.config, operation, "--keys names systemd's copies of the keys", hint: hint)
    }
    return CredentialFolder(path: path, isNamed: true)
  }

  /// A file of that name; nil when it is not there.
  func file(_ name: String) -> SecretFile? {
    guard let path, access(path + "/" + name, F_OK) == 0 else { return nil }
    return SecretFile(path + "/" + name, isNamed ? .named : .handedOver)
  }
}
