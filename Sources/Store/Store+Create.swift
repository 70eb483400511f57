import Foundation
import GRDB
import Glibc
import SyncCore
import Wire

extension Store {
  /// What a new database begins with.
  public struct Beginning: Sendable {
    public var identity: Identity
    public var headquartersCard: NodeCard
    public var catalog: PublishedCatalog
    /// Where headquarters listens; nil at headquarters.
    public var upstream: String?
    /// By what its server is known.
    public var trust = ServerTrust.authority
    /// What to add to this machine's clock to get headquarters', in milliseconds.
    public var offset: Int64
    /// The hash of the invitation with which the node joins.
    public var invitation: SyncCore.Digest?
    /// Where headquarters' server listens, and which files in PEM it uses instead of those beside the database.
    public var listen: String?
    public var serverFiles: (certificate: String, key: String)?

    public init(
      identity: Identity, headquartersCard: NodeCard, catalog: PublishedCatalog, upstream: String?, offset: Int64
    ) {
      self.identity = identity
      self.headquartersCard = headquartersCard
      self.catalog = catalog
      self.upstream = upstream
      self.offset = offset
    }
  }

  /// Makes a new database. There must be none at the path, and it appears there only when it is complete: a call that is
  /// killed leaves nothing that would be in the way of the next one.
  ///
  /// - Throws: `StoreError` with code `invalid` when something is at the path, `busy` while another call makes it.
  public static func create(path: String, _ beginning: Beginning) throws {
    var info = stat()
    guard lstat(path, &info) != 0 else { throw Self.exists(path) }
    guard errno != EACCES else { throw FilePermissions(path).closedFolder(making) }
    let new = path + ".new"
    let draft = try openDraft(new, for: path)
    // It is closed after SQLite closed it, and nothing else uses the file under this name.
    defer { Glibc.close(draft) }
    do {
      let queue = try DatabaseQueue(path: new, configuration: configuration())
      try queue.inDatabase { database in
        let connection = Connection(database, path: path)
        let file = StoreFile(connection: connection, identity: beginning.identity, published: beginning.catalog)
        try connection.transaction { try Layout(Transaction(file, nil)).write(beginning) }
      }
      try queue.close()
      try place(new, at: path)
    } catch {
      for suffix in ["", "-journal"] { unlink(new + suffix) }
      if let error = error as? DatabaseError { throw StoreError(error, making) }
      throw error
    }
  }

  private static let making = "making the database"

  private static func exists(_ path: String) -> StoreError {
    StoreError(
      .invalid, making, "\(path) exists already", hint: "name another file, or move that one away first")
  }

  /// Opens the file in which a database is made, empty and locked. What a killed call left of one is taken over.
  private static func openDraft(_ new: String, for path: String) throws -> Int32 {
    // The group may write: clerks type into the file, and SQLite gives its journal the same permissions.
    let file = open(new, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o660)
    guard file >= 0 else { throw cannotMake(path, making) }
    var (named, own) = (stat(), stat())
    guard flock(file, LOCK_EX | LOCK_NB) == 0, stat(new, &named) == 0, fstat(file, &own) == 0,
      named.st_ino == own.st_ino, own.st_mode & S_IFMT == S_IFREG, own.st_nlink == 1
    else {
      Glibc.close(file)
      throw StoreError(.busy, making, "another birlik makes \(path) just now", hint: "try again in a moment")
    }
    fchmod(file, 0o660)
    FileOwner.adopt(file, at: path)
    unlink(new + "-journal")
    guard ftruncate(file, 0) == 0 else {
      defer { Glibc.close(file) }
      throw cannotMake(path, making)
    }
    return file
  }

  /// Gives a complete database its name, unless something has it.
  private static func place(_ new: String, at path: String) throws {
    if link(new, path) != 0 {
      guard errno != EEXIST, access(path, F_OK) != 0 else { throw exists(path) }
      // Some file systems have no second names.
      guard rename(new, path) == 0 else { throw cannotMake(path, making) }
    }
    unlink(new)
    unlink(new + "-journal")
    let folder = open(FileOwner.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    Glibc.close(folder)
  }
}
