import CSQLiteShim
import GRDB
import GRDBSQLite

/// Keeps the file in a rollback journal.
///
/// SQLite 3.7.0 to 3.51.2 can damage a file in WAL mode that two connections use (fixed in 3.51.3, 3.50.7 and 3.44.6;
/// https://sqlite.org/wal.html). Debian 12 ships 3.40.1, and clerks bring their own SQLite. Any program can switch the
/// file to WAL mode, and while that program has it open nobody can switch it back. Meanwhile it can be read, but not
/// written unless this SQLite has the repair.
struct JournalMode {
  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  /// Whether the file was in WAL mode when it was last read.
  func isWAL() throws -> Bool {
    let mode = try connection.prepared("PRAGMA journal_mode")
    defer { mode.reset() }
    return try mode.step() && mode.withBytes(0) { $0.elementsEqual("wal".utf8) }
  }

  /// Goes back from WAL mode, which succeeds at once or not at all.
  ///
  /// - Returns: false while another program keeps the file in that mode.
  @discardableResult
  func leaveWAL() -> Bool {
    do {
      guard try isWAL() else { return true }
      try connection.execute("PRAGMA journal_mode=TRUNCATE")
      return try !isWAL()
    } catch {
      return false
    }
  }

  /// Whether writing could damage the file; to be asked in a transaction, before anything is written in it.
  func endangersWriting() throws -> Bool { try !Self.isRepaired && isWAL() }

  /// Why nothing can be written now, and what to do.
  static func hindrance(_ path: String) -> StoreError {
    let holder = FileHolders.words(path) ?? "another program"
    return StoreError(
      .busy, "writing to the database",
      "\(holder) keeps the file in WAL mode, in which this machine's SQLite (\(String(cString: sqlite3_libversion()))) "
        + "may damage a file that two programs have open, so nothing is written",
      hint: "close that program and try again, and let it use PRAGMA journal_mode=DELETE; reading works meanwhile")
  }

  /// Whether this SQLite writes safely in WAL mode beside others.
  static let isRepaired = isRepaired(sqlite3_libversion_number())

  static func isRepaired(_ version: Int32) -> Bool {
    version >= 3_051_003 || (3_050_007..<3_051_000).contains(version) || (3_044_006..<3_045_000).contains(version)
  }
}
