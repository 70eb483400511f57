import Foundation
import Glibc

/// The other programs that hold locks on a file, as the system lists them.
public enum FileHolders {
  /// In words, such as `sqlite3 (process 4711)`; nil where none can be seen, as in a service that may not look.
  public static func words(_ path: String) -> String? {
    let programs = Set(processes(path)).sorted().map { "\(name(of: $0) ?? "a program") (process \($0))" }
    guard let last = programs.last else { return nil }
    return programs.count == 1 ? last : programs.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Whether all of them are this program: such a process lets the file go by itself.
  static func areOurs(_ path: String) -> Bool {
    let holders = processes(path)
    return !holders.isEmpty && holders.allSatisfy { name(of: $0) == "birlik" }
  }

  /// Reads `/proc/locks`: opening the database file itself would drop SQLite's locks.
  private static func processes(_ path: String) -> [pid_t] {
    var info = stat()
    guard stat(path, &info) == 0, let file = fopen("/proc/locks", "re") else { return [] }
    defer { fclose(file) }
    var found: [pid_t] = []
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // 1: POSIX  ADVISORY  READ 4711 fe:00:123456 1073741826 1073742335
      let words = line.split(whereSeparator: \.isWhitespace)
      // A line with an arrow is of one that waits.
      guard !words.contains("->"), let place = words.firstIndex(where: { $0.split(separator: ":").count == 3 }),
        place > 0,
        let process = pid_t(words[place - 1]), process > 0, process != getpid(),
        names(words[place], info), !found.contains(process)
      else { continue }
      found.append(process)
    }
    return found
  }

  /// Whether `device:device:inode`, the first two in hexadecimal, is a file.
  private static func names(_ word: Substring, _ info: stat) -> Bool {
    let numbers = word.split(separator: ":")
    guard numbers.count == 3, let major = UInt32(numbers[0], radix: 16), let minor = UInt32(numbers[1], radix: 16),
      let inode = UInt64(numbers[2])
    else { return false }
    // As glibc's `makedev`, which is a macro.
    let device = (UInt64(major) & 0xFFF) << 8 | (UInt64(minor) & 0xFF) | (UInt64(minor) & ~0xFF) << 12
    return inode == UInt64(info.st_ino) && device == UInt64(info.st_dev)
  }

  private static func name(of process: pid_t) -> String? {
    guard let text = FileManager.default.contents(atPath: "/proc/\(process)/comm") else { return nil }
    let name = String(decoding: text.prefix(64), as: UTF8.self).filter { !$0.isNewline }
    return name.isEmpty ? nil : name
  }
}
