import Crypto
import Foundation
import Glibc
import Wire

/// The file with a node's private key: beside the database, never in it, so that a copied database has no identity.
enum KeyFile {
  static func path(for database: String) -> String { database + ".key" }

  /// Reads a node's key.
  ///
  /// - Throws: `NodeError` with code `config`; a file that others may read is refused.
  static func read(for database: String) throws -> Curve25519.Signing.PrivateKey {
    try read(at: path(for: database))
  }

  static func read(at path: String) throws -> Curve25519.Signing.PrivateKey {
    let operation = "reading the key file"
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else {
      throw NodeError(
        .config, operation, "\(path) cannot be opened",
        hint: "it stands beside the database; put it back from your backup")
    }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_mode & 0o077 == 0 else {
      throw NodeError(.config, operation, "others may read \(path)", hint: "chmod 600 \(path)")
    }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = Glibc.read(file, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    guard let bytes = Base64URL.decode(text), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    else {
      throw NodeError(.config, operation, "\(path) holds no key", hint: "put it back from your backup")
    }
    return key
  }

  /// Writes a new key. Nothing may stand at the path.
  static func write(_ key: Curve25519.Signing.PrivateKey, for database: String) throws {
    try write(key, at: path(for: database))
  }

  static func write(_ key: Curve25519.Signing.PrivateKey, at path: String) throws {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw NodeError(
        .config, "writing the key file", "\(path) cannot be made", hint: "move an old one away, or check the folder")
    }
    defer { close(file) }
    let text = Array((Base64URL.encode(Array(key.rawRepresentation)) + "\n").utf8)
    guard Glibc.write(file, text, text.count) == text.count, fsync(file) == 0 else {
      throw NodeError(.config, "writing the key file", "\(path) cannot be written", hint: "check the disk")
    }
  }

  static func remove(for database: String) { unlink(path(for: database)) }
}
