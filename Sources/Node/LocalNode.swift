import CatalogFiles
import Crypto
import Foundation
import Limits
import Server
import Settings
import Store
import SyncCore
import Transport
import Wire

/// One node on this machine: its store and its keys.
///
/// ```swift
/// let node = try LocalNode.open(database: "uz.db")
/// let report = try await node.sync { _ in }
/// report.outcome    // .even
/// ```
public struct LocalNode: Sendable {
  public let store: Store
  /// The folder whose keys come before those beside the database.
  let keys: CredentialFolder
  /// How much of the log is kept here; applied after every sync.
  public var keepLog = KeepLog.all
  /// Whether a new node starts from a snapshot.
  public var snapshotUse = SnapshotUse.whereShorter
  /// How large an answer with pages of a snapshot may be, in bytes.
  var snapshotAnswerBytes = WireLimits.messageBytes

  init(store: Store, keys: CredentialFolder = .current) {
    self.store = store
    self.keys = keys
  }

  var keyFile: KeyFile { KeyFile.find(beside: store.path, keys: keys) }

  /// Where the node's key is, in words that name no folder except the database's.
  public var keyWords: String { keyFile.file.name }

  /// Opens a node by its database and its key: the one that systemd hands over, else the one beside the database.
  ///
  /// - Parameters:
  ///   - isForReading: true to leave the file as it is to the last byte.
  ///   - keys: the folder from which systemd takes the keys that it provides, to renew them there.
  /// - Throws: `StoreError`, or `NodeError` with code `config` for a missing or unfit key file.
  public static func open(database: String, isForReading: Bool = false, keys: String? = nil) throws -> LocalNode {
    guard FileManager.default.fileExists(atPath: database) else {
      throw StoreError(
        .missing, "opening the database", "there is no database \(database)",
        hint: "make one with `birlik init` or `birlik join`, or check --database")
    }
    let keys = try keys.map(CredentialFolder.named) ?? .current
    let file = KeyFile.find(beside: database, keys: keys)
    guard !keys.isNamed || file.exists || file.file.place == .named else {
      throw KeyFile.missing("opening the node")
    }
    // A file of another program is told as such before a key file is missed.
    let key = (try? file.read()) ?? Curve25519.Signing.PrivateKey()
    do {
      return LocalNode(store: try Store(path: database, key: key, isForReading: isForReading), keys: keys)
    } catch var mismatch as StoreError where mismatch.code == .wrongKey {
      for other in try file.others() {
        do {
          let store = try Store(path: database, key: other, isForReading: isForReading)
          // Renewed, and cut off before the file got its name; or a backup of before, whose key this is.
          try file.complete(other)
          return LocalNode(store: store, keys: keys)
        } catch let error as StoreError where error.code == .wrongKey {
          continue
        }
      }
      _ = try file.read()
      if file.file.place == .handedOver {
        mismatch.detail = "the key that systemd hands over belongs to another node"
        mismatch.hint =
          "after a renewal that was cut off, or with a database from before one: "
          + "`birlik rotate-key --keys FOLDER`, the folder that LoadCredential= reads"
      }
      throw mismatch
    }
  }

  /// Makes the database of a node whose key file is in place.
  static func makeDatabase(_ database: String, _ beginning: Store.Beginning) throws -> LocalNode {
    try Store.create(path: database, beginning)
    return LocalNode(store: try Store(path: database, key: beginning.identity.key))
  }
}
