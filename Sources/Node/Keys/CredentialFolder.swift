import Foundation
import Glibc

/// The folder of the keys that systemd provides with `LoadCredential=`: copies in memory that only the service sees. Or the
/// folder on disk from which systemd copies them, with the same file names: keys are renewed there.
///
/// On Debian 12 each copy belongs to the service's user and has the mode 0400 (`BootTests` checks it), so the rule for
/// every other secret applies to them too.
struct CredentialFolder {
  static let variable = "CREDENTIALS_DIRECTORY"
  /// The node's key, and the key and the certificate of headquarters' server.
  static let nodeKey = "birlik.key"
  static let serverKey = "birlik.tls.key"
  static let serverCertificate = "birlik.tls.pem"
  /// How messages name the folder, without the given path.
  static let namedWords = " in the folder of --keys"

  let path: String?
  /// Whether a person named it: its files are the originals then.
  let isNamed: Bool

  init(path: String?, isNamed: Bool = false) {
    self.path = path
    self.isNamed = isNamed
  }

  /// The folder that systemd provides to this process.
  static var current: CredentialFolder {
    CredentialFolder(path: ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// The folder that `LoadCredential=` reads.
  ///
  /// No message repeats the given text: it may be a key by mistake.
  ///
  /// - Throws: `NodeError` with code `config` if it is no folder, or the folder of the copies.
  static func named(_ path: String) throws -> CredentialFolder {
    let operation = "looking for the keys"
    let hint = "name the folder that LoadCredential= reads, as a user who may write there"
    var info = stat()
    guard !path.isEmpty, stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      throw NodeError(.config, operation, "what --keys names is no folder that can be read", hint: hint)
    }
    let real = realpath(path, nil)
    defer { free(real) }
    // /run/credentials for system units, deeper below /run for user units.
    let parts = real.map { String(cString: $0).split(separator: "/") } ?? []
    guard parts.first != "run" || !parts.contains("credentials") else {
      // A key renewed there would be lost when the service ends.
      throw NodeError(.config, operation, "--keys names systemd's copies of the keys", hint: hint)
    }
    return CredentialFolder(path: path, isNamed: true)
  }

  /// The file of that name; nil if there is none.
  func file(_ name: String) -> SecretFile? {
    guard let path else { return nil }
    // Where this user may not even look, the key is there, as far as anybody here knows.
    guard access(path + "/" + name, F_OK) == 0 || errno == EACCES && !isNamed else { return nil }
    return SecretFile(path + "/" + name, isNamed ? .named : .handedOver)
  }
}
