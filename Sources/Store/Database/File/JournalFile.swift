import Glibc

/// The rollback journal beside a database.
///
/// SQLite leaves it there, empty, so it has to be of use to everybody who may write the database: with the database's mode
/// and group. SQLite gives it the mode; the group is that of whoever made it, unless the folder is set to pass its own on.
struct JournalFile {
  private let database: String
  private var path: String { database + "-journal" }

  init(of database: String) { self.database = database }

  /// Makes the journal where there is none, and gives one of this user's own the database's group and mode. To be called
  /// before a transaction that writes. What cannot be done is left: then SQLite says what is in its way.
  func prepare() {
    var (wanted, present) = (stat(), stat())
    guard stat(database, &wanted) == 0 else { return }
    if lstat(path, &present) == 0 {
      guard present.st_mode & S_IFMT == S_IFREG, present.st_uid == geteuid(),
        present.st_gid != wanted.st_gid || Self.mode(present) != Self.mode(wanted)
          || present.st_uid != wanted.st_uid && geteuid() == 0
      else { return }
      fit(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to: wanted)
    } else if errno == ENOENT, wanted.st_gid != getegid(), geteuid() != 0 {
      fit(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, Self.mode(wanted)), to: wanted)
    }
  }

  private func fit(_ file: Int32, to wanted: stat) {
    guard file >= 0 else { return }
    defer { close(file) }
    fchown(file, geteuid() == 0 ? wanted.st_uid : uid_t.max, wanted.st_gid)
    fchmod(file, Self.mode(wanted))
  }

  private static func mode(_ info: stat) -> mode_t { info.st_mode & 0o666 }
}
