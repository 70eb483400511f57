import CSQLiteShim
import GRDB
import GRDBSQLite
import SyncCore

/// One connection to the store's file, for use from one thread at a time.
///
/// GRDB opens it and keeps its statements; the hot path binds and steps through SQLite's C functions, which is twice as
/// fast as argument arrays.
final class Connection {
  let database: Database
  private var statements: [String: Prepared] = [:]

  init(_ database: Database) { self.database = database }

  /// Runs `body` where SQLite lets the schema's version be written, which it otherwise refuses.
  func withoutDefense(_ body: () throws -> Void) rethrows {
    guard let handle = database.sqliteConnection else { return try body() }
    birlik_sqlite_set_defensive(handle, 0)
    defer { birlik_sqlite_set_defensive(handle, 1) }
    try body()
  }

  /// Runs `body` where what is written counts as a clerk's edits: triggers note it, and SQLite checks it.
  func capturing<Value>(_ body: () throws -> Value) throws -> Value {
    try execute("PRAGMA ignore_check_constraints=OFF")
    let handle = database.sqliteConnection
    if let handle { birlik_sqlite_set_triggers(handle, 1) }
    defer {
      if let handle { birlik_sqlite_set_triggers(handle, 0) }
      // A flag of the connection: setting it does not touch the file, and where it failed SQLite only checks more.
      try? execute("PRAGMA ignore_check_constraints=ON")
    }
    return try body()
  }

  /// Runs `body` where renaming a table looks at nothing else in the schema, and changes nothing else: otherwise SQLite
  /// refuses beside a broken view, and lets views and references follow the table.
  func withoutFollowingNames(_ body: () throws -> Void) throws {
    try execute("PRAGMA legacy_alter_table=ON")
    // A flag of the connection, as above.
    defer { try? execute("PRAGMA legacy_alter_table=OFF") }
    try body()
  }

  /// A statement that is compiled once and reset after use.
  func prepared(_ sql: String) throws -> Prepared {
    if let known = statements[sql] { return known }
    let statement = try wrapping("preparing a statement") { try database.makeStatement(sql: sql) }
    let prepared = Prepared(statement, connection: database.sqliteConnection)
    statements[sql] = prepared
    return prepared
  }

  /// Forgets all statements, as when tables change.
  func forgetStatements() {
    statements = [:]
    epoch += 1
  }

  /// Counts how often statements were forgotten.
  private(set) var epoch = 0

  func execute(_ sql: String) throws {
    try wrapping("writing to the database") { try database.execute(sql: sql) }
  }

  /// How many rows the last statement changed.
  var changes: Int32 { sqlite3_changes(database.sqliteConnection) }

  /// Runs `body` in one transaction that takes the write lock at once; rolls back on any error.
  func transaction<Value>(_ body: () throws -> Value) throws -> Value {
    try execute("BEGIN IMMEDIATE")
    do {
      let value = try body()
      try execute("COMMIT")
      return value
    } catch {
      // A full disk or a lost lock may have rolled back already.
      if sqlite3_get_autocommit(database.sqliteConnection) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  private func wrapping<Value>(_ operation: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as DatabaseError { throw StoreError(error, operation) }
  }
}

/// A statement of the hot path, found again without hashing its text. For one connection.
final class LazyStatement {
  private let sql: String
  private var known: Prepared?
  private var epoch = -1

  init(_ sql: String) { self.sql = sql }

  func get(_ connection: Connection) throws -> Prepared {
    if let known, epoch == connection.epoch { return known }
    let prepared = try connection.prepared(sql)
    known = prepared
    epoch = connection.epoch
    return prepared
  }

  /// Lets the statement go, without which its connection cannot close.
  func release() { known = nil }
}

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

/// A compiled statement with C binds.
final class Prepared {
  private let statement: Statement
  private let handle: SQLiteStatement
  private let connection: SQLiteConnection?

  /// SQLite copies what is bound this way.
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  init(_ statement: Statement, connection: SQLiteConnection?) {
    self.statement = statement
    handle = statement.sqliteStatement
    self.connection = connection
  }

  func bind(_ index: Int, _ number: Int64) { sqlite3_bind_int64(handle, Int32(index), number) }

  func bind(_ index: Int, _ number: Int) { sqlite3_bind_int64(handle, Int32(index), Int64(number)) }

  func bindNull(_ index: Int) { sqlite3_bind_null(handle, Int32(index)) }

  func bind(_ index: Int, text bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      // An empty buffer may have no address, which SQLite would take for NULL.
      if let base = buffer.baseAddress, !buffer.isEmpty {
        base.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
          _ = sqlite3_bind_text(handle, Int32(index), $0, Int32(buffer.count), Self.transient)
        }
      } else {
        sqlite3_bind_text(handle, Int32(index), "", 0, Self.transient)
      }
    }
    if done == nil { bind(index, text: Array(bytes)) }
  }

  func bind(_ index: Int, text: String) { bind(index, text: Array(text.utf8)) }

  func bind(_ index: Int, blob bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      if let base = buffer.baseAddress, !buffer.isEmpty {
        sqlite3_bind_blob(handle, Int32(index), base, Int32(buffer.count), Self.transient)
      } else {
        sqlite3_bind_zeroblob(handle, Int32(index), 0)
      }
    }
    if done == nil { bind(index, blob: Array(bytes)) }
  }

  func bind(_ index: Int, _ value: Value) {
    switch value {
    case .null: bindNull(index)
    case .integer(let number): bind(index, number)
    case .text(let bytes): bind(index, text: bytes)
    }
  }

  /// Goes to the next row.
  ///
  /// - Returns: false when there is none; the statement is then ready for the next use.
  /// - Throws: `StoreError`; the statement is then ready for the next use as well.
  @discardableResult
  func step() throws(StoreError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW:
      return true
    case SQLITE_DONE:
      sqlite3_reset(handle)
      return false
    default:
      let code = sqlite3_extended_errcode(connection)
      let message = String(cString: sqlite3_errmsg(connection))
      sqlite3_reset(handle)
      throw StoreError(sqlite: code, message: message, "writing to the database")
    }
  }

  /// Steps a statement that inserts.
  ///
  /// - Returns: false when a constraint stood against it.
  func stepUnlessConstrained() throws(StoreError) -> Bool {
    do {
      try step()
      return true
    } catch {
      guard error.code == .invalid else { throw error }
      return false
    }
  }

  /// Leaves the rows that were not read.
  func reset() { sqlite3_reset(handle) }

  func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

  func int(_ column: Int) -> Int { Int(sqlite3_column_int64(handle, Int32(column))) }

  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  func bytes(_ column: Int) -> [UInt8] { withBytes(column) { Array($0) } }

  func string(_ column: Int) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of a text or blob, valid within `body` only.
  func withBytes<Result>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let isBlob = sqlite3_column_type(handle, Int32(column)) == SQLITE_BLOB
    let start =
      isBlob
      ? sqlite3_column_blob(handle, Int32(column))?.assumingMemoryBound(to: UInt8.self)
      : sqlite3_column_text(handle, Int32(column))
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// What a clerk's cell holds. A number with a fraction or a blob, which only a tool that ignores checks can store, is
  /// taken as text.
  func value(_ column: Int) -> Value {
    switch sqlite3_column_type(handle, Int32(column)) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer(int64(column))
    default: .text(bytes(column))
    }
  }
}
