import Glibc
import Limits
import Store

/// A file with a secret. It is refused if anybody else may read it.
struct SecretFile {
  enum Place {
    case own
    /// The folder that a person named as that of `LoadCredential=`.
    case named
    /// Systemd's copy for this process alone: it cannot be renewed there.
    case handedOver
  }

  let path: String
  let place: Place

  init(_ path: String, _ place: Place = .own) {
    self.path = path
    self.place = place
  }

  /// How messages name it. They never repeat a folder that a person named: the given text may be a secret by mistake.
  var name: String {
    guard place == .named, let slash = path.lastIndex(of: "/") else { return path }
    return path[path.index(after: slash)...] + CredentialFolder.namedWords
  }

  var exists: Bool { access(path, F_OK) == 0 }

  /// The file beside this one with an addition to its name, such as `birlik.key.old`.
  func with(suffix: String) -> SecretFile { SecretFile(path + suffix, place) }

  /// The whole file, at most `limit` bytes.
  ///
  /// - Throws: `NodeError` with code `config` if it cannot be opened, is no plain file, or others may read it.
  func read(_ operation: String, limit: Int = InputLimits.certificateFileBytes) throws(NodeError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      switch errno {
      case ENOENT: throw NodeError(.config, operation, "there is no file \(name)", hint: "put it back from your backup")
      case EACCES:
        throw NodeError(
          .notPermitted, operation, "this user may not read \(name)",
          hint:
            "run it as \(FileOwner.name(of: path)), to whom it belongs: what syncs or signs needs it, and nothing else")
      default: throw NodeError(.config, operation, "\(name) cannot be opened", hint: "put it back from your backup")
      }
    }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw NodeError(.config, operation, "\(name) is no plain file", hint: "put it back from your backup")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw NodeError(.config, operation, "others may read \(name)", hint: "chmod 600 \(name)")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= limit {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count == 0 { return bytes }
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    throw NodeError(.config, operation, "\(name) cannot be read or is too large", hint: "put it back from your backup")
  }

  /// Writes a new file. There must be none at the path. Where the file system can do it, the file appears there only when it
  /// is complete and on the disk.
  ///
  /// - Parameter other: the file that this one will replace; the new file gets its user and group.
  func write(_ bytes: [UInt8], _ operation: String, mode: mode_t = 0o600, asOwnerOf other: SecretFile? = nil) throws {
    // Without a name until it is complete: a killed process leaves nothing behind. Some file systems have no unnamed files,
    // and some systems no /proc, through which they get their name.
    let unnamed = open(FileOwner.folder(of: path), Self.unnamedFile | O_WRONLY | O_CLOEXEC, mode)
    var isMade = false
    if unnamed >= 0 {
      defer { close(unnamed) }
      try fill(unnamed, bytes, operation, mode: mode, asOwnerOf: other)
      isMade = linkat(AT_FDCWD, "/proc/self/fd/\(unnamed)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
    }
    if !isMade { try writeNamed(bytes, operation, mode: mode, asOwnerOf: other) }
    Self.syncFolder(of: path)
  }

  private func writeNamed(
    _ bytes: [UInt8], _ operation: String, mode: mode_t, asOwnerOf other: SecretFile?
  ) throws {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else {
      if Self.isFull(errno) { throw full(operation) }
      // A folder that a person named is not repeated.
      if place != .named, [ENOENT, ENOTDIR, EACCES, EPERM].contains(errno) { throw Store.cannotMake(path, operation) }
      throw NodeError(
        .config, operation, "\(name) cannot be made", hint: "move an old one away, or check the folder")
    }
    defer { close(file) }
    do { try fill(file, bytes, operation, mode: mode, asOwnerOf: other) } catch {
      unlink(path)
      throw error
    }
  }

  private func fill(
    _ file: Int32, _ bytes: [UInt8], _ operation: String, mode: mode_t, asOwnerOf other: SecretFile?
  ) throws {
    var (info, own) = (stat(), stat())
    if let other, stat(other.path, &info) == 0, fstat(file, &own) == 0,
      info.st_uid != own.st_uid || info.st_gid != own.st_gid
    {
      guard fchown(file, info.st_uid, info.st_gid) == 0 else {
        throw NodeError(
          .config, operation, "\(other.name) belongs to somebody else", hint: "run it as that user, or as root")
      }
    }
    if other == nil { FileOwner.adopt(file, at: path) }
    // Exactly this mode, whatever the umask.
    let isModeSet = fchmod(file, mode) == 0
    let written = isModeSet ? Glibc.write(file, bytes, bytes.count) : -1
    guard written == bytes.count, fsync(file) == 0 else {
      // A disk takes a part only when it has no room for the rest.
      if (0..<bytes.count).contains(written) || Self.isFull(errno) { throw full(operation) }
      throw NodeError(.config, operation, "\(name) cannot be written", hint: "check the disk")
    }
  }

  private static func isFull(_ error: Int32) -> Bool { error == ENOSPC || error == EDQUOT }

  private func full(_ operation: String) -> NodeError {
    NodeError(.full, operation, "the disk is full, so \(name) cannot be written", hint: "free some space and try again")
  }

  /// Replaces another file by this one, atomically and durably: there is a file at the other's path at every moment.
  ///
  /// - Parameter backup: where the other file goes; nil to drop it.
  /// - Returns: false if it failed.
  func move(over other: SecretFile, savingItAs backup: SecretFile? = nil) -> Bool {
    if let backup, other.exists {
      unlink(backup.path)
      // A second name, so that the first is never missing; some file systems have no hard links.
      guard link(other.path, backup.path) == 0 || rename(other.path, backup.path) == 0 else { return false }
    }
    guard rename(path, other.path) == 0 else { return false }
    Self.syncFolder(of: other.path)
    return true
  }

  /// `O_TMPFILE`, which Swift does not import because it is a compound macro.
  private static let unnamedFile: Int32 = 0o20_000_000 | O_DIRECTORY

  /// Makes a new name durable. Where the folder cannot be opened, the disk does it in its own time.
  private static func syncFolder(of path: String) {
    let folder = open(FileOwner.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
