import Foundation
import Glibc

/// What systemd hands a service with `LoadCredential=`: files in memory, in a folder that only the service sees.
///
/// On Debian 12 each belongs to the service's user and has the mode 0400, as `BootTests` sees; so the rule for every other
/// secret holds for them too.
struct CredentialFolder {
  static let variable = "CREDENTIALS_DIRECTORY"
  /// The node's key, and the key and the certificate of headquarters' server.
  static let nodeKey = "birlik.key"
  static let serverKey = "birlik.tls.key"
  static let serverCertificate = "birlik.tls.pem"

  let path: String?

  /// That of this process.
  static var current: CredentialFolder {
    CredentialFolder(path: ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// A file of that name; nil when systemd gave none.
  func file(_ name: String) -> SecretFile? {
    guard let path, access(path + "/" + name, F_OK) == 0 else { return nil }
    return SecretFile(path + "/" + name)
  }
}
