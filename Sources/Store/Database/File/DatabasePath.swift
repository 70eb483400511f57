import Glibc

/// The path of a database, as people write it and as files are found by it.
public enum DatabasePath {
  /// A path that means the same to this program, to SQLite and in a printed command.
  ///
  /// - Parameter text: a path, or an address such as `file:uz.db` or `file:///var/lib/birlik/uz.db?mode=ro`, as SQLite's
  ///   programs take it. What follows `?` or `#` in an address is left out.
  public static func normal(_ text: String) -> String {
    var path = Substring(text)
    // A file may really have such a name.
    if path.hasPrefix("file:"), access(text, F_OK) != 0 {
      path = path.dropFirst(5)
      if path.hasPrefix("//") { path = path.dropFirst(2).drop { $0 != "/" } }
      path = path.prefix { $0 != "?" && $0 != "#" }
      path = Substring(decoded(path))
    }
    // SQLite and the shell would take these for something else than a file here.
    return [":", "-", "file:"].contains { path.hasPrefix($0) } ? "./" + path : String(path)
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value != 0 {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The names of a file: its own, and before that those of the symbolic links that lead to it, in the order in which they
  /// do. A link may lead to a file that is still to be made.
  package static func names(_ path: String) -> [String] {
    var names = [path]
    var last = path
    // As many as Linux follows.
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(last, &buffer, buffer.count)
      guard count > 0 else { break }
      let target = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      last = target.hasPrefix("/") ? target : FileOwner.folder(of: last) + "/" + target
      names.append(last)
    }
    return names
  }

  /// The file itself, whatever links lead to it.
  package static func resolved(_ path: String) -> String { names(path).last ?? path }
}
