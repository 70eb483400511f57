import Crypto
import Foundation
import Glibc

/// The files beside the key while it is renewed, and after.
///
/// `FILE.key.new` holds the next key until the database has its card, `FILE.key.old` the one before: the key that a
/// backup of the database was made with.
extension KeyFile {
  private static let operation = "renewing the key"

  static func newPath(for database: String) -> String { path(for: database) + ".new" }
  static func oldPath(for database: String) -> String { path(for: database) + ".old" }

  /// Whether the key that comes after `key` is there already: a renewal was begun, or the database is a backup of before.
  static func holdsSuccessor(of key: Curve25519.Signing.PrivateKey, for database: String) throws -> Bool {
    if FileManager.default.fileExists(atPath: newPath(for: database)) { return true }
    return try !isSame(read(at: path(for: database)), key)
  }

  /// The key to go on under: the one that was begun with, the one beside a database from a backup, or a fresh one.
  static func successor(
    of key: Curve25519.Signing.PrivateKey, for database: String
  ) throws -> Curve25519.Signing.PrivateKey {
    let new = newPath(for: database)
    if FileManager.default.fileExists(atPath: new) { return try read(at: new) }
    let current = try read(at: path(for: database))
    if !isSame(current, key) { return current }
    let made = Curve25519.Signing.PrivateKey()
    try write(made, at: new)
    return made
  }

  /// Makes the new key the node's key, once the database has its card.
  static func complete(for database: String, key: Curve25519.Signing.PrivateKey) throws {
    let (current, new, old) = (path(for: database), newPath(for: database), oldPath(for: database))
    // Beside a database from a backup the key was in place already.
    guard FileManager.default.fileExists(atPath: new), try isSame(read(at: new), key) else { return }
    let isMoved = !FileManager.default.fileExists(atPath: current) || rename(current, old) == 0
    guard isMoved, rename(new, current) == 0 else {
      throw NodeError(
        .config, operation, "\(new) cannot take the place of \(current)",
        hint: "check the folder; the key is safe, and the next command goes on")
    }
  }

  /// The other keys that stand beside a database, of which one may be its own: that of a renewal which was cut off at its
  /// end, and that of before, for a backup.
  ///
  /// - Throws: `NodeError` for one that is there and cannot be used.
  static func others(for database: String) throws -> [Curve25519.Signing.PrivateKey] {
    try [newPath(for: database), oldPath(for: database)].filter(FileManager.default.fileExists).map(read(at:))
  }

  private static func isSame(_ a: Curve25519.Signing.PrivateKey, _ b: Curve25519.Signing.PrivateKey) -> Bool {
    a.publicKey.rawRepresentation == b.publicKey.rawRepresentation
  }
}
