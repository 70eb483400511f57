import GRDB
import GRDBSQLite
import Glibc

extension StoreError {
  private static let closedWords = "the database file or its folder cannot be opened for writing"
  private static let heldWords = "another program holds the database"

  /// The same with what is in the way: the programs that hold the file, where they can be seen, or the permission that
  /// this user lacks.
  func naming(holdersOf path: String) -> StoreError {
    if code == .notPermitted, detail == Self.closedWords {
      return FilePermissions(path).hindrance(writes: true, hasFailed: true, operation) ?? self
    }
    guard code == .busy, detail == Self.heldWords, let holders = FileHolders.words(path) else { return self }
    var named = self
    named.detail = "the database is held by \(holders)"
    return named
  }

  /// What the system's number for an error means, where it is a full disk; else nil.
  init?(errno: Int32, _ operation: String) {
    guard errno == ENOSPC || errno == EDQUOT else { return nil }
    self.init(.full, operation, "the disk is full", hint: "free some space; nothing was lost")
  }

  /// - Parameter connection: on which it happened; it knows what the system said.
  init(sqlite code: Int32, message: String, _ operation: String, on connection: SQLiteConnection?) {
    let isOfDisk = [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY].contains(code & 0xFF)
    if isOfDisk, let connection, let full = StoreError(errno: sqlite3_system_errno(connection), operation) {
      self = full
    } else {
      self.init(sqlite: code, message: message, operation)
    }
  }

  init(_ error: DatabaseError, _ operation: String) {
    self.init(sqlite: error.resultCode.rawValue, message: error.message ?? "", operation)
  }

  init(sqlite code: Int32, message: String, _ operation: String) {
    if let newer = UnreadableObject.refusal(message: message, operation) {
      self = newer
      return
    }
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(
        .busy, operation, Self.heldWords,
        hint: "close an open transaction in it, or try again in a moment")
      isLock = true
    case SQLITE_FULL:
      self.init(.full, operation, "the disk is full", hint: "free some space; nothing was lost")
    case SQLITE_NOTADB:
      self.init(.notOurs, operation, "the file is not an SQLite database", hint: "check --database")
    case SQLITE_CORRUPT:
      self.init(
        .damaged, operation, "the database file is damaged", hint: "restore a backup: what headquarters has comes back")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
      self.init(
        .notPermitted, operation, Self.closedWords,
        // SQLite tries to open a journal that could not be made for reading, and forgets that the disk was full.
        hint: "check the path, the owner and the permissions of the file and its folder, and the free space of the disk"
      )
    case SQLITE_IOERR:
      self.init(.failed, operation, "the disk could not be read or written", hint: "check the disk and its free space")
    case SQLITE_CONSTRAINT:
      self.init(.invalid, operation, message)
    // A table that a later version added, in a file that this user may not change.
    case _ where message.contains("no such table: birlik_"): self = SchemaUpgrade.isOutdated(operation)
    default:
      self.init(.failed, operation, message, hint: Self.isOfAnotherProgram(message) ? Self.anotherProgram : "")
    }
  }

  private static let anotherProgram =
    "a trigger, index or column that another program built on the table needs it: drop that, or write with that program"

  /// Whether SQLite misses something that the schema names and that only another program has.
  private static func isOfAnotherProgram(_ message: String) -> Bool {
    ["no such function", "unknown function", "no such collation sequence", "no such module", "no such table: main."]
      .contains { message.contains($0) }
  }
}
