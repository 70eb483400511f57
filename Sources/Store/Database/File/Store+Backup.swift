import Glibc
import SyncCore

extension Store {
  /// Copies the database to a new file with the same mode, group and, where root does it, owner. What clerks write meanwhile
  /// waits; the copy is whole.
  ///
  /// The key is not in it.
  ///
  /// - Throws: `StoreError` with code `invalid` when there is something at the path.
  public func backUp(to path: String) throws {
    let operation = "making a backup"
    var info = stat()
    guard stat(self.path, &info) == 0 else {
      throw StoreError(.missing, operation, "there is no database \(self.path)", hint: "check --database")
    }
    // SQLite writes into an empty file, and leaves it its mode.
    let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw Self.cannotMake(path, operation) }
    defer { Glibc.close(file) }
    do {
      fchown(file, geteuid() == 0 ? info.st_uid : uid_t.max, info.st_gid)
      guard fchmod(file, info.st_mode & 0o777) == 0 else { throw Self.cannotMake(path, operation) }
      try withFile { file in
        let copy = try file.connection.prepared("VACUUM INTO ?1")
        defer { file.connection.forgetStatements() }
        copy.bind(1, text: path)
        try copy.step()
      }
      guard fsync(file) == 0 else { throw Self.cannotMake(path, operation) }
    } catch {
      unlink(path)
      throw error
    }
  }

  /// Why a new database could not be made at a path, by the system's last error.
  package static func cannotMake(_ path: String, _ operation: String) -> StoreError {
    if let full = StoreError(errno: errno, operation) { return full }
    let folder = FileOwner.folder(of: path)
    switch errno {
    case EEXIST:
      return StoreError(
        .invalid, operation, "\(path) exists already", hint: "name another file, or move that one away first")
    case ENOENT, ENOTDIR:
      return StoreError(.missing, operation, "there is no folder \(folder)", hint: "make it first: mkdir -p \(folder)")
    case EACCES, EPERM:
      return StoreError(
        .notPermitted, operation, "this user may not make files in \(folder)",
        hint: "run it as \(FileOwner.name(of: folder)), to whom the folder belongs, or name another folder")
    default:
      return StoreError(
        .notPermitted, operation, "\(path) cannot be made", hint: "check the folder and its permissions")
    }
  }
}
