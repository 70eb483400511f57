import Glibc

/// What this process may do with a database file, by the permissions of the file, its folder and its journal.
package struct FilePermissions {
  private let path: String

  package init(_ path: String) { self.path = path }

  /// Whether the file can be written: the file itself, and the journal, which SQLite keeps beside it.
  package var mayWrite: Bool {
    guard access(path, W_OK) == 0 else { return false }
    // SQLite writes into a journal that is there, and leaves it there.
    return access(journal, F_OK) == 0 ? access(journal, R_OK | W_OK) == 0 : access(folder, W_OK | X_OK) == 0
  }

  private var journal: String { path + "-journal" }
  private var folder: String { FileOwner.folder(of: path) }

  /// Why the file cannot be used as the permissions are, and what to do; nil where they are no reason.
  ///
  /// - Parameters:
  ///   - writes: whether it was to be written.
  ///   - hasFailed: whether SQLite could not use it. Until then what is in the journal may be another program's work.
  package func hindrance(writes: Bool, hasFailed: Bool = false, _ operation: String) -> StoreError? {
    if access(path, R_OK) != 0 {
      if errno == EACCES { return access(path, F_OK) == 0 ? unreadable(operation) : closedFolder(operation) }
      return nil
    }
    if hasFailed, let size = FileOwner.size(of: journal), size > 0,
      access(journal, R_OK | W_OK) != 0 || access(path, W_OK) != 0
    {
      return StoreError(
        .notPermitted, operation, "a program was cut off while it wrote \(path), and this user may not put that right",
        hint: "run `birlik status` as \(FileOwner.name(of: journal)), to whom the journal belongs, or as root")
    }
    guard writes else { return nil }
    if access(path, W_OK) != 0 {
      guard errno != EROFS else {
        return StoreError(
          .notPermitted, operation, "\(path) is on a disk that can only be read",
          hint: "work with a copy on another disk")
      }
      return StoreError(
        .notPermitted, operation, "this user may read \(path), but not write it", hint: Self.writers(path))
    }
    if access(journal, F_OK) == 0, access(journal, R_OK | W_OK) != 0 {
      return StoreError(
        .notPermitted, operation, "this user may write \(path), but not \(journal) beside it",
        hint: "let \(FileOwner.name(of: journal)), to whom it belongs, or root give it the database's group and mode")
    }
    if access(journal, F_OK) != 0, access(folder, W_OK | X_OK) != 0 {
      return StoreError(
        .notPermitted, operation,
        "this user may write \(path), but not the folder \(folder), in which SQLite makes its journal",
        hint: "let the group write the folder too: chmod g+ws \(folder)")
    }
    return nil
  }

  private func unreadable(_ operation: String) -> StoreError {
    StoreError(.notPermitted, operation, "this user may not read \(path)", hint: Self.users(path, S_IRGRP, "r"))
  }

  /// The error for a file of which not even this can be seen, whether it exists; nil where that can be seen.
  package func closedFolder(_ operation: String) -> StoreError {
    StoreError(
      .notPermitted, operation, "this user may not look into the folder of \(path)",
      hint: "check the folders above it: each needs the permission x for this user or a group of this user")
  }

  /// Who may write a file, as what to do.
  private static func writers(_ path: String) -> String { users(path, S_IWGRP, "rw") }

  /// - Parameters:
  ///   - right: what the group has to have.
  ///   - letters: the same for `chmod`.
  private static func users(_ path: String, _ right: mode_t, _ letters: String) -> String {
    let owner = FileOwner.name(of: path)
    guard let group = FileOwner.group(of: path, having: right) else {
      return "run it as \(owner), to whom it belongs, or let a group of this user have it: chmod g+\(letters)"
    }
    return "run it as \(owner), or have this user added to the group \(group): usermod --append --groups \(group) USER"
  }
}
