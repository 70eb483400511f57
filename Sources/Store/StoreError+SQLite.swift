import GRDB
import GRDBSQLite

extension StoreError {
  init(_ error: DatabaseError, _ operation: String) {
    self.init(sqlite: error.resultCode.rawValue, message: error.message ?? "", operation)
  }

  init(sqlite code: Int32, message: String, _ operation: String) {
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(
        .busy, operation, "another program holds the database",
        hint: "close an open transaction in it, or try again in a moment")
    case SQLITE_FULL:
      self.init(.full, operation, "the disk is full", hint: "free some space; nothing was lost")
    case SQLITE_NOTADB:
      self.init(.notOurs, operation, "the file is not an SQLite database", hint: "check --database")
    case SQLITE_CORRUPT:
      self.init(
        .damaged, operation, "the database file is damaged", hint: "restore a backup: what headquarters has comes back")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
      self.init(
        .notPermitted, operation, "the database file or its folder cannot be opened for writing",
        hint: "check the path, the owner and the permissions of the file and its folder")
    case SQLITE_IOERR:
      self.init(.failed, operation, "the disk could not be read or written", hint: "check the disk and its free space")
    case SQLITE_CONSTRAINT:
      self.init(.invalid, operation, message)
    default:
      self.init(.failed, operation, message)
    }
  }
}
