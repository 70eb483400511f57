import Glibc
import Logging
import Store

/// Keeps a second daemon off one database: a lock on a file beside it, which ends with the process however it ends.
///
/// Not on the database itself: closing it by other means than SQLite drops SQLite's locks.
struct DaemonLock {
  private let file: Int32

  /// - Throws: `NodeError` with code `busy` if another daemon has it.
  init(database: String, logger: Logger) throws(NodeError) {
    let path = Self.path(database: database)
    // Reading is enough to lock it, so that it does not matter whose it is.
    let made = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o660)
    file = made >= 0 ? made : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if made >= 0 {
      fchmod(made, 0o660)
      FileOwner.adopt(made, at: path, beside: database)
    }
    guard file < 0 || flock(file, LOCK_EX | LOCK_NB) != 0 else { return }
    guard file >= 0, errno == EWOULDBLOCK else {
      logger.warning("\(path) cannot be locked, so a second daemon on this database would not be noticed")
      return
    }
    let holder = FileHolders.words(path) ?? "another `birlik serve`"
    close(file)
    throw NodeError(
      .busy, "starting the daemon", "\(holder) serves this database already", hint: "stop that one first")
  }

  func release() { if file >= 0 { close(file) } }

  /// The file beside the database itself, whatever links lead to it.
  private static func path(database: String) -> String { DatabasePath.resolved(database) + ".lock" }
}
