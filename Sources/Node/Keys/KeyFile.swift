import Crypto
import Foundation
import Glibc
import Limits
import Wire

/// The file with a node's private key. It is beside the database, never in it, so that a copied database has no identity;
/// or systemd provides it.
struct KeyFile {
  private static let reading = "reading the key file"

  let file: SecretFile

  init(_ file: SecretFile) { self.file = file }

  init(beside database: String) { file = SecretFile(database + ".key") }

  /// The key file in `keys` if there is one, else the one beside the database.
  static func find(beside database: String, keys: CredentialFolder = .current) -> KeyFile {
    if let file = keys.file(CredentialFolder.nodeKey) { return KeyFile(file) }
    // A renewal that was interrupted on a file system without hard links.
    guard keys.isNamed, let next = keys.file(CredentialFolder.nodeKey + Self.nextSuffix) else {
      return KeyFile(beside: database)
    }
    return KeyFile(SecretFile(String(next.path.dropLast(Self.nextSuffix.count)), next.place))
  }

  static let nextSuffix = ".new"

  var exists: Bool { file.exists }

  /// Reads a node's key.
  ///
  /// - Throws: `NodeError` with code `config`; a file that others may read is refused.
  func read() throws(NodeError) -> Curve25519.Signing.PrivateKey {
    let text = String(decoding: try file.read(Self.reading, limit: InputLimits.keyFileBytes), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    guard let bytes = Base64URL.decode(text), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    else {
      throw NodeError(.config, Self.reading, "\(file.name) holds no key", hint: "put it back from your backup")
    }
    return key
  }

  /// Writes a new key. There must be no file at the path.
  ///
  /// - Parameter other: the file that this one will replace.
  func write(_ key: Curve25519.Signing.PrivateKey, asOwnerOf other: KeyFile? = nil) throws {
    let text = Array((Base64URL.encode(Array(key.rawRepresentation)) + "\n").utf8)
    try file.write(text, "writing the key file", asOwnerOf: other?.file)
  }

  func remove() { unlink(file.path) }
}
