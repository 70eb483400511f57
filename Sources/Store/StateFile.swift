import Foundation
import Glibc
import SyncCore
import Wire

/// A small file beside the database that remembers how far the node had sealed, so that a database put back from a backup
/// is known as such before anything is sealed, with nobody asked.
///
/// It only helps: without it a peer tells, one sync later, and nothing is lost either way. So it is written after the
/// commit, never waited for, and whatever cannot be read is no file.
struct StateFile: Sendable {
  typealias Mark = SealMark

  private static let magic = "birlik-state-1"
  let path: String
  private let database: String

  init(database: String) {
    self.database = database
    path = database + ".state"
  }

  /// What the file says; nil when there is none that can be read.
  func read() -> Mark? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = Glibc.read(file, &buffer, buffer.count)
    let words = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 4, words[0] == Self.magic, let origins = Int64(words[1]), let seals = Int64(words[2]),
      let nonce = Int64(words[3])
    else { return nil }
    return Mark(origins: origins, seals: seals, nonce: nonce)
  }

  /// Puts a mark in the place of the one before. A file that cannot be written is left as it is.
  func write(_ mark: Mark) {
    let new = "\(path).\(getpid())"
    // What a process with this number left when it was killed.
    unlink(new)
    let file = open(new, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o660)
    guard file >= 0 else { return }
    fchmod(file, 0o660)
    FileOwner.adopt(file, at: path, beside: database)
    let text = Array("\(Self.magic) \(mark.origins) \(mark.seals) \(mark.nonce)\n".utf8)
    let isWritten = Glibc.write(file, text, text.count) == text.count
    close(file)
    if !isWritten || rename(new, path) != 0 { unlink(new) }
  }
}
