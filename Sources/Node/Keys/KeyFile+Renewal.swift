import Crypto
import Foundation
import Glibc

/// The files beside the key while it is renewed, and after.
///
/// `FILE.key.new` holds the next key until the database has its card. `FILE.key.old` holds the previous one, which older
/// backups of the database need.
extension KeyFile {
  private static let operation = "renewing the key"

  private var new: KeyFile { KeyFile(file.with(suffix: Self.nextSuffix)) }
  private var old: KeyFile { KeyFile(file.with(suffix: ".old")) }

  /// - Throws: `NodeError` with code `config` if the file is systemd's copy, which is lost when the service ends, or is not
  ///   in the named folder.
  func checkMayBeRenewed(in keys: CredentialFolder) throws {
    guard file.place != .handedOver else {
      throw NodeError(
        .config, Self.operation, "systemd provides this key, and a copy cannot be renewed",
        hint: "name the folder that LoadCredential= reads with --keys")
    }
    guard !keys.isNamed || file.place == .named else { throw Self.missing(Self.operation) }
  }

  /// The error for a named folder without a node's key.
  static func missing(_ operation: String) -> NodeError {
    NodeError(
      .config, operation, "there is no \(CredentialFolder.nodeKey)\(CredentialFolder.namedWords)",
      hint: "name the folder that LoadCredential= reads, or leave out --keys for the key beside the database")
  }

  /// Whether the key after `key` exists already: a renewal was begun, or the database is an older backup.
  func holdsSuccessor(of key: Curve25519.Signing.PrivateKey) throws -> Bool {
    try new.exists || !Self.isSame(read(), key)
  }

  /// The next key: that of a renewal that was begun, the one beside a database from a backup, or a new one.
  func successor(of key: Curve25519.Signing.PrivateKey) throws -> Curve25519.Signing.PrivateKey {
    if new.exists { return try new.read() }
    let current = try read()
    if !Self.isSame(current, key) { return current }
    let made = Curve25519.Signing.PrivateKey()
    try new.write(made, asOwnerOf: self)
    return made
  }

  /// Puts the new key in the place of the old one, once the database has its card.
  func complete(_ key: Curve25519.Signing.PrivateKey) throws {
    // Beside a database from a backup the key is in place already.
    guard new.exists, try Self.isSame(new.read(), key) else { return }
    guard new.file.move(over: file, savingItAs: old.file) else {
      throw NodeError(
        .config, Self.operation, "\(new.file.name) cannot take the place of \(file.name)",
        hint: "check the folder; the key is safe, and the next command goes on")
    }
  }

  /// The other keys beside it, of which one may be the node's own: that of a renewal which was interrupted at its end, and
  /// the previous one, for an older backup. Or why one that is there cannot be used.
  func others() -> [Result<Curve25519.Signing.PrivateKey, NodeError>] {
    [new, old].filter(\.exists).map { Result(catching: $0.read) }
  }

  private static func isSame(_ a: Curve25519.Signing.PrivateKey, _ b: Curve25519.Signing.PrivateKey) -> Bool {
    a.publicKey.rawRepresentation == b.publicKey.rawRepresentation
  }
}
