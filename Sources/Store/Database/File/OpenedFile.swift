import Glibc

/// Which file a connection opened: its device and inode, by which another file in its place is noticed.
struct OpenedFile {
  let path: String
  private let place: Place

  private struct Place: Equatable {
    var device: dev_t
    var inode: ino_t
  }

  /// The file that is at the path now; nil when there is none.
  init?(path: String) {
    guard let place = Self.place(of: path) else { return nil }
    self.path = path
    self.place = place
  }

  private static func place(of path: String) -> Place? {
    var info = stat()
    return stat(path, &info) == 0 ? Place(device: info.st_dev, inode: info.st_ino) : nil
  }

  /// Checks that the file is still at its path: what is written to one that was moved away or deleted is lost.
  ///
  /// - Throws: `StoreError` with code `replaced` or `missing`.
  func check() throws(StoreError) {
    guard let current = Self.place(of: path) else {
      throw StoreError(
        .missing, Self.operation, "\(path) was moved or deleted while it was open",
        hint: "put it back, or restore a backup; nothing is written meanwhile")
    }
    guard current == place else { throw Self.replaced(path) }
  }

  /// - Parameter path: of a file that is not the one that was opened, or no longer has what it had.
  static func replaced(_ path: String) -> StoreError {
    StoreError(
      .replaced, operation, "another file, such as a backup, was put in the place of \(path) while it was open",
      hint: "start birlik again: it then works with the file that is there now")
  }

  private static let operation = "using the database"
}
