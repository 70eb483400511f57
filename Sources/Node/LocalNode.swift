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
  /// The path beside which its keys are: that of the database, or of a link to it.
  let keyPlace: String
  /// How much of the log is kept here; applied after every sync.
  public var keepLog = KeepLog.all
  /// Whether a new node starts from a snapshot.
  public var snapshotUse = SnapshotUse.whereShorter
  /// How large an answer with pages of a snapshot may be, in bytes.
  var snapshotAnswerBytes = WireLimits.messageBytes

  init(store: Store, keys: CredentialFolder = .current, keyPlace: String? = nil) {
    self.store = store
    self.keys = keys
    self.keyPlace = keyPlace ?? store.path
  }

  var keyFile: KeyFile { KeyFile.find(beside: keyPlace, keys: keys) }

  /// Whether the node's key is there and cannot be used, which a person should know whatever they do.
  public var isKeySpoilt: Bool {
    guard let problem = store.identity.keyProblem else { return false }
    return keyFile.exists && (problem as? NodeError)?.code != .notPermitted
  }

  /// Where the node's key is, in words that name no folder except the database's.
  public var keyWords: String { keyFile.file.name }

  /// Opens a node by its database and its key: the one that systemd provides, else the one beside the database.
  ///
  /// - Parameters:
  ///   - isForReading: true to leave the file unchanged to the last byte.
  ///   - keys: the folder from which systemd takes the keys that it provides, to renew them there.
  ///   - needsKey: false for whoever only reads and edits, which the file's permissions alone decide. Without the key
  ///     what seals or signs then throws why it is not there.
  ///   - waiting: how long each call waits for another program that holds the file, and for a busy headquarters.
  /// - Throws: `StoreError`, or `NodeError` with code `config` if the key file is missing or cannot be used.
  public static func open(
    database: String, isForReading: Bool = false, keys: String? = nil, needsKey: Bool = true,
    waiting: Duration = .zero
  ) throws -> LocalNode {
    let opening = "opening the database"
    let (path, keyPlace) = Self.places(of: database)
    let permissions = FilePermissions(path)
    if let closed = permissions.hindrance(writes: needsKey && !isForReading, opening) { throw closed }
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(
        .missing, opening, "there is no database \(database)",
        hint: "make one with `birlik init` or `birlik join`, or check --database")
    }
    let keys = try keys.map(CredentialFolder.named) ?? .current
    let file = KeyFile.find(beside: keyPlace, keys: keys)
    guard !keys.isNamed || file.exists || file.file.place == .named else {
      throw KeyFile.missing("opening the node")
    }
    let store = try openStore(path, isForReading: isForReading, needsKey: needsKey, file, waiting)
    return LocalNode(store: store, keys: keys, keyPlace: keyPlace)
  }

  /// Where a database is, whatever links lead to it, and the path beside which its keys are: there, or beside a link.
  static func places(of database: String) -> (path: String, keys: String) {
    let names = DatabasePath.names(database)
    let path = names.last ?? database
    return (path, names.reversed().first { KeyFile(beside: $0).exists } ?? path)
  }

  private static func openStore(
    _ database: String, isForReading: Bool, needsKey: Bool, _ file: KeyFile, _ waiting: Duration
  ) throws -> Store {
    func open(_ key: Identity.Key) throws -> Store {
      try Store.opened(path: database, key: key, isForReading: isForReading, waiting: waiting)
    }
    var problem: any Error
    switch Result(catching: file.read) {
    case .success(let key):
      do { return try open(.success(key)) } catch let mismatch as StoreError where mismatch.code == .wrongKey {
        if let store = try openWithAnotherKey(database, isForReading: isForReading, file, waiting) { return store }
        problem = file.file.place == .handedOver ? handedOver(mismatch) : mismatch
        for case .failure(let other) in file.others().reversed() { problem = other }
      }
    case .failure(let unreadable):
      problem = unreadable
      do {
        if let store = try openWithAnotherKey(database, isForReading: isForReading, file, waiting) { return store }
        // No key fits, but whether this is a node's database at all comes first.
        if needsKey { try Store(path: database, key: .failure(problem), isForReading: true).close() }
      } catch let error as StoreError {
        if error.code == .notOurs { throw error }
      }
    }
    guard !needsKey else { throw problem }
    return try open(.failure(problem))
  }

  /// Opens the store with another key beside the node's: that of a renewal which was interrupted before the file got its
  /// name, or the previous one for an older backup.
  ///
  /// - Returns: nil if none of them belongs to the database.
  private static func openWithAnotherKey(
    _ database: String, isForReading: Bool, _ file: KeyFile, _ waiting: Duration
  ) throws -> Store? {
    for case .success(let key) in file.others() {
      do {
        let store = try Store.opened(
          path: database, key: .success(key), isForReading: isForReading, waiting: waiting)
        try file.complete(key)
        return store
      } catch let error as StoreError where error.code == .wrongKey {
        continue
      }
    }
    return nil
  }

  private static func handedOver(_ mismatch: StoreError) -> StoreError {
    var mismatch = mismatch
    mismatch.detail = "the key that systemd provides belongs to another node"
    mismatch.hint =
      "after an interrupted renewal, or with a database from before one: "
      + "`birlik rotate-key --keys FOLDER`, the folder that LoadCredential= reads"
    return mismatch
  }

  /// Makes the database of a node whose key file is in place.
  static func makeDatabase(
    _ database: String, _ beginning: Store.Beginning, waiting: Duration = .zero
  ) throws -> LocalNode {
    try Store.create(path: database, beginning)
    return LocalNode(store: try Store.opened(path: database, key: .success(beginning.identity.key), waiting: waiting))
  }
}
