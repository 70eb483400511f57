import Glibc

/// To whom files beside a database belong.
///
/// The service runs as a user of its own, and root makes files for it: what root makes beside a database belongs to the
/// owner of the database, or, while there is none, to the owner of its folder.
package enum FileOwner {
  /// Gives a file that root just made to whom the files beside it belong; does nothing for any other user.
  ///
  /// - Parameters:
  ///   - file: of a file that this process made.
  ///   - path: where it is, or will be.
  ///   - database: the database beside which it is; nil for a database itself and what is made before it.
  package static func adopt(_ file: Int32, at path: String, beside database: String? = nil) {
    guard geteuid() == 0 else { return }
    var info = stat()
    if let database, stat(database, &info) == 0 {
      fchown(file, info.st_uid, info.st_gid)
    } else if stat(folder(of: path), &info) == 0, info.st_uid != 0 {
      fchown(file, info.st_uid, info.st_gid)
    }
  }

  /// The name of the user to whom root's files in the folder of a path are given; nil where they stay root's.
  package static func heir(of path: String) -> String? {
    var info = stat()
    guard geteuid() == 0, stat(folder(of: path), &info) == 0, info.st_uid != 0 else { return nil }
    return name(info.st_uid)
  }

  /// The name of the folder's owner where that is neither this user nor root.
  package static func stranger(of path: String) -> String? {
    var info = stat()
    guard stat(folder(of: path), &info) == 0, info.st_uid != 0, ![0, info.st_uid].contains(geteuid()) else {
      return nil
    }
    return name(info.st_uid)
  }

  /// The name of a file's owner.
  package static func name(of path: String) -> String {
    var info = stat()
    return stat(path, &info) == 0 ? name(info.st_uid) : "its owner"
  }

  private static func name(_ user: uid_t) -> String {
    var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
    var buffer = [CChar](repeating: 0, count: 4096)
    guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, let found else { return "user \(user)" }
    return String(cString: found.pointee.pw_name)
  }

  /// The group of a file; nil where it has not a right.
  static func group(of path: String, having right: mode_t) -> String? {
    var info = stat()
    guard stat(path, &info) == 0, info.st_mode & right != 0 else { return nil }
    var (entry, found) = (Glibc.group(), UnsafeMutablePointer<Glibc.group>?.none)
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    guard getgrgid_r(info.st_gid, &entry, &buffer, buffer.count, &found) == 0, let found else {
      return String(info.st_gid)
    }
    return String(cString: found.pointee.gr_name)
  }

  static func size(of path: String) -> Int? {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : nil
  }

  /// The folder of a path.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
