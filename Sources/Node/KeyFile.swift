import Crypto
import Foundation
import Glibc
import Wire

/// The file with a node's private key: beside the database, never in it, so that a copied database has no identity. Or
/// one that systemd hands over, where the service is given its key that way.
enum KeyFile {
  private static let reading = "reading the key file"

  static func path(for database: String) -> String { database + ".key" }

  /// Reads a node's key.
  ///
  /// - Throws: `NodeError` with code `config`; a file that others may read is refused.
  static func read(
    for database: String, credentials: CredentialFolder = .current
  ) throws -> Curve25519.Signing.PrivateKey {
    try read(at: credentials.file(CredentialFolder.nodeKey)?.path ?? path(for: database))
  }

  static func read(at path: String) throws -> Curve25519.Signing.PrivateKey {
    let text = String(decoding: try SecretFile(path).read(reading, limit: 128), as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    guard let bytes = Base64URL.decode(text), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    else {
      throw NodeError(.config, reading, "\(path) holds no key", hint: "put it back from your backup")
    }
    return key
  }

  /// Writes a new key. Nothing may stand at the path.
  static func write(_ key: Curve25519.Signing.PrivateKey, for database: String) throws {
    try write(key, at: path(for: database))
  }

  static func write(_ key: Curve25519.Signing.PrivateKey, at path: String) throws {
    let text = Array((Base64URL.encode(Array(key.rawRepresentation)) + "\n").utf8)
    try SecretFile(path).write(text, "writing the key file")
  }

  static func remove(for database: String) { unlink(path(for: database)) }
}
