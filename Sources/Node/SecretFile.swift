import Glibc

/// A file with a secret: it is read only where nobody else may read it.
struct SecretFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// The whole file, at most `limit` bytes.
  ///
  /// - Throws: `NodeError` with code `config` when it cannot be opened, is no plain file, or others may read it.
  func read(_ operation: String, limit: Int = 1 << 16) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      throw NodeError(.config, operation, "\(path) cannot be opened", hint: "put it back from your backup")
    }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw NodeError(.config, operation, "\(path) is no plain file", hint: "put it back from your backup")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw NodeError(.config, operation, "others may read \(path)", hint: "chmod 600 \(path)")
    }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while bytes.count <= limit {
      let count = Glibc.read(file, &piece, piece.count)
      if count == 0 { return bytes }
      guard count > 0 else { break }
      bytes += piece.prefix(count)
    }
    throw NodeError(.config, operation, "\(path) cannot be read or is too large", hint: "put it back from your backup")
  }

  /// Writes a new file. Nothing may stand at the path, and a file that could not be written whole is taken away again.
  func write(_ bytes: [UInt8], _ operation: String, mode: mode_t = 0o600) throws {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else {
      throw NodeError(
        .config, operation, "\(path) cannot be made", hint: "move an old one away, or check the folder")
    }
    defer { close(file) }
    // Whatever the umask: not more than asked for, and the owner at least.
    guard fchmod(file, mode) == 0, Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
      unlink(path)
      throw NodeError(.config, operation, "\(path) cannot be written", hint: "check the disk")
    }
  }
}
